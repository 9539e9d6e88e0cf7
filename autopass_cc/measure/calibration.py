"""The A/A stage: a dozen blocks of the baseline against itself tell what this machine can see of this workload."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from autopass_cc.errors import AutopassError
from autopass_cc.measure.blocks import MAX_SEED, Block, Check, Subject, refuse_failure, run_block
from autopass_cc.measure.plan import Plan, choose, choose_clock
from autopass_cc.measure.runner import Runner, StoppedError, runs_per_sample
from autopass_cc.measure.stats import Aggregate, Rule

BLOCKS = 12
MAX_REPEATS = 3
MAX_SAMPLE_S = 2.0
"""Above this one group of four runs is block enough."""
ATTEMPTS_PER_BLOCK = 2


class TooNoisyError(AutopassError):
    """The machine was too busy to calibrate on."""

    exit_code = 29


def probe(runner: Runner, subject: Subject, seed: int, check: Check | None = None) -> Plan:
    """Run the baseline twice: choose the clock, the runs per sample and how many repeats calibration tries.

    Raises TooShortError for a workload under 1 ms, WorkloadFailedError or NotDeterministicError for one that fails.
    """
    rng = random.Random(f"{seed}:probe")  # noqa: S311 - randomisation of an experiment, not a secret
    command = subject.link(rng.randint(1, MAX_SEED))
    samples = [runner.run(command, cpu=None, pads=(rng.randrange(64),)) for _ in range(2)]
    for sample in samples:
        refuse_failure(subject, sample, check, is_baseline=True)
    clock, parallel = choose_clock(samples[1])
    run_s = min(sample.seconds(clock) for sample in samples)
    runs = runs_per_sample(run_s)
    repeats = MAX_REPEATS if run_s * runs <= MAX_SAMPLE_S else 1
    return Plan(repeats=repeats, runs_per_sample=runs, clock=clock, parallel=parallel, run_s=run_s)


def calibrate(
    runner: Runner,
    subject: Subject,
    *,
    seed: int,
    base: Plan | None = None,
    past: Sequence[Block] = (),
    store: Callable[[Block], None] | None = None,
    check: Check | None = None,
    stop: Callable[[], bool] | None = None,
    rule: Rule | None = None,
    twin: Subject | None = None,
) -> Plan:
    """Run 12 A/A blocks, linked afresh on both sides as in real life, and choose the plan that confirms 3 % soonest.

    `twin` is the same program linked to another place. It must be given where a second link of `subject` replaces the first:
    both sides would else run one and the same link, and the layout's share of the noise would not be seen.
    `past` are stored blocks of the same `base` plan (from `probe`) and `seed`; only what is missing is run. Raises
    TooNoisyError when more than half of the blocks had to be dropped, StoppedError when `stop()` is true.
    """
    base = base or probe(runner, subject, seed, check)
    blocks = list(past)
    while sum(block.dropped is None for block in blocks) < BLOCKS:
        if len(blocks) >= ATTEMPTS_PER_BLOCK * BLOCKS:
            raise TooNoisyError(
                f"{sum(block.dropped is not None for block in blocks)} of {len(blocks)} calibration blocks of "
                f"{subject.label} were disturbed (last: {next(b.dropped for b in reversed(blocks) if b.dropped)}).",
                "try again when this machine does less, or let the daemon find a quiet time",
            )
        if stop is not None and stop():
            raise StoppedError
        rng = random.Random(f"{seed}:aa:{len(blocks)}")  # noqa: S311
        block = run_block(runner, subject, twin or subject, base, rng, index=len(blocks), check=check, stop=stop)
        blocks.append(block)
        if store is not None:
            store(block)
    return plan_from(base, blocks, rule)


def plan_from(base: Plan, blocks: Sequence[Block], rule: Rule | None = None) -> Plan:
    """Choose from finished A/A blocks; a pure function of what is stored."""
    kept = [block for block in blocks if block.dropped is None]

    def scores(repeats: int, aggregate: Aggregate) -> list[float]:
        return [block.score(base.clock, aggregate, repeats) for block in kept]

    def seconds(repeats: int) -> list[float]:
        return [block.seconds - base.runs_per_sample * sum(run.wall_s for run in block.runs[4 * repeats :]) for block in kept]

    return choose(replace(base), scores, seconds, rule)
