"""Several minds: who is asked first, what chance gets, what happens when a mind is silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from situations import KERNEL, situation

from autopass_cc.agents.minds.chance import Chance
from autopass_cc.agents.minds.council import Council
from autopass_cc.agents.minds.protocol import Proposal, Situation, Tried
from autopass_cc.agents.minds.rules import Rules
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import Knob, canonical


@dataclass
class Says:
    """A mind with a fixed list."""

    values: Sequence[str]
    name: str = "says"

    def propose(self, situation: Situation, wanted: int) -> list[Proposal]:
        known = {tried.proposal.edits for tried in situation.history}
        found = [Proposal((Knob("unroll-count", value),), self.name, "a list") for value in self.values]
        return [proposal for proposal in found if proposal.edits not in known][:wanted]


def minds(proposals: Sequence[Proposal]) -> list[str]:
    return [proposal.mind for proposal in proposals]


@pytest.mark.parametrize(("wanted", "chance"), [(2, 1), (10, 2), (20, 3), (30, 4)])
def test_a_part_of_each_wave_listens_to_nobody(wanted: int, chance: int) -> None:
    said = minds(Council([Rules()]).propose(situation(KERNEL), wanted))
    assert len(said) == wanted
    assert said.count("exploration") == chance


def test_the_first_mind_is_heard_first_and_the_next_fills_up() -> None:
    said = minds(Council([Says(["2", "4"]), Rules()]).propose(situation(KERNEL), 10))
    assert said[:2] == ["says", "says"]
    assert set(said[2:8]) == {"rules"}


def test_no_mind_repeats_what_another_has_just_said() -> None:
    found = Council([Says(["2"]), Says(["2", "4"], "echo"), Rules()]).propose(situation(KERNEL), 12)
    assert len({canonical(proposal.edits) for proposal in found}) == len(found)
    assert minds(found).count("echo") == 1


def test_where_all_minds_are_silent_chance_does_not_go_on_alone() -> None:
    assert Council([Says([])]).propose(situation(KERNEL), 10) == []


def test_without_any_mind_everything_is_chance() -> None:
    assert set(minds(Council([]).propose(situation(KERNEL), 10))) == {"exploration"}


def test_chance_is_repeatable_new_and_builds_on_gains() -> None:
    gain = Tried(Proposal((Knob("unroll-count", "4"),), "rules", "x"), "r", Verdict.SCREENED_OUT, -0.1)
    told = replace(situation(KERNEL), history=(gain,))
    drawn = Chance().propose(told, 12)
    assert drawn == Chance().propose(told, 12)
    assert gain.proposal.edits not in [proposal.edits for proposal in drawn]
    assert any(Knob("unroll-count", "4") in proposal.edits for proposal in drawn)


def test_who_is_told_no_results_sees_no_gains() -> None:
    gain = Tried(Proposal((Knob("unroll-count", "4"),), "rules", "x"), "r", Verdict.SCREENED_OUT, -0.1)
    told = replace(situation(KERNEL), history=(gain,), memory=(gain,))
    assert told.gains() == [gain]
    assert told.without_results().gains() == []
    assert [tried.proposal for tried in told.without_results().history] == [gain.proposal]
