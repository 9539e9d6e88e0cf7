"""A recipe's pipeline, run by the plugin inside clang, gives the code that opt would have given with the same text."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from plugin_kit import PROBES, Bench, base, prepared

from autopass_cc.recipe import Edit, Insert, Recipe, Remove, build, identity

EDITS: list[Edit] = [
    Remove("loop-vectorize#1"),
    Remove("gvn#1"),
    Insert("dfa-jump-threading", "after", "jump-threading#1"),
]


@pytest.fixture
def bench(clang: Path, tmp_path: Path) -> Bench:
    return Bench(prepared(clang), tmp_path)


def edited(bench: Bench, level: str = "O2") -> Recipe:
    return build(base(bench.toolchain, level), level, bench.major, EDITS)


def by_opt(bench: Bench, source: Path, recipe: Recipe) -> bytes:
    """Compile in three processes: clang's front end, opt with the text, clang's back end."""
    assert recipe.pipeline is not None
    raw, done, out = (bench.folder / name for name in ("raw.bc", "done.bc", "three.o"))
    bare = ["-O2", "-Xclang", "-disable-llvm-passes"]
    order = ["-Xclang", "-emit-llvm-uselists"]
    opt = str(bench.toolchain.tool("opt"))
    for argv in (
        [bench.driver(source), *bare, *order, "-emit-llvm", "-c", str(source), "-o", str(raw)],
        [opt, f"-passes={recipe.pipeline}", "--preserve-bc-uselistorder", "-relocation-model=pic", str(raw), "-o", str(done)],
        [bench.driver(source), *bare, "-c", str(done), "-o", str(out)],
    ):
        subprocess.run(argv, cwd=bench.cwd, check=True, capture_output=True)
    return out.read_bytes()


@pytest.mark.parametrize("name", ["loops.c", "shapes.cpp"])
def test_an_edited_pipeline_gives_what_opt_gives(bench: Bench, name: str) -> None:
    recipe = edited(bench)
    found = bench.through(recipe, PROBES[name], "-O2")
    assert (found.code, found.printed, found.log) == (0, b"", ("applied",))
    assert found.made == by_opt(bench, PROBES[name], recipe)
    assert found.made != bench.compile(PROBES[name], "-O2").made


@pytest.mark.parametrize("level", ["O1", "O2", "O3", "Os", "Oz"])
def test_an_edited_pipeline_changes_the_object_at_every_level(bench: Bench, level: str) -> None:
    """Without any inlining there are other functions in the object, whatever the level."""
    source = bench.source("static int twice(int x) { return 2 * x; }\nint four(int x) { return twice(twice(x)); }\n")
    recipe = build(base(bench.toolchain, level), level, bench.major, [Remove("inline#1"), Remove("ipsccp#1")])
    found = bench.through(recipe, source, f"-{level}")
    assert (found.code, found.printed, found.log) == (0, b"", ("applied",))
    assert found.made != bench.compile(source, f"-{level}").made


def test_the_same_recipe_gives_the_same_object_again(bench: Bench) -> None:
    first, second = (bench.through(edited(bench), PROBES["loops.c"], "-O2") for _ in range(2))
    assert first == second


def test_a_knob_beside_the_pipeline_takes_effect(bench: Bench) -> None:
    plain = identity(base(bench.toolchain, "O2"), "O2", bench.major)
    knobbed = Recipe(plain.major, "O2", tuple(sorted({**dict(plain.knobs), "inline-threshold": "0"}.items())), plain.pipeline)
    knobbed.validate()
    source = bench.source(
        "static int big(int x) { for (int i = 0; i < x; i++) x ^= x * i + (x >> 3); return x; }\n"
        "int one(int x) { return big(x); }\nint two(int x) { return big(x + 1); }\n"
    )
    assert bench.through(plain, source, "-O2") == bench.compile(source, "-O2")
    found = bench.through(knobbed, source, "-O2")
    assert found.log == ("applied",)
    assert found.made != bench.compile(source, "-O2").made


def test_at_o0_a_recipe_does_nothing(bench: Bench) -> None:
    found = bench.through(edited(bench), PROBES["loops.c"], "-O0")
    assert found == bench.compile(PROBES["loops.c"], "-O0")
    assert found.log == ()


def test_without_a_recipe_the_plugin_does_nothing(bench: Bench) -> None:
    loaded = [word for word in bench.arguments(edited(bench)) if "plugin=" in word]
    found = bench.compile(PROBES["loops.c"], "-O2", first=loaded)
    assert found == bench.compile(PROBES["loops.c"], "-O2")
    assert found.log == ()


def test_a_function_marked_optnone_stays_as_it_is(bench: Bench) -> None:
    code = PROBES["loops.c"].read_text()
    source = bench.source(f"#pragma clang optimize off\n{code}")
    found = bench.through(edited(bench), source, "-O2")
    assert found.log == ("applied",)
    assert found == bench.compile(source, "-O2")


def test_modules_with_coroutines_keep_the_default_pipeline(bench: Bench) -> None:
    found = bench.through(edited(bench), PROBES["coroutines.cpp"], "-O2", "-std=c++20")
    assert found == bench.compile(PROBES["coroutines.cpp"], "-O2", "-std=c++20")
    assert found.log == ("coroutines",)


@pytest.mark.parametrize("kind", ["full", "thin"])
def test_bitcode_for_link_time_optimisation_keeps_its_own_pipeline(bench: Bench, kind: str) -> None:
    found = bench.through(edited(bench), PROBES["loops.c"], "-O2", f"-flto={kind}")
    assert found == bench.compile(PROBES["loops.c"], "-O2", f"-flto={kind}")
    assert found.log == ("lto",)


def test_one_call_with_two_sources_decides_for_each(bench: Bench) -> None:
    """The driver runs one compiler process a source; both get the recipe."""
    sources = [PROBES["shapes.cpp"], PROBES["coroutines.cpp"]]
    flags = ["-O2", "-std=c++20"]
    done = bench.run([str(bench.toolchain.clangxx), *bench.arguments(edited(bench)), *flags, "-c", *map(str, sources)])
    assert (done.code, done.log) == (0, ("applied", "coroutines"))
    for source in sources:
        made = (bench.cwd / f"{source.stem}.o").read_bytes()
        assert made == bench.through(edited(bench), source, *flags).made


def test_in_one_process_a_module_does_not_inherit_the_decision_of_the_one_before(bench: Bench) -> None:
    """`clang -cc1` compiles several files in turn: what was skipped in the first is not skipped in the second."""
    names = {"first.cpp": "shapes.cpp", "second.cpp": "coroutines.cpp", "third.cpp": "shapes.cpp"}
    recipe = bench.write(edited(bench).render())
    plugin = str(bench.toolchain.plugin)
    load = ["-load", plugin] if bench.major < 22 else []
    cc1 = [str(bench.toolchain.clangxx), "-cc1", "-triple", bench.toolchain.target, "-O2", "-std=c++20", "-emit-obj"]
    include = [word for folder in _system_folders(bench) for word in ("-internal-isystem", folder)]
    cc1 += ["-fgnuc-version=4.2.1", "-fcxx-exceptions", "-fexceptions", *include]

    def objects(*first: str) -> list[bytes]:
        copies = [bench.folder / name for name in names]
        for copy in copies:
            copy.write_bytes(PROBES[names[copy.name]].read_bytes())
        done = bench.run([*cc1, *first, *map(str, copies)])
        assert done.code == 0, done.printed
        if first:
            assert done.log == ("applied", "coroutines", "applied")
        return [copy.with_suffix(".o").read_bytes() for copy in copies]

    plain = objects()
    tuned = objects(*load, f"-fpass-plugin={plugin}", "-mllvm", f"-autopass-recipe={recipe}")
    assert [a == b for a, b in zip(plain, tuned, strict=True)] == [False, True, False]


def _system_folders(bench: Bench) -> list[str]:
    argv = [str(bench.toolchain.clangxx), "-E", "-v", "-x", "c++", "/dev/null"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stderr
    listed = said.split("#include <...> search starts here:\n")[1].split("End of search list.")[0]
    return [line.strip() for line in listed.splitlines()]


@pytest.mark.parametrize(
    ("flags", "calls"),
    [
        (["-fsanitize=address"], b"__asan_report_load"),
        (["-fsanitize=thread"], b"__tsan_"),
        (["-fsanitize=memory"], b"__msan_"),
        (["-fsanitize=undefined"], b"__ubsan_handle_"),
        (["-fsanitize-coverage=trace-pc-guard"], b"__sanitizer_cov_"),
        (["-finstrument-functions"], b"__cyg_profile_func_enter"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_required_instrumentation_is_done_all_the_same(bench: Bench, flags: list[str], calls: bytes) -> None:
    source = bench.source("int get(int *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += a[i] << n; return s; }\n")
    found = bench.through(edited(bench), source, "-O2", *flags)
    assert (found.code, found.printed) == (0, b"")
    assert found.made is not None
    assert calls in found.made


@pytest.mark.parametrize("flags", [["--coverage"], ["-fprofile-instr-generate", "-fcoverage-mapping"]], ids=" ".join)
def test_modules_that_are_to_count_keep_the_default_pipeline(bench: Bench, flags: list[str]) -> None:
    """The passes that put the counters in are optional ones, which a recipe would skip."""
    found = bench.through(edited(bench), PROBES["loops.c"], "-O2", *flags)
    assert found == bench.compile(PROBES["loops.c"], "-O2", *flags)
    assert found.log == ("instrumented",)
