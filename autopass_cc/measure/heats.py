"""The heat: a block for more than two. All rivals are linked afresh and run in one random order, then in its reverse.

Each rival is compared with the base of the same heat, so what disturbs a heat disturbs both; the reversed order takes a linear
drift out of every pair, and fresh layouts are drawn for all, as in a block (`blocks`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from autopass_cc.measure.blocks import (
    MAX_PAD,
    MAX_SEED,
    WARM_UP_BELOW_S,
    Check,
    Run,
    RunFailedError,
    Subject,
    as_run,
    drop_reason,
    refuse_failure,
    shares,
)
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.runner import Clock, Command, Runner, StoppedError
from autopass_cc.measure.stats import Aggregate, block_score

BASE = "base"


@dataclass(frozen=True)
class Heat:
    """One finished heat. `failed` says of a rival what was wrong with its run; such a rival has no score.

    `runs` name their rival as `side`. `dropped` says why the heat does not count (never because of a score), or is None.
    """

    index: int
    cpu: int | None
    seeds: dict[str, int]
    runs: tuple[Run, ...]
    warm_ups: tuple[Run, ...]
    steal: float
    pressure: float
    waited: float | None
    dropped: str | None = None
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)  # verdict, detail

    def score(self, name: str, clock: Clock, aggregate: Aggregate) -> float | None:
        """Return the log-ratio of a rival's time to the base's; None where the rival did not run to its end."""
        if name in self.failed or name not in self.seeds:
            return None
        runs = self.warm_ups + self.runs if aggregate is Aggregate.MIN else self.runs
        times = {side: [run.seconds(clock) for run in runs if run.side == side] for side in (BASE, name)}
        return block_score(times[BASE], times[name], aggregate)

    def seconds(self, name: str, clock: Clock) -> float:
        """Return the least time (seconds a run) of a rival."""
        return min(run.seconds(clock) for run in self.warm_ups + self.runs if run.side == name)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Heat:
        """Read what `to_json` gave; raises KeyError, TypeError or ValueError on anything else."""
        values = dict(data)
        for name in ("runs", "warm_ups"):
            values[name] = tuple(Run(**run) for run in values[name])
        values["failed"] = {name: (verdict, detail) for name, (verdict, detail) in values["failed"].items()}
        return cls(**values)


def run_heat(
    runner: Runner,
    subjects: Mapping[str, Subject],
    plan: Plan,
    rng: random.Random,
    *,
    index: int = 0,
    check: Check | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Heat:
    """Run one heat of `subjects`, of which one is named `BASE`, all on one CPU, the next CPU for the next `index`.

    A rival that fails is left out of the rest of the heat. Raises NotDeterministicError or WorkloadFailedError for a base
    that fails, StoppedError when `stop()` is true between two runs.
    """
    order = draw_order(rng, subjects, plan.repeats)
    seeds = {name: rng.randint(1, MAX_SEED) for name in order[: len(subjects)]}
    failed: dict[str, tuple[str, str]] = {}
    commands: dict[str, Command] = {name: subjects[name].link(seed) for name, seed in seeds.items()}
    cpus = runner.cpus()
    cpu = None if plan.parallel else cpus[index % len(cpus)]

    def runs(names: Iterable[str]) -> tuple[Run, ...]:
        found = []
        for name in names:
            if name in failed:
                continue
            if stop():
                raise StoppedError
            sample = runner.run(commands[name], cpu=cpu, pads=[rng.randrange(MAX_PAD) for _ in range(plan.runs_per_sample)])
            try:
                refuse_failure(subjects[name], sample, check, is_baseline=name == BASE)
            except RunFailedError as error:
                failed[name] = (error.verdict.value, error.detail)
                continue
            found.append(as_run(name, sample))
        return tuple(found)

    before = runner.conditions(cpu)
    warm_ups = runs(order[: len(subjects)] if plan.run_s < WARM_UP_BELOW_S else ())
    timed = runs(order)
    steal, pressure, waited = shares((before, runner.conditions(cpu)), warm_ups + timed)
    dropped = drop_reason(steal=steal, pressure=pressure, waited=waited, clock=plan.clock, pinned=cpu is not None)
    return Heat(index, cpu, seeds, timed, warm_ups, steal, pressure, waited, dropped, failed)


def draw_order(rng: random.Random, names: Iterable[str], repeats: int) -> list[str]:
    """Return in which order names run: for each repeat a random order, then the same backwards."""
    order: list[str] = []
    every = sorted(names)
    for _ in range(repeats):
        drawn = rng.sample(every, len(every))
        order += [*drawn, *reversed(drawn)]
    return order
