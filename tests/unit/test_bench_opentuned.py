"""An evaluation of OpenTuner: what is compiled, what is timed, and what is known already. Times are made up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from situations import KERNEL, MAJOR, base_text, situation

from autopass_cc.agents.cost import Cost
from autopass_cc.agents.gate import Passage
from autopass_cc.agents.minds.protocol import Proposal
from autopass_cc.agents.search import Screened
from autopass_cc.bench import opentuned
from autopass_cc.bench.evaluations import Outcome
from autopass_cc.bench.methods import METHODS
from autopass_cc.bench.opentuned import LEAST_LIMIT_S, Evaluator
from autopass_cc.bench.space import Space
from autopass_cc.errors import InterruptedRunError
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.screening import Pace
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.recipe import Recipe, build

FAST, SLOW, TWIN, IDLE = ("-unroll-count", "4"), ("-unroll-count", "1"), ("-unroll-count", "2"), ("-slp-max-vf", "2")


def knob(recipe: Recipe | None) -> str:
    return "" if recipe is None else " ".join(f"{name}={value}" for name, value in recipe.knobs)


@dataclass
class Fake:
    """A search, its gate, its builder and its stopwatch in one: what a recipe's code is, and how long that takes."""

    codes: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)
    refused: Mapping[str, Verdict] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    timed: list[tuple[str, float]] = field(default_factory=list)
    stopped: bool = False
    spent_runs: float = 0.0
    short: Plan = field(default_factory=Plan)

    module = SimpleNamespace(name="a.c", outs=("a.o",))

    @property
    def gate(self) -> Fake:
        return self

    builder = gate

    def recipe(self, proposal: Proposal) -> Recipe:
        return build(base_text(), "O2", MAJOR, proposal.edits)

    def unchanged(self, recipe: Recipe) -> Passage:
        return Passage(self.refused.get(knob(recipe)), "refused")

    def compile(self, out: str, recipe: Recipe | None, *, sections: bool) -> Any:
        assert (out, sections) == ("a.o", False)
        return SimpleNamespace(digest=self.codes.get(knob(recipe), knob(recipe)))

    def cost(self, recipe: Recipe) -> Cost:
        return Cost(self.costs.get(knob(recipe), 1.0), 0.5)

    def plan(self, *, short: bool) -> Plan:
        assert short
        return self.short

    def spent(self) -> float:
        return self.spent_runs

    def __call__(self, recipes: Mapping[str, Recipe], pace: Pace, *, limit: float) -> dict[str, Screened]:
        assert (pace.rounds, pace.baselines, pace.short) == (1, 1, True)  # one run, beside one of the base
        ((digest, recipe),) = recipes.items()
        self.timed.append((knob(recipe), limit))
        self.spent_runs += 2
        seconds = self.times.get(knob(recipe))
        if seconds is None:
            return {digest: Screened(None, 0, Verdict.WRONG_OUTPUT, "it printed 7")}
        return {digest: Screened(math.log(seconds), 1)}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Evaluator, Space]]:
    def make(fake: Fake, former: tuple[Outcome, ...] = (), short: Plan | None = None) -> tuple[Evaluator, Space]:
        known = situation(KERNEL)
        space = Space(known.base, known.menu, pipelines=True)
        monkeypatch.setattr(opentuned, "RoundScreen", lambda _base, _module, _allowance: fake)
        evaluation = SimpleNamespace(listener=SimpleNamespace(progress=lambda _text: None), stop=lambda: fake.stopped)
        fake.short = short or Plan(run_s=3.0)
        base = cast("Any", SimpleNamespace(evaluation=evaluation))
        return Evaluator(base, cast("Any", fake), cast("Any", fake), space, 9, former), space

    return make


Made = Callable[..., tuple[Evaluator, Space]]


def test_new_code_is_timed_once_and_known_code_never(made: Made) -> None:
    fake = Fake({"unroll-count=2": "unroll-count=4", "slp-max-vf=2": ""}, {"unroll-count=4": 0.8})
    evaluator, space = made(fake)
    outcomes = [evaluator(space.base() | dict([each]), 2.0) for each in (FAST, TWIN, IDLE, FAST)]
    assert [each.ratio for each in outcomes] == pytest.approx([0.8, 0.8, 1.0, 0.8])
    assert [each.runs for each in outcomes] == [2, 0, 0, 0]
    assert fake.timed == [("unroll-count=4", 6.0)]  # OpenTuner's limit in seconds
    assert evaluator(space.base(), 2.0).ratio == 1.0
    assert [each.state for each in outcomes] == ["OK"] * 4


def test_what_former_sittings_timed_is_known(made: Made) -> None:
    fake = Fake({"unroll-count=2": "unroll-count=4"}, {"unroll-count=4": 0.8})
    first, space = made(fake)
    outcome = first(space.base() | dict([FAST]), 2.0)
    second, _ = made(fake, (outcome,))
    assert second(space.base() | dict([TWIN]), 2.0).ratio == outcome.ratio
    assert len(fake.timed) == 1


def test_what_our_gates_refuse_is_an_error_and_is_not_run(made: Made) -> None:
    fake = Fake(refused={"unroll-count=4": Verdict.SYMBOLS_CHANGED, "unroll-count=1": Verdict.SLOW_TO_COMPILE})
    evaluator, space = made(fake)
    changed, slow = (evaluator(space.base() | dict([each]), 2.0) for each in (FAST, SLOW))
    assert (changed.verdict, changed.state, changed.ratio) == (Verdict.SYMBOLS_CHANGED, "ERROR", None)
    assert slow.state == "TIMEOUT"
    assert fake.timed == []


def test_wrong_output_is_an_error_for_all_of_the_same_code(made: Made) -> None:
    fake = Fake({"unroll-count=2": "unroll-count=4"})
    evaluator, space = made(fake)
    outcomes = [evaluator(space.base() | dict([each]), 2.0) for each in (FAST, TWIN)]
    assert {(each.verdict, each.state) for each in outcomes} == {(Verdict.WRONG_OUTPUT, "ERROR")}
    assert len(fake.timed) == 1


def test_a_new_best_that_slows_its_compile_too_much_is_refused_as_in_our_search(made: Made) -> None:
    fake = Fake(times={"unroll-count=4": 0.8, "unroll-count=1": 1.2}, costs={"unroll-count=4": 1.5, "unroll-count=1": 1.5})
    evaluator, space = made(fake)
    best, slow = (evaluator(space.base() | dict([each]), 2.0) for each in (FAST, SLOW))
    assert (best.verdict, best.ratio) == (Verdict.SLOW_TO_COMPILE, None)
    assert slow.ratio == pytest.approx(1.2)  # its compile is of no interest


def test_the_limit_is_of_the_run_that_is_timed(made: Made) -> None:
    fake = Fake(times={"unroll-count=4": 0.8})
    evaluator, space = made(fake, short=Plan(run_s=1.5))
    evaluator(space.base() | dict([FAST]), 2.0)
    assert fake.timed == [("unroll-count=4", 3.0)]


def test_a_short_program_has_a_limit_that_a_busy_machine_can_keep(made: Made) -> None:
    fake = Fake(times={"unroll-count=4": 0.8})
    evaluator, space = made(fake)
    evaluator(space.base() | dict([FAST]), 0.1)
    assert fake.timed == [("unroll-count=4", LEAST_LIMIT_S)]


def test_an_end_in_the_middle_of_an_evaluation_is_no_outcome(made: Made) -> None:
    fake = Fake(stopped=True)
    evaluator, space = made(fake)
    with pytest.raises(InterruptedRunError):
        evaluator(space.base() | dict([FAST]), 2.0)


def test_what_takes_long_enters_only_where_it_is_named() -> None:
    assert {name for name, method in METHODS.items() if method.apart} == {"opentuner500", "model1", "model3"}
