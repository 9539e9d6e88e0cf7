"""Confirmation and re-validation: the only two places where a candidate can be found faster.

Both replay the stored blocks and then run what is missing. What is random about block i depends on (seed, stage, i) only, so an
interrupted run that is continued makes the same blocks as one that was not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from autopass_cc.measure.blocks import Block, Check, RunFailedError, Subject, run_block
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.runner import Clock, Runner, StoppedError
from autopass_cc.measure.stats import MARGIN, Confirmation, Estimate, Rule, State, estimate
from autopass_cc.measure.verdict import Verdict

REVALIDATION_BLOCKS = 12
DROP_ALARM = 0.30
"""More blocks than this share dropped is a warning that travels with the result."""
MIN_ATTEMPTS_FOR_ALARM = 10
HOPELESS_SHARE, HOPELESS_ATTEMPTS = 0.5, 12
"""In one sitting, after this many attempts, more than this share dropped ends it as too noisy."""


def _ignore(_: Block) -> None:
    """Keep nothing."""


@dataclass(frozen=True)
class Bench:
    """Where and how blocks are run. `store` is called with each finished block, kept or dropped, before the next starts.

    `seed` belongs to one comparison. `deadline` is in `runner.now()` seconds: no block starts that would probably pass it.
    """

    runner: Runner
    plan: Plan
    seed: int
    store: Callable[[Block], None] = _ignore
    check: Check | None = None
    stop: Callable[[], bool] | None = None
    deadline: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What one stage found, and on what evidence.

    `estimate` (by the plan's clock) and `wall` (elapsed time, the covariate where the clock is CPU) are of re-validation only;
    `e_value` and `wins` of confirmation only. `warnings` are sentences to be shown with the result.
    """

    verdict: Verdict
    detail: str
    blocks: int
    dropped: int
    e_value: float | None = None
    wins: int = 0
    estimate: Estimate | None = None
    wall: Estimate | None = None
    warnings: tuple[str, ...] = ()


class _EndedError(Exception):
    """The stage cannot go on: carries the verdict."""

    def __init__(self, verdict: Verdict, detail: str) -> None:
        super().__init__(detail)
        self.verdict = verdict
        self.detail = detail


def confirm(bench: Bench, baseline: Subject, candidate: Subject, rule: Rule | None = None, past: Sequence[Block] = ()) -> Outcome:
    """Run blocks until `rule` is decided: CONFIRMED or REJECTED; else UNFINISHED, TOO_NOISY or how the candidate failed."""
    blocks: list[Block] = []
    decision = Confirmation(rule)
    try:
        for block in _stream(bench, baseline, candidate, "confirm", past, blocks):
            if decision.add(_score(bench, block)) is not State.RUNNING:
                break
        verdict = Verdict.CONFIRMED if decision.state is State.CONFIRMED else Verdict.REJECTED
        detail = _describe(decision)
    except _EndedError as end:
        verdict, detail = end.verdict, end.detail
    return Outcome(
        verdict,
        detail,
        decision.evidence.n,
        _dropped(blocks),
        e_value=decision.e_value,
        wins=decision.evidence.wins,
        warnings=_warnings(blocks),
    )


def revalidate(
    bench: Bench, baseline: Subject, candidate: Subject, margin: float = MARGIN, past: Sequence[Block] = ()
) -> Outcome:
    """Run exactly 12 blocks and estimate: ACCEPTED if the median is at most -margin / 2, else UNCONFIRMED (or as `confirm`)."""
    blocks: list[Block] = []
    kept: list[Block] = []
    try:
        for block in _stream(bench, baseline, candidate, "revalidate", past, blocks):
            kept.append(block)
            if len(kept) == REVALIDATION_BLOCKS:
                break
    except _EndedError as end:
        return Outcome(end.verdict, end.detail, len(kept), _dropped(blocks), warnings=_warnings(blocks))
    found = estimate([_score(bench, block) for block in kept])
    wall = estimate([block.score(Clock.WALL, bench.plan.aggregate) for block in kept])
    verdict = Verdict.ACCEPTED if found.median <= -margin / 2 else Verdict.UNCONFIRMED
    detail = f"median gain {found.gain:+.1%} in {found.n} blocks"
    return Outcome(verdict, detail, found.n, _dropped(blocks), estimate=found, wall=wall, warnings=_warnings(blocks))


def _stream(bench: Bench, a: Subject, b: Subject, stage: str, past: Sequence[Block], blocks: list[Block]) -> Iterator[Block]:
    """Yield blocks that count, stored ones first; all of them, dropped ones too, end up in `blocks`."""
    for block in past:
        blocks.append(block)
        if block.dropped is None:
            yield block
    while True:
        _refuse_hopeless(blocks[len(past) :])
        if bench.deadline is not None and bench.runner.now() + bench.plan.seconds_per_block > bench.deadline:
            raise _EndedError(Verdict.UNFINISHED, "out of time before the next block")
        index = len(blocks)
        rng = random.Random(f"{bench.seed}:{stage}:{index}")  # noqa: S311 - randomisation, not a secret
        try:
            block = run_block(bench.runner, a, b, bench.plan, rng, index=index, check=bench.check, stop=bench.stop)
        except StoppedError:
            raise _EndedError(Verdict.UNFINISHED, "stopped between two runs") from None
        except RunFailedError as failed:
            raise _EndedError(failed.verdict, failed.detail) from failed
        blocks.append(block)
        bench.store(block)
        if block.dropped is None:
            yield block


def _refuse_hopeless(sitting: Sequence[Block]) -> None:
    dropped = _dropped(sitting)
    if len(sitting) >= HOPELESS_ATTEMPTS and dropped > HOPELESS_SHARE * len(sitting):
        raise _EndedError(Verdict.TOO_NOISY, f"{dropped} of {len(sitting)} blocks dropped, last: {_last_reason(sitting)}")


def _score(bench: Bench, block: Block) -> float:
    return block.score(bench.plan.clock, bench.plan.aggregate)


def _dropped(blocks: Sequence[Block]) -> int:
    return sum(block.dropped is not None for block in blocks)


def _last_reason(blocks: Sequence[Block]) -> str:
    return next((block.dropped for block in reversed(blocks) if block.dropped), "none")


def _warnings(blocks: Sequence[Block]) -> tuple[str, ...]:
    dropped = _dropped(blocks)
    if len(blocks) < MIN_ATTEMPTS_FOR_ALARM or dropped <= DROP_ALARM * len(blocks):
        return ()
    return (f"{dropped} of {len(blocks)} blocks were dropped (last: {_last_reason(blocks)}): the machine is not quiet",)


def _describe(decision: Confirmation) -> str:
    won = f"{decision.evidence.wins} of {decision.evidence.n} blocks won by more than the margin, E = {decision.e_value:.3g}"
    needed = decision.rule.finalists / decision.rule.alpha
    return f"{won} (needs {needed:.0f})"
