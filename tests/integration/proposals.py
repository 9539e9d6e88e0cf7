"""What a scripted model proposes for the sample project: two of its proposals, as it would write them."""

from __future__ import annotations

SMALLER = {
    "hypothesis": "The loop is short: without vector code and unrolling it is smaller.",
    "evidence": ["e1"],
    "edits": [
        {"op": "knob", "name": "force-vector-width", "value": "1", "try": []},
        {"op": "knob", "name": "force-vector-interleave", "value": "1", "try": []},
        {"op": "knob", "name": "unroll-runtime", "value": "false", "try": []},
    ],
    "expected": "-20 %",
    "risk": "low",
}
LARGER = {
    "hypothesis": "More copies of the body.",
    "evidence": [],
    "edits": [{"op": "knob", "name": "unroll-count", "value": "8", "try": []}],
    "expected": "-5 %",
    "risk": "low",
}
