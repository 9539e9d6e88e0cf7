"""The forest plot: a row for each thing that was measured, all on one log scale of speed-ups. Geometry only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autopass_cc.measure.stats import MARGIN, Estimate
from autopass_cc.report.html.scale import Scale, Tick, log_around

TOP = 14  # pixels from the top of a row to its interval
LANE = 3  # pixels between the other methods' marks, so that equal ones do not hide each other
LEAST = 46  # pixels of a row: two lines of text stand beside it
MOST = 50.0  # log-ratio that is still shown
EDGE = 10  # pixels below the last lane


@dataclass(frozen=True)
class Speedup:
    """A ratio of times with its interval: at 1.1 the base takes 1.1 times as long."""

    ratio: float
    low: float
    high: float

    @classmethod
    def of(cls, estimate: Estimate) -> Speedup:
        """Return the speed-up of an estimate."""
        return cls.of_scores(estimate.median, estimate.low, estimate.high)

    @classmethod
    def of_scores(cls, median: float, low: float, high: float) -> Speedup:
        """Return the speed-up of log-ratios of times; what no float holds is cut off."""
        ratios = (math.exp(min(MOST, max(-MOST, -value))) for value in (median, high, low))
        return cls(*ratios)

    @property
    def text(self) -> str:
        """Return the ratio as text: `1.320x`."""
        return f"{self.ratio:.3f}x"

    @property
    def interval(self) -> str:
        """Return the interval as text: `[1.300, 1.350]`."""
        return f"[{self.low:.3f}, {self.high:.3f}]"

    def __str__(self) -> str:
        return f"{self.text} {self.interval}"


@dataclass(frozen=True)
class Other:
    """A small mark in a row: the number of a method (its shape and colour) and its ratio."""

    number: int
    ratio: float
    title: str


@dataclass(frozen=True)
class Entry:
    """A row to be drawn; `word` says what became of it.

    `kind` chooses mark and colour: win, loss, even, null (A/A), mean, open (a mean that is not proven), or none where
    nothing was measured. `ghost` is a second ratio that is drawn hollow in the same row.
    """

    name: str
    kind: str
    word: str
    value: Speedup | None = None
    others: Sequence[Other] = ()
    link: str = ""
    ghost: float | None = None


@dataclass(frozen=True)
class Mark:
    """A mark at a place (per cent, pixels)."""

    number: int
    at: float
    y: int
    title: str
    outside: bool


@dataclass(frozen=True)
class ForestRow:
    """A row with its geometry: the interval from `low` to `high` and its middle `at`, in per cent."""

    entry: Entry
    height: int
    at: float = 0.0
    low: float = 0.0
    high: float = 0.0
    outside: bool = False
    marks: Sequence[Mark] = ()
    ghost: float | None = None

    @property
    def label(self) -> str:
        """Return the row in words, for those who do not see it."""
        measured = f"{self.entry.value}, " if self.entry.value else ""
        return f"{self.entry.name}: {measured}{self.entry.word}"


@dataclass(frozen=True)
class Forest:
    """The plot: rows, and the lines that run through all of them."""

    rows: Sequence[ForestRow]
    ticks: Sequence[Tick]
    one: float
    margin: float
    top: int = TOP


def forest(entries: Sequence[Entry]) -> Forest:
    """Return the plot of some rows. Its scale holds all intervals, the line of no change and the margin."""
    margin = math.exp(MARGIN)
    values = [ratio for each in entries if each.value for ratio in (each.value.low, each.value.ratio, each.value.high)]
    values += [each.ghost for each in entries if each.ghost is not None]
    values += [other.ratio for each in entries for other in each.others]
    scale = log_around(values, always=(1 / margin**2, margin**2))
    lanes = 1 + max((other.number for each in entries for other in each.others), default=-1)
    rows = [_row(each, scale, lanes) for each in entries]
    return Forest(rows, scale.ticks(), scale.at(1.0), scale.at(margin))


def _row(entry: Entry, scale: Scale, lanes: int) -> ForestRow:
    others = sorted(entry.others, key=lambda other: other.number)
    marks = [
        Mark(other.number, scale.at(other.ratio), TOP + 11 + LANE * other.number, other.title, not scale.holds(other.ratio))
        for other in others
    ]
    height = max(LEAST, TOP + 11 + LANE * lanes + EDGE if others else 0)
    if entry.value is None:
        return ForestRow(entry, height, marks=marks)
    value = entry.value
    at, low, high = (scale.at(each) for each in (value.ratio, value.low, value.high))
    ghost = None if entry.ghost is None else scale.at(entry.ghost)
    return ForestRow(entry, height, at, low, high, not scale.holds(value.ratio), marks, ghost)
