"""What a model is told: every legal name and no other, results with their diagnoses, and no more than fits."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from situations import KERNEL, situation

from autopass_cc.agents.minds import prompt
from autopass_cc.agents.minds.protocol import Diagnosis, Proposal, Tried
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import Edit, Insert, Knob
from autopass_cc.recipe.words import Tier
from autopass_cc.share import Share


def tried(edit: Edit, mind: str = "model", screened: float | None = None, **more: Any) -> Tried:
    proposal = Proposal((edit,), mind, "fewer branches", expected="-2 %")
    return replace(Tried(proposal, "0123456789abcdef", Verdict.SCREENED_OUT, screened), **more)


def test_every_site_of_the_base_has_its_address() -> None:
    base = situation(KERNEL).base
    told = set(re.findall(r"[\w-]+#\d+", prompt.pipeline_text(base)))
    passes = {site for site, node in base.sites().items() if node.children is None}
    assert told == passes


def test_every_knob_that_can_do_something_is_offered_with_its_range() -> None:
    text = prompt.knobs_text(situation(KERNEL).menu, situation(KERNEL).base)
    for spec in (spec for spec in situation(KERNEL).menu.knobs if spec.tries):
        assert re.search(rf"(?<![\w-]){spec.name} ", text), spec.name
    assert "unroll-threshold 0..4000 [0,75,150,600,1200]" in text
    assert "with an inserted dfa-jump-threading: dfa-max-num-paths" in text


def test_defaults_are_told_where_they_are_known() -> None:
    choice = replace(situation(KERNEL).menu, defaults={"inline-threshold": "225", "unroll-count": ""})
    text = prompt.knobs_text(choice, situation(KERNEL).base)
    assert "inline-threshold=225 0..5000" in text
    assert "unroll-count 1..16" in text


def test_riskier_names_than_allowed_are_not_told() -> None:
    text = prompt.opening("{}", situation(KERNEL, tier=Tier.A), 1, 3, ())
    assert "dfa-jump-threading" not in text
    assert "polly" not in text


def test_the_first_round_says_that_nothing_was_tried() -> None:
    assert "nothing was tried yet" in prompt.opening("{}", situation(KERNEL), 1, 3, ())


def test_results_come_with_hypothesis_expectation_and_diagnosis() -> None:
    diagnosis = Diagnosis("registers ran out", ("stack accesses 2 -> 31",), ("unroll-count=8",))
    told = replace(situation(KERNEL), history=(tried(Knob("unroll-count", "8"), screened=0.05, diagnosis=diagnosis),))
    text = prompt.history_text(told)
    for words in (
        "unroll-count=8: time +5.1 %",
        "fewer branches",
        "you expected -2 %",
        "registers ran out",
        "undo: unroll-count=8",
    ):
        assert words in text


def test_the_rules_gains_are_told_and_their_losses_are_not() -> None:
    history = (
        tried(Knob("inline-threshold", "500"), "rules", -0.04),
        tried(Knob("unroll-count", "2"), "rules", 0.03),
    )
    text = prompt.history_text(replace(situation(KERNEL), history=history))
    assert "inline-threshold=500: time -3.9 %" in text
    assert "unroll-count=2" not in text


def test_without_results_nothing_is_said_of_them() -> None:
    text = prompt.history_text(
        replace(situation(KERNEL), history=(tried(Knob("unroll-count", "2"), screened=0.03),)).without_results()
    )
    assert text.startswith("nothing is known of what was proposed.")
    assert "unroll-count=2: no result is told" in text
    assert "faster" not in text


def test_what_broke_the_program_is_told_even_from_earlier_runs() -> None:
    broken = tried(Insert("dfa-jump-threading", "after", "gvn#1"), "rules", verdict=Verdict.WRONG_OUTPUT, detail="input 2")
    text = prompt.history_text(replace(situation(KERNEL), memory=(broken,)))
    assert "failed: do not repeat:\n- 01234567: insert dfa-jump-threading after gvn#1: wrong-output" in text
    assert "input 2" not in text  # what the program printed, or a diagnostic that quotes source, stays here


@pytest.mark.parametrize("share", list(Share))
def test_results_tell_names_only_where_names_may_be_told(share: Share) -> None:
    diagnosis = Diagnosis("registers ran out", ("secret: stack 0 -> 9",), function="secret", numbers=("code 80 -> 90 bytes",))
    told = replace(situation(KERNEL), history=(tried(Knob("unroll-count", "8"), screened=0.05, diagnosis=diagnosis),))
    before = tried(Knob("unroll-count", "4"), screened=0.05)
    told = replace(told, memory=(replace(before, proposal=replace(before.proposal, hypothesis="unroll secret")),))
    text = prompt.opening("{}", told, 2, 3, (), share)
    assert "diagnosis: registers ran out" in text
    assert "code 80 -> 90 bytes" in text
    assert ("secret" in text) is (share is not Share.STATS)


def test_a_long_history_stays_short() -> None:
    history = tuple(tried(Knob("unroll-threshold", str(number)), screened=0.01) for number in range(500))
    assert len(prompt.history_text(replace(situation(KERNEL), history=history))) < 2000


@pytest.mark.parametrize(("forms", "words"), [((), 'Leave "queries" empty'), (('{"ask": "remarks"}',), '{"ask": "remarks"}')])
def test_only_questions_that_may_be_asked_are_offered(forms: tuple[str, ...], words: str) -> None:
    assert words in prompt.task(forms)


def test_without_results_none_are_told() -> None:
    told = replace(situation(KERNEL), history=(tried(Knob("unroll-count", "8"), screened=-0.5),)).without_results()
    assert "%" not in prompt.history_text(told).replace("-2 %", "")
