"""Everything that planners and random search can draw is legal, alone and together."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autopass_cc.recipe import (
    MAJORS,
    Edit,
    Insert,
    Knob,
    Recipe,
    Tier,
    build,
    check_pipeline,
    edits_from_json,
    legal_edits,
    load,
    menu,
    parse,
    random_edit,
    risk,
    to_json,
)

PRINTED: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("test_recipe_pipelines.json").read_text("utf-8"))


def draw(seed: int, major: int, level: str, tier: Tier, count: int) -> list[Edit]:
    base, choice = parse(PRINTED[str(major)][level]), menu(load(major), tier)
    rng = random.Random(seed)
    edits: list[Edit] = []
    for _ in range(count):
        edits.append(random_edit(rng, base, choice, edits))
    return edits


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from(MAJORS),
    st.sampled_from(["O1", "O2", "O3", "Os"]),
    st.sampled_from(Tier),
    st.integers(1, 8),
)
def test_any_sequence_of_random_edits_makes_an_allowed_recipe(seed: int, major: int, level: str, tier: Tier, count: int) -> None:
    edits = draw(seed, major, level, tier, count)
    recipe = build(PRINTED[str(major)][level], level, major, edits)
    assert Recipe.parse(recipe.render()) == recipe
    if recipe.pipeline is not None:
        check_pipeline(load(major), parse(recipe.pipeline))
    assert risk(edits, parse(PRINTED[str(major)][level]), major) <= tier
    assert recipe.tier <= tier
    assert edits_from_json([to_json(edit) for edit in edits]) == tuple(edits)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_edits_mean_the_same_in_any_order(seed: int, rng: random.Random) -> None:
    edits = draw(seed, 22, "O3", Tier.B, 6)
    places = [edit.anchor for edit in edits if isinstance(edit, Insert)]
    if len(set(places)) == len(places):
        mixed = rng.sample(edits, len(edits))
        assert build(PRINTED["22"]["O3"], "O3", 22, mixed) == build(PRINTED["22"]["O3"], "O3", 22, edits)


def test_draws_repeat_with_their_seed() -> None:
    assert draw(7, 22, "O3", Tier.B, 10) == draw(7, 22, "O3", Tier.B, 10)


@pytest.mark.parametrize("major", MAJORS)
def test_every_listed_neighbour_is_legal(major: int) -> None:
    text = PRINTED[str(major)]["O3"]
    edits = list(legal_edits(parse(text), menu(load(major), Tier.B)))
    assert len(set(edits)) == len(edits) > 1000
    assert {type(edit).__name__ for edit in edits} == {"Knob", "Set", "Remove", "Insert"}
    for edit in itertools.islice(edits, 0, None, 37):
        build(text, "O3", major, [edit])


def test_a_menu_is_bounded_by_risk_probe_and_target() -> None:
    allow = load(22)
    assert "dfa-jump-threading" not in {spec.name for spec in menu(allow).passes}
    assert "dfa-jump-threading" in {spec.name for spec in menu(allow, Tier.B).passes}
    assert [spec.name for spec in menu(allow, Tier.C, passes=["gvn", "nosuch"]).passes] == ["gvn"]
    assert [spec.name for spec in menu(allow, knobs=["unroll-count"]).knobs] == ["unroll-count"]
    archs = {spec.arch for spec in menu(allow, Tier.C, arch="aarch64").knobs}
    assert "x86" not in archs


def test_knobs_that_would_be_idle_are_not_offered() -> None:
    base, choice = parse(PRINTED["22"]["O3"]), menu(load(22), Tier.B)
    alone = {edit.name for edit in legal_edits(base, choice) if isinstance(edit, Knob)}
    assert "polly" in alone
    assert "polly-default-tile-size" not in alone
    assert "dfa-max-num-paths" not in alone
    polly = {edit.name for edit in legal_edits(base, choice, [Knob("polly", "true")]) if isinstance(edit, Knob)}
    assert "polly-default-tile-size" in polly
    threading = [Insert("dfa-jump-threading", "after", "instcombine#3")]
    beside = {edit.name for edit in legal_edits(base, choice, threading) if isinstance(edit, Knob)}
    assert "dfa-max-num-paths" in beside
    assert "polly" not in beside
