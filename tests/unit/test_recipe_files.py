"""Recipes: the canonical file, its digest, what `build` makes of edits, and the arguments a compiler gets."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopass_cc.errors import RecipeError
from autopass_cc.recipe import (
    Edit,
    Insert,
    Knob,
    Recipe,
    Remove,
    Set,
    Tier,
    arguments,
    build,
    identity,
    parse,
    risk,
)

PRINTED: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("test_recipe_pipelines.json").read_text("utf-8"))
O2, O3 = PRINTED["22"]["O2"], PRINTED["22"]["O3"]
KNOBS = b"autopass-recipe 1\nllvm 22\nlevel O2\nknob inline-threshold 500\nknob unroll-count 4\n"


def test_the_file_is_canonical_and_named_by_its_digest() -> None:
    recipe = build(O2, "O2", 22, [Knob("unroll-count", "4"), Knob("inline-threshold", "500")])
    assert recipe.render() == KNOBS
    assert recipe.digest == hashlib.blake2b(KNOBS, digest_size=16).hexdigest()
    assert Recipe.parse(KNOBS) == recipe
    assert recipe.pipeline is None


def test_a_pipeline_is_the_last_line() -> None:
    recipe = build(O2, "O2", 22, [Remove("gvn#1"), Knob("unroll-count", "4")])
    text = O2.replace("gvn<>,", "")
    assert recipe.render() == f"autopass-recipe 1\nllvm 22\nlevel O2\nknob unroll-count 4\npipeline {text}\n".encode()
    assert Recipe.parse(recipe.render()) == recipe


def test_a_text_for_O3_carries_the_inliner_parameters_of_O3() -> None:  # noqa: N802
    assert identity(O3, "O3", 22).knobs == (("inline-threshold", "250"), ("locally-hot-callsite-threshold", "525"))
    assert identity(O2, "O2", 22).knobs == ()
    assert build(O3, "O3", 22, [Knob("unroll-count", "4")]).knobs == (("unroll-count", "4"),)
    recipe = build(O3, "O3", 22, [Remove("gvn#1"), Knob("inline-threshold", "2000")])
    assert recipe.knobs == (("inline-threshold", "2000"), ("locally-hot-callsite-threshold", "525"))


@pytest.mark.parametrize("major", [16, 19, 22])
def test_a_forced_width_never_reorders_floating_point(major: int) -> None:
    text = PRINTED[str(major)]["O2"]
    forced = {"force-vector-width": "4", "hints-allow-reordering": "false"}
    assert dict(build(text, "O2", major, [Knob("force-vector-width", "4")]).knobs) == forced
    assert forced.items() <= dict(build(text, "O2", major, [Knob("force-vector-width", "4"), Remove("licm#1")]).knobs).items()
    assert build(text, "O2", major, [Knob("force-vector-width", "1")]).knobs == (("force-vector-width", "1"),)
    with pytest.raises(RecipeError, match="keeps the order of floating-point"):
        Recipe.parse(f"autopass-recipe 1\nllvm {major}\nlevel O2\nknob force-vector-width 4\n".encode())


def test_a_text_for_llvm_16_carries_the_parameter_it_does_not_print() -> None:
    assert dict(identity(PRINTED["16"]["O2"], "O2", 16).knobs) == {"spec-exec-only-if-divergent-target": "true"}
    assert build(PRINTED["16"]["O2"], "O2", 16, [Knob("unroll-count", "4")]).knobs == (("unroll-count", "4"),)


@pytest.mark.parametrize("major", [16, 19, 22])
@pytest.mark.parametrize("level", ["O1", "O2", "O3", "Os", "Oz"])
def test_the_identity_recipe_holds_the_printed_text(major: int, level: str) -> None:
    recipe = identity(PRINTED[str(major)][level], level, major)
    assert recipe.pipeline == PRINTED[str(major)][level]
    assert Recipe.parse(recipe.render()) == recipe
    assert len(recipe.render()) < 32768


def test_a_knob_of_the_default_pipeline_is_of_no_use_beside_a_text() -> None:
    assert build(O3, "O3", 22, [Knob("enable-dfa-jump-thread", "true")]).pipeline is None
    with pytest.raises(RecipeError, match=r"enable-dfa-jump-thread.*of no effect"):
        build(O3, "O3", 22, [Knob("enable-dfa-jump-thread", "true"), Remove("gvn#1")])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        KNOBS[:-1],
        KNOBS + b"\n",
        KNOBS.replace(b"\n", b"\r\n"),
        KNOBS.replace(b"recipe 1", b"recipe 2"),
        KNOBS.replace(b"llvm 22", b"llvm 21"),
        KNOBS.replace(b"llvm 22", b"llvm 022"),
        KNOBS.replace(b"level O2", b"level O4"),
        KNOBS.replace(b"level O2\n", b""),
        KNOBS.replace(b"knob unroll-count 4", b"knob unroll-count  4"),
        KNOBS.replace(b"knob unroll-count 4", b"knob unroll-count four"),
        KNOBS.replace(b"knob unroll-count 4", b"knob load /tmp/x.so"),
        KNOBS.replace(b"knob unroll-count 4", b"# a comment"),
        KNOBS + b"knob inline-threshold 500\n",  # twice, and unsorted
        KNOBS + b"knob align-all-functions 5\n",  # unsorted
        b"autopass-recipe 1\nllvm 22\nlevel O2\n",  # neither knob nor pipeline
        KNOBS + b"pipeline \n",
        KNOBS + b"pipeline globalopt\npipeline globalopt\n",
        b"autopass-recipe 1\nllvm 22\nlevel O2\npipeline globalopt\nknob unroll-count 4\n",
        KNOBS + b"pipeline memprof-use<profile-filename=/etc/passwd>\n",
        KNOBS + b"pipeline function(dot-cfg)\n",
        KNOBS + b"pipeline globalopt;touch /tmp/x\n",
        KNOBS + b"pipeline globalopt\x00\n",
        KNOBS + b"pipeline gl\xc3\xb6b\n",
        KNOBS + b"knob polly true\npipeline globalopt\n",
        KNOBS + b"pipeline " + b"globalopt," * 3300 + b"globalopt\n",
        b"a" * 10_000_000,
    ],
)
def test_only_the_canonical_text_of_an_allowed_recipe_is_read(data: bytes) -> None:
    with pytest.raises(RecipeError):
        Recipe.parse(data)


@given(st.integers(0, len(KNOBS) - 1), st.binary(min_size=1, max_size=3))
def test_a_damaged_file_is_refused_or_is_itself_canonical(at: int, noise: bytes) -> None:
    data = KNOBS[:at] + noise + KNOBS[at + len(noise) :]
    try:
        recipe = Recipe.parse(data)
    except RecipeError:
        return
    assert recipe.render() == data


def test_arguments_of_knobs_alone() -> None:
    recipe = Recipe.parse(KNOBS)
    assert arguments(Path("/d/x.recipe"), recipe, None) == ["-mllvm=-inline-threshold=500", "-mllvm=-unroll-count=4"]


def test_arguments_with_a_pipeline_by_major() -> None:
    path, plugin = Path("/d/x.recipe"), Path("/c/p.so")
    new = build(O2, "O2", 22, [Remove("gvn#1"), Knob("unroll-count", "4")])
    assert arguments(path, new, plugin) == [
        "-fpass-plugin=/c/p.so",
        "-mllvm=-autopass-recipe=/d/x.recipe",
        "-mllvm=-unroll-count=4",
    ]
    mid = build(PRINTED["19"]["O2"], "O2", 19, [Remove("gvn#1"), Knob("unroll-count", "4")])
    assert arguments(path, mid, plugin) == ["-fplugin=/c/p.so", *arguments(path, new, plugin)]
    old = build(PRINTED["16"]["O2"], "O2", 16, [Remove("gvn#1"), Knob("unroll-count", "4")])
    assert arguments(path, old, plugin) == [
        "-fplugin=/c/p.so",
        "-fpass-plugin=/c/p.so",
        *["-mllvm", "-autopass-recipe=/d/x.recipe"],
        *["-mllvm", "-spec-exec-only-if-divergent-target=true"],
        *["-mllvm", "-unroll-count=4"],
    ]
    with pytest.raises(RecipeError, match="plugin"):
        arguments(path, new, None)


def test_arguments_have_absolute_paths() -> None:
    recipe = build(O2, "O2", 22, [Remove("gvn#1")])
    words = arguments(Path("x.recipe"), recipe, Path("p.so"))
    assert words == [f"-fpass-plugin={Path.cwd()}/p.so", f"-mllvm=-autopass-recipe={Path.cwd()}/x.recipe"]


@pytest.mark.parametrize(
    ("edits", "tier"),
    [
        ([Knob("unroll-count", "4"), Remove("gvn#1"), Set("gvn#1", "pre", "false")][:2], Tier.A),
        ([Insert("dfa-jump-threading", "after", "gvn#1"), Knob("unroll-count", "4")], Tier.B),
        ([Knob("polly", "true")], Tier.B),
        ([Insert("dfa-jump-threading", "after", "gvn#1"), Insert("loop-fusion", "after", "gvn#1")], Tier.C),
    ],
)
def test_risk_is_the_highest_of_the_parts(edits: list[Edit], tier: Tier) -> None:
    assert risk(edits, parse(O3), 22) is tier
    assert build(O3, "O3", 22, edits).tier is tier
