"""Plots of blocks, heats, evidence and time: from numbers to places on paper. Geometry only.

Places across are per cent; places down are per cent of `height` in lines and dots, and pixels where text stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from autopass_cc.measure.stats import MARGIN
from autopass_cc.report.html.scale import Scale, Tick, even_around, number, time_ticks

MOST_DOTS = 400  # in one plot
HEIGHT = 150  # pixels

T = TypeVar("T")


@dataclass(frozen=True)
class Stroke:
    """Something drawn in one go, a line or many dots; `kind` is its class."""

    kind: str
    path: str


@dataclass(frozen=True)
class Level:
    """A horizontal line through the plot, in pixels from the top, and what it is called."""

    kind: str
    y: float
    text: str = ""


@dataclass(frozen=True)
class Figure:
    """A plot. `about` says in words what is to be seen; `left_out` counts the dots that were not drawn."""

    title: str
    about: str
    height: int
    x_ticks: Sequence[Tick] = ()
    y_ticks: Sequence[Tick] = ()
    lines: Sequence[Stroke] = ()
    dots: Sequence[Stroke] = ()
    crosses: Sequence[tuple[float, float]] = ()
    levels: Sequence[Level] = ()
    edges: Sequence[float] = ()  # vertical lines, per cent
    left_out: int = 0


def dots(places: Iterable[tuple[float, float]]) -> str:
    """Return the path of dots: strokes of no length, which round caps make round whatever the paper's width."""
    return "".join(f"M{x:g} {y:g}h0" for x, y in places)


def polyline(places: Iterable[tuple[float, float]]) -> str:
    """Return the path of a line through places."""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)


def thinned(items: Sequence[T], most: int) -> Sequence[T]:
    """Return at most `most` of the items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def _down(scale: Scale, value: float) -> float:
    return round(100 - scale.at(value), 2)


def _pixels(scale: Scale, value: float, height: int) -> float:
    return round(height * (1 - scale.share(value)), 1)


def _y_ticks(scale: Scale, height: int, most: int, suffix: str = "") -> list[Tick]:
    return [Tick(_pixels(scale, value, height), number(value) + suffix) for value in scale.values(most)]


@dataclass(frozen=True)
class Series:
    """Scores (log-ratios of times) in the order in which they were measured; a name and a class for them."""

    kind: str
    name: str
    scores: Sequence[float]
    dropped: Sequence[int] = field(default_factory=list)  # places of those that do not count


def change(score: float) -> float:
    """Return a log-ratio as a change of time in per cent."""
    return 100 * math.expm1(min(score, 50.0))


def change_scale(scores: Iterable[float]) -> Scale:
    """Return a scale of changes of time in per cent that holds all scores, zero and the margin on both sides."""
    return even_around(map(change, scores), always=(change(-MARGIN), change(MARGIN)))


def score_plot(title: str, series: Sequence[Series], scale: Scale | None = None, height: int = HEIGHT) -> Figure:
    """Return the scores of several series one after the other, as changes of time: what drifts is seen."""
    count = sum(len(each.scores) for each in series)
    ys = scale or change_scale(score for each in series for score in each.scores)
    xs = Scale(0.0, count + 1.0)
    drawn: list[Stroke] = []
    crosses: list[tuple[float, float]] = []
    edges: list[float] = []
    start = left_out = 0
    for each in series:
        gone = set(each.dropped)
        places = [(start + place + 1, score) for place, score in enumerate(each.scores) if place not in gone]
        shown = thinned(places, MOST_DOTS)
        left_out += len(places) - len(shown)
        drawn.append(Stroke(each.kind, dots((xs.at(x), _down(ys, change(score))) for x, score in shown)))
        bad = sorted(gone)[:MOST_DOTS]
        crosses += [(xs.at(start + place + 1), _pixels(ys, change(each.scores[place]), height)) for place in bad]
        start += len(each.scores)
        edges.append(xs.at(start + 0.5))
    levels = [Level("zero", _pixels(ys, 0, height)), Level("margin", _pixels(ys, change(-MARGIN), height))]
    told = ", ".join(f"{len(each.scores)} of {each.name}" for each in series if each.scores)
    return Figure(
        title=title,
        about=f"changes of time, block by block: {told or 'none'}",
        height=height,
        x_ticks=[Tick(xs.at(value), number(value)) for value in xs.values(6) if 1 <= value <= count and value == int(value)],
        y_ticks=_y_ticks(ys, height, 5, " %"),
        dots=drawn,
        crosses=crosses,
        levels=levels,
        edges=edges[:-1],
        left_out=left_out,
    )


def evidence_plot(title: str, log_e: Sequence[float], log_need: float) -> Figure:
    """Return E after each block on a log scale, from 1 before the first, and the E that is enough."""
    values = [0.0, *log_e]
    ys = Scale(math.exp(max(-20.0, min(values) - 0.5)), math.exp(min(600.0, max([log_need, *values]) + 0.7)), log=True)
    xs = Scale(0.0, float(max(12, len(log_e))))
    places = [(xs.at(n), _down(ys, math.exp(min(600.0, value)))) for n, value in enumerate(values)]
    need = _pixels(ys, math.exp(log_need), HEIGHT)
    return Figure(
        title=title,
        about=f"E after {len(log_e)} blocks is {number(float(f'{math.exp(min(600.0, values[-1])):.3g}'))}",
        height=HEIGHT,
        x_ticks=xs.ticks(6),
        y_ticks=_y_ticks(ys, HEIGHT, 4),
        lines=[Stroke("evidence", polyline(places))],
        dots=[Stroke("evidence", dots(places[1:]))],
        levels=[Level("need", need, f"enough: {number(math.exp(log_need))}")],
    )


@dataclass(frozen=True)
class Lane:
    """A row of a timeline: marks by class, each a list of times in seconds."""

    name: str
    marks: Sequence[tuple[str, Sequence[float]]]


LANE = 34  # pixels
HEIGHTS = {"timed": -9, "stopped": -2, "confirmation": 4, "aa": 4}  # pixels from the middle of a lane, by kind
LOWEST = 10  # for every other kind: place tells kinds apart, too


def timeline_plot(lanes: Sequence[Lane], seconds: float, pauses: Sequence[float] = ()) -> Figure:
    """Return when what happened: a lane for each module, a dot for each candidate and block; `pauses` are dotted lines."""
    height = LANE * max(1, len(lanes))
    xs = Scale(0.0, 1.02 * max(seconds, 1.0))
    drawn: list[Stroke] = []
    left_out = 0
    for row, lane in enumerate(lanes):
        for kind, times in lane.marks:
            y = round(100 * ((row + 0.5) * LANE + HEIGHTS.get(kind, LOWEST)) / height, 2)
            shown = thinned(sorted(times), MOST_DOTS)
            left_out += len(times) - len(shown)
            drawn.append(Stroke(kind, dots((xs.at(at), y) for at in shown)))
    return Figure(
        title="",
        about=f"{len(lanes)} lanes over {seconds:.0f} s",
        height=height,
        x_ticks=time_ticks(xs),
        y_ticks=[Tick((row + 0.5) * LANE, lane.name) for row, lane in enumerate(lanes)],
        dots=drawn,
        levels=[Level("lane", (row + 1.0) * LANE) for row in range(len(lanes))],
        edges=[xs.at(at) for at in pauses],
        left_out=left_out,
    )
