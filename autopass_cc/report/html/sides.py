"""Two pipelines beside each other: which line of text stands where, and the curves that join what has moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autopass_cc.recipe.difference import Change, Gap, Line, Row, parameters

ROW = 22  # pixels
WIDTH = 56  # pixels of the middle, where the curves are
SIGNS = {Change.REMOVED: "-", Change.ADDED: "+", Change.MOVED: "⇄", Change.PARAMETERS: "≠", Change.SAME: ""}


@dataclass(frozen=True)
class Cell:
    """A line of one side: empty where the other side has something alone."""

    kind: str = "empty"
    sign: str = ""
    depth: int = 0
    text: str = ""
    params: str = ""
    full: str = ""


@dataclass(frozen=True)
class Sides:
    """Both sides, the curves between them (class and path), and the parameters that changed, in full."""

    left: Sequence[Cell]
    right: Sequence[Cell]
    curves: Sequence[tuple[str, str]]
    parameters: Sequence[tuple[str, str, str]]

    @property
    def height(self) -> int:
        """Return the height of either side in pixels."""
        return ROW * max(len(self.left), len(self.right))


def sides(rows: Sequence[Row | Gap]) -> Sides:
    """Return both sides of an excerpt, which has both ends of each move."""
    left: list[Cell] = []
    right: list[Cell] = []
    ends: dict[int, list[tuple[int, Row]]] = {}
    curves: list[tuple[str, str]] = []
    told: list[tuple[str, str, str]] = []
    for place, row in enumerate(rows):
        if isinstance(row, Gap):
            cell = Cell("gap", text=f"… {row.rows} pass{'es' if row.rows > 1 else ''}")
            left.append(cell)
            right.append(cell)
            continue
        words = _words(row.before, row.after) if row.change is Change.PARAMETERS else ([], [])
        left.append(_cell(row.before, row.change, words[0]))
        right.append(_cell(row.after, row.change, words[1]))
        if row.change is Change.PARAMETERS:
            curves.append(("parameters", _curve(place, place)))
            told += _told(row.before, row.after)
        if row.move:
            ends.setdefault(row.move, []).append((place, row))
    for both in ends.values():
        (first, gone), (last, came) = sorted(both, key=lambda end: end[1].before is None)
        curves.append(("moved", _curve(first, last)))
        told += _told(gone.before, came.after)
    return Sides(left, right, curves, told)


def _cell(line: Line | None, change: Change, words: Sequence[str]) -> Cell:
    if line is None:
        return Cell()
    shown = ";".join(words) or ("" if not line.params or change in (Change.SAME, Change.PARAMETERS) else line.params)
    return Cell(change.value, SIGNS[change], line.depth, line.name, shown, line.label)


def _words(before: Line | None, after: Line | None) -> tuple[list[str], list[str]]:
    changed = parameters(before.params if before else "", after.params if after else "")
    return [old for old, _ in changed if old], [new for _, new in changed if new]


def _told(before: Line | None, after: Line | None) -> list[tuple[str, str, str]]:
    if before is None or after is None:
        return []
    return [(after.name, old or "(not there)", new or "(not there)") for old, new in parameters(before.params, after.params)]


def _curve(first: int, last: int) -> str:
    y, z = (ROW * place + ROW // 2 for place in (first, last))
    return f"M0 {y}C{WIDTH // 2} {y} {WIDTH // 2} {z} {WIDTH} {z}"
