"""Screening: which of many candidates deserve confirmation. It orders; it claims nothing.

In each round the baseline and all candidates still in the race run in random order, each from a fresh link, and are
scored against that round's baseline. Rounds halve the field by the median score (successive halving; Jamieson &
Talwalkar 2016). Running all of them in one round shares the baseline and cancels slow drift of the machine.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from autopass_cc.errors import NotDeterministicError, WorkloadFailedError
from autopass_cc.measure.verdict import Verdict

HOPELESS = log(1.10)  # 10 % behind after one run: dropped
BASELINES = 3  # baseline runs a round, of which the median counts: its noise is in every score of the round
KEPT = 0.5  # share of the field that goes on after each round from the second on
LEAST = 4  # candidates that stay until the last round


@dataclass
class Standing:
    """A candidate in the race: its scores (log-ratio to the round's baseline), or how it failed."""

    scores: list[float] = field(default_factory=list)
    verdict: Verdict | None = None
    detail: str = ""

    @property
    def median(self) -> float | None:
        """Return the median score, None before the first."""
        return statistics.median(self.scores) if self.scores else None


Time = Callable[[str | None, int], tuple[float, Verdict | None, str]]
"""Runs one candidate (None: the baseline) from a fresh link in a round: seconds, or a verdict with its detail."""


def race(
    names: Sequence[str],
    run: Time,
    *,
    rounds: int,
    rng: random.Random,
    halving: bool = True,
    stop: Callable[[], bool] = lambda: False,
) -> Mapping[str, Standing]:
    """Race candidates for at most `rounds` rounds and return how each stands; ends early when `stop()` says so.

    Raises NotDeterministicError or WorkloadFailedError if the baseline fails: nobody can be scored against that.
    """
    standings = {name: Standing() for name in names}
    alive = list(names)
    for number in range(1, rounds + 1):
        if not alive or not _round(alive, standings, run, number, rng, stop):
            break
        alive = [name for name in alive if standings[name].verdict is None]
        if halving:
            alive = _survivors(alive, standings, number)
    return standings


def _round(
    alive: Sequence[str],
    standings: Mapping[str, Standing],
    run: Time,
    number: int,
    rng: random.Random,
    stop: Callable[[], bool],
) -> bool:
    order: list[str | None] = [*alive, *[None] * BASELINES]
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
    reference = statistics.median(base)
    for name, seconds in seen.items():
        standings[name].scores.append(log(seconds / reference))
    return True


def _refuse_failed_baseline(verdict: Verdict | None, detail: str) -> None:
    if verdict is None:
        return
    sentence = f"A screening run of the unchanged program failed: {detail}"
    if verdict is Verdict.WRONG_OUTPUT:
        raise NotDeterministicError(sentence, "declare what varies as not compared, or make the workload repeatable")
    raise WorkloadFailedError(sentence, "run the workload by hand; if it is just slow, raise its time bound")


def _survivors(alive: Sequence[str], standings: Mapping[str, Standing], number: int) -> list[str]:
    """Drop who is hopeless, and from the second round on the slower half."""
    kept = [name for name in alive if (standings[name].median or 0.0) < HOPELESS]
    if number < 2 or len(kept) <= LEAST:
        return kept
    ranked = sorted(kept, key=lambda name: standings[name].median or 0.0)
    return ranked[: max(LEAST, round(KEPT * len(ranked)))]
