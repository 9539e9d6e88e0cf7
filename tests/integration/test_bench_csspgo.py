"""CSSPGO does what its name says: probes, contexts that are told apart, counts that are true, and a compiler that uses them."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from autopass_cc.agents.prepare import launcher
from autopass_cc.bench.branch_stacks import LEAST, SOFTWARE, TRACER, record
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.csspgo import BUILD, PROBES, csspgo
from autopass_cc.bench.manifest import BenchProgram
from autopass_cc.bench.profgen import profiled
from autopass_cc.bench.sampled import RECORDS, autofdo
from autopass_cc.bench.site import Compilers, Site
from autopass_cc.errors import BenchError
from autopass_cc.toolchain import registry
from autopass_cc.toolchain.describe import Toolchain

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="branch stacks in software need x86-64")

# `pick` goes one way in 1 of 16 calls from `left`, and in 15 of 16 from `right`; KEPT decides whether it is
# ever inlined; the assembly keeps the branch a branch.
SOURCE = """#include <stdio.h>
#include <stdlib.h>
static volatile unsigned rare = 1, often = 15, ones, others;
KEPT static void pick(unsigned x, unsigned limit) {
  if (x % 16 < limit) { __asm__ volatile("# one"); ones++; } else { __asm__ volatile("# other"); others++; }
}
__attribute__((noinline)) static void left(unsigned x) { pick(x, rare); }
__attribute__((noinline)) static void right(unsigned x) { pick(x, often); }
int main(int argc, char **argv) {
  unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 1, seed = 1;
  for (unsigned i = 0; i < rounds; i++) {
    seed = seed * 1103515245u + 12345u;
    left(seed >> 16); right(seed >> 16);
  }
  printf("%u %u\\n", ones, others);
  return 0;
}
"""
TEXT = ("--format=text", "--gen-cs-nested-profile=0", "--csspgo-preinliner=0", "--csprof-merge-cold-context=0")


@dataclass
class Case:
    """A program in a folder of its own, and what a method is given of it."""

    contest: Contest
    folder: Path

    @property
    def toolchain(self) -> Toolchain:
        return self.contest.toolchain

    def compiled(self, *flags: str) -> tuple[str, str]:
        """Return the optimised module's text, and what the compiler said."""
        argv = [str(self.toolchain.clang), *self.contest.program.flags, *flags, "-S", "-emit-llvm", "-o", "-", "prog.c"]
        done = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout, done.stderr


@pytest.fixture(params=["__attribute__((noinline))", "inline"])
def case(request: pytest.FixtureRequest, tmp_path: Path, ready: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    assert ready.is_dir()
    monkeypatch.setattr("autopass_cc.bench.branch_stacks.shutil", SimpleNamespace(which=lambda _name: None))  # no perf
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "prog.c").write_text(SOURCE)
    program = BenchProgram(
        "prog",
        folder,
        "",
        run=(("./prog", "1000"),),
        train=(("./prog", "20000000"),),
        sources=("prog.c",),
        flags=("-O2", f"-DKEPT={request.param}"),
    )
    toolchain = registry.ensure()
    compilers = Compilers(str(toolchain.clang), str(toolchain.clangxx))
    contest = SimpleNamespace(program=program, site=Site(tmp_path / "site", program), toolchain=toolchain, compilers=compilers)
    return Case(cast("Contest", contest), folder)


def contexts(text: str) -> dict[str, dict[int, int]]:
    """Return the counts by probe of each context of a profile, whose name is that of its functions: `main @ left @ pick`."""
    found: dict[str, dict[int, int]] = {}
    counts: dict[int, int] = {}
    for line in text.splitlines():
        if head := re.match(r"\[(.*)\]:\d+:\d+$", line):
            name = re.sub(r"_ZL\d+(pick|left|right)\w*\.__uniq\.\d+", r"\1", re.sub(r":[\d.]+", "", head[1]))
            counts = found.setdefault(name, {})
        elif body := re.match(r" (\d+): (\d+)", line):
            counts[int(body[1])] = counts.get(int(body[1]), 0) + int(body[2])
    return found


def share(counts: Mapping[int, int]) -> float:
    """Return how often the first of two ways was gone: `pick` has probe 1 at its entry, 2 and 4 on its ways."""
    return counts[2] / (counts[2] + counts[4])


def test_a_function_has_a_profile_for_each_caller_and_each_is_true(case: Case) -> None:
    contest = case.contest
    folder = contest.site.copy("train")
    contest.site.build(folder, contest.compilers, BUILD)
    stacks = record(contest, folder, folder / "prog")
    assert stacks.remark == SOFTWARE
    profile = case.folder / "profile.txt"
    said = profiled(contest, folder / "prog", stacks.text, profile, *TEXT)
    shares = re.findall(r"([\d.]+)%\(\d+/\d+\) of (?:samples|branches|truncated)", said)
    assert all(float(each) < 1 for each in shares), said  # nothing is odd but where a library calls, or is called
    found = contexts(profile.read_text())
    left, right = found["main @ left @ pick"], found["main @ right @ pick"]
    assert share(left) == pytest.approx(1 / 16, abs=0.03)
    assert share(right) == pytest.approx(15 / 16, abs=0.03)
    for counts in (left, right):
        assert counts[2] + counts[4] == pytest.approx(counts[1], rel=0.05)
    assert left[1] / right[1] == pytest.approx(1, abs=0.15)  # they are called in turns


def check_weights(case: Case, *flags: str) -> None:
    """Check that a compile with a profile weighs branches as often as they were taken."""
    text, said = case.compiled(*flags, "-Wall", "-Wextra", "-Werror")
    assert said == ""
    assert "function_entry_count" in text
    weights = [tuple(map(int, each)) for each in re.findall(r'!"branch_weights", i32 (\d+), i32 (\d+)', text)]
    ratios = sorted(first / (first + second) for first, second in weights)
    if "noinline" in case.contest.program.flags[1]:
        # one body for both callers, so one weight: as often this way as that
        assert any(0.35 < ratio < 0.65 for ratio in ratios)
    else:
        assert any(ratio < 0.15 for ratio in ratios)  # inlined into both, each with its caller's own
        assert any(ratio > 0.85 for ratio in ratios)


def test_the_compiler_finds_the_profile_its_own_and_weighs_branches_by_it(case: Case) -> None:
    entrant = csspgo(case.contest, "csspgo")
    assert entrant.facts["remark"] == SOFTWARE
    assert entrant.facts["samples"] >= LEAST
    assert entrant.flavour.flags[0] == PROBES
    check_weights(case, *entrant.flavour.flags)
    plain, _ = case.compiled(PROBES)
    assert "function_entry_count" not in plain
    assert "branch_weights" not in plain


def test_a_build_with_the_profile_is_another_program_with_the_same_answer(case: Case) -> None:
    entrant, site, contest = csspgo(case.contest, "csspgo"), case.contest.site, case.contest
    outputs, codes = [], []
    for name, flags in (("plain", ()), ("probed", (PROBES,)), ("profiled", entrant.flavour.flags)):
        folder = site.copy(name)
        site.build(folder, contest.compilers, flags)
        outputs.append(subprocess.run([folder / "prog", "100000"], capture_output=True, check=True).stdout)
        copied = [str(case.toolchain.tool("llvm-objcopy")), "-O", "binary", "--only-section=.text", "prog", "code"]
        subprocess.run(copied, cwd=folder, check=True)
        codes.append((folder / "code").read_bytes())
    assert len(set(outputs)) == 1
    assert codes[2] != codes[1]  # by the profile, not by the probes


def test_a_program_without_probes_is_no_entrant(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autopass_cc.bench.csspgo.BUILD", BUILD[1:])
    with pytest.raises(BenchError, match="without pseudo probes"):
        csspgo(case.contest, "csspgo")
    assert not (case.contest.site.place / "csspgo.prof").exists()


# A perf on a machine with branch records: they come from the tracer, without the callers, which perf was not asked for.
PERF = """#!{python}
import os, subprocess, sys
words = sys.argv[1:]
if words[0] == "script":
    with open(words[words.index("-i") + 1]) as samples:
        sys.stdout.writelines(line for line in samples if not line.startswith(chr(9)))
elif words[-1] != "true":
    data, command = words[words.index("-o") + 1], words[words.index("--") + 1:]
    sys.exit(subprocess.call([{tracer!r}, data, os.path.realpath(command[0]), *command]))
"""


def test_where_the_machine_keeps_branch_records_autofdo_is_made_of_them(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perf = tmp_path / "perf"
    perf.write_text(PERF.format(python=sys.executable, tracer=str(launcher().with_name(TRACER))))
    perf.chmod(0o755)
    ours = SimpleNamespace(which=lambda _name: str(perf), rmtree=shutil.rmtree)
    monkeypatch.setattr("autopass_cc.bench.sampled.shutil", ours)
    entrant = autofdo(case.contest, "autofdo")
    assert entrant.facts["remark"] == RECORDS
    assert entrant.facts["samples"] >= LEAST
    check_weights(case, "-gline-tables-only", "-fdebug-info-for-profiling", *entrant.flavour.flags)
