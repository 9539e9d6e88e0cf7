"""Probe, calibration and the choice of a plan: how blocks are run follows from A/A blocks, blind to every candidate."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from mock_runner import MockRunner, MockSubject, spikes, white

from autopass_cc.errors import NotDeterministicError, TooShortError, WorkloadFailedError
from autopass_cc.measure.blocks import Block
from autopass_cc.measure.calibration import BLOCKS, TooNoisyError, calibrate, plan_from, probe
from autopass_cc.measure.plan import Plan, choose, choose_clock
from autopass_cc.measure.runner import Clock, Sample, StoppedError, runs_per_sample
from autopass_cc.measure.stats import Aggregate, null_sd, smallest_confirmable


def test_a_plan_survives_being_stored() -> None:
    plan = Plan(3, 7, Clock.WALL, Aggregate.MEAN, parallel=True, run_s=0.2, seconds_per_block=3.5, sd=0.02, smallest_gain=0.024)
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("sample", "clock", "parallel"),
    [
        (Sample(1.0, user_s=0.99), Clock.CPU, False),
        (Sample(1.0, user_s=0.6, waited_s=0.39), Clock.CPU, False),
        (Sample(1.0, user_s=0.6, waited_s=0.0), Clock.WALL, False),
        (Sample(1.0, user_s=0.6, waited_s=None), Clock.WALL, False),
        (Sample(1.0, user_s=1.5, sys_s=0.3), Clock.WALL, True),
    ],
    ids=["computes", "computes on a busy core", "sleeps", "kernel does not say", "threads"],
)
def test_cpu_time_is_for_one_thread_that_computes(sample: Sample, clock: Clock, parallel: bool) -> None:
    assert choose_clock(sample) == (clock, parallel)


@pytest.mark.parametrize(("run_s", "runs"), [(0.001, 100), (0.01, 10), (0.03, 4), (0.1, 1), (5.0, 1)])
def test_short_runs_are_repeated_to_a_tenth_of_a_second(run_s: float, runs: int) -> None:
    assert runs_per_sample(run_s) == runs


def test_a_run_under_a_millisecond_is_refused() -> None:
    with pytest.raises(TooShortError, match=r"0\.90 ms"):
        runs_per_sample(0.0009)
    with pytest.raises(TooShortError):
        probe(MockRunner(), MockSubject("a", base_s=0.0005), 1)


@pytest.mark.parametrize(("base_s", "repeats", "runs"), [(0.02, 3, 5), (0.5, 3, 1), (1.9, 3, 1), (2.1, 1, 1)])
def test_the_probe_says_how_often_to_repeat(base_s: float, repeats: int, runs: int) -> None:
    plan = probe(MockRunner(), MockSubject("a", base_s=base_s), 1)
    assert (plan.repeats, plan.runs_per_sample, plan.run_s) == pytest.approx((repeats, runs, base_s))
    assert (plan.clock, plan.parallel) == (Clock.CPU, False)


def test_the_probe_finds_threads() -> None:
    plan = probe(MockRunner(threads=2.0), MockSubject("a"), 1)
    assert (plan.clock, plan.parallel) == (Clock.WALL, True)


def test_a_workload_that_fails_in_the_probe_is_an_error() -> None:
    with pytest.raises(WorkloadFailedError):
        probe(MockRunner(), MockSubject("a", exit_code=-11), 1)
    with pytest.raises(NotDeterministicError):
        probe(MockRunner(), MockSubject("a"), 1, check=lambda _: "stdout differs")


def test_where_more_runs_do_not_help_one_group_is_chosen() -> None:
    plan = choose(Plan(repeats=3), lambda _repeats, _aggregate: [0.03, -0.03] * 6, lambda repeats: [1.0 + repeats] * 12)
    assert (plan.repeats, plan.aggregate) == (1, Aggregate.MIN)
    assert plan.sd == pytest.approx(0.03)
    assert plan.seconds_per_block == 2.0
    assert plan.smallest_gain == smallest_confirmable(plan.sd)


def test_where_more_runs_help_much_they_are_chosen() -> None:
    sds = {(1, Aggregate.MIN): 0.14, (2, Aggregate.MIN): 0.08, (3, Aggregate.MIN): 0.03}

    def scores(repeats: int, aggregate: Aggregate) -> list[float]:
        sd = sds.get((repeats, aggregate), 0.2)
        return [sd, -sd] * 6

    plan = choose(Plan(repeats=3), scores, lambda repeats: [1.0 + repeats] * 12)
    assert (plan.repeats, plan.aggregate) == (3, Aggregate.MIN)


def test_the_mean_is_chosen_where_its_scores_vary_less() -> None:
    def scores(_repeats: int, aggregate: Aggregate) -> list[float]:
        return [0.02, -0.02] * 6 if aggregate is Aggregate.MEAN else [0.05, -0.05] * 6

    assert choose(Plan(), scores, lambda _: [1.0]).aggregate is Aggregate.MEAN


def test_no_repeat_is_no_plan() -> None:
    with pytest.raises(ValueError, match="at least one repeat"):
        choose(Plan(repeats=0), lambda *_: [], lambda _: [])


def test_calibration_runs_12_blocks_linked_afresh_and_keeps_them() -> None:
    subject, stored = MockSubject("a", layout_sd=0.02), list[Block]()
    plan = calibrate(MockRunner(white(random.Random(1), 0.005)), subject, seed=1, store=stored.append)
    assert len(stored) == BLOCKS
    assert len(set(subject.seeds[1:])) == 2 * BLOCKS
    assert plan.sd == null_sd([block.score(plan.clock, plan.aggregate, plan.repeats) for block in stored])
    assert 0.01 < plan.sd < 0.06
    assert plan.repeats == 1


def test_calibration_can_link_its_two_sides_in_two_places() -> None:
    subject, twin = MockSubject("a"), MockSubject("twin")
    runner = MockRunner()
    calibrate(runner, subject, twin=twin, seed=1, base=Plan(run_s=2.0))
    assert len(subject.seeds) == len(twin.seeds) == BLOCKS
    assert {label for label, _, _ in runner.runs} == {"a", "twin"}


def test_on_a_machine_with_spikes_calibration_repeats_runs() -> None:
    plan = calibrate(MockRunner(spikes(random.Random(2), 0.4, 0.5)), MockSubject("a", base_s=0.5), seed=1)
    assert plan.repeats > 1
    assert plan.aggregate is Aggregate.MIN


def test_a_plan_is_a_function_of_stored_blocks() -> None:
    stored: list[Block] = []
    base = probe(MockRunner(), MockSubject("a"), 1)
    plan = calibrate(MockRunner(white(random.Random(1))), MockSubject("a"), seed=1, base=base, store=stored.append)
    assert plan_from(base, [Block.from_json(block.to_json()) for block in stored]) == plan
    idle = MockRunner()
    assert calibrate(idle, MockSubject("a"), seed=1, base=base, past=stored) == plan
    assert idle.runs == []


def test_a_stopped_calibration_goes_on_with_the_same_blocks() -> None:
    base = Plan(run_s=2.0)
    whole: list[Block] = []
    calibrate(MockRunner(), MockSubject("a"), seed=1, base=base, store=whole.append)
    stored: list[Block] = []
    runner = MockRunner()
    with pytest.raises(StoppedError):
        calibrate(runner, MockSubject("a"), seed=1, base=base, store=stored.append, stop=lambda: len(runner.runs) >= 4 * 5 + 1)
    assert len(stored) == 5
    calibrate(MockRunner(), MockSubject("a"), seed=1, base=base, past=list(stored), store=stored.append)
    assert [(b.order, b.seed_a, b.seed_b) for b in stored] == [(b.order, b.seed_a, b.seed_b) for b in whole]


def test_dropped_calibration_blocks_are_replaced_and_do_not_count() -> None:
    stored: list[Block] = []
    runner = MockRunner(steal=lambda block: 0.5 * (block < 4))
    plan = calibrate(runner, MockSubject("a"), seed=1, base=Plan(run_s=2.0), store=stored.append)
    assert (len(stored), sum(block.dropped is not None for block in stored)) == (16, 4)
    assert plan == plan_from(Plan(run_s=2.0), stored[4:])


def test_a_machine_that_disturbs_more_than_half_of_the_blocks_is_too_noisy() -> None:
    with pytest.raises(TooNoisyError, match="24 of 24 calibration blocks of a were disturbed"):
        calibrate(MockRunner(steal=lambda _: 0.5), MockSubject("a"), seed=1, base=Plan(run_s=2.0))


def test_a_machine_without_noise_confirms_anything_over_the_margin() -> None:
    plan = calibrate(MockRunner(), MockSubject("a"), seed=1, base=Plan(repeats=3, run_s=2.0))
    assert (plan.sd, plan.repeats) == (0.0, 1)
    assert plan.smallest_gain == pytest.approx(0.01)
    assert math.isfinite(replace(plan).seconds_per_block)
