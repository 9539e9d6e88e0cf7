"""The block: what is random about it, how it is run, when it does not count, and how a failing side ends it."""

from __future__ import annotations

import inspect
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mock_runner import MockRunner, MockSubject

from autopass_cc.errors import NotDeterministicError, WorkloadFailedError
from autopass_cc.measure.blocks import (
    MAX_PAD,
    MAX_SEED,
    STEAL_LIMIT,
    WAIT_LIMIT,
    Block,
    Run,
    RunFailedError,
    Subject,
    draw_block,
    drop_reason,
    failure,
    run_block,
)
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.runner import Clock, Command, Sample, StoppedError
from autopass_cc.measure.stats import Aggregate
from autopass_cc.measure.verdict import Verdict

LONG = Plan(run_s=2.0)
SHORT = Plan(run_s=0.5)

times = st.floats(0.001, 10.0)
runs = st.builds(Run, st.sampled_from("AB"), times, times, times, st.none() | times, st.integers(0, 99))
blocks = st.builds(
    Block,
    st.integers(0, 99),
    st.none() | st.integers(0, 3),
    st.integers(1, MAX_SEED),
    st.integers(1, MAX_SEED),
    st.lists(runs, min_size=4, max_size=12).map(tuple),
    times,
    times,
    st.none() | times,
    times,
    st.none() | st.just("steal 3.0% of the time"),
)


def one(plan: Plan = LONG, *, a: Subject | None = None, b: Subject | None = None, seed: int = 1, index: int = 0) -> Block:
    """Run one block on a quiet machine."""
    return run_block(MockRunner(), a or MockSubject("a"), b or MockSubject("b"), plan, random.Random(seed), index=index)


@pytest.mark.parametrize("repeats", [1, 2, 3])
def test_a_block_is_groups_of_four_each_in_one_of_two_orders(repeats: int) -> None:
    orders = {draw_block(random.Random(seed), repeats).order for seed in range(200)}
    assert len(orders) == 2**repeats
    assert {order[4 * i : 4 * i + 4] for order in orders for i in range(repeats)} == {"ABBA", "BAAB"}


def test_the_coin_is_fair_and_the_sides_have_seeds_of_their_own() -> None:
    draws = [draw_block(random.Random(seed), 1) for seed in range(1000)]
    assert 420 < Counter(draw.order for draw in draws)["ABBA"] < 580
    assert all(draw.seed_a != draw.seed_b and min(draw.seed_a, draw.seed_b) >= 1 for draw in draws)


def test_both_sides_are_linked_afresh_in_every_block() -> None:
    a, b = MockSubject("a"), MockSubject("b")
    done = [one(a=a, b=b, seed=seed) for seed in range(5)]
    assert a.seeds == [block.seed_a for block in done]
    assert b.seeds == [block.seed_b for block in done]
    assert len({*a.seeds, *b.seeds}) == 10


def test_the_coin_decides_which_side_is_linked_first_too() -> None:
    linked: list[str] = []

    class Watched(MockSubject):
        def link(self, seed: int) -> Command:  # type: ignore[override]
            linked.append(self.label)
            return super().link(seed)

    orders = [one(a=Watched("A"), b=Watched("B"), seed=seed).order[:2] for seed in range(20)]
    assert linked == list("".join(orders))
    assert set(orders) == {"AB", "BA"}


def test_runs_are_on_one_cpu_and_the_next_block_on_the_next() -> None:
    runner = MockRunner()
    for index in range(4):
        run_block(runner, MockSubject("a"), MockSubject("b"), LONG, random.Random(index), index=index)
    cpus = [cpu for _, cpu, _ in runner.runs]
    assert cpus == [0] * 4 + [1] * 4 + [0] * 4 + [1] * 4


def test_parallel_programs_are_not_pinned() -> None:
    assert one(replace(LONG, parallel=True), index=1).cpu is None


def test_short_runs_are_warmed_up_once_a_side_in_the_order_of_the_coin() -> None:
    runner = MockRunner()
    block = run_block(runner, MockSubject("A"), MockSubject("B"), SHORT, random.Random(1))
    assert len(runner.runs) == 6
    assert sorted(label for label, _, _ in runner.runs[:2]) == ["A", "B"]
    assert "".join(label for label, _, _ in runner.runs[2:]) == block.order
    assert "".join(run.side for run in block.warm_ups) == block.order[:2]


def test_a_warm_up_may_be_the_fastest_run_of_its_side_but_has_no_share_in_a_mean() -> None:
    block = run_block(MockRunner(), MockSubject("A"), MockSubject("B"), SHORT, random.Random(1))
    undisturbed = tuple(replace(run, user_s=run.user_s / 2) if run.side == "B" else run for run in block.warm_ups)
    lucky = replace(block, warm_ups=undisturbed)
    assert lucky.score(Clock.CPU, Aggregate.MIN) < block.score(Clock.CPU, Aggregate.MIN) - 0.5
    assert lucky.score(Clock.CPU, Aggregate.MEAN) == block.score(Clock.CPU, Aggregate.MEAN)


def test_runs_of_two_seconds_are_not_warmed_up() -> None:
    runner = MockRunner()
    run_block(runner, MockSubject("a"), MockSubject("b"), LONG, random.Random(1))
    assert len(runner.runs) == 4


def test_every_run_in_a_sample_has_a_pad_of_its_own() -> None:
    runner = MockRunner()
    run_block(runner, MockSubject("a"), MockSubject("b"), replace(SHORT, runs_per_sample=5), random.Random(1))
    pads = [pad for _, _, sample in runner.runs for pad in sample]
    assert len(pads) == 6 * 5
    assert len(set(pads)) > 25
    assert all(0 <= pad < MAX_PAD for pad in pads)


def test_the_same_random_state_gives_the_same_block() -> None:
    assert one(seed=7) == one(seed=7) != one(seed=8)


def test_the_score_is_of_the_first_groups_only_if_asked() -> None:
    def run(side: str, seconds: float) -> Run:
        return Run(side, 2 * seconds, seconds, 0.0, 0.0, 0)

    timed = [run("A", 1.0), run("B", 1.0), run("B", 1.0), run("A", 1.0)]
    timed += [run("B", 0.5), run("A", 1.0), run("A", 1.0), run("B", 0.5)]
    block = Block(0, 0, 1, 2, tuple(timed), 0.0, 0.0, 0.0, 8.0)
    assert block.order == "ABBABAAB"
    assert block.score(Clock.CPU, Aggregate.MIN, 1) == 0.0
    assert block.score(Clock.CPU, Aggregate.MIN) == pytest.approx(-0.693, abs=1e-3)
    assert block.score(Clock.WALL, Aggregate.MEAN) == pytest.approx(-0.347, abs=1e-3)


@given(blocks)
def test_any_block_survives_being_stored(block: Block) -> None:
    assert Block.from_json(block.to_json()) == block


def test_no_drop_rule_can_see_labels_or_the_times_of_sides() -> None:
    assert set(inspect.signature(drop_reason).parameters) == {"steal", "pressure", "waited", "clock", "pinned"}


def off_limits(value: float) -> bool:
    """Whether rounding cannot carry a share over a limit: sums of other times round otherwise."""
    return all(abs(value - limit) > 1e-9 for limit in (STEAL_LIMIT, *WAIT_LIMIT.values()))


@given(
    steal=st.floats(0, 0.1).filter(off_limits),
    waited=st.none() | st.floats(0, 1).filter(off_limits),
    effect=st.floats(-2, 2),
    seed=st.integers(0, 99),
)
def test_swapping_the_sides_speeds_never_changes_whether_a_block_counts(
    steal: float, waited: float | None, effect: float, seed: int
) -> None:
    def dropped(a: float, b: float) -> str | None:
        runner = MockRunner(steal=lambda _: steal, waited=lambda _: waited)
        return run_block(runner, MockSubject("a", a), MockSubject("b", b), LONG, random.Random(seed)).dropped

    assert (dropped(effect, 0.0) is None) == (dropped(0.0, effect) is None)


@pytest.mark.parametrize(
    ("steal", "pressure", "waited", "clock", "pinned", "reason"),
    [
        (0.0, 0.0, 0.0, Clock.CPU, True, None),
        (0.021, 0.0, 0.0, Clock.CPU, True, "steal 2.1% of the time"),
        (0.021, 0.0, 0.0, Clock.WALL, False, "steal 2.1% of the time"),
        (0.0, 0.0, 0.11, Clock.WALL, True, "waited for the CPU 11% of the time"),
        (0.0, 0.0, 0.11, Clock.CPU, True, None),
        (0.0, 0.0, 0.51, Clock.CPU, True, "waited for the CPU 51% of the time"),
        (0.0, 0.9, 0.0, Clock.WALL, True, None),
        (0.0, 0.9, None, Clock.WALL, True, "CPU pressure 90% of the time"),
        (0.0, 0.9, 0.9, Clock.WALL, False, None),
    ],
)
def test_a_block_is_dropped_for_what_the_machine_did_only(
    steal: float, pressure: float, waited: float | None, clock: Clock, pinned: bool, reason: str | None
) -> None:
    assert drop_reason(steal=steal, pressure=pressure, waited=waited, clock=clock, pinned=pinned) == reason


@pytest.mark.parametrize("slow", [3.0, 10.0])
def test_no_block_is_dropped_for_its_score(slow: float) -> None:
    assert one(b=MockSubject("b", slow)).dropped is None


def test_shares_are_of_the_timed_part_of_the_block() -> None:
    runner = MockRunner(steal=lambda _: 0.25, waited=lambda _: 0.125)
    block = run_block(runner, MockSubject("a"), MockSubject("b"), SHORT, random.Random(1))
    assert (block.steal, block.waited) == pytest.approx((0.25, 0.125))
    assert block.seconds == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [
        (MockSubject("b", exit_code=-11), Verdict.CRASHED),
        (MockSubject("b", timed_out=True, exit_code=-9), Verdict.TIMED_OUT),
        (MockSubject("b", overflowed=True, exit_code=-9), Verdict.WRONG_OUTPUT),
        (MockSubject("b", stdout=b"41\n"), Verdict.WRONG_OUTPUT),
    ],
)
def test_a_candidate_that_fails_gets_a_verdict(candidate: MockSubject, verdict: Verdict) -> None:
    def check(sample: Sample) -> str | None:
        return None if (sample.stdout, sample.exit_code) == (b"42\n", 0) else "differs"

    with pytest.raises(RunFailedError) as failed:
        run_block(MockRunner(), MockSubject("a"), candidate, LONG, random.Random(1), check=check)
    assert failed.value.verdict is verdict


@pytest.mark.parametrize(
    ("baseline", "error"),
    [
        (MockSubject("the unchanged program", exit_code=-11), WorkloadFailedError),
        (MockSubject("the unchanged program", timed_out=True), WorkloadFailedError),
        (MockSubject("the unchanged program", stdout=b"41\n"), NotDeterministicError),
    ],
)
def test_a_baseline_that_fails_is_an_error_and_nobodys_verdict(baseline: MockSubject, error: type[Exception]) -> None:
    def check(sample: Sample) -> str | None:
        return None if (sample.stdout, sample.exit_code) == (b"42\n", 0) else "differs"

    with pytest.raises(error, match="the unchanged program"):
        run_block(MockRunner(), baseline, MockSubject("b"), LONG, random.Random(1), check=check)


def test_without_a_check_only_signals_and_bounds_fail_a_run() -> None:
    assert failure(Sample(1.0, exit_code=3), None) == (None, "")
    assert failure(Sample(1.0, exit_code=-6), None) == (Verdict.CRASHED, "ended by signal 6")


def test_impossible_times_are_refused() -> None:
    class Broken(MockRunner):
        def run(self, *_args: object, **_options: object) -> Sample:
            return Sample(wall_s=-1.0)

    with pytest.raises(ValueError, match="impossible times"):
        run_block(Broken(), MockSubject("a"), MockSubject("b"), LONG, random.Random(1))


@pytest.mark.parametrize("after", range(4))
def test_a_block_can_be_stopped_between_any_two_runs(after: int) -> None:
    runner = MockRunner()
    with pytest.raises(StoppedError):
        run_block(runner, MockSubject("a"), MockSubject("b"), LONG, random.Random(1), stop=lambda: len(runner.runs) == after)
    assert len(runner.runs) == after
