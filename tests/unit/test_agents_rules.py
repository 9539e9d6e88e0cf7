"""The rule planner: deterministic, legal, follows the evidence, learns from what was measured, keeps exploring."""

from __future__ import annotations

from dataclasses import replace

import pytest
from situations import KERNEL, MACHINE, MAJOR, THREADED, base_text, situation

from autopass_cc.agents.minds.protocol import Proposal, Tried
from autopass_cc.agents.minds.rules import Rules
from autopass_cc.evidence.features import Features
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.edits import Insert, Knob, canonical
from autopass_cc.recipe.recipe import build
from autopass_cc.recipe.words import Tier


def tried(*edits: Knob | Insert, screened: float | None = None, verdict: Verdict = Verdict.SCREENED_OUT) -> Tried:
    return Tried(Proposal(tuple(edits), "rules", "test"), str(edits), verdict, screened)


def knobs(proposals: list[Proposal]) -> list[str]:
    return [edit.name for proposal in proposals for edit in proposal.edits if isinstance(edit, Knob)]


def test_the_same_situation_gives_the_same_proposals() -> None:
    assert Rules().propose(situation(MACHINE), 20) == Rules().propose(situation(MACHINE), 20)


def test_a_state_machine_is_first_offered_jump_threading_of_its_states() -> None:
    first = Rules().propose(situation(MACHINE), 20)[:3]
    assert any("dfa" in edit.name for proposal in first for edit in proposal.edits if isinstance(edit, Knob | Insert))


def test_a_threaded_interpreter_is_offered_duplication_of_its_dispatch_early() -> None:
    assert "tail-dup-pred-size" in knobs(Rules().propose(situation(THREADED), 6))


def test_nested_float_loops_are_offered_polly_early_and_a_state_machine_is_not() -> None:
    assert "polly" in knobs(Rules().propose(situation(KERNEL), 12))
    assert "polly" not in knobs(Rules().propose(situation(MACHINE), 12))


def test_tier_a_offers_nothing_riskier() -> None:
    allow = load(MAJOR)
    for proposal in Rules().propose(situation(MACHINE, tier=Tier.A), 60):
        for edit in proposal.edits:
            if isinstance(edit, Knob):
                assert allow.knobs[edit.name].tier == Tier.A
            if isinstance(edit, Insert):
                assert allow.passes[edit.name].tier == Tier.A


@pytest.mark.parametrize("features", [MACHINE, KERNEL])
def test_nearly_everything_that_is_proposed_is_legal(features: Features) -> None:
    proposals = Rules().propose(situation(features), 80)
    for proposal in proposals:
        build(base_text(), "O2", MAJOR, canonical(proposal.edits))
    assert len(proposals) == 80


def test_nothing_is_proposed_twice() -> None:
    first = Rules().propose(situation(KERNEL), 15)
    history = tuple(Tried(proposal, str(number), Verdict.SAME_CODE) for number, proposal in enumerate(first))
    second = Rules().propose(replace(situation(KERNEL), history=history), 15)
    assert not {canonical(p.edits) for p in first} & {canonical(p.edits) for p in second}


def test_gains_are_combined_and_their_values_refined() -> None:
    history = (tried(Knob("inline-threshold", "500"), screened=-0.05), tried(Knob("unroll-count", "4"), screened=-0.03))
    proposed = {canonical(p.edits) for p in Rules().propose(situation(KERNEL, *history), 12)}
    assert canonical((Knob("inline-threshold", "500"), Knob("unroll-count", "4"))) in proposed
    assert canonical((Knob("inline-threshold", "1000"),)) in proposed


def test_losses_are_not_built_upon() -> None:
    history = (tried(Knob("inline-threshold", "0"), screened=0.2),)
    proposals = Rules().propose(situation(KERNEL, *history), 12)
    assert not any(Knob("inline-threshold", "0") in p.edits and p.mind == "rules" for p in proposals)
