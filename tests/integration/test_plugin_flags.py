"""The plugin disturbs nothing else that a compile does: warnings, dependency files, debug information, other actions."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_kit import PROBES, Bench, base, prepared

from autopass_cc.recipe import Recipe, Remove, build, identity
from autopass_cc.toolchain.identity import check

QUIET = "int scale(const int *a, int n);\nint scale(const int *a, int n) { return n > 0 ? a[0] * n : 0; }\n"


@pytest.fixture
def bench(clang: Path, tmp_path: Path) -> Bench:
    return Bench(prepared(clang), tmp_path)


def edited(bench: Bench, level: str = "O2") -> Recipe:
    return build(base(bench.toolchain, level), level, bench.major, [Remove("loop-vectorize#1"), Remove("gvn#1")])


def test_no_warning_is_added_even_with_all_of_them_as_errors(bench: Bench) -> None:
    source = bench.source(QUIET)
    found = bench.through(edited(bench), source, "-O2", "-Werror", "-Weverything")
    assert (found.code, found.printed, found.log) == (0, b"", ("applied",))


def test_warnings_and_errors_are_those_of_plain_clang(bench: Bench) -> None:
    warns = bench.source("int f(int x) { int y; return x / 0; }\n", "warns.c")
    fails = bench.source("int f(int x) { return y; }\n", "fails.c")
    for source, code in ((warns, 0), (fails, 1)):
        found = bench.through(edited(bench), source, "-O2", "-Wall")
        assert found == bench.compile(source, "-O2", "-Wall")
        assert found.code == code
        assert source.name.encode() in found.printed


def test_the_dependency_file_is_that_of_plain_clang(bench: Bench) -> None:
    (bench.folder / "size.h").write_text("#define SIZE 4\n")
    source = bench.source('#include "size.h"\nint size(void) { return SIZE; }\n')
    depfile = bench.folder / "x.d"
    plain = bench.compile(source, "-O2", "-MMD")
    wanted = depfile.read_bytes()
    depfile.unlink()
    found = bench.through(edited(bench), source, "-O2", "-MMD")
    assert (plain.code, found.code, found.log) == (0, 0, ("applied",))
    assert depfile.read_bytes() == wanted
    assert b"size.h" in wanted
    assert b".recipe" not in wanted


@pytest.mark.parametrize("action", ["-fsyntax-only", "-E", "-M"])
def test_actions_without_code_are_not_affected(bench: Bench, action: str) -> None:
    source = bench.source(QUIET)
    argv = ["-O2", "-Werror", action, str(source)]
    plain = bench.run([bench.driver(source), *argv])
    found = bench.run([bench.driver(source), *bench.arguments(edited(bench)), *argv])
    assert found == plain
    assert (found.code, found.log) == (0, ())


def test_assembly_and_bitcode_are_made_by_the_recipe_too(bench: Bench) -> None:
    for kind in (["-S"], ["-S", "-emit-llvm"]):
        out = bench.folder / "out"
        argv = ["-O2", *kind, str(PROBES["loops.c"]), "-o", str(out)]
        plain = bench.run([str(bench.toolchain.clang), *argv], out)
        found = bench.run([str(bench.toolchain.clang), *bench.arguments(edited(bench)), *argv], out)
        assert (found.code, found.printed, found.log) == (0, b"", ("applied",))
        assert found.made != plain.made


def test_debug_information_is_the_same_with_the_same_pipeline(bench: Bench) -> None:
    recipe = identity(base(bench.toolchain, "O2"), "O2", bench.major)
    found = bench.through(recipe, PROBES["loops.c"], "-O2", "-g")
    assert found == bench.compile(PROBES["loops.c"], "-O2", "-g")
    assert found.made is not None
    assert b".debug_info" in found.made


def test_an_edited_pipeline_keeps_debug_information(bench: Bench) -> None:
    found = bench.through(edited(bench), PROBES["loops.c"], "-O2", "-g", "-Werror")
    assert (found.code, found.printed, found.log) == (0, b"", ("applied",))
    assert found.made is not None
    assert b".debug_info" in found.made


FLAGS = [
    ("loops.c", "O3", ["-fno-vectorize", "-fno-slp-vectorize"]),
    ("loops.c", "O2", ["-fno-unroll-loops"]),
    ("loops.c", "O3", ["-march=native"]),
    ("floats.c", "O3", ["-ffast-math"]),
    ("floats.c", "O2", ["-fno-math-errno", "-ffp-contract=off"]),
    ("recursion.c", "O3", ["-fno-inline"]),
    ("recursion.c", "O2", ["-fno-builtin", "-fno-strict-aliasing", "-fwrapv"]),
    ("globals.c", "O2", ["-ffreestanding", "-ffunction-sections", "-fdata-sections"]),
    ("globals.c", "O3", ["-g", "-fPIC", "-fvisibility=hidden"]),
    ("globals.c", "O2", ["-g", "-gsplit-dwarf"]),
    ("text.c", "O2", ["-D_FORTIFY_SOURCE=2", "-fstack-protector-strong", "-ftrivial-auto-var-init=zero"]),
    ("vectors.cpp", "O3", ["-std=c++17", "-fno-exceptions", "-fno-rtti"]),
    ("shapes.cpp", "O2", ["-std=c++17", "-fno-asynchronous-unwind-tables"]),
]


@pytest.mark.parametrize(
    ("name", "level", "flags"), FLAGS, ids=lambda value: " ".join(value) if isinstance(value, list) else value
)
def test_with_a_projects_own_flags_the_base_pipeline_is_the_one_clang_runs(
    bench: Bench, name: str, level: str, flags: list[str]
) -> None:
    source = PROBES[name]
    argv = [bench.driver(source), f"-{level}", *flags, "-c", str(source)]
    assert check(bench.toolchain, argv, bench.cwd, level) is None
    assert list(bench.cwd.iterdir()) == []
