"""The allow-lists: what LLVM's own levels say is on them, and nothing that writes, reads, prints or crashes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autopass_cc.errors import RecipeError
from autopass_cc.recipe import MAJORS, Stage, Tier, check_knob, check_pipeline, load, parse

PRINTED: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("test_recipe_pipelines.json").read_text("utf-8"))
TEXTS = [
    pytest.param(int(major), text, id=f"{major}-{level}") for major, levels in PRINTED.items() for level, text in levels.items()
]
HARMFUL = [
    "dot-cfg",
    "view-cfg",
    "print",
    "internalize,globaldce",
    "trigger-crash-module",
    "trigger-crash-function",
    "strip",
    "strip-debug",
    "embed-bitcode",
    "insert-gcov-profiling",
    "extract-blocks",
    "memprof-use<profile-filename=x>",
    "internalize<preserve-gv=main>",
    "pgo-instr-gen",
    "asan",
    "default<O3>",
    "lto<O3>",
    "function(function-simplification<O3>)",
    "function(print<domtree>)",
    "function(view-dom)",
    "function(dot-dom)",
    "function(lint)",
    "require<inline-advisor>",
    "invalidate<all>",
    "repeat<1000>(globalopt)",
    "coro-cond(coro-early)",
]


@pytest.mark.parametrize(("major", "text"), TEXTS)
def test_what_clang_prints_is_allowed(major: int, text: str) -> None:
    check_pipeline(load(major), parse(text))


@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize("text", HARMFUL)
def test_what_harms_is_refused(major: int, text: str) -> None:
    with pytest.raises(RecipeError):
        check_pipeline(load(major), parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "gvn",  # a function pass in the module list
        "function(globalopt)",
        "function(loop(gvn))",
        "loop(indvars)",
        "cgscc(loop(indvars))",
        "function(cgscc(inline))",
        "function(loop(licm))",  # LLVM: "LICM requires MemorySSA (loop-mssa)"
        "function(loop-mssa(loop-unroll-full))",  # LLVM: "a pass that does not preserve MemorySSA"
        "globalopt(gvn)",
        "function",
        "function<keep>(gvn)",
        "cgscc(devirt(inline))",
        "cgscc(devirt<1000000>(inline))",
        "devirt<4>(inline)",
        "function(gvn<pre;no-pre>)",
        "function(sroa<modify-cfg;preserve-cfg>)",
        "function(adce<>)",
        "function(simplifycfg<bonus-inst-threshold=-1>)",
        "function(simplifycfg<bonus-inst-threshold=99999999999>)",
        "function(simplifycfg<bonus-inst-threshold>)",
        "function(simplifycfg<threshold=1>)",
    ],
)
def test_nesting_and_parameters_are_typed(text: str) -> None:
    with pytest.raises(RecipeError):
        check_pipeline(load(22), parse(text))


@pytest.mark.parametrize("major", [19, 22])
def test_an_instcombine_that_would_stop_the_compile_is_refused(major: int) -> None:
    for text in (
        "function(instcombine)",
        "function(instcombine<max-iterations=1>)",
        "function(instcombine<verify-fixpoint>)",
    ):
        with pytest.raises(RecipeError):
            check_pipeline(load(major), parse(text))
    check_pipeline(load(major), parse("function(instcombine<no-verify-fixpoint>)"))
    check_pipeline(load(16), parse("function(instcombine)"))


def test_there_is_a_list_for_each_supported_major_only() -> None:
    with pytest.raises(RecipeError, match="LLVM 18"):
        load(18)


@pytest.mark.parametrize("major", MAJORS)
def test_the_data_is_whole(major: int) -> None:
    allow = load(major)
    assert {"inline-threshold", "locally-hot-callsite-threshold"} <= set(allow.knobs)  # -O3 is not -O3 without them
    for knob in allow.knobs.values():
        assert knob.tries or knob.name == "hints-allow-reordering", knob.name
        assert knob.needs is None or knob.needs in allow.knobs
        assert knob.needs_pass is None or knob.needs_pass in allow.passes
        assert knob.arch in (None, "x86", "aarch64")
        assert (knob.group == "polly") is knob.name.startswith("polly")
        if knob.group == "polly":
            assert knob.tier >= Tier.B
            assert knob.stage is Stage.CONSTRUCT


@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("gvn", Tier.A),
        ("dfa-jump-threading", Tier.B),
        ("newgvn", Tier.B),
        ("loop-unroll-and-jam", Tier.B),
        ("loop-versioning-licm", Tier.B),
        ("loop-interchange", Tier.C),
        ("loop-fusion", Tier.C),
        ("gvn-hoist", Tier.C),
    ],
)
def test_risk_is_as_reviewed(major: int, name: str, tier: Tier) -> None:
    assert load(major).passes[name].tier is tier


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("inline-threshold", "-1"),
        ("inline-threshold", "1000000"),
        ("inline-threshold", "007"),
        ("inline-threshold", "+5"),
        ("inline-threshold", "5 "),
        ("inline-threshold", "0x10"),
        ("inline-threshold", "1" * 5000),
        ("inline-threshold", "٣"),
        ("inline-threshold", "true"),
        ("slp-vectorize-hor", "1"),
        ("slp-vectorize-hor", "TRUE"),
        ("split-spill-mode", "fast"),
        ("load", "/tmp/evil.so"),
        ("fpass-plugin", "x"),
        ("info-output-file", "x"),
        ("print-after-all", "true"),
        ("", ""),
    ],
)
def test_knobs_are_typed_and_named(name: str, value: str) -> None:
    with pytest.raises(RecipeError):
        check_knob(load(22), name, value)


def test_knobs_within_type_and_range_pass() -> None:
    for name, value in (("inline-threshold", "0"), ("slp-threshold", "-5"), ("slp-vectorize-hor", "false")):
        assert check_knob(load(22), name, value).name == name
