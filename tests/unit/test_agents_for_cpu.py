"""Levers for the CPU that runs the program: which functions get versions, where in the pipeline, and at what risk."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from situations import MAJOR, base_text

from autopass_cc.agents.minds import levers, versions
from autopass_cc.errors import RecipeError
from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.features import Features
from autopass_cc.evidence.profile import Hot
from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.edits import Edit, Insert, Knob
from autopass_cc.recipe.params import function_word
from autopass_cc.recipe.recipe import build
from autopass_cc.recipe.tree import parse

HOT = (Hot("a.c", "main", 0.9), Hot("a.c", "less", 0.05), Hot("a.c", "rare", 0.001))


def proposals(hot: tuple[Hot, ...] = HOT, cpu: str = "znver3", dear: Sequence[tuple[Edit, ...]] = ()) -> list[tuple[Edit, ...]]:
    features = (Features("main", blocks=3, loops=1), Features("helper", blocks=1, local=True))
    evidence = Evidence("a.c", "O2", "c", 0.9, hot, (), features)
    found = versions.for_cpu(evidence, parse(base_text()), cpu, load(MAJOR), dear)
    return [edits for _, edits, _ in sorted(found, key=lambda each: -each[0])]


def params_of(edits: tuple[Edit, ...]) -> list[str]:
    found = [edit for edit in edits if isinstance(edit, Insert) and edit.name == "function-versions"]
    return (found[0].params or "").split(";") if found else []


def test_hot_functions_get_versions_late_and_what_may_be_inlined_into_them_early() -> None:
    late, late_tuned, early, tuned = proposals()
    assert params_of(late) == params_of(late_tuned) == ["avx2", function_word("main"), function_word("less")]
    assert params_of(early) == ["avx2", function_word("main"), function_word("less"), function_word("helper")]
    assert [edit.name for edit in tuned if isinstance(edit, Insert)] == ["tune-cpu"]


def test_fewer_functions_get_versions_where_those_of_more_are_too_dear_to_compile() -> None:
    hot = (Hot("a.c", "main", 0.5), Hot("a.c", "less", 0.15), Hot("a.c", "little", 0.05))
    first = proposals(hot)[0]
    assert params_of(first) == ["avx2", *map(function_word, ("main", "less", "little"))]
    second = proposals(hot, dear=[first])[0]
    assert params_of(second) == ["avx2", *map(function_word, ("main", "less"))]
    third = proposals(hot, dear=[first, second])[0]
    assert params_of(third) == ["avx2", function_word("main")]
    assert third not in proposals(hot, dear=[first, second, third])


def test_a_compile_is_timed_first_where_versions_are_all_that_edits_make() -> None:
    late, late_tuned, early, tuned = proposals()
    assert [versions.compiles_twice(edits) for edits in (late, late_tuned, early, tuned, ())] == [True, True, True, False, False]
    assert not versions.compiles_twice((*late, Knob("unroll-count", "2")))


def test_without_a_profile_all_functions_get_versions() -> None:
    assert params_of(proposals(hot=())[0]) == ["avx2"]


def test_an_unknown_cpu_is_not_tuned_for() -> None:
    assert all(not isinstance(edit, Insert) or edit.name != "tune-cpu" for edits in proposals(cpu="abacus") for edit in edits)


def test_every_proposal_makes_a_recipe() -> None:
    for edits in proposals():
        assert build(base_text(), "O2", MAJOR, edits).tier == "A"


@pytest.mark.parametrize("params", [None, "sse2", "avx2;avx2", "avx2;loops=9", "avx2;f123", "avx2;fABCDEF00", "avx2;main"])
def test_versions_take_known_words_only(params: str | None) -> None:
    edit = Insert("function-versions", "before", "loop-vectorize#1", params)
    if params is None:  # an insertion without any gets the first choice
        assert "function-versions<avx2>" in (build(base_text(), "O2", MAJOR, [edit]).pipeline or "")
        return
    with pytest.raises(RecipeError):
        build(base_text(), "O2", MAJOR, [edit])


def test_two_kinds_of_versions_clash_and_one_with_itself_does_not() -> None:
    late, late_tuned, early, tuned = proposals()
    assert versions.clash(late, early)
    assert not versions.clash(late, tuned)
    assert not versions.clash(late, late_tuned)


def test_the_word_of_a_function_is_its_fnv_1a_hash() -> None:
    assert function_word("") == "f811c9dc5"
    assert function_word("foobar") == "fbf9cf968"  # from the authors' table of test vectors


@pytest.mark.parametrize(("floats", "first"), [(0, False), (40, True)])
def test_versions_come_first_where_code_is_numeric_and_after_other_levers_where_it_is_not(floats: int, first: bool) -> None:
    evidence = Evidence(
        "a.c", "O2", "c", 0.9, HOT, (), (Features("main", blocks=9, loops=1, conditional_branches=6, floats=floats),)
    )
    weights = [weight for weight, _, _ in versions.for_cpu(evidence, parse(base_text()), "znver3", load(MAJOR))]
    others = max(levers.relevance(evidence).values())
    assert (max(weights) > others) is first
