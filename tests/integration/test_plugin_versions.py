"""Versions of functions for newer CPUs: same results, on this CPU and on one that has none of it; and no more symbols."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from plugin_kit import Bench, Compiled, base, prepared

from autopass_cc.recipe import Insert, Recipe, build, load, parse
from autopass_cc.recipe.params import function_word

KERNEL = """
#include <stdio.h>
#include <stdint.h>
static uint64_t state = 7;
static uint64_t next(void) { state ^= state << 13; state ^= state >> 7; state ^= state << 17; return state; }
uint64_t bits(const uint64_t *a, int n) { uint64_t s = 0; for (int i = 0; i < n; i++) s += __builtin_popcountll(a[i]); return s; }
static void scale(double *restrict y, const double *restrict x, int n) { for (int i = 0; i < n; i++) y[i] = y[i] * 3.0 + x[i]; }
int less(const void *a, const void *b) {
  int s = 0; for (int i = 0; i < 4; i++) s += ((const char *)a)[i] - ((const char *)b)[i]; return s; }
int (*volatile held)(const void *, const void *) = less;
int main(void) {
  uint64_t a[999]; double x[999], y[999];
  for (int i = 0; i < 999; i++) { a[i] = next(); x[i] = (double)(a[i] % 1000) / 7; y[i] = i; }
  for (int r = 0; r < 50; r++) scale(y, x, 999);
  double sum = 0; for (int i = 0; i < 999; i++) sum += y[i];
  printf("%llu %a %d %d\\n", (unsigned long long)bits(a, 999), sum, held("abcd", "abce"), held == less);
}
"""


@pytest.fixture
def bench(clang: Path, tmp_path: Path) -> Bench:
    return Bench(prepared(clang), tmp_path)


def versions(bench: Bench, params: str, anchor: str = "loop-vectorize#1", level: str = "O3") -> Recipe:
    return build(base(bench.toolchain, level), level, bench.major, [Insert("function-versions", "before", anchor, params)])


def through(bench: Bench, source: Path, params: str = "avx2", *flags: str, anchor: str = "loop-vectorize#1") -> Compiled:
    found = bench.through(versions(bench, params, anchor), source, "-O3", *flags)
    assert (found.code, found.printed, found.log) == (0, b"", ("applied",))
    return found


def linked(bench: Bench, made: Compiled, *flags: str) -> Path:
    assert made.made is not None
    (bench.folder / "made.o").write_bytes(made.made)
    out = bench.folder / "made"
    subprocess.run([bench.driver(Path("a.c")), str(bench.folder / "made.o"), "-o", str(out), *flags], check=True)
    return out


def tool(bench: Bench, name: str, *arguments: str) -> str:
    return subprocess.run([str(bench.toolchain.tool(name)), *arguments], check=True, capture_output=True, text=True).stdout


def symbols(bench: Bench, made: Compiled, *kinds: str) -> list[str]:
    assert made.made is not None
    (bench.folder / "seen.o").write_bytes(made.made)
    return sorted(tool(bench, "llvm-nm", "--format=posix", *kinds, str(bench.folder / "seen.o")).splitlines())


def code_of(bench: Bench, made: Compiled, function: str) -> str:
    assert made.made is not None
    (bench.folder / "seen.o").write_bytes(made.made)
    return tool(
        bench, "llvm-objdump", "-d", "--no-show-raw-insn", f"--disassemble-symbols={function}", str(bench.folder / "seen.o")
    )


@pytest.mark.parametrize("anchor", ["loop-vectorize#1", "openmp-opt#1"])
def test_versions_compute_the_same_here_and_on_a_cpu_without_avx(bench: Bench, anchor: str) -> None:
    source = bench.source(KERNEL)
    plain = linked(bench, bench.compile(source, "-O3"))
    expected = subprocess.run([plain], capture_output=True, check=True).stdout
    tuned = linked(bench, through(bench, source, anchor=anchor))
    assert subprocess.run([tuned], capture_output=True, check=True).stdout == expected
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        pytest.skip("qemu-user is not installed")
    for cpu in ("qemu64", "max"):
        assert subprocess.run([emulator, "-cpu", cpu, str(tuned)], capture_output=True, check=True).stdout == expected


def test_a_version_uses_what_newer_cpus_have_and_the_base_does_not(bench: Bench) -> None:
    made = through(bench, bench.source(KERNEL))
    assert "popcnt" in code_of(bench, made, "bits.avx2") or "vpshufb" in code_of(bench, made, "bits.avx2")
    assert "%ymm" not in code_of(bench, made, "bits.base")
    entry = code_of(bench, made, "bits")
    assert "jmp" in entry
    assert "push" not in entry  # it asks, and goes on: no frame of its own


def test_no_symbol_is_added_that_others_see(bench: Bench) -> None:
    source = bench.source(KERNEL)
    plain, tuned = bench.compile(source, "-O3"), through(bench, source)
    assert [line.split()[0] for line in symbols(bench, tuned, "--extern-only", "--defined-only")] == [
        line.split()[0] for line in symbols(bench, plain, "--extern-only", "--defined-only")
    ]
    assert symbols(bench, tuned, "--undefined-only") == symbols(bench, plain, "--undefined-only")


def test_only_named_functions_and_only_loops_as_deep_as_asked_get_versions(bench: Bench) -> None:
    source = bench.source(KERNEL)

    def made(params: str) -> set[str]:
        names = (line.split()[0] for line in symbols(bench, through(bench, source, params), "--defined-only"))
        return {name.removesuffix(".avx2") for name in names if name.endswith(".avx2") and not name.startswith("autopass")}

    assert made("avx2") == {"bits", "main"}  # the others have no loop left, or are inlined
    assert made(f"avx2;{function_word('bits')}") == {"bits"}
    assert made(f"avx2;{function_word('bits')};{function_word('main')}") == {"bits", "main"}
    assert made("avx2;loops=3") == set()


@pytest.mark.parametrize(
    "body",
    [
        'void f(int *a, int n) { for (int i = 0; i < n; i++) a[i] *= 3; asm volatile("label_of_mine: nop"); }',
        "int f(int n, ...) { int s = 0; for (int i = 0; i < n; i++) s += i * n ^ s; return s; }",
        "typedef float wide __attribute__((vector_size(32)));\nwide f(wide x, int n) {"
        " for (int i = 0; i < n; i++) x *= x; return x; }",
        "int f(int n) { static void *to[] = {&&one, &&two}; int s = n; again: goto *to[s & 1];\n"
        "one: s += 3; if (s < 1000) goto again; two: s += 5; if (s < 900) goto again; return s; }",
        "#include <setjmp.h>\njmp_buf b;\nint f(int n) {"
        " volatile int s = 0; for (int i = 0; i < n; i++) if (setjmp(b)) s += i; return s; }",
        '__attribute__((target("avx"))) void f(int *a, int n) { for (int i = 0; i < n; i++) a[i] *= 3; }',
        "__attribute__((weak)) void f(int *a, int n) { for (int i = 0; i < n; i++) a[i] *= 3; }",
        '__attribute__((section("mine"))) void f(int *a, int n) { for (int i = 0; i < n; i++) a[i] *= 3; }',
        "void f(int *a, int n) { (void)a; (void)n; }",
    ],
    ids=["label", "varargs", "wide", "goto", "setjmp", "own-target", "weak", "section", "no-loop"],
)
def test_what_cannot_be_copied_safely_stays_as_it_is(bench: Bench, body: str) -> None:
    source = bench.source(body + "\n")
    found = through(bench, source, "avx2", "-w")
    assert found.made == bench.compile(source, "-O3", "-w").made


@pytest.mark.parametrize("flags", [("-mavx2",), ("-march=haswell",), ("-mno-avx",), ("-ffreestanding",)])
def test_code_for_a_cpu_of_its_own_stays_as_it_is(bench: Bench, flags: tuple[str, ...]) -> None:
    source = bench.source("void f(int *a, int n) { for (int i = 0; i < n; i++) a[i] *= 3; }\n")
    assert through(bench, source, "avx2", *flags).made == bench.compile(source, "-O3", *flags).made


def test_debug_information_and_exceptions_survive(bench: Bench) -> None:
    code = (
        "#include <cstdio>\n#include <vector>\n"
        "static int risky(std::vector<int> &v, int n) { for (int i = 0; i < n; i++) { v.at(i) += i; } return n; }\n"
        'int main() { std::vector<int> v(5); try { risky(v, 9); } catch (...) { std::printf("caught %d\\n", v[4]); } }\n'
    )
    source = bench.source(code, "a.cpp")
    for anchor in ("loop-vectorize#1", "openmp-opt#1"):
        made = through(bench, source, "avx2", "-g", anchor=anchor)
        out = bench.folder / "a"
        (bench.folder / "a.o").write_bytes(made.made or b"")
        subprocess.run([bench.driver(source), str(bench.folder / "a.o"), "-o", str(out)], check=True)
        assert subprocess.run([out], capture_output=True, check=True).stdout == b"caught 4\n"
        assert "error:" not in tool(bench, "llvm-dwarfdump", "--verify", str(bench.folder / "a.o"))


def test_tuning_for_a_cpu_changes_the_order_and_no_instruction_set(bench: Bench) -> None:
    source = bench.source(KERNEL)
    first = "annotation2metadata#1"
    recipe = build(base(bench.toolchain, "O3"), "O3", bench.major, [Insert("tune-cpu", "before", first, "znver3")])
    found = bench.through(recipe, source, "-O3")
    assert (found.code, found.printed, found.log) == (0, b"", ("applied",))
    assert found.made == bench.compile(source, "-O3", "-mtune=znver3").made


def test_every_cpu_to_tune_for_is_known_to_the_compiler(bench: Bench) -> None:
    source = bench.source("int f(int *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }\n")
    for cpu in load(bench.major).passes["tune-cpu"].params.choices:
        edits = [Insert("tune-cpu", "before", "annotation2metadata#1", cpu)]
        found = bench.through(build(base(bench.toolchain, "O3"), "O3", bench.major, edits), source, "-O3")
        assert (found.code, found.printed, found.log) == (0, b"", ("applied",)), cpu


def test_versions_can_be_made_wherever_an_edit_may_put_them(bench: Bench) -> None:
    source, rng = bench.source(KERNEL), random.Random(bench.major)
    expected = subprocess.run([linked(bench, bench.compile(source, "-O3"))], capture_output=True, check=True).stdout
    for anchor in rng.sample(sorted(parse(base(bench.toolchain, "O3")).sites()), 8):
        tuned = linked(bench, through(bench, source, anchor=anchor))
        assert subprocess.run([tuned], capture_output=True, check=True).stdout == expected, anchor
