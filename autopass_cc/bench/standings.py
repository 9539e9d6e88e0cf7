"""Who has won, and by how much: pure functions of the lines of a results file.

Confirmation decides for each rival by the sequential test of every candidate (`measure.stats.Confirmation`), in heats in which
all run side by side. Re-validation is twelve heats of its own, from which alone the estimates come.
"""

from __future__ import annotations

import enum
import json
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autopass_cc.bench.results import Entrant, Results, race_of
from autopass_cc.measure.confirm import REVALIDATION_BLOCKS
from autopass_cc.measure.heats import Heat
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.stats import MARGIN, Confirmation, Estimate, Rule, State, estimate

RULE = Rule(max_blocks=24)  # a clear winner needs 9 heats; the slowest rival decides how many there are


class Stage(enum.Enum):
    """What heats are for."""

    CONFIRMATION = "confirmation"
    REVALIDATION = "revalidation"


class Standing(enum.Enum):
    """How an entrant ends."""

    WIN = "win"  # confirmed, and re-validated
    LOSS = "loss"  # re-validated to be slower: the whole interval is above zero, by more than half the margin at the median
    EVEN = "~"  # no evidence for either
    SAME_CODE = "same code"
    FAILED = "failed"
    UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Placing:
    """What a race says of one entrant: how it stands, the re-validated estimate, seconds a run, E of the confirmation."""

    entrant: Entrant
    standing: Standing
    estimate: Estimate | None = None
    seconds: float | None = None
    e_value: float = 1.0
    detail: str = ""

    @property
    def kept(self) -> float:
        """Return the log-ratio with rollback: what was not confirmed is given back."""
        return self.estimate.median if self.estimate is not None and self.standing is Standing.WIN else 0.0

    @property
    def raw(self) -> float:
        """Return the log-ratio without rollback."""
        return self.estimate.median if self.estimate is not None else 0.0


def runners(entrants: Iterable[Entrant]) -> list[Entrant]:
    """Return the entrants that are timed."""
    return [each for each in entrants if not each.failed and not each.same_code]


def scores(heats: Iterable[Heat], method: str, plan: Plan) -> list[float]:
    """Return the log-ratios of a rival in the heats that count."""
    found = (heat.score(method, plan.clock, plan.aggregate) for heat in heats if heat.dropped is None)
    return [score for score in found if score is not None]


def decision(heats: Sequence[Heat], method: str, plan: Plan) -> Confirmation:
    """Return where the confirmation of a rival stands."""
    found = Confirmation(RULE)
    for score in scores(heats, method, plan):
        if found.state is State.RUNNING:
            found.add(score)
    return found


def is_complete(heats: Sequence[Heat], stage: Stage, methods: Sequence[str], plan: Plan) -> bool:
    """Return whether a stage needs no further heat."""
    return not racing(heats, stage, methods, plan)


def racing(heats: Sequence[Heat], stage: Stage, methods: Sequence[str], plan: Plan) -> list[str]:
    """Return who runs in a stage's next heat: all in the fresh ones, else who is not decided yet; nobody after the last."""
    if stage is Stage.REVALIDATION:
        return [] if sum(heat.dropped is None for heat in heats) >= REVALIDATION_BLOCKS else list(methods)
    running = [name for name in methods if not any(name in heat.failed for heat in heats)]
    return [name for name in running if decision(heats, name, plan).state is State.RUNNING]


def plan_of(results: Results, program: str) -> Plan | None:
    """Return by which plan a program is timed; None before its first heat."""
    return Plan.from_json(json.dumps(results.plans[program])) if program in results.plans else None


def placings(results: Results, program: str) -> list[Placing]:
    """Return how the entrants of a program stand, in the order in which they were entered."""
    entrants = results.of(program)
    race = race_of(runners(entrants))
    plan = plan_of(results, program)
    return [_place(results, each, race, plan) for each in entrants]


def _place(results: Results, entrant: Entrant, race: str, plan: Plan | None) -> Placing:
    if entrant.failed:
        return Placing(entrant, Standing.FAILED, detail=entrant.failed)
    if entrant.same_code:
        return Placing(entrant, Standing.SAME_CODE)
    first, fresh = (results.heats(entrant.program, race, stage.value) for stage in Stage)
    for heat in (*first, *fresh):
        if entrant.method in heat.failed:
            verdict, detail = heat.failed[entrant.method]
            return Placing(entrant, Standing.FAILED, detail=f"{verdict}: {detail}")
    if plan is None or not is_complete(fresh, Stage.REVALIDATION, [entrant.method], plan):
        return Placing(entrant, Standing.UNFINISHED)
    found, confirmed = estimate(scores(fresh, entrant.method, plan)), decision(first, entrant.method, plan)
    seconds = statistics.median(heat.seconds(entrant.method, plan.clock) for heat in fresh if heat.dropped is None)
    if confirmed.state is State.CONFIRMED and found.median <= -MARGIN / 2:
        standing = Standing.WIN
    elif found.low > 0 and found.median >= MARGIN / 2:
        standing = Standing.LOSS
    else:
        standing = Standing.EVEN
    return Placing(entrant, standing, found, seconds, confirmed.e_value)


@dataclass(frozen=True)
class Summary:
    """One row of the table: a method over its programs. Speed-ups are ratios: at 1.1 the base takes 1.1 times as long."""

    method: str
    programs: int
    wins: int
    losses: int
    failed: int
    mean: float  # geometric, with rollback
    raw_mean: float  # geometric, without
    best: float
    worst: float  # without rollback
    search_s: float
    runs: float  # a program, where the method searches
    compile: float  # geometric mean of compile times over the base's
    size: float  # geometric mean of code sizes over the base's
    tokens: float | None = None  # a program, asked of a language model; None where the method asks none


def summary(method: str, found: Sequence[Placing]) -> Summary:
    """Return what a method came to over its placings (one a program, finished ones)."""
    kept, raw = ([math.exp(-value) for value in values] for values in ([p.kept for p in found], [p.raw for p in found]))
    facts = [each.entrant.facts for each in found]
    return Summary(
        method=method,
        programs=len(found),
        wins=sum(each.standing is Standing.WIN for each in found),
        losses=sum(each.standing is Standing.LOSS for each in found),
        failed=sum(each.standing is Standing.FAILED for each in found),
        mean=_geometric(kept),
        raw_mean=_geometric(raw),
        best=max(raw, default=1.0),
        worst=min(raw, default=1.0),
        search_s=statistics.fmean([each.get("search_s", 0.0) for each in facts] or [0.0]),
        runs=statistics.fmean([each.get("runs", 0.0) for each in facts] or [0.0]),
        compile=_geometric([each["compile"] for each in facts if each.get("compile")]),
        size=_geometric([each["size"] for each in facts if each.get("size")]),
        tokens=statistics.fmean(tokens) if (tokens := [each["tokens"] for each in facts if "tokens" in each]) else None,
    )


def _geometric(ratios: Sequence[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, ratios))) if ratios else 1.0
