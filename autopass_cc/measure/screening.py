"""Screening: which of many candidates deserve confirmation. It orders; it claims nothing.

In each round the baseline and all candidates still in the race run in random order, each from a fresh link. A score
compares what a candidate and the baseline did in the same rounds, so slow drift of the machine cancels. Rounds halve the
field by the score (successive halving; Jamieson & Talwalkar 2016).

Where delays only add time (`Aggregate.MIN`) a side's best round counts, not its typical one: on a shared machine a run
in four may take half as long again, and a slow first run would end a good candidate's race.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log

from autopass_cc.errors import NotDeterministicError, WorkloadFailedError
from autopass_cc.measure.stats import Aggregate, block_score
from autopass_cc.measure.verdict import Verdict

HOPELESS = log(1.10)  # 10 % behind after the first round: dropped
KEPT = 0.5  # share of the field that goes on after a round that halves it


@dataclass(frozen=True)
class Pace:
    """How a race spends runs: for `rounds` rounds, from the one numbered `halving` on keeping the better half, at least `least`.

    `baselines` are the baseline's runs in each round: the noise of their median is in every score. A `short` race is run on
    the project's shorter run, where it has one.
    """

    rounds: int
    halving: int = 2
    baselines: int = 3
    least: int = 4
    short: bool = False

    def runs(self, field: int) -> int:
        """Return how many runs a race of so many candidates takes at most, if none of them looks hopeless."""
        total = 0
        for number in range(1, self.rounds + 1):
            total += field + self.baselines
            field = self.survivors(field, number)
        return total

    def survivors(self, field: int, number: int) -> int:
        """Return how many of a field go on after a round."""
        return field if number < self.halving or field <= self.least else max(self.least, round(KEPT * field))

    def fitting(self, runs: float, most: int) -> int:
        """Return the largest field, up to `most`, whose race takes no more than so many runs."""
        return next((field for field in range(most, 0, -1) if self.runs(field) <= runs), 0)

    def even(self, rounds: int, *, short: bool = False) -> Pace:
        """Return a race of so many rounds, of the workload or the shorter run, in which nobody is dropped for being slower."""
        return replace(self, rounds=rounds, halving=rounds + 1, short=short)


@dataclass
class Standing:
    """A candidate in the race, or how it failed: its times, and beside each those of the baseline in that round (seconds)."""

    aggregate: Aggregate = Aggregate.MIN
    times: list[float] = field(default_factory=list)
    baselines: list[tuple[float, ...]] = field(default_factory=list)
    verdict: Verdict | None = None
    detail: str = ""

    @property
    def score(self) -> float | None:
        """Return the log-ratio of its time to the baseline's over the rounds so far, None before the first.

        Each of the baseline's places in a round is a runner of its own, so that it has as many runs to be lucky in.
        """
        if not self.times:
            return None
        if self.aggregate is Aggregate.MIN:
            return statistics.median(block_score(runner, self.times) for runner in zip(*self.baselines, strict=True))
        pairs = zip(self.times, self.baselines, strict=True)
        return statistics.median(log(seconds / statistics.median(baseline)) for seconds, baseline in pairs)


Time = Callable[[str | None, int], tuple[float, Verdict | None, str]]
"""Runs one candidate (None: the baseline) from a fresh link in a round: seconds, or a verdict with its detail."""


def race(
    names: Sequence[str],
    run: Time,
    *,
    pace: Pace,
    rng: random.Random,
    aggregate: Aggregate = Aggregate.MIN,
    stop: Callable[[], bool] = lambda: False,
    fits: Callable[[int], bool] = lambda _samples: True,
) -> Mapping[str, Standing]:
    """Race candidates at a pace and return how each stands; ends early when `stop()` says so.

    `fits` is asked before each round whether so many samples may be taken.
    Raises NotDeterministicError or WorkloadFailedError if the baseline fails: nobody can be scored against that.
    """
    standings = {name: Standing(aggregate) for name in names}
    alive = list(names)
    for number in range(1, pace.rounds + 1):
        fitting = fits(len(alive) + pace.baselines)
        if not alive or not fitting or not _round(alive, standings, run, number, rng, stop, pace.baselines):
            break
        alive = [name for name in alive if standings[name].verdict is None]
        if pace.halving <= pace.rounds:
            alive = _survivors(alive, standings, number, pace)
    return standings


def _round(
    alive: Sequence[str],
    standings: Mapping[str, Standing],
    run: Time,
    number: int,
    rng: random.Random,
    stop: Callable[[], bool],
    baselines: int,
) -> bool:
    order: list[str | None] = [*alive, *[None] * baselines]
    rng.shuffle(order)
    base: list[float] = []
    seen: dict[str, float] = {}
    for name in order:
        if stop():
            return False
        seconds, verdict, detail = run(name, number)
        if name is None:
            _refuse_failed_baseline(verdict, detail)
            base.append(seconds)
        elif verdict is not None:
            standings[name].verdict, standings[name].detail = verdict, detail
        else:
            seen[name] = seconds
    for name, seconds in seen.items():
        standings[name].times.append(seconds)
        standings[name].baselines.append(tuple(base))
    if number == 1:
        _look_again({name: standings[name] for name in seen}, run)
    return True


def _look_again(standings: Mapping[str, Standing], run: Time) -> None:
    """Give a second run to who looks hopeless after the first, where a delay may be the reason."""
    for name, standing in standings.items():
        if standing.aggregate is Aggregate.MIN and (standing.score or 0.0) >= HOPELESS:
            seconds, standing.verdict, standing.detail = run(name, 1)
            if standing.verdict is None:
                standing.times[-1] = min(standing.times[-1], seconds)


def _refuse_failed_baseline(verdict: Verdict | None, detail: str) -> None:
    if verdict is None:
        return
    sentence = f"A screening run of the unchanged program failed: {detail}"
    if verdict is Verdict.WRONG_OUTPUT:
        raise NotDeterministicError(sentence, "declare what varies as not compared, or make the workload repeatable")
    raise WorkloadFailedError(sentence, "run the workload by hand; if it is just slow, raise its time bound")


def _survivors(alive: Sequence[str], standings: Mapping[str, Standing], number: int, pace: Pace) -> list[str]:
    """Drop who is hopeless, and after rounds that halve the field its slower half."""
    kept = [name for name in alive if (standings[name].score or 0.0) < HOPELESS]
    ranked = sorted(kept, key=lambda name: standings[name].score or 0.0)
    return ranked[: pace.survivors(len(kept), number)]
