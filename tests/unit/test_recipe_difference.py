"""Two pipelines beside each other: what was removed, added, moved and changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.apply import apply
from autopass_cc.recipe.difference import Change, Gap, Line, Row, compare, excerpt, outline, parameters
from autopass_cc.recipe.edits import Edit, Insert, Move, Remove, Set
from autopass_cc.recipe.tree import Pipeline, parse
from autopass_cc.report.html.sides import ROW, sides

O2 = parse(json.loads((Path(__file__).parent / "test_recipe_pipelines.json").read_text())["22"]["O2"])


def edited(*edits: Edit) -> Pipeline:
    return apply(O2, edits, load(22))


def changed(base: Pipeline, other: Pipeline) -> list[tuple[Change, str]]:
    return [(row.change, row.line.name) for row in compare(base, other) if row.change is not Change.SAME]


def test_a_pipeline_equals_itself() -> None:
    assert changed(O2, O2) == []
    assert excerpt(compare(O2, O2)) == [Gap(len(outline(O2)))]


def test_one_pass_removed_or_added_is_all_there_is() -> None:
    assert changed(O2, edited(Remove("dse#1"))) == [(Change.REMOVED, "dse")]
    assert changed(O2, edited(Insert("sccp", "after", "gvn#1"))) == [(Change.ADDED, "sccp")]


def test_another_parameter_is_a_change_in_place() -> None:
    other = edited(Set("simplifycfg#3", "keep-loops", "false"))
    assert changed(O2, other) == [(Change.PARAMETERS, "simplifycfg")]
    (row,) = [row for row in compare(O2, other) if row.change is Change.PARAMETERS]
    assert row.before is not None
    assert row.after is not None
    assert parameters(row.before.params, row.after.params) == [("keep-loops", "no-keep-loops")]


def test_a_pass_that_went_and_came_again_has_moved() -> None:
    rows = compare(O2, edited(Move("slp-vectorizer#1", "before", "loop-vectorize#1")))
    ends = [row for row in rows if row.move]
    assert {row.change for row in ends} == {Change.MOVED}
    assert [(row.before is None, row.line.name) for row in ends] == [(True, "slp-vectorizer"), (False, "slp-vectorizer")]
    drawn = sides(excerpt(rows))
    assert [kind for kind, _ in drawn.curves] == ["moved"]


def test_parameters_are_compared_by_name() -> None:
    assert parameters("bonus=1;keep", "bonus=2;no-keep;new") == [("bonus=1", "bonus=2"), ("keep", "no-keep"), ("", "new")]
    assert parameters(None, "") == []


def test_an_excerpt_shows_the_neighbours_and_what_they_stand_in() -> None:
    shown = excerpt(compare(O2, edited(Remove("dse#1"))), around=1)
    names = [row.line.name if isinstance(row, Row) else row.rows for row in shown]
    assert names[1:5] == ["cgscc", "devirt", names[3], "function"]
    assert [name for name in names if isinstance(name, str)][-3:] == ["memcpyopt", "dse", "move-auto-init"]
    assert isinstance(shown[0], Gap)
    assert isinstance(shown[-1], Gap)


PLACES = sorted(O2.sites())


@settings(deadline=None)
@given(st.lists(st.sampled_from(PLACES), max_size=4, unique=True), st.lists(st.sampled_from(PLACES), max_size=3))
def test_both_pipelines_can_be_read_off_the_rows(removed: list[str], doubled: list[str]) -> None:
    """Whatever was done, also what no edit does."""
    other = outline(O2)
    for address in doubled:
        other.insert(PLACES.index(address) % len(other), Line(1, address.split("#")[0], None, holds=False))
    gone = {place for place, line in enumerate(other) if any(line.name == address.split("#")[0] for address in removed)}
    tree = [line for place, line in enumerate(other) if place not in gone]
    rows = compare(O2, _flat(tree))
    assert [row.before for row in rows if row.before] == outline(O2)
    assert [row.after for row in rows if row.after] == outline(_flat(tree))
    hidden = sum(row.rows if isinstance(row, Gap) else 1 for row in excerpt(rows))
    assert hidden == len(rows)
    moves = [row.move for row in rows if row.move]
    assert sorted(moves) == sorted([*range(1, len(moves) // 2 + 1)] * 2)


def _flat(lines: list[Line]) -> Pipeline:
    return parse(",".join(line.label for line in lines) or "verify")


def test_sides_stand_in_the_same_rows_and_curves_join_the_ends_of_moves() -> None:
    drawn = sides(excerpt(compare(parse("a,b,c,d"), parse("b,c,a,d"))))
    assert [cell.text for cell in drawn.left] == ["a", "b", "c", "", "d"]
    assert [cell.text for cell in drawn.right] == ["", "b", "c", "a", "d"]
    assert [cell.kind for cell in drawn.left] == ["moved", "same", "same", "empty", "same"]
    assert drawn.curves == [("moved", f"M0 {ROW // 2}C28 {ROW // 2} 28 {ROW // 2 + 3 * ROW} 56 {ROW // 2 + 3 * ROW}")]
    assert drawn.height == 5 * ROW


@pytest.mark.parametrize("level", ["O1", "O2", "O3"])
def test_every_printed_pipeline_can_be_compared(level: str) -> None:
    text = json.loads((Path(__file__).parent / "test_recipe_pipelines.json").read_text())["22"][level]
    rows = compare(O2, parse(text))
    assert [row.before for row in rows if row.before] == outline(O2)
