"""What a recipe may cost at compile time."""

from __future__ import annotations

import pytest

from autopass_cc.agents.cost import LIMIT, MOST, UNFELT_S, Cost


@pytest.mark.parametrize(
    ("ratio", "more_s", "words"),
    [
        (0.9, -0.1, None),
        (LIMIT, 60.0, None),
        (1.31, 0.26, "1.31x the plain one, 0.26 s more; the limit is 1.3x or 0.25 s more"),
        (1.31, UNFELT_S, None),
        (MOST, UNFELT_S, None),
        (2.01, 0.05, "the limit is 2.0x"),
        (3.0, 9.0, "the limit is 1.3x"),
    ],
)
def test_a_compile_takes_little_longer_in_times_or_in_seconds(ratio: float, more_s: float, words: str | None) -> None:
    found = Cost(ratio, more_s).objection
    assert (found is None) is (words is None)
    assert (words or "") in (found or "")
