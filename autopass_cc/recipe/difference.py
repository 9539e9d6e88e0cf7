"""What one pipeline has that another has not: two outlines beside each other, for people.

The comparison looks at the texts alone, so that it can be made of a recipe whose edits nobody has kept.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from autopass_cc.recipe.tree import Pipeline


class Change(enum.Enum):
    """What became of a line of the outline."""

    SAME = "same"
    PARAMETERS = "parameters"  # the same pass in the same place, with other parameters
    REMOVED = "removed"
    ADDED = "added"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Line:
    """One element of a pipeline in an outline: how deep it stands, and whether it is an adaptor (has others in it)."""

    depth: int
    name: str
    params: str | None
    holds: bool

    @property
    def label(self) -> str:
        """Return the element as `opt -passes=` writes it, without what is in it."""
        return self.name if self.params is None else f"{self.name}<{self.params}>"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the base and of the other where they are the same element, else one of them alone.

    The two ends of a move are two rows with the same number `move` (from 1; 0: none).
    """

    before: Line | None
    after: Line | None
    change: Change
    move: int = 0

    @property
    def line(self) -> Line:
        """Return the line that is there, the other's where both are."""
        line = self.after or self.before
        if line is None:
            raise ValueError("a row of nothing")
        return line


@dataclass(frozen=True, slots=True)
class Gap:
    """So many rows that are the same, and not shown."""

    rows: int


def outline(pipeline: Pipeline) -> list[Line]:
    """Return the elements of a pipeline in order, each with its depth."""
    return [Line(len(around), node.name, node.params, node.children is not None) for node, around in pipeline.walk()]


def compare(base: Pipeline, other: Pipeline) -> list[Row]:
    """Return all rows of both, in order. What is gone in one place and new in another is taken to have moved there."""
    before, after = outline(base), outline(other)
    rows: list[Row] = []
    for same, first, second in _aligned(before, after, lambda line: (line.depth, line.label)):
        if same:
            rows += [Row(old, new, Change.SAME) for old, new in zip(first, second, strict=True)]
            continue
        for kept, old_part, new_part in _aligned(first, second, lambda line: (line.depth, line.name)):
            if kept:
                rows += [Row(old, new, Change.PARAMETERS) for old, new in zip(old_part, new_part, strict=True)]
            else:
                rows += [Row(old, None, Change.REMOVED) for old in old_part]
                rows += [Row(None, new, Change.ADDED) for new in new_part]
    return _with_moves(rows)


Key = Callable[[Line], tuple[int, str]]


def _aligned(before: Sequence[Line], after: Sequence[Line], key: Key) -> Iterator[tuple[bool, Sequence[Line], Sequence[Line]]]:
    """Yield parts of both in order, and whether they are equal by `key`."""
    matcher = difflib.SequenceMatcher(None, list(map(key, before)), list(map(key, after)), autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        yield what == "equal", before[a:b], after[c:d]


def _with_moves(rows: list[Row]) -> list[Row]:
    """Pair passes that went with passes that came: those with equal parameters first."""
    number = 0
    keys: tuple[Callable[[Line], str], ...] = (lambda line: line.label, lambda line: line.name)
    for key in keys:
        for place, row in enumerate(rows):
            if row.change is not Change.REMOVED or row.line.holds:
                continue
            wanted = key(row.line)
            for other, each in enumerate(rows):
                if each.change is Change.ADDED and not each.line.holds and key(each.line) == wanted:
                    number += 1
                    rows[place] = replace(row, change=Change.MOVED, move=number)
                    rows[other] = replace(each, change=Change.MOVED, move=number)
                    break
    return rows


def excerpt(rows: Sequence[Row], around: int = 2) -> list[Row | Gap]:
    """Return the rows that are not the same, `around` neighbours of each, what they stand in, and gaps for the rest."""
    wanted: set[int] = set()
    parents: list[int] = []  # of the row at hand, outermost first
    for place, row in enumerate(rows):
        depth = row.line.depth
        parents = [each for each in parents if rows[each].line.depth < depth]
        if row.change is not Change.SAME:
            wanted |= {*range(place - around, place + around + 1), *parents}
        if row.line.holds:
            parents.append(place)
    shown: list[Row | Gap] = []
    for place, row in enumerate(rows):
        if place in wanted:
            shown.append(row)
        elif shown and isinstance(last := shown[-1], Gap):
            shown[-1] = Gap(last.rows + 1)
        else:
            shown.append(Gap(1))
    return shown


def parameters(before: str | None, after: str | None) -> list[tuple[str, str]]:
    """Return which parameters changed, as words before and after ("": not there)."""
    old, new = ({_key(word): word for word in (text or "").split(";") if word} for text in (before, after))
    return [(old.get(key, ""), new.get(key, "")) for key in (old | new) if old.get(key) != new.get(key)]


def _key(word: str) -> str:
    """Return what a parameter is called: `no-keep-loops` and `keep-loops` are one, `threshold=1` and `threshold=2` too."""
    return word.removeprefix("no-").partition("=")[0]
