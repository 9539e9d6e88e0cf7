"""The heat: many rivals beside one base, in an order and its reverse, all linked afresh; a rival that fails ends alone."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mock_runner import MockRunner, MockSubject

from autopass_cc.errors import NotDeterministicError
from autopass_cc.measure.heats import BASE, Heat, draw_order, run_heat
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.runner import Clock, StoppedError
from autopass_cc.measure.stats import Aggregate

LONG, SHORT = Plan(run_s=2.0), Plan(run_s=0.5)
NAMES = (BASE, "one", "two", "three")


def one(plan: Plan = LONG, *, seed: int = 1, index: int = 0, effects: dict[str, float] | None = None) -> Heat:
    subjects = {name: MockSubject(name, effect=(effects or {}).get(name, 0.0)) for name in NAMES}
    return run_heat(MockRunner(), subjects, plan, random.Random(seed), index=index)


@given(st.integers(0, 1000), st.integers(1, 3))
def test_the_order_is_its_own_reverse_so_a_drift_costs_all_alike(seed: int, repeats: int) -> None:
    order = draw_order(random.Random(seed), NAMES, repeats)
    for start in range(0, len(order), 2 * len(NAMES)):
        group = order[start : start + 2 * len(NAMES)]
        assert group == group[::-1]
        places = {name: [place for place, other in enumerate(group) if other == name] for name in NAMES}
        assert {sum(found) for found in places.values()} == {2 * len(NAMES) - 1}


def test_every_rival_has_each_place_sooner_or_later() -> None:
    firsts = {draw_order(random.Random(seed), NAMES, 1)[0] for seed in range(100)}
    assert firsts == set(NAMES)


def test_all_are_linked_afresh_with_layouts_of_their_own() -> None:
    heats = [one(seed=seed) for seed in range(5)]
    assert len({seed for heat in heats for seed in heat.seeds.values()}) == 5 * len(NAMES)


def test_heats_alternate_between_the_cpus() -> None:
    assert len({one(index=index).cpu for index in range(2)}) == 2


def test_short_runs_are_warmed_up_once_each() -> None:
    assert sorted(run.side for run in one(SHORT).warm_ups) == sorted(NAMES)
    assert one(LONG).warm_ups == ()


def test_a_rival_is_scored_against_the_base_of_its_own_heat() -> None:
    heat = one(effects={"two": -0.2})
    found = heat.score("two", Clock.WALL, Aggregate.MIN)
    other = heat.score("one", Clock.WALL, Aggregate.MIN)
    assert found == pytest.approx(-0.2, abs=0.02)
    assert other == pytest.approx(0.0, abs=0.02)
    assert heat.score("nobody", Clock.WALL, Aggregate.MIN) is None


def odd_one_out(name: str) -> Heat:
    subjects = {each: MockSubject(each, stdout=b"41\n" if each == name else b"42\n") for each in NAMES}
    return run_heat(
        MockRunner(), subjects, LONG, random.Random(1), check=lambda seen: None if seen.stdout == b"42\n" else "other output"
    )


def test_a_rival_with_wrong_output_ends_alone() -> None:
    heat = odd_one_out("two")
    assert heat.failed == {"two": ("wrong-output", "other output")}
    assert not [run for run in heat.runs if run.side == "two"]
    assert len([run for run in heat.runs if run.side == "one"]) == 2
    assert heat.score("two", Clock.WALL, Aggregate.MIN) is None


def test_a_base_with_wrong_output_ends_all() -> None:
    with pytest.raises(NotDeterministicError):
        odd_one_out(BASE)


def test_a_heat_can_be_stopped_between_two_runs() -> None:
    with pytest.raises(StoppedError):
        run_heat(MockRunner(), {BASE: MockSubject("a")}, LONG, random.Random(1), stop=lambda: True)


@given(st.integers(0, 50))
def test_a_heat_comes_back_from_the_results_file_as_it_was(seed: int) -> None:
    heat = replace(one(SHORT, seed=seed), dropped="steal 3.0% of the time", failed={"one": ("crashed", "ended by signal 11")})
    assert Heat.from_json(json.loads(json.dumps(heat.to_json()))) == heat
