"""The block: two fresh links and one randomised group of runs. It is the unit of replication; all inference counts blocks.

A link's code layout is a private, lasting effect of that link (Curtsinger & Berger 2013, Stabilizer): runs of the same binary
share it, so more runs never average it away. Hence both sides are linked anew for every block, each with its own seed.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from autopass_cc.errors import NotDeterministicError, WorkloadFailedError
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.runner import Clock, Command, Conditions, Runner, Sample, StoppedError
from autopass_cc.measure.stats import Aggregate, block_score
from autopass_cc.measure.verdict import Verdict

MAX_SEED = 2**31 - 1
MAX_PAD = 4096
WARM_UP_BELOW_S = 2.0
STEAL_LIMIT = 0.02
WAIT_LIMIT = {Clock.WALL: 0.10, Clock.CPU: 0.50}
"""Share of elapsed time for which the pinned program had to wait for its core. On the CPU clock waiting itself costs nothing;
what is left is colder caches, so more is allowed."""


class Subject(Protocol):
    """A program that can be linked afresh; the project's room implements it."""

    @property
    def label(self) -> str:
        """Say in a word what this is, for messages."""
        ...

    def link(self, seed: int) -> Command:
        """Link with the code layout of `seed` (>= 1) and give the command that runs this very link."""
        ...


class RunFailedError(Exception):
    """A candidate's run ended in a way that is a verdict of its own."""

    def __init__(self, verdict: Verdict, detail: str) -> None:
        super().__init__(detail)
        self.verdict = verdict
        self.detail = detail


Check = Callable[[Sample], str | None]
"""Says what is wrong with what a timed run printed, or None."""


@dataclass(frozen=True)
class Run:
    """One sample of a block: `side` "A" or "B", times in seconds per run, and what disturbed it."""

    side: str
    wall_s: float
    user_s: float
    sys_s: float
    waited_s: float | None
    involuntary: int

    def seconds(self, clock: Clock) -> float:
        """Seconds per run by `clock`."""
        return self.wall_s if clock is Clock.WALL else self.user_s + self.sys_s


@dataclass(frozen=True)
class Block:
    """One finished block: a row of the store. Shares are of the time from the first run to the last.

    `warm_ups` are one run a side before `runs`, in the same random order. They are cold, which can only make them slower:
    under `Aggregate.MIN` they are further chances to see a side undisturbed, under `Aggregate.MEAN` they do not count.
    `dropped` says why the block does not count (never because of its score), or is None.
    """

    index: int
    cpu: int | None
    seed_a: int
    seed_b: int
    runs: tuple[Run, ...]
    steal: float
    pressure: float
    waited: float | None
    seconds: float
    dropped: str | None = None
    warm_ups: tuple[Run, ...] = ()

    @property
    def order(self) -> str:
        """The sides in the order in which they ran, such as "ABBA"."""
        return "".join(run.side for run in self.runs)

    def score(self, clock: Clock, aggregate: Aggregate, repeats: int | None = None) -> float:
        """Log time ratio B over A, of the first `repeats` groups of four runs only if given."""
        runs = self.runs if repeats is None else self.runs[: 4 * repeats]
        if aggregate is Aggregate.MIN:
            runs = self.warm_ups + runs
        a = [run.seconds(clock) for run in runs if run.side == "A"]
        b = [run.seconds(clock) for run in runs if run.side == "B"]
        return block_score(a, b, aggregate)

    def to_json(self) -> str:
        """Render as one line of JSON; `from_json` gives back an equal block."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Block:
        """Read what `to_json` wrote; raises ValueError, KeyError or TypeError on anything else."""
        fields = json.loads(text)
        for name in ("runs", "warm_ups"):
            fields[name] = tuple(Run(**run) for run in fields.get(name, ()))
        return cls(**fields)


def read_blocks(stored: Iterable[Mapping[str, Any]]) -> list[Block]:
    """Return stored blocks in order, up to the first that is none: what comes after it is measured again."""
    found = []
    for data in stored:
        try:
            found.append(Block.from_json(json.dumps(data)))
        except (ValueError, KeyError, TypeError):
            break
    return found


@dataclass(frozen=True)
class Draw:
    """Everything random about a block, drawn before anything runs."""

    order: str
    seed_a: int
    seed_b: int


def draw_block(rng: random.Random, repeats: int) -> Draw:
    """Toss a coin per group of four (ABBA or BAAB) and draw a layout seed for either side.

    The coin is what makes the labels exchangeable under any drift or order effect; the seeds do so for layout.
    """
    order = "".join(rng.choice(("ABBA", "BAAB")) for _ in range(repeats))
    return Draw(order, rng.randint(1, MAX_SEED), rng.randint(1, MAX_SEED))


def run_block(
    runner: Runner,
    a: Subject,
    b: Subject,
    plan: Plan,
    rng: random.Random,
    *,
    index: int = 0,
    check: Check | None = None,
    stop: Callable[[], bool] | None = None,
) -> Block:
    """Link `a` (baseline) and `b` afresh and run them interleaved on one CPU, the next CPU for the next `index`.

    Raises RunFailedError for a candidate that fails, NotDeterministicError or WorkloadFailedError for a baseline that does,
    and StoppedError when `stop()` is true between two runs.
    """
    began = runner.now()
    draw = draw_block(rng, plan.repeats)
    subjects = {"A": (a, draw.seed_a), "B": (b, draw.seed_b)}
    # The coin also says who is linked first: the later link's pages are the warmer ones.
    sides = {side: (subjects[side][0], subjects[side][0].link(subjects[side][1])) for side in draw.order[:2]}
    cpus = runner.cpus()
    cpu = None if plan.parallel else cpus[index % len(cpus)]

    def run(side: str) -> Sample:
        if stop is not None and stop():
            raise StoppedError
        subject, command = sides[side]
        pads = [rng.randrange(MAX_PAD) for _ in range(plan.runs_per_sample)]
        sample = runner.run(command, cpu=cpu, pads=pads)
        refuse_failure(subject, sample, check, is_baseline=side == "A")
        return sample

    before = runner.conditions(cpu)
    warmed = draw.order[:2] if plan.run_s < WARM_UP_BELOW_S else ""
    warm_ups, runs = (tuple(as_run(side, run(side)) for side in sides_run) for sides_run in (warmed, draw.order))
    after = runner.conditions(cpu)
    return _finish(index, cpu, draw, (warm_ups, runs), (before, after), began, plan.clock)


def _finish(
    index: int,
    cpu: int | None,
    draw: Draw,
    done: tuple[tuple[Run, ...], tuple[Run, ...]],
    conditions: tuple[Conditions, Conditions],
    began: float,
    clock: Clock,
) -> Block:
    warm_ups, runs = done
    steal, pressure, waited = shares(conditions, warm_ups + runs)
    after = conditions[1]
    reason = drop_reason(steal=steal, pressure=pressure, waited=waited, clock=clock, pinned=cpu is not None)
    return Block(index, cpu, draw.seed_a, draw.seed_b, runs, steal, pressure, waited, after.at_s - began, reason, warm_ups)


def shares(conditions: tuple[Conditions, Conditions], runs: Sequence[Run]) -> tuple[float, float, float | None]:
    """Return which shares of the time between two conditions were steal, CPU pressure, and the runs' waiting for their CPU."""
    before, after = conditions
    elapsed = max(after.at_s - before.at_s, 1e-9)
    waits = [run.waited_s for run in runs if run.waited_s is not None]
    wall_s = sum(run.wall_s for run in runs)
    waited = sum(waits) / wall_s if len(waits) == len(runs) and wall_s > 0 else None
    return (after.steal_s - before.steal_s) / elapsed, (after.pressure_s - before.pressure_s) / elapsed, waited


def drop_reason(*, steal: float, pressure: float, waited: float | None, clock: Clock, pinned: bool) -> str | None:
    """Why a block under these conditions does not count, or None. Sees neither labels nor times of sides.

    Foreign load is judged by how long *our* program waited for its core. Pressure (PSI) stands in only where the kernel does
    not tell: it also counts tasks that wait for the other core, and our own threads. Unpinned programs make pressure
    themselves, so only steal can speak for them.
    """
    if steal > STEAL_LIMIT:
        return f"steal {steal:.1%} of the time"
    if not pinned:
        return None
    share, name = (pressure, "CPU pressure") if waited is None else (waited, "waited for the CPU")
    return f"{name} {share:.0%} of the time" if share > WAIT_LIMIT[clock] else None


def as_run(side: str, sample: Sample) -> Run:
    """Return a finished run of one side."""
    return Run(side, sample.wall_s, sample.user_s, sample.sys_s, sample.waited_s, sample.involuntary)


def refuse_failure(subject: Subject, sample: Sample, check: Check | None, *, is_baseline: bool) -> None:
    """Raise for a run that failed: RunFailedError for a candidate's, NotDeterministicError or WorkloadFailedError for the base's.

    Raises ValueError for times that cannot be.
    """
    verdict, detail = failure(sample, check)
    if verdict is None:
        if math.isfinite(sample.wall_s) and min(sample.wall_s, sample.cpu_s) >= 0:
            return
        raise ValueError(f"the runner gave impossible times: {sample.wall_s} s, {sample.cpu_s} s")
    if not is_baseline:
        raise RunFailedError(verdict, detail)
    sentence = f"A timed run of {subject.label} failed: {detail}"
    if verdict is Verdict.WRONG_OUTPUT:
        raise NotDeterministicError(sentence, "declare what varies as not compared, or make the workload repeatable")
    raise WorkloadFailedError(sentence, "run the workload by hand; if it is just slow, raise its time bound")


def failure(sample: Sample, check: Check | None) -> tuple[Verdict | None, str]:
    """What is wrong with a run, worst first: time bound, output bound, what `check` says, or (None, "")."""
    if sample.timed_out:
        return Verdict.TIMED_OUT, f"killed after {sample.wall_s:.1f} s"
    if sample.overflowed:
        return Verdict.WRONG_OUTPUT, "killed: it wrote more than any output that is kept"
    if check is None:
        return (Verdict.CRASHED, f"ended by signal {-sample.exit_code}") if sample.exit_code < 0 else (None, "")
    problem = check(sample)
    if problem is None:
        return None, ""
    return (Verdict.CRASHED if sample.exit_code < 0 else Verdict.WRONG_OUTPUT), problem
