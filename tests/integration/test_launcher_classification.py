"""Which commands the launcher touches, and the reason it gives for each that it does not: under the sanitizers.

tests/fidelity/ holds the same decisions of the launcher that is installed, before real compilers.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from launcher_kit import World

COMPILES = [
    "-O2 -c a.c",
    "-c a.c -O2 -o a.o",
    "-c a.c -O -oa.o",
    "-O1 -c ./a.c",
    "-O3 -c -x c a.c",
    "-Os -c -xc++ a.c",
    "-O4 -c a.c",
    "-O0 -O2 -c a.c",
    "-Ofast -O2 -c a.c",
    "-O2 -c b.cpp -std=c++20 -fno-exceptions -fno-rtti",
    "-O2 -c -x c++ b.cpp -x none",
    "-O2 -c a.c -MMD -MP -MF a.d -MT a.o",
    "-O2 -c a.c -Wp,-MMD,a.d -Wp,-D_FORTIFY_SOURCE=2",
    "-O2 -c a.c -Wall -Wextra -Werror -Weverything -pedantic -pipe",
    "-O2 -c a.c -march=native -mtune=native -mavx2 -m64",
    "-O2 -c a.c -g -gdwarf-5 -gsplit-dwarf",
    "-O2 -c a.c -fPIC -fvisibility=hidden -ffunction-sections -fno-plt -fopenmp -pthread",
    "-O2 -c a.c -DX -D Y=1 -U Z -I. -I include -isystem /usr/include -include stddef.h -iquote .",
    "-O2 -c a.c -ffast-math -fno-vectorize -fno-strict-aliasing -ffp-contract=off",
    "-O2 -c a.c -fno-sanitize=all -fno-lto -fno-profile-generate -fno-modules",
    "-O2 -c a.c -target x86_64-linux-gnu --sysroot=/ --sysroot /",
    "-O2 -c a.c -ffile-prefix-map=/x=y -fdebug-compilation-dir=/ -fdebug-compilation-dir /",
    "-O2 -c a.c -L/usr/lib -lm -Wl,-O1 -Xlinker -x -z now -fuse-ld=lld",
    "-O2 -c a.c -fcolor-diagnostics -fdiagnostics-color=always --serialize-diagnostics a.dia",
    "-O2 -c -- a.c",
]

PASSES = {
    "query": ["--version", "-dumpmachine", "-print-prog-name=ld", "-### -c a.c", "-cc1 -version", "--help"],
    "no-input": ["", "-c", "-O2"],
    "link": ["a.o -o a", "-shared -o liba.so a.o -lm", "-v a.o", "-flto a.o", "-fsanitize=address a.o b.o"],
    "compile-and-link": ["a.c -o a", "a.c b.cpp -O2 -o a", "-O2 a.c b.o"],
    "several-inputs": ["-O2 -c a.c b.cpp", "-O2 -c a.c b.o", "-O2 -c a.c -x none foo"],
    "other-phase": [
        "-E a.c",
        "-O2 -S a.c",
        "-M a.c",
        "-MM a.c",
        "-fsyntax-only a.c",
        "-E -dM -x c /dev/null",
        "-O2 -c -emit-llvm a.c",
        "--analyze a.c",
        "-O2 -c a.c -E",
    ],
    "language": [
        "-O2 -c a.s",
        "-O2 -c a.S",
        "-O2 -c a.ll",
        "-O2 -c a.bc",
        "-O2 -c a.m",
        "-O2 -c a.cu",
        "-O2 -c -x assembler a.c",
        "-O2 -c -x ir a.c",
        "-O2 -c -ObjC a.c",
        "-O2 -c a.o",
        "-O2 -c noextension",
        "-O2 -c a.cppm",
        "-O2 -c -x objective-c++ b.cpp",
    ],
    "header": ["-O2 -c a.h", "-O2 -x c-header -c a.h -o a.h.pch", "-O2 -c -x c++-header a.hpp"],
    "special-file": [
        "-O2 -c -x c -",
        "-O2 -c -x c /dev/null",
        "-Werror -c -x c /dev/null -o tmp",
        "-O2 -c a.c -o -",
        "-O2 -c a.c -o /dev/null",
    ],
    "no-source": ["-O2 -c nope.c", "-O2 -c directory.c"],
    "level": ["-c a.c", "-O0 -c a.c", "-Og -c a.c", "-Oz -c a.c", "-Ofast -c a.c", "-O2 -O0 -c a.c", "-O2x -c a.c"],
    "unknown-option": [
        "-O2 -c a.c -Qunknown",
        "-O2 -c a.c --wibble",
        "-O2 -c a.c -y",
        "-O2 -c a.c -Wp,-DX,-DY",
        "-c a.c -D",
        "-O2 -c a.c -sectcreate one two three",
        "-O2 -c a.c -segaddr one",
        "-O2 -c a.c -object-file-name x",
        "-O2 -c a.c -umbrella x",
    ],
    "optimizer-option": [
        "-O2 -c a.c -mllvm -inline-threshold=5",
        "-O2 -c a.c -mllvm=-inline-threshold=5",
        "-O2 -c a.c -Xclang -disable-llvm-passes",
        "-O2 -c a.c -fplugin=/x.so",
        "-O2 -c a.c -fpass-plugin=/x.so",
    ],
    "instrumented": [
        "-O2 -c a.c -fsanitize=address",
        "-O2 -c a.c -fsanitize-coverage=edge",
        "-O2 -c a.c --coverage",
        "-O2 -c a.c -fprofile-generate",
        "-O2 -c a.c -fprofile-use=x",
        "-O2 -c a.c -fcs-profile-generate",
        "-O2 -c a.c -pg",
        "-O2 -c a.c -fxray-instrument",
        "-O2 -c a.c -finstrument-functions",
        "-O2 -c a.c -fpatchable-function-entry=2",
        "-O2 -c a.c -fpseudo-probe-for-profiling",
    ],
    "lto": ["-O2 -c a.c -flto", "-O2 -c a.c -flto=thin", "-O2 -c a.c -ffat-lto-objects", "-O2 -c a.c -fembed-bitcode"],
    "modules": [
        "-O2 -c b.cpp -fmodules",
        "-O2 -c b.cpp -fmodule-file=x=y.pcm",
        "-O2 -c b.cpp -fprebuilt-module-path=.",
    ],
    "offload": ["-O2 -c a.c -fopenmp -fopenmp-targets=x", "-O2 -c a.c --offload-arch=sm_50"],
    "optimizer-report": [
        "-O2 -c a.c -fsave-optimization-record",
        "-O2 -c a.c -Rpass=inline",
        "-O2 -c a.c -ftime-report",
        "-O2 -c a.c -ftime-trace=x.json",
        "-O2 -c a.c -fstack-usage",
        "-O2 -c a.c -fproc-stat-report",
    ],
    "records-arguments": [
        "-O2 -c a.c -MJ x.json",
        "-O2 -g -c a.c -grecord-command-line",
        "-O2 -c a.c -frecord-gcc-switches",
    ],
    "external-assembler": ["-O2 -c a.c -fno-integrated-as", "-O2 -c a.c -no-integrated-as"],
    "save-temps": ["-O2 -c a.c -save-temps", "-O2 -c a.c --save-temps=obj"],
    "verbose": ["-O2 -v -c a.c", "-v"],
    "architectures": ["-O2 -c a.c -arch x86_64", "-O2 -c a.c -Xarch_host -O3", "-O2 -c a.c -Xarch_x86_64 x.c"],
    "config-file": ["-O2 -c a.c --config=./x.cfg", "-O2 -c a.c --config x.cfg", "-O2 -c a.c --config-user-dir=."],
    "driver-mode": ["-O2 -c a.c --driver-mode=cl"],
    "probe": [
        "-O2 -c conftest.c",
        "-O2 -c tmp.conftest.c",
        "-o conftest conftest.c",
        "-O2 -c CMakeFiles/CMakeTmp/x.c",
        "-O2 -c a.c -o CMakeFiles/cmTC_1a2b3.dir/testCCompiler.c.o",
        "-O2 -c meson-private/tmp1/testfile.c",
    ],
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, kind="sanitize")
    (world.project / "directory.c").mkdir()
    return world


@pytest.mark.parametrize("line", COMPILES)
def test_a_plain_compile_may_carry_a_recipe(world: World, line: str) -> None:
    assert world.reason(*line.split()) == "no-recipe"


@pytest.mark.parametrize(("reason", "line"), [(reason, line) for reason, lines in PASSES.items() for line in lines])
def test_every_other_command_passes_with_its_reason(world: World, reason: str, line: str) -> None:
    assert world.reason(*line.split()) == reason


def test_a_name_that_begins_like_a_probe_is_an_ordinary_source(world: World) -> None:
    (world.project / "conftest_helper.c").write_text("int x;\n")
    assert world.reason("-O2", "-c", "conftest_helper.c") == "no-recipe"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x.c", "no-recipe"),
        ("x.i", "no-recipe"),
        ("x.cc", "no-recipe"),
        ("x.cxx", "no-recipe"),
        ("x.C", "no-recipe"),
        ("x.c++", "no-recipe"),
        ("x.ii", "no-recipe"),
        ("x y.c", "no-recipe"),
        ("x.y.c", "no-recipe"),
        (".c", "no-recipe"),
        ("x.", "language"),
        ("x.mm", "language"),
        ("x.hh", "header"),
    ],
)
def test_the_extension_names_the_language(world: World, name: str, reason: str) -> None:
    (world.project / name).write_text("int x;\n")
    assert world.reason("-O2", "-c", name) == reason


def test_a_source_that_looks_like_an_option_stands_behind_two_dashes(world: World) -> None:
    (world.project / "-weird.c").write_text("int x;\n")
    assert world.reason("-O2", "-c", "--", "-weird.c") == "no-recipe"


def test_names_are_bytes(world: World) -> None:
    name = b"caf\xe9.c"
    Path(os.fsdecode(os.fsencode(world.project) + b"/" + name)).write_text("int x;\n")
    assert world.reason("-O2", "-c", name) == "no-recipe"


@pytest.mark.parametrize(
    "variable",
    [
        "CCC_OVERRIDE_OPTIONS",
        "QA_OVERRIDE_GCC3_OPTIONS",
        "CC_PRINT_OPTIONS",
        "CC_PRINT_PROC_STAT_FILE",
        "CC_LOG_DIAGNOSTICS",
        "CLANG_CONFIG_PATH",
        "FORCE_CLANG_DIAGNOSTICS_CRASH",
    ],
)
def test_variables_that_change_clang_itself_are_left_to_it(world: World, variable: str) -> None:
    assert world.reason("-O2", "-c", "a.c", env={variable: "1"}) == "environment"


@pytest.mark.parametrize("status", ["refused", "wibble"])
def test_a_refused_toolchain_is_left_alone(world: World, status: str) -> None:
    world.know(world.compiler, status=status)
    assert world.reason("-O2", "-c", "a.c") == "refused-toolchain"


def test_a_compiler_that_was_never_looked_at_is_left_alone(world: World) -> None:
    world.know()
    assert world.reason("-O2", "-c", "a.c") == "unknown-toolchain"
    (world.home / "toolchains").unlink()
    assert world.reason("-O2", "-c", "a.c") == "unknown-toolchain"


def test_a_compiler_that_changed_since_is_a_stranger(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "clang-copy"
    copy.write_bytes(world.compiler.read_bytes())
    copy.chmod(0o755)
    world.know(copy)
    assert world.reason("-O2", "-c", "a.c", env={"AUTOPASS_CLANG": str(copy)}) == "no-recipe"
    os.utime(copy, ns=(1, 1))
    assert world.reason("-O2", "-c", "a.c", env={"AUTOPASS_CLANG": str(copy)}) == "unknown-toolchain"


def test_switched_off_leaves_no_trace(world: World) -> None:
    world.record()
    call = world.call("-O2", "-c", "a.c", env={"AUTOPASS": "off"})
    assert call.argv == [b"-O2", b"-c", b"a.c"]
    assert world.log() == []
    assert world.records() == []
