"""Edits as data: one JSON form each, read strictly; lists that mean the same become equal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopass_cc.errors import RecipeError
from autopass_cc.recipe import (
    MAX_EDITS,
    Edit,
    Insert,
    Knob,
    Move,
    Remove,
    Replace,
    Set,
    canonical,
    edits_from_json,
    from_json,
    join,
    text_of,
    to_json,
    without,
)

EXAMPLES: list[tuple[Edit, dict[str, object]]] = [
    (
        Insert("simplifycfg", "before", "gvn#1", "keep-loops"),
        {"op": "insert", "pass": "simplifycfg", "params": "keep-loops", "at": "before", "anchor": "gvn#1"},
    ),
    (
        Insert("dfa-jump-threading", "after", "instcombine#3"),
        {"op": "insert", "pass": "dfa-jump-threading", "at": "after", "anchor": "instcombine#3"},
    ),
    (Remove("gvn#1"), {"op": "remove", "target": "gvn#1"}),
    (Move("gvn#1", "after", "dse#1"), {"op": "move", "target": "gvn#1", "at": "after", "anchor": "dse#1"}),
    (Replace("gvn#1", "newgvn"), {"op": "replace", "target": "gvn#1", "pass": "newgvn"}),
    (
        Set("simplifycfg#2", "bonus-inst-threshold", "4"),
        {"op": "set", "target": "simplifycfg#2", "param": "bonus-inst-threshold", "value": "4"},
    ),
    (Knob("unroll-count", "4"), {"op": "knob", "name": "unroll-count", "value": "4"}),
]


@pytest.mark.parametrize(("edit", "data"), EXAMPLES, ids=lambda value: getattr(value, "op", None))
def test_each_edit_has_one_json_form(edit: Edit, data: dict[str, object]) -> None:
    assert to_json(edit) == data
    assert from_json(json.loads(json.dumps(data))) == edit


def test_numbers_and_booleans_are_taken_as_values() -> None:
    assert from_json({"op": "knob", "name": "unroll-count", "value": 4}) == Knob("unroll-count", "4")
    assert from_json({"op": "knob", "name": "unroll-runtime", "value": False}) == Knob("unroll-runtime", "false")


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "remove gvn#1",
        {},
        {"op": "exec", "target": "gvn#1"},
        {"op": ["remove"], "target": "gvn#1"},
        {"op": "remove"},
        {"op": "remove", "target": "gvn#1", "why": "faster"},
        {"op": "remove", "target": "gvn"},
        {"op": "remove", "target": "gvn#0"},
        {"op": "remove", "target": "gvn#1\n"},
        {"op": "remove", "target": 3},
        {"op": "remove", "target": None},
        {"op": "insert", "pass": "gvn", "at": "inside", "anchor": "gvn#1"},
        {"op": "insert", "name": "gvn", "at": "after", "anchor": "gvn#1"},
        {
            "op": "insert",
            "pass": "memprof-use",
            "params": "profile-filename=/etc/passwd",
            "at": "after",
            "anchor": "gvn#1",
        },
        {"op": "insert", "pass": "gvn),view-cfg,(", "at": "after", "anchor": "gvn#1"},
        {"op": "replace", "target": "gvn#1", "pass": "newgvn", "params": "$(id)"},
        {"op": "set", "target": "gvn#1", "param": "pre", "value": "true;rm"},
        {"op": "set", "target": "gvn#1", "param": "pre", "value": 1.5},
        {"op": "knob", "name": "inline-threshold -load", "value": "1"},
        {"op": "knob", "name": "inline-threshold", "value": "1 -load=x"},
        {"op": "knob", "name": "inline-threshold", "value": 10**400},
        {"op": "knob", "name": "x" * 5000, "value": "1"},
    ],
)
def test_anything_else_is_refused(data: object) -> None:
    with pytest.raises(RecipeError):
        from_json(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["op", "target", "pass", "x"]), inner),
        max_leaves=8,
    )
)
def test_no_json_does_worse_than_a_recipe_error(data: object) -> None:
    for read in (from_json, edits_from_json):
        try:
            read(data)
        except RecipeError:
            continue


def test_lists_are_bounded() -> None:
    many = [{"op": "knob", "name": "unroll-count", "value": "4"}] * 2000
    with pytest.raises(RecipeError, match="limit"):
        edits_from_json(many)
    assert len(edits_from_json(many[:MAX_EDITS])) == MAX_EDITS
    with pytest.raises(RecipeError, match="list"):
        edits_from_json({"op": "knob"})


@given(st.permutations([edit for edit, _ in EXAMPLES]))
def test_the_order_of_a_list_does_not_matter(edits: list[Edit]) -> None:
    assert canonical(edits) == canonical(edit for edit, _ in EXAMPLES)


def test_inserts_at_one_place_keep_their_order() -> None:
    one, two = Insert("sink", "after", "gvn#1"), Insert("adce", "after", "gvn#1")
    assert canonical([one, two]) == (one, two)
    assert canonical([two, one]) == (two, one)


def test_without_leaves_out_one() -> None:
    edits = [Remove("gvn#1"), Remove("dse#1"), Remove("sccp#1")]
    assert without(edits, 1) == (Remove("gvn#1"), Remove("sccp#1"))
    for index in (-1, 3):
        with pytest.raises(RecipeError):
            without(edits, index)


def test_joining_lets_the_second_set_a_knob() -> None:
    both = join((Knob("a", "1"), Knob("b", "1")), (Knob("a", "2"),))
    assert set(both) == {Knob("a", "2"), Knob("b", "1")}


def test_each_edit_has_a_short_text() -> None:
    assert [text_of(edit) for edit, _ in EXAMPLES] == [
        "insert simplifycfg<keep-loops> before gvn#1",
        "insert dfa-jump-threading after instcombine#3",
        "remove gvn#1",
        "move gvn#1 after dse#1",
        "replace gvn#1 by newgvn",
        "set simplifycfg#2 bonus-inst-threshold=4",
        "unroll-count=4",
    ]
