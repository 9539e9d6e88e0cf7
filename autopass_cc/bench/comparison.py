"""One method against another on the same heats: pure functions of the lines of a results file.

A heat runs all rivals side by side, so two of them are compared within each heat, and what disturbed it falls out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autopass_cc.bench.results import Results, race_of
from autopass_cc.bench.standings import Placing, Stage, Standing, placings, plan_of, runners
from autopass_cc.measure.heats import Heat
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.stats import MARGIN, Estimate, estimate


@dataclass(frozen=True)
class Lead:
    """A program on which a rival is ahead of the subject by more than the margin: `ahead` is its log-ratio to the subject."""

    program: str
    rival: Placing
    subject: Placing
    ahead: Estimate


@dataclass(frozen=True)
class Point:
    """What a heat says of one rival: its log-ratio to the base. `dropped` says why the heat does not count ("": it does)."""

    score: float
    fresh: bool  # of the re-validation
    dropped: str = ""


def track(results: Results, program: str, method: str) -> list[Point]:
    """Return the heats of a rival in the order in which they ran, those of the confirmation first, dropped ones too."""
    plan = plan_of(results, program)
    if plan is None:
        return []
    race = race_of(runners(results.of(program)))
    return [
        Point(score, stage is Stage.REVALIDATION, heat.dropped or "")
        for stage in Stage
        for heat in results.heats(program, race, stage.value)
        if (score := heat.score(method, plan.clock, plan.aggregate)) is not None
    ]


def fresh(results: Results, program: str, placing: Placing) -> list[float]:
    """Return a rival's log-ratios in the re-validation; zeros for the base's own code, nothing where it was not measured."""
    return _scores(_fresh_heats(results, program), placing, plan_of(results, program))


def _fresh_heats(results: Results, program: str) -> list[Heat]:
    race = race_of(runners(results.of(program)))
    return [heat for heat in results.heats(program, race, Stage.REVALIDATION.value) if heat.dropped is None]


def _scores(heats: Sequence[Heat], placing: Placing, plan: Plan | None) -> list[float]:
    if placing.standing is Standing.SAME_CODE:
        return [0.0] * len(heats)
    if plan is None or placing.estimate is None:
        return []
    scores = (heat.score(placing.entrant.method, plan.clock, plan.aggregate) for heat in heats)
    return [score for score in scores if score is not None]


def paired(results: Results, program: str, rival: Placing, subject: Placing) -> Estimate | None:
    """Return the log-ratio of a rival's time to the subject's over the fresh heats; None where one was not measured in all.

    A subject that has failed leaves the program as it was: it counts as the base.
    """
    heats, plan = _fresh_heats(results, program), plan_of(results, program)
    theirs = _scores(heats, rival, plan)
    ours = [0.0] * len(heats) if subject.standing is Standing.FAILED else _scores(heats, subject, plan)
    if not heats or not len(theirs) == len(ours) == len(heats):
        return None
    return estimate([their - our for their, our in zip(theirs, ours, strict=True)])


def leads(results: Results, programs: Sequence[str], subject: str) -> list[Lead]:
    """Return where a rival is ahead of the subject by more than the margin, interval and all; the farthest ahead first."""
    found = []
    for program in programs:
        by_method = {each.entrant.method: each for each in placings(results, program)}
        ours = by_method.pop(subject, None)
        if ours is None or ours.standing is Standing.UNFINISHED:
            continue
        for rival in by_method.values():
            ahead = paired(results, program, rival, ours)
            if ahead is not None and ahead.high < -MARGIN:
                found.append(Lead(program, rival, ours, ahead))
    return sorted(found, key=lambda each: each.ahead.median)
