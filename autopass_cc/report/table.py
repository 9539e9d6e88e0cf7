"""Tables in plain text: columns as wide as needed, numbers to the right, `~` where there is no evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence

NOTHING = "~"


def render(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> str:
    """Return a table; columns in `right` (from 0) are aligned to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = []
    for row in [header, *rows]:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def seconds(value: float | None) -> str:
    """Return a time for people: `0.512 s`."""
    return NOTHING if value is None else f"{value:.3f} s"


def change(log_ratio: float | None) -> str:
    """Return a log-ratio of times as the change of time: -0.1 → `-9.5 %`."""
    return NOTHING if log_ratio is None else f"{math.expm1(log_ratio) * 100:+.1f} %"


def interval(low: float | None, high: float | None) -> str:
    """Return an interval of log-ratios as changes of time: `[-11.2, -8.0]`."""
    if low is None or high is None:
        return ""
    return f"[{math.expm1(low) * 100:+.1f}, {math.expm1(high) * 100:+.1f}]"
