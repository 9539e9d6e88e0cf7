"""Times as people write them: 90, 90s, 10m, 1.5h, 2d; and days."""

from __future__ import annotations

import re
import time

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def seconds_of(text: str) -> float:
    """Return the seconds of a time such as 90, 90s, 10m, 1.5h or 2d; raises ValueError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(\w*)", text.strip())
    if match is None or match[2] not in UNITS:
        raise ValueError(f"{text!r} is not a time; write 90s, 10m or 1h")
    return float(match[1]) * UNITS[match[2]]


def text_of(seconds: float) -> str:
    """Return a time for people, in the largest unit that leaves a whole number: 45 s, 3 min, 2 h, 5 d."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def utc_day(at: float | None = None) -> str:
    """Return the day (UTC) of a time in seconds since 1970, or of now, as 2026-11-26."""
    return time.strftime("%Y-%m-%d", time.gmtime(at))
