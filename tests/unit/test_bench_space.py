"""The space that autotuners search: all of it is legal, all that is offered is in it, and what changes nothing is left out."""

from __future__ import annotations

import functools
import json
import random
import statistics
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from situations import MAJOR, base_text

from autopass_cc.bench.space import AS_IS, EDITED, KNOBS, MOST, PASSES, REMOVED, SITES, SLOTS, Configuration, Space
from autopass_cc.recipe import MAJORS, Edit, Insert, Knob, Recipe, Remove, Set, Tier, build, legal_edits, load, menu, parse

PRINTED: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("test_recipe_pipelines.json").read_text("utf-8"))


@functools.cache
def space(major: int = MAJOR, level: str = "O3", tier: Tier = Tier.B, *, pipelines: bool = True) -> Space:
    choice = menu(load(major), tier, passes=None if pipelines else (), arch="x86")
    return Space(parse(PRINTED[str(major)][level]), choice, pipelines=pipelines)


def drawn(of: Space, rng: random.Random, *, weighted: bool) -> Configuration:
    return {each.name: rng.choice(each.weighted() if weighted else each.options) for each in of.choices}


CASES = st.tuples(
    st.sampled_from(MAJORS),
    st.sampled_from(["O1", "O2", "O3", "Os"]),
    st.sampled_from([Tier.A, Tier.B]),
)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), CASES, st.booleans(), st.booleans())
def test_every_configuration_has_edits_that_the_grammar_takes(
    seed: int, case: tuple[int, str, Tier], pipelines: bool, weighted: bool
) -> None:
    major, level, tier = case
    found = space(major, level, tier, pipelines=pipelines)
    configuration = drawn(found, random.Random(seed), weighted=weighted)
    edits = found.edits(configuration)
    assert len(edits) <= MOST
    if not edits:
        return
    recipe = build(PRINTED[str(major)][level], level, major, edits)
    assert Recipe.parse(recipe.render()) == recipe
    assert recipe.tier <= tier
    assert pipelines or recipe.pipeline is None
    assert (configuration.get(PASSES) != AS_IS) or recipe.pipeline is None


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), CASES, st.booleans(), st.booleans())
def test_a_normal_configuration_is_its_own_and_says_nothing_in_vain(
    seed: int, case: tuple[int, str, Tier], pipelines: bool, weighted: bool
) -> None:
    found = space(*case, pipelines=pipelines)
    configuration = drawn(found, random.Random(seed), weighted=weighted)
    normal = found.normal(configuration)
    assert found.normal(normal) == normal
    edits = found.edits(configuration)
    assert found.edits(normal) == edits
    base = found.base() | {PASSES: normal[PASSES]} if PASSES in normal else found.base()
    told = {name for name in normal if normal[name] != base[name]}
    assert len({name.removesuffix(", where") for name in told}) == len(edits)  # each word of it is an edit


def one(edit: Edit) -> Configuration:
    """Say one edit as a configuration does."""
    match edit:
        case Knob():
            return {f"-{edit.name}": edit.value}
        case Remove():
            return {edit.target: REMOVED}
        case Set():
            return {edit.target: f"{edit.param}={edit.value}"}
        case Insert():
            name = edit.name if edit.params is None else f"{edit.name}<{edit.params}>"
            return {"insert 2": name, "insert 2, where": f"after {edit.anchor}"}
    raise AssertionError(edit)


@pytest.mark.parametrize("major", MAJORS)
def test_whatever_our_minds_may_propose_alone_is_a_configuration(major: int) -> None:
    found = space(major)
    every = list(legal_edits(parse(PRINTED[str(major)]["O3"]), menu(load(major), Tier.B, arch="x86")))
    insertions = [edit for edit in every if isinstance(edit, Insert)]
    others = [edit for edit in every if not isinstance(edit, Insert)]
    assert len(insertions) > 1000
    assert {type(edit) for edit in others} == {Knob, Remove, Set}
    for edit in (*others, *random.Random(1).sample(insertions, 500)):
        assert found.edits(found.base() | one(edit)) == (edit,)


def test_what_steers_how_the_default_pipeline_is_built_counts_beside_knobs_only() -> None:
    found = space()
    polly = found.base() | {"-polly": "true", "-polly-tiling": "false", "-unroll-count": "4"}
    assert set(found.edits(polly)) == {Knob("polly", "true"), Knob("polly-tiling", "false"), Knob("unroll-count", "4")}
    assert set(found.edits(polly | {"gvn#1": REMOVED})) == {Remove("gvn#1"), Knob("unroll-count", "4")}
    assert len(found.edits(polly | {"gvn#1": REMOVED, PASSES: AS_IS})) == 3
    assert found.edits(found.base() | {"-polly-tiling": "false"}) == ()  # it needs what is not there


def test_without_pipelines_there_are_knobs_alone() -> None:
    found = space(pipelines=False)
    assert {each.name[0] for each in found.choices} == {"-"}
    assert found.edits(found.base()) == ()


def test_a_random_draw_changes_a_handful_of_things_and_not_most_of_them() -> None:
    found, rng = space(), random.Random(1)
    passes, knobs = [], []
    for _ in range(400):
        configuration = drawn(found, rng, weighted=True) | {PASSES: EDITED}
        edits = found.edits(configuration)
        passes.append(sum(not isinstance(edit, Knob) for edit in edits))
        knobs.append(sum(value != AS_IS for name, value in configuration.items() if name.startswith("-")))
    assert statistics.fmean(passes) == pytest.approx(SITES + SLOTS / 2, abs=1)
    assert statistics.fmean(knobs) == pytest.approx(KNOBS, abs=1)


def test_another_base_or_menu_is_another_space() -> None:
    digests = {space().digest, space(level="O2").digest, space(tier=Tier.A).digest, space(pipelines=False).digest}
    assert len(digests) == 4
    again = Space(parse(PRINTED["22"]["O3"]), menu(load(22), Tier.B, arch="x86"), pipelines=True)
    assert again.digest == space().digest


def test_knobs_that_nothing_here_lets_count_are_no_choices() -> None:
    allow = load(MAJOR)
    found = Space(parse(base_text()), menu(allow, Tier.B, passes=(), knobs=("prefetch-distance", "unroll-count")), pipelines=True)
    names = {each.name for each in found.choices}
    assert "-unroll-count" in names
    assert "-prefetch-distance" not in names  # neither the knob nor the pass that it needs is offered
