"""Confirmation and re-validation as a schedule: what is run, kept, dropped, resumed, given up."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Protocol

import pytest
from mock_runner import MockRunner, MockSubject, white

from autopass_cc.errors import WorkloadFailedError
from autopass_cc.measure.blocks import Block, Subject
from autopass_cc.measure.confirm import REVALIDATION_BLOCKS, Bench, Outcome, confirm, revalidate
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.stats import MARGIN, Rule
from autopass_cc.measure.verdict import Verdict

PLAN = Plan(run_s=2.0, seconds_per_block=4.0)
FASTER, SLOWER = math.log(0.9), math.log(1.1)


class Stage(Protocol):
    """Confirmation or re-validation by its default rule."""

    def __call__(self, bench: Bench, baseline: Subject, candidate: Subject, *, past: Sequence[Block] = ()) -> Outcome:
        """Run it."""
        ...


both_stages = pytest.mark.parametrize("stage", [confirm, revalidate], ids=["confirm", "revalidate"])


def bench(
    runner: MockRunner,
    stored: list[Block] | None = None,
    *,
    stop: Callable[[], bool] | None = None,
    deadline: float | None = None,
) -> Bench:
    """A bench of seed 1 that keeps blocks in `stored`."""
    keep = stored if stored is not None else []
    return Bench(runner, PLAN, seed=1, store=keep.append, stop=stop, deadline=deadline)


def noisy(seed: int = 1) -> MockRunner:
    """A machine with the same noise every time."""
    return MockRunner(white(random.Random(seed)))


def baseline() -> MockSubject:
    return MockSubject("a")


def test_a_faster_candidate_is_confirmed_with_its_evidence() -> None:
    outcome = confirm(bench(MockRunner()), baseline(), MockSubject("b", FASTER))
    assert outcome.verdict is Verdict.CONFIRMED
    assert outcome.e_value is not None
    assert outcome.e_value >= 100
    assert outcome.wins == outcome.blocks <= 12
    assert "needs 100" in outcome.detail


def test_confirmation_claims_no_size_of_the_gain() -> None:
    outcome = confirm(bench(MockRunner()), baseline(), MockSubject("b", FASTER))
    assert (outcome.estimate, outcome.wall) == (None, None)


@pytest.mark.parametrize("effect", [SLOWER, 0.0, -MARGIN / 2])
def test_a_candidate_that_is_not_faster_by_the_margin_is_rejected_after_12_blocks(effect: float) -> None:
    outcome = confirm(bench(MockRunner()), baseline(), MockSubject("b", effect))
    assert (outcome.verdict, outcome.blocks, outcome.wins) == (Verdict.REJECTED, 12, 0)


def test_the_second_of_two_finalists_needs_more_blocks() -> None:
    one = confirm(bench(MockRunner()), baseline(), MockSubject("b", FASTER), Rule())
    two = confirm(bench(MockRunner()), baseline(), MockSubject("b", FASTER), Rule(finalists=2))
    assert two.blocks > one.blocks
    assert two.verdict is Verdict.CONFIRMED


def test_revalidation_runs_exactly_12_blocks_and_estimates_from_them_alone() -> None:
    stored: list[Block] = []
    outcome = revalidate(bench(MockRunner(), stored), baseline(), MockSubject("b", FASTER))
    assert outcome.verdict is Verdict.ACCEPTED
    assert outcome.blocks == len(stored) == REVALIDATION_BLOCKS
    assert outcome.estimate is not None
    assert outcome.estimate.gain == pytest.approx(1 / 0.9 - 1)
    assert outcome.estimate.coverage == pytest.approx(0.961, abs=1e-3)
    assert outcome.wall == outcome.estimate


@pytest.mark.parametrize(("share_of_margin", "verdict"), [(0.51, Verdict.ACCEPTED), (0.49, Verdict.UNCONFIRMED)])
def test_revalidation_accepts_from_half_the_margin_on(share_of_margin: float, verdict: Verdict) -> None:
    outcome = revalidate(bench(MockRunner()), baseline(), MockSubject("b", -share_of_margin * MARGIN))
    assert outcome.verdict is verdict


def test_confirmation_and_revalidation_never_share_a_link() -> None:
    first, second = MockSubject("b", FASTER), MockSubject("b", FASTER)
    confirm(bench(MockRunner()), baseline(), first)
    revalidate(bench(MockRunner()), baseline(), second)
    assert not set(first.seeds) & set(second.seeds)


def test_every_finished_block_is_stored_before_the_next_starts() -> None:
    runner = MockRunner()
    seen: list[tuple[int, int]] = []
    confirm(
        Bench(runner, PLAN, seed=1, store=lambda block: seen.append((block.index, len(runner.runs)))),
        baseline(),
        MockSubject("b", FASTER),
    )
    assert seen == [(i, 4 * (i + 1)) for i in range(len(seen))]


@both_stages
@pytest.mark.parametrize("runs_before_stop", [0, 1, 5, 18, 30])
def test_a_stopped_stage_is_unfinished_and_goes_on_with_the_very_same_blocks(stage: Stage, runs_before_stop: int) -> None:
    def steal(block: int) -> float:
        return 0.5 if block % 4 == 2 else 0.0

    whole: list[Block] = []
    uninterrupted = stage(bench(MockRunner(steal=steal), whole), baseline(), MockSubject("b", FASTER, 0.01))

    stored: list[Block] = []
    runner = MockRunner(steal=steal)
    bounded = bench(runner, stored, stop=lambda: len(runner.runs) >= runs_before_stop)
    assert stage(bounded, baseline(), MockSubject("b", FASTER, 0.01)).verdict is Verdict.UNFINISHED
    assert len(stored) == runs_before_stop // 4

    past = [Block.from_json(block.to_json()) for block in stored]
    later = MockRunner(steal=lambda block: steal(block + len(past)))
    resumed = stage(bench(later, stored), baseline(), MockSubject("b", FASTER, 0.01), past=past)
    assert drawn(stored) == drawn(whole)
    assert (resumed.verdict, resumed.detail) == (uninterrupted.verdict, uninterrupted.detail)
    assert (resumed.blocks, resumed.dropped) == (uninterrupted.blocks, uninterrupted.dropped)


def drawn(blocks: list[Block]) -> list[tuple[int, str, int, int, bool]]:
    """What is random or decided about blocks, without the hour at which they ran."""
    return [(block.index, block.order, block.seed_a, block.seed_b, block.dropped is None) for block in blocks]


@both_stages
def test_a_stage_that_is_decided_by_stored_blocks_runs_nothing(stage: Stage) -> None:
    stored: list[Block] = []
    first = stage(bench(noisy(), stored), baseline(), MockSubject("b", FASTER))
    idle = MockRunner()
    assert stage(bench(idle), baseline(), MockSubject("b", FASTER), past=stored) == first
    assert idle.runs == []


def test_no_block_starts_that_would_pass_the_deadline() -> None:
    runner = MockRunner()
    outcome = revalidate(bench(runner, deadline=21.0), baseline(), MockSubject("b"))
    assert (outcome.verdict, outcome.blocks) == (Verdict.UNFINISHED, 5)
    assert runner.now() <= 21.0
    assert "out of time" in outcome.detail


def test_a_deadline_that_has_passed_still_lets_stored_blocks_decide() -> None:
    stored: list[Block] = []
    confirm(bench(MockRunner(), stored), baseline(), MockSubject("b", FASTER))
    outcome = confirm(bench(MockRunner(), deadline=0.0), baseline(), MockSubject("b", FASTER), past=stored)
    assert outcome.verdict is Verdict.CONFIRMED


def test_a_dropped_block_is_stored_and_replaced_and_does_not_count() -> None:
    stored: list[Block] = []
    outcome = revalidate(bench(MockRunner(steal=lambda block: 0.1 * (block == 3)), stored), baseline(), MockSubject("b"))
    assert (outcome.blocks, outcome.dropped, len(stored)) == (12, 1, 13)
    assert [block.index for block in stored if block.dropped] == [3]
    assert outcome.warnings == ()


def test_more_than_30_percent_dropped_is_a_warning_that_travels_with_the_result() -> None:
    outcome = revalidate(bench(MockRunner(steal=lambda block: 0.1 * (block % 5 in (1, 3)))), baseline(), MockSubject("b"))
    assert outcome.dropped / (outcome.blocks + outcome.dropped) > 0.3
    assert outcome.verdict is Verdict.UNCONFIRMED
    assert len(outcome.warnings) == 1
    assert "blocks were dropped (last: steal 10.0% of the time)" in outcome.warnings[0]


@both_stages
def test_a_sitting_in_which_most_blocks_are_dropped_ends_as_too_noisy(stage: Stage) -> None:
    stored: list[Block] = []
    outcome = stage(bench(MockRunner(steal=lambda _: 0.1), stored), baseline(), MockSubject("b", FASTER))
    assert (outcome.verdict, outcome.blocks, outcome.dropped, len(stored)) == (Verdict.TOO_NOISY, 0, 12, 12)
    assert outcome.warnings


def test_a_noisy_sitting_does_not_spoil_the_next_one() -> None:
    stored: list[Block] = []
    revalidate(bench(MockRunner(steal=lambda _: 0.1), stored), baseline(), MockSubject("b", FASTER))
    outcome = revalidate(bench(MockRunner(), stored), baseline(), MockSubject("b", FASTER), past=list(stored))
    assert (outcome.verdict, outcome.blocks, outcome.dropped) == (Verdict.ACCEPTED, 12, 12)


@both_stages
@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [
        (MockSubject("b", exit_code=-11), Verdict.CRASHED),
        (MockSubject("b", timed_out=True), Verdict.TIMED_OUT),
        (MockSubject("b", overflowed=True), Verdict.WRONG_OUTPUT),
    ],
)
def test_a_candidate_that_fails_ends_the_stage_with_its_verdict(stage: Stage, candidate: MockSubject, verdict: Verdict) -> None:
    outcome = stage(bench(MockRunner()), baseline(), candidate)
    assert (outcome.verdict, outcome.blocks) == (verdict, 0)
    assert outcome.detail


@both_stages
def test_a_baseline_that_fails_is_an_error(stage: Stage) -> None:
    with pytest.raises(WorkloadFailedError):
        stage(bench(MockRunner()), MockSubject("a", exit_code=-11), MockSubject("b", FASTER))


def test_one_seed_belongs_to_one_comparison() -> None:
    first, second = MockSubject("b"), MockSubject("b")
    confirm(Bench(MockRunner(), PLAN, seed=1), baseline(), first)
    confirm(Bench(MockRunner(), PLAN, seed=2), baseline(), second)
    assert not set(first.seeds) & set(second.seeds)
