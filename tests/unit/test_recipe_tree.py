"""Pipeline text: read, written back byte for byte, and refused when it is not in the grammar."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopass_cc.errors import RecipeError
from autopass_cc.recipe import Node, Pipeline, parse, render
from autopass_cc.recipe.tree import MAX_DEPTH, MAX_LENGTH, MAX_NODES

PRINTED: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("test_recipe_pipelines.json").read_text("utf-8"))
TEXTS = [pytest.param(text, id=f"{major}-{level}") for major, levels in PRINTED.items() for level, text in levels.items()]

names = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
params = st.none() | st.from_regex(r"[a-z0-9=;-]{0,20}", fullmatch=True)
leaves = st.builds(Node, names, params)
nodes = st.recursive(
    leaves,
    lambda inner: st.builds(Node, names, params, st.lists(inner, min_size=1, max_size=4).map(tuple)),
    max_leaves=30,
)
pipelines = st.builds(Pipeline, st.lists(nodes, min_size=1, max_size=5).map(tuple))


@pytest.mark.parametrize("text", TEXTS)
def test_what_clang_prints_comes_back_byte_for_byte(text: str) -> None:
    assert render(parse(text)) == text


@given(pipelines)
def test_any_tree_survives_being_written_and_read(pipeline: Pipeline) -> None:
    if max(len(around) for _, around in pipeline.walk()) < MAX_DEPTH:
        assert parse(render(pipeline)) == pipeline


@given(st.text(max_size=60) | st.text(alphabet="ab-,()<>=;1 ", max_size=60))
def test_any_text_is_read_or_refused_with_a_recipe_error(text: str) -> None:
    try:
        pipeline = parse(text)
    except RecipeError:
        return
    assert render(pipeline) == text


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("a,", 2),
        ("a,,b", 2),
        ("a b", 1),
        ("a(b", 3),
        ("a()", 2),
        ("a)", 1),
        ("a<b", 1),
        ("a<b<c>>", 1),
        ("a<b>(c)<d>", 7),
        ("a;rm -rf /", 1),
        ("$(reboot)", 0),
        ("a\nb", 1),
        ("memprof-use<profile-filename=/etc/passwd>", 11),
        ("a<x=`id`>", 1),
        ("päss", 1),
    ],
)
def test_a_fault_is_told_with_its_position(text: str, position: int) -> None:
    with pytest.raises(RecipeError, match=rf"position {position}:"):
        parse(text)


def test_nesting_is_bounded() -> None:
    fine = "a(" * (MAX_DEPTH - 1) + "b" + ")" * (MAX_DEPTH - 1)
    assert render(parse(fine)) == fine
    with pytest.raises(RecipeError, match="nested deeper"):
        parse("a(" * MAX_DEPTH + "b" + ")" * MAX_DEPTH)
    with pytest.raises(RecipeError, match="nested deeper"):
        parse("a(" * 8000)


def test_the_number_of_elements_is_bounded() -> None:
    assert len(parse(",".join(["a"] * MAX_NODES)).nodes) == MAX_NODES
    with pytest.raises(RecipeError, match="more than 1000"):
        parse(",".join(["a"] * (MAX_NODES + 1)))


def test_the_length_is_bounded_in_both_directions() -> None:
    with pytest.raises(RecipeError, match="limit"):
        parse("a" * (MAX_LENGTH + 1))
    with pytest.raises(RecipeError, match="limit"):
        render(Pipeline((Node("a", "b" * MAX_LENGTH),)))


def test_addresses_count_each_name_from_one_in_reading_order() -> None:
    sites = parse("a,f(b,l(a,b)),a<x>").sites()
    assert list(sites) == ["a#1", "f#1", "b#1", "l#1", "a#2", "b#2", "a#3"]
    assert sites["a#3"].params == "x"
