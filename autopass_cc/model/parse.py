"""From what a model wrote to one JSON object: strict first, then out of a fence, then out of prose."""

from __future__ import annotations

import json
import re
from typing import Any

from autopass_cc.model.errors import ModelError, Reason

LONGEST = 256 * 1024  # bytes of an answer; five proposals take about 4 kB
_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*?)```", re.DOTALL)


def parse(text: str) -> dict[str, Any]:
    """Return the JSON object in an answer. Raises ModelError: empty, too-large or malformed.

    Repeated keys, NaN and the like are refused, because two readers may read them differently.
    """
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        raise ModelError(Reason.TOO_LARGE, f"The answer is longer than {LONGEST} bytes.")
    if not text.strip():
        raise ModelError(Reason.EMPTY, "The answer is empty.")
    problem = "it has no JSON object"
    for candidate in _candidates(text):
        try:
            data = json.loads(candidate, object_pairs_hook=_unique, parse_constant=_refuse)
            json.dumps(data, ensure_ascii=False).encode()  # an escaped half of a pair is no text that could be kept
        except (ValueError, RecursionError) as error:
            problem = str(error) or "it is nested too deeply"
            continue
        if isinstance(data, dict):
            return data
        problem = f"it is a {type(data).__name__}, not an object"
    raise ModelError(Reason.MALFORMED, f"The answer is not one JSON object ({problem[:200]}).")


def _candidates(text: str) -> list[str]:
    found = [text]
    fenced = _FENCE.findall(text)
    if len(fenced) == 1:
        found.append(fenced[0])
    first, last = text.find("{"), text.rfind("}")
    if 0 <= first < last:
        found.append(text[first : last + 1])
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("it has a key twice")
    return data


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
