"""What a search may use up: runs are counted by the time that they take, and none are begun that do not fit."""

from __future__ import annotations

import random

import pytest
from mock_runner import MockRunner, MockSubject

from autopass_cc.agents.allowance import ProgramRuns, Seconds
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.screening import Pace, race
from autopass_cc.measure.steps import StepsRunner

PLAN = Plan(run_s=2.0, runs_per_sample=1)


def test_a_run_on_a_small_input_is_a_part_of_a_run() -> None:
    runner = StepsRunner(MockRunner())
    allowance = ProgramRuns(40, runner, PLAN)
    runner.run(MockSubject("before", base_s=2.0).link(1), cpu=0)
    allowance.begin()
    runner.run(MockSubject("whole", base_s=2.0).link(1), cpu=0, pads=(0, 0))
    runner.run(MockSubject("small", base_s=0.5).link(1), cpu=0)
    assert allowance.spent() == pytest.approx(2.25)
    assert allowance.left(0.0) == pytest.approx(37.75)
    assert (allowance.fits(37, PLAN), allowance.fits(38, PLAN)) == (True, False)


def test_more_of_a_shorter_run_fit() -> None:
    allowance = ProgramRuns(40, StepsRunner(MockRunner()), PLAN)
    allowance.begin()
    short = Plan(run_s=0.5, runs_per_sample=2)
    assert (allowance.cost(PLAN), allowance.cost(short)) == (1.0, 0.5)
    assert (allowance.fits(80, short), allowance.fits(81, short)) == (True, False)


def test_no_round_of_a_race_is_begun_that_does_not_fit() -> None:
    runner = StepsRunner(MockRunner())
    allowance = ProgramRuns(20, runner, PLAN)
    allowance.begin()
    subjects = {name: MockSubject(str(name), base_s=2.0) for name in [None, *"abcdef"]}

    def run(name: str | None, _number: int) -> tuple[float, None, str]:
        return runner.run(subjects[name].link(1), cpu=0).cpu_s, None, ""

    standings = race(list("abcdef"), run, pace=Pace(9), rng=random.Random(1), fits=lambda samples: allowance.fits(samples, PLAN))
    assert runner.runs == 2 * (6 + Pace(9).baselines)  # a third round would be the 27th run
    assert {len(standing.times) for standing in standings.values()} == {2}


def test_seconds_wait_for_a_model() -> None:
    allowance = Seconds(100.0)
    allowance.begin()
    assert 99 < allowance.left(0.0) <= 100
    assert 104 < allowance.left(5.0) <= 105
    assert allowance.fits(10**9, PLAN)
