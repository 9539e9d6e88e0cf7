"""The search over one module: what it builds on, what it leaves, what it ends with. Times are made up by a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from situations import MAJOR, base_text

from autopass_cc.agents.cost import Cost
from autopass_cc.agents.gate import Gate, Passage
from autopass_cc.agents.minds.protocol import Proposal, Situation, Tried
from autopass_cc.agents.minds.transfer import Hint, Transfer
from autopass_cc.agents.search import Screened, Search
from autopass_cc.agents.strategy import FRUGAL, THOROUGH
from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.features import Features
from autopass_cc.measure.screening import Pace
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.edits import Edit, Insert, Knob
from autopass_cc.recipe.neighbours import menu
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.recipe.tree import parse
from autopass_cc.recipe.words import Tier

FAST, SLOW_COMPILE, IDLE = Knob("unroll-count", "4"), Knob("inline-threshold", "2000"), Knob("unroll-max-count", "2")
GAINS = {FAST.name: -0.10, SLOW_COMPILE.name: -0.30}


@dataclass
class Listed:
    """A mind that proposes what it was given, each once."""

    proposals: list[Proposal]
    name: str = "listed"

    def propose(self, situation: Situation, wanted: int) -> Sequence[Proposal]:
        known = {tried.proposal.edits for tried in situation.history}
        return [each for each in self.proposals if each.edits not in known][:wanted]


@dataclass
class FakeScreen:
    """A stopwatch for which each knob gains what GAINS says."""

    timed: list[str] = field(default_factory=list)
    on_the_short_run: list[str] = field(default_factory=list)

    def cost(self, *, short: bool) -> float:
        return 0.004 if short else 0.01

    def __call__(self, recipes: Mapping[str, Recipe], pace: Pace) -> dict[str, Screened]:
        assert pace.rounds > 0
        self.timed += recipes
        self.on_the_short_run += recipes if pace.short else ()
        return {digest: Screened(sum(GAINS.get(n, 0.0) for n, _ in each.knobs), pace.rounds) for digest, each in recipes.items()}


@dataclass
class Ended(FakeScreen):
    """A stopwatch that is stopped before anything but `only` has run."""

    only: str = ""

    def __call__(self, recipes: Mapping[str, Recipe], pace: Pace) -> dict[str, Screened]:
        seen = super().__call__(recipes, pace)
        return {digest: each if digest == self.only else Screened(None, 0) for digest, each in seen.items()}


class OpenGate:
    """A gate that lets everything pass and for which each recipe gives other code."""

    module = SimpleNamespace(name="a.c", outs=("a.o",))

    def __init__(self) -> None:
        self.builder = self

    def check(self, recipe: Recipe) -> Passage:
        assert recipe.digest
        return Passage(None)

    unchanged = check

    def compile(self, out: str, recipe: Recipe, **_options: Any) -> Any:
        return SimpleNamespace(outcome=SimpleNamespace(ok=True), digest=f"{out} {recipe.digest}")


def search_of(
    *edits: tuple[Edit, ...], compile_cost: Callable[[Recipe], Cost] = lambda _recipe: Cost(1.0), time_left: float = 100.0
) -> tuple[Search, list[Tried]]:
    evidence = Evidence("a.c", "O2", "c", 0.9, (), (), (Features("f", blocks=3, loops=1),))
    situation = Situation(evidence, parse(base_text()), menu(load(MAJOR), Tier.A, arch="x86"), seed=1)
    saved: list[Tried] = []
    search = Search(
        situation,
        Listed([Proposal(each, "listed", "test") for each in edits]),
        cast("Gate", OpenGate()),
        FakeScreen(),
        cast("Any", SimpleNamespace(line=lambda _text: None, progress=lambda _text: None)),
        lambda tried, _recipe: saved.append(tried),
        lambda: time_left,
        compile_cost,
        base_text=base_text(),
    )
    return search, saved


def test_the_fastest_candidate_becomes_the_first_finalist() -> None:
    search, _ = search_of((FAST,), (SLOW_COMPILE,))
    assert [tried.proposal.edits for tried in search.run()] == [(SLOW_COMPILE,), (FAST,)]


def test_a_gain_whose_compile_takes_too_long_is_refused_and_not_built_on() -> None:
    search, saved = search_of(
        (FAST,),
        (SLOW_COMPILE,),
        compile_cost=lambda recipe: Cost(1.4, 0.5) if SLOW_COMPILE.name in str(recipe.knobs) else Cost(1.1),
    )
    assert [tried.proposal.edits for tried in search.run()] == [(FAST,)]
    refused = [tried for tried in saved if tried.verdict is Verdict.SLOW_TO_COMPILE]
    assert [tried.proposal.edits for tried in refused] == [(SLOW_COMPILE,)]
    assert refused[0].screened is None
    assert "1.40x" in refused[0].detail


def test_the_compile_of_a_candidate_is_measured_once_and_only_where_it_gained() -> None:
    measured: list[str] = []

    def cost(recipe: Recipe) -> Cost:
        measured.append(recipe.digest)
        return Cost(1.0)

    search, _ = search_of((FAST,), (IDLE,), compile_cost=cost)
    finalists = search.run()
    assert measured == [finalists[0].recipe]


def test_an_edit_that_does_not_pay_is_dropped_from_the_winner() -> None:
    search, _ = search_of((FAST, IDLE))
    assert search.run()[0].proposal.edits == (FAST,)


def test_a_shorter_winner_that_the_gate_refuses_is_not_taken() -> None:
    other = Knob("unroll-runtime", "false")
    search, _ = search_of((FAST, IDLE, other))
    alone = search.recipe(Proposal((FAST,), "listed", "test")).digest

    def unchanged(recipe: Recipe) -> Passage:
        return Passage(Verdict.DIAGNOSTICS_CHANGED if recipe.digest == alone else None)

    search.gate.unchanged = unchanged  # type: ignore[method-assign]
    assert set(search.run()[0].proposal.edits) == {FAST, IDLE, other}


def test_nothing_that_gained_means_no_finalist() -> None:
    search, _ = search_of((IDLE,))
    assert search.run() == []


@pytest.mark.parametrize(
    ("gain_there", "near", "searches"),
    [(-0.11, 0.95, False), (-0.30, 0.95, True), (-0.11, 0.6, True), (-0.01, 0.95, True)],
    ids=["as good as there", "less than there", "other code", "too little to end a search for"],
)
def test_what_won_on_nearly_the_same_code_and_wins_here_spares_the_search(
    gain_there: float, near: float, *, searches: bool
) -> None:
    search, _ = search_of((SLOW_COMPILE,))
    search.first = Transfer([Hint((FAST,), "a.c of other", "gained there", gain_there, 340, near)])
    found = search.run()
    assert [tried.proposal.edits for tried in found] == ([(SLOW_COMPILE,), (FAST,)] if searches else [(FAST,)])


def test_with_few_runs_left_a_search_looks_at_less_and_at_a_lower_price() -> None:
    knobs = [Knob("unroll-threshold", str(75 * each)) for each in range(1, 13)]
    search, _ = search_of(*((knob,) for knob in knobs), time_left=0.40)  # forty runs of 0.01
    search.run()
    assert search.strategy is FRUGAL
    rich, _ = search_of(*((knob,) for knob in knobs), time_left=4.0)
    rich.run()
    assert rich.strategy is THOROUGH


@pytest.mark.parametrize("time_left", [0.40, 4.0], ids=["frugal", "thorough"])
def test_waves_take_the_shorter_run_and_the_best_are_looked_at_again_with_the_workload(time_left: float) -> None:
    search, _ = search_of((FAST,), (IDLE,), time_left=time_left)
    winner = search.run()[0].recipe
    screen = cast("FakeScreen", search.screen)
    assert screen.timed.count(winner) == 2
    assert screen.on_the_short_run.count(winner) == 1


def test_versions_that_are_too_dear_to_compile_are_refused_before_they_run() -> None:
    versions = Insert("function-versions", "before", "loop-vectorize#1", "avx2")
    search, saved = search_of(
        (FAST,), (versions,), compile_cost=lambda recipe: Cost(1.0 if recipe.pipeline is None else 1.5, 0.5)
    )
    assert [tried.proposal.edits for tried in search.run()] == [(FAST,)]
    (refused,) = [tried for tried in saved if tried.verdict is Verdict.SLOW_TO_COMPILE]
    assert refused.proposal.edits == (versions,)
    assert refused.recipe not in cast("FakeScreen", search.screen).timed


def test_a_search_that_is_ended_in_a_race_says_nothing_of_what_did_not_run() -> None:
    search, saved = search_of((FAST,), (IDLE,))
    search.screen = Ended()
    assert search.run() == []
    assert saved == []


def test_a_winner_that_cannot_be_made_minimal_any_more_stays_as_it_is() -> None:
    other = Knob("unroll-runtime", "false")
    search, _ = search_of((FAST, IDLE, other))
    search.screen = Ended(only=search.recipe(Proposal((FAST, IDLE, other), "listed", "test")).digest)
    assert set(search.run()[0].proposal.edits) == {FAST, IDLE, other}
