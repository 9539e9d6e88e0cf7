"""How a module's blocks are to be run, and the choice of it from A/A blocks.

Repetition belongs where the variance arises (Kalibera & Jones 2013): where layout is the cause, a second run of the same link
buys nothing and a further block everything; where the machine is, the minimum of several runs is worth many blocks.
Choosing on A/A blocks is blind to every candidate, so it costs no error rate.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass

from autopass_cc.measure.runner import Clock, Sample
from autopass_cc.measure.stats import Aggregate, Rule, expected_blocks, null_sd, smallest_confirmable

TARGET_GAIN = 0.03
"""The gain for which time to confirm is minimised."""
PARALLEL_ABOVE = 1.2
IDLE_LIMIT = 0.05


@dataclass(frozen=True)
class Plan:
    """How blocks of one workload run: groups of four runs per block, runs in a sample, the clock, the aggregate of a side.

    `run_s` seconds of one run; `seconds_per_block` links included; `sd` of the A/A block score (log units); `smallest_gain` that
    can be confirmed 9 times in 10 (fraction). These are 0 before calibration.
    """

    repeats: int = 1
    runs_per_sample: int = 1
    clock: Clock = Clock.CPU
    aggregate: Aggregate = Aggregate.MIN
    parallel: bool = False
    run_s: float = 0.0
    seconds_per_block: float = 0.0
    sd: float = 0.0
    smallest_gain: float = 0.0

    def to_json(self) -> str:
        """Render as one line of JSON."""
        return json.dumps({**asdict(self), "clock": self.clock.value, "aggregate": self.aggregate.value})

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "clock": Clock(fields["clock"]), "aggregate": Aggregate(fields["aggregate"])})


def choose_clock(probe: Sample) -> tuple[Clock, bool]:
    """From an unpinned run: which clock is fair, and whether the program is parallel.

    CPU time only for one thread that computes: it must be using or waiting for a core nearly all the time. Such a program's
    elapsed time is its CPU time plus what others took; taking their share out is what makes a shared machine usable.
    """
    if probe.cpu_s > PARALLEL_ABOVE * probe.wall_s:
        return Clock.WALL, True
    idle_s = probe.wall_s - probe.cpu_s - (probe.waited_s or 0.0)
    return (Clock.CPU if idle_s <= IDLE_LIMIT * probe.wall_s else Clock.WALL), False


def choose(
    base: Plan,
    scores: Callable[[int, Aggregate], list[float]],
    seconds: Callable[[int], list[float]],
    rule: Rule | None = None,
) -> Plan:
    """Choose repeats (1 .. base.repeats) and aggregate that confirm a 3 % gain soonest.

    `scores(repeats, aggregate)` gives the A/A scores as if blocks had had only so many groups; `seconds(repeats)` what such
    blocks would have taken. Ties go to fewer repeats and to the minimum.
    """
    best: tuple[float, Plan] | None = None
    for repeats in range(1, base.repeats + 1):
        per_block = statistics.median(seconds(repeats))
        for aggregate in Aggregate:
            sd = null_sd(scores(repeats, aggregate))
            cost = expected_blocks(TARGET_GAIN, sd, rule) * per_block
            if best is None or cost < best[0]:
                gain = smallest_confirmable(sd, rule)
                best = (
                    cost,
                    Plan(repeats, base.runs_per_sample, base.clock, aggregate, base.parallel, base.run_s, per_block, sd, gain),
                )
    if best is None:
        raise ValueError("a plan needs at least one repeat")
    return best[1]
