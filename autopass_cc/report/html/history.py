"""The timeline of a run: when each candidate was judged and each block finished, without the pauses between sittings."""

from __future__ import annotations

from collections.abc import Sequence

from autopass_cc.agents.together import WHOLE
from autopass_cc.report.html.figures import Figure, Lane, timeline_plot
from autopass_cc.report.pages.project import Moment, ProjectPage

PAUSE = 900.0  # seconds without anything finished: nobody was at work
MOST_LANES = 24


def timeline(data: ProjectPage) -> Figure | None:
    """Return the plot, a lane for each module, the hottest first, and one for the whole program; None where nothing is dated."""
    if not data.moments:
        return None
    at, pauses, total = active(data.run.started, data.moments)
    names = [*(each.result.name for each in data.modules), *dict.fromkeys(each.lane for each in data.moments)]
    ordered = [name for name in dict.fromkeys(names) if name != WHOLE]
    shown = [*ordered[: MOST_LANES - 1], WHOLE]
    lanes = [_lane(name, data.moments, at) for name in shown]
    return timeline_plot([lane for lane in lanes if lane.marks], total, pauses)


def active(started: int, moments: Sequence[Moment]) -> tuple[list[float], list[float], float]:
    """Return for each moment how many seconds were worked until then, where pauses lie on that clock, and the end of it."""
    clock, before = 0.0, started
    at: list[float] = []
    pauses: list[float] = []
    for moment in moments:
        passed = max(0.0, (moment.at - before) / 1e9)
        if passed > PAUSE:
            pauses.append(clock)
        else:
            clock += passed
        at.append(clock)
        before = max(before, moment.at)
    return at, pauses, clock


def _lane(name: str, moments: Sequence[Moment], at: Sequence[float]) -> Lane:
    found: dict[str, list[float]] = {}
    for moment, seconds in zip(moments, at, strict=True):
        if moment.lane == name:
            found.setdefault(moment.kind, []).append(seconds)
    return Lane(name, list(found.items()))
