"""One method against another on the same heats: pure functions of the lines of a results file.

A heat runs all rivals side by side, so two of them are compared within each heat, and what disturbed it falls out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autopass_cc.bench.results import Results, race_of
from autopass_cc.bench.standings import Placing, Stage, Standing, plan_of, runners, scores
from autopass_cc.measure.heats import Heat
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.stats import MARGIN, Estimate, estimate


@dataclass(frozen=True)
class Pair:
    """A rival and the subject on a program where both were measured: `ahead` is the rival's log-ratio to the subject."""

    program: str
    rival: Placing
    subject: Placing
    ahead: Estimate

    @property
    def is_lead(self) -> bool:
        """Return whether the rival is ahead by more than the margin, interval and all."""
        return self.ahead.high < -MARGIN


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


@dataclass(frozen=True)
class Fresh:
    """The re-validation of a program: its heats that count, and by which plan they were timed."""

    heats: Sequence[Heat]
    plan: Plan | None

    def scores(self, placing: Placing) -> list[float]:
        """Return a rival's log-ratios; zeros for the base's own code, nothing where it was not measured."""
        if placing.standing is Standing.SAME_CODE:
            return [0.0] * len(self.heats)
        if self.plan is None or placing.estimate is None:
            return []
        return scores(self.heats, placing.entrant.method, self.plan)

    def paired(self, rival: Placing, subject: Placing) -> Estimate | None:
        """Return the log-ratio of a rival's time to the subject's; None where one was not measured in all heats.

        A subject that has failed leaves the program as it was: it counts as the base.
        """
        theirs = self.scores(rival)
        ours = [0.0] * len(self.heats) if subject.standing is Standing.FAILED else self.scores(subject)
        if not self.heats or not len(theirs) == len(ours) == len(self.heats):
            return None
        return estimate([their - our for their, our in zip(theirs, ours, strict=True)])


def fresh(results: Results, program: str) -> Fresh:
    """Return the re-validation of a program."""
    race = race_of(runners(results.of(program)))
    heats = results.heats(program, race, Stage.REVALIDATION.value)
    return Fresh([heat for heat in heats if heat.dropped is None], plan_of(results, program))


def compared(heats: Mapping[str, Fresh], found: Mapping[str, Sequence[Placing]], subject: str) -> list[Pair]:
    """Return all rivals that were measured beside the subject, of the placings on each program; the farthest ahead first."""
    pairs = []
    for program, placings in found.items():
        by_method = {each.entrant.method: each for each in placings}
        ours = by_method.pop(subject, None)
        if ours is None or ours.standing is Standing.UNFINISHED:
            continue
        for rival in by_method.values():
            ahead = heats[program].paired(rival, ours)
            if ahead is not None:
                pairs.append(Pair(program, rival, ours, ahead))
    return sorted(pairs, key=lambda each: each.ahead.median)
