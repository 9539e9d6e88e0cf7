"""The stopwatch of real candidates: how often each side runs, and how long a candidate may take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from situations import MAJOR

from autopass_cc.agents.timing import BASELINE, RoundScreen
from autopass_cc.errors import NotDeterministicError
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.runner import Command, Sample
from autopass_cc.measure.screening import Pace
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.recipe import Recipe

RECIPE = Recipe(MAJOR, "O2", (("unroll-count", "4"),))


@dataclass(frozen=True)
class Settings:
    time_limit: float = 60.0


@dataclass(frozen=True)
class Placed:
    label: str
    config: Settings = Settings()
    view: Path = Path("view")

    @property
    def workload(self) -> Command:
        return Command((self.label,), self.view, timeout_s=self.config.time_limit)

    @property
    def short(self) -> Command:
        return Command((self.label, "short"), self.view, timeout_s=self.config.time_limit)


class Clocked:
    """A runner for which the baseline takes 2 s and the candidate `seconds`, and which ends what takes too long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.commands: list[Command] = []

    def cpus(self) -> tuple[int, ...]:
        return (0, 1)

    def run(self, command: Command, *, cpu: int | None, pads: Sequence[int]) -> Sample:
        assert (cpu, len(pads)) == (1, 1 if len(command.argv) == 1 else 3)
        self.commands.append(command)
        wall = 2.0 if command.argv[0] == BASELINE else self.seconds
        return Sample(min(wall, command.timeout_s), min(wall, command.timeout_s), 0.0, timed_out=wall > command.timeout_s)

    def labels(self) -> list[str]:
        return sorted(command.argv[0] for command in self.commands)


def screen(runner: Clocked, short: Plan | None = None) -> RoundScreen:
    def program(label: str, _slot: str, _recipes: Any) -> Any:
        return SimpleNamespace(folder=Path("folder"), place=lambda _built: Placed(label))

    evaluation = SimpleNamespace(
        run=SimpleNamespace(seed=1),
        runner=runner,
        plan=Plan(run_s=2.0),
        builder=SimpleNamespace(build=lambda *_words, **_more: {}),
        listener=SimpleNamespace(progress=lambda _text: None),
        stop=lambda: False,
        program=program,
    )
    oracle = SimpleNamespace(
        check_inputs=lambda _placed, _runner: None,
        workload=SimpleNamespace(problem=lambda _sample, _view: None),
        short=SimpleNamespace(problem=lambda _sample, _view: "the short run's output"),
    )
    base = SimpleNamespace(
        evaluation=evaluation, short=short, oracle=oracle, prepared=SimpleNamespace(recipes=lambda chosen: chosen)
    )
    allowance = SimpleNamespace(fits=lambda samples, _plan: bool(samples), cost=lambda plan: plan.run_s)
    return RoundScreen(cast("Any", base), cast("Any", SimpleNamespace(name="a.c")), cast("Any", allowance))


def test_a_candidate_runs_beside_three_baselines_or_as_many_as_are_asked_for() -> None:
    runner = Clocked(1.9)
    found = screen(runner)({"r": RECIPE}, Pace(1))
    assert runner.labels() == [BASELINE] * Pace(1).baselines + ["candidate"]
    assert found["r"].score == pytest.approx(math.log(1.9 / 2))
    runner = Clocked(1.9)
    assert screen(runner)({"r": RECIPE}, Pace(1, baselines=1))["r"].score == pytest.approx(math.log(1.9 / 2))
    assert runner.labels() == [BASELINE, "candidate"]


def test_a_candidate_is_given_up_after_the_limit_and_the_baseline_never() -> None:
    runner = Clocked(5.0)
    found = screen(runner)({"r": RECIPE}, Pace(1), limit=4.0)
    assert {command.argv[0]: command.timeout_s for command in runner.commands} == {BASELINE: 60.0, "candidate": 4.0}
    assert (found["r"].score, found["r"].verdict) == (None, Verdict.TIMED_OUT)
    assert screen(Clocked(3.0))({"r": RECIPE}, Pace(1), limit=4.0)["r"].score == pytest.approx(math.log(1.5))


def test_the_programs_own_time_bound_holds_whatever_the_limit() -> None:
    runner = Clocked(70.0)
    assert screen(runner)({"r": RECIPE}, Pace(1), limit=1000.0)["r"].verdict is Verdict.TIMED_OUT
    assert max(command.timeout_s for command in runner.commands) == 60.0


SHORT = Plan(run_s=0.1, runs_per_sample=3)


def test_a_short_race_runs_the_shorter_run_and_expects_what_that_prints() -> None:
    runner = Clocked(1.9)
    with pytest.raises(NotDeterministicError, match="the short run's output"):
        screen(runner, SHORT)({"r": RECIPE}, Pace(1, short=True))
    assert {command.argv[1:] for command in runner.commands} == {("short",)}


def test_without_a_shorter_run_or_where_none_is_asked_for_the_workload_is_run() -> None:
    for stopwatch, pace in ((screen(runner := Clocked(1.9)), Pace(1, short=True)), (screen(runner, SHORT), Pace(1))):
        assert stopwatch({"r": RECIPE}, pace)["r"].score == pytest.approx(math.log(1.9 / 2))
    assert {command.argv[1:] for command in runner.commands} == {()}


def test_a_candidate_costs_what_its_run_takes() -> None:
    assert [screen(Clocked(1.9), SHORT).cost(short=short) for short in (True, False)] == [0.1, 2.0]
    assert screen(Clocked(1.9)).cost(short=True) == 2.0
