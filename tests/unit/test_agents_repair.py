"""What a model says is made legal edit by edit, with a reason for each change, and nothing outside the grammar gets through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from situations import MAJOR, base_text

from autopass_cc.agents.minds import reply
from autopass_cc.agents.minds.repair import FIELDS, Repaired, Repairer
from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.edits import MAX_EDITS, Edit, Insert, Knob, Remove, Set, canonical
from autopass_cc.recipe.neighbours import menu, objection
from autopass_cc.recipe.recipe import build
from autopass_cc.recipe.tree import parse
from autopass_cc.recipe.words import Tier

BASE, MENU = parse(base_text()), menu(load(MAJOR), Tier.B, arch="x86")
REPAIRER = Repairer(BASE, MENU)


def repair(*edits: object) -> Repaired:
    return REPAIRER.repair(list(edits))


def knob(name: str, value: object, **more: object) -> dict[str, object]:
    return {"op": "knob", "name": name, "value": value, **more}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (knob("unroll-count", 4), Knob("unroll-count", "4")),
        (knob("-unroll-count", "4"), Knob("unroll-count", "4")),
        (knob("-mllvm -unroll-count=4", "4"), Knob("unroll-count", "4")),
        (knob("unrol-count", "4"), Knob("unroll-count", "4")),
        (knob("unroll-runtime", 0), Knob("unroll-runtime", "false")),
        (knob("unroll-runtime", True), Knob("unroll-runtime", "true")),
        (knob("misched-prera-direction", "top-down"), Knob("misched-prera-direction", "topdown")),
        ({"op": "insert", "pass": "gvn<>", "at": "after", "anchor": "licm#2"}, Insert("gvn", "after", "licm#2")),
        ({"op": "insert", "pass": "new-gvn", "at": "after", "anchor": "licm#2"}, Insert("newgvn", "after", "licm#2")),
        ({"op": "Insert", "pass": "gvn", "at": "after", "anchor": "licm"}, Insert("gvn", "after", "licm#1")),
        ({"op": "remove", "target": "loop-unroll-full#7"}, Remove("loop-unroll-full#1")),
        (
            {"op": "set", "target": "simplifycfg#2", "param": "bonus-inst-treshold", "value": 3},
            Set("simplifycfg#2", "bonus-inst-threshold", "3"),
        ),
    ],
)
def test_what_was_meant_is_found(said: Mapping[str, object], meant: Edit) -> None:
    assert repair(said).edits == (meant,)


@pytest.mark.parametrize(("value", "kept"), [(100_000, "4000"), (-5, "0"), ("1e9", None), ("many", None), (None, None)])
def test_a_number_out_of_range_is_clamped_and_what_is_none_is_dropped(value: object, kept: str | None) -> None:
    found = repair(knob("unroll-threshold", value))
    assert found.edits == ((Knob("unroll-threshold", kept),) if kept else ())
    assert len(found.notes) == 1
    assert "0 to 4000" in found.notes[0] or value is None


@pytest.mark.parametrize(
    "said",
    [
        {"op": "insert", "pass": "dot-cfg", "at": "after", "anchor": "licm#2"},
        {"op": "insert", "pass": "print", "at": "after", "anchor": "licm#2"},
        {"op": "insert", "pass": "memprof-use<profile-filename=/etc/passwd>", "at": "after", "anchor": "inferattrs#1"},
        {"op": "replace", "target": "gvn#1", "pass": "view-cfg"},
        {"op": "remove", "target": "coro-split#1"},
        {"op": "remove", "target": "no-such-pass#1"},
        {"op": "run", "command": "rm -rf /"},
        knob("load", "/tmp/evil.so"),
        knob("unroll-count; touch /tmp/x", "4; touch /tmp/x"),
        knob("print-after-all", "true"),
        "inline-threshold=500",
        None,
        17,
        [],
        {},
    ],
    ids=str,
)
def test_what_is_not_on_the_menu_is_dropped_with_a_reason(said: object) -> None:
    found = repair(said)
    assert found.edits == ()
    assert found.notes[0].startswith("dropped ")


def test_one_illegal_edit_does_not_cost_the_others() -> None:
    found = repair(knob("inline-threshold", "500"), knob("frobnicate", "1"), {"op": "remove", "target": "sccp#1"})
    assert found.edits == (Knob("inline-threshold", "500"), Remove("sccp#1"))
    assert len(found.notes) == 1


def test_parameters_that_a_pass_does_not_take_are_replaced_by_its_own() -> None:
    found = repair({"op": "insert", "pass": "gvn", "at": "after", "anchor": "licm#2", "params": "aggressive;filename=x"})
    assert found.edits == (Insert("gvn", "after", "licm#2"),)
    assert "defaults" in found.notes[0]


def test_a_knob_brings_the_switch_that_it_needs() -> None:
    assert repair(knob("polly-default-tile-size", "16")).edits == (Knob("polly", "true"), Knob("polly-default-tile-size", "16"))


def test_a_switch_that_is_no_switch_gets_a_value_and_one_that_is_given_stays() -> None:
    inserted = {"op": "insert", "pass": "loop-data-prefetch", "at": "after", "anchor": "licm#2"}
    assert Knob("cache-line-size", "64") in repair(inserted, knob("prefetch-distance", "300")).edits
    given = repair(inserted, knob("prefetch-distance", "300"), knob("cache-line-size", "128"))
    assert {Knob("prefetch-distance", "300"), Knob("cache-line-size", "128")} <= set(given.edits)
    assert given.notes == ()


def test_a_knob_that_would_do_nothing_is_dropped() -> None:
    found = repair(knob("dfa-max-num-paths", "4"))
    assert found.edits == ()
    assert "dfa-jump-threading" in found.notes[0]


def test_nothing_of_a_dropped_edit_is_left() -> None:
    idle = {"op": "knob", "name": "dfa-max-num-paths", "value": "4", "try": ["8", "16"]}
    wrong = {"op": "knob", "name": "polly-tiling", "value": "maybe", "try": []}
    found = repair(idle, wrong, {"op": "knob", "name": "unroll-count", "value": "4", "try": ["2"]})
    assert found.edits == (Knob("unroll-count", "4"),)
    assert dict(found.values) == {"unroll-count": ("2",)}


def test_what_steers_the_default_pipeline_does_not_go_with_edits_of_passes() -> None:
    found = repair({"op": "remove", "target": "sccp#1"}, knob("polly", "true"))
    assert found.edits == (Remove("sccp#1"),)
    assert "default pipeline" in found.notes[0]


def test_two_thousand_edits_are_cut() -> None:
    found = repair(*[knob("unroll-count", str(number)) for number in range(2000)])
    assert f"only the first {MAX_EDITS} of 2000" in found.notes[0]
    assert len(found.edits) <= 1


def test_further_values_are_legal_and_new() -> None:
    found = repair(knob("unroll-count", "4", **{"try": ["4", 8, "8", 999, "x", None]}))
    assert found.values == {"unroll-count": ("8", "16")}


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
NAMES = st.sampled_from([*(s.name for s in MENU.knobs), *(s.name for s in MENU.passes), *BASE.sites(), "dot-cfg", "x" * 300, ""])
EDIT = st.dictionaries(
    st.sampled_from(["op", *{key for keys in FIELDS.values() for key in keys}, "try"]),
    st.sampled_from(["before", "after", *FIELDS]) | NAMES | JSON,
)


@settings(max_examples=50)
@given(st.lists(EDIT | JSON, max_size=8) | JSON)
def test_whatever_is_said_what_is_kept_is_a_legal_recipe(data: object) -> None:
    found = REPAIRER.repair(data)
    assert objection(BASE, found.edits, MENU) is None
    if found.edits:
        build(base_text(), "O2", MAJOR, canonical(found.edits))


@settings(max_examples=50)
@given(JSON | st.fixed_dictionaries({"proposals": st.lists(st.fixed_dictionaries({"edits": st.lists(EDIT, max_size=3)}) | JSON)}))
def test_any_answer_can_be_read(data: object) -> None:
    found = reply.read(data, REPAIRER, {"e1": "inline missed"})
    assert len(found.proposals) <= reply.MOST_PROPOSALS
    for proposal in (*found.proposals, *found.variants):
        build(base_text(), "O2", MAJOR, canonical(proposal.edits))


def test_a_good_answer_gives_proposals_with_what_they_rest_on() -> None:
    data = {
        "queries": [],
        "proposals": [
            {
                "hypothesis": "fewer\n  calls",
                "evidence": ["e1", "e99"],
                "edits": [knob("inline-threshold", "500", **{"try": ["1000"]})],
                "expected": "-3 %",
                "risk": "low",
            }
        ],
    }
    found = reply.read(data, REPAIRER, {"e1": "inline missed"})
    (proposal,), (variant,) = found.proposals, found.variants
    assert (proposal.hypothesis, proposal.evidence, proposal.expected, proposal.mind) == (
        "fewer calls",
        ("e1: inline missed",),
        "-3 %",
        "model",
    )
    assert (variant.edits, variant.mind) == ((Knob("inline-threshold", "1000"),), "model+values")
    assert found.notes == ()
