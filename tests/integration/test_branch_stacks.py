"""Branch stacks in software: what is told is what the program did, and the program does not notice."""

from __future__ import annotations

import itertools
import platform
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_project import BIN

TRACER = BIN / "autopass-branch-stacks"
pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the tracer knows x86-64 alone")

# A branch that is taken or not by the caller's wish (the assembly keeps it one); `work` has callers through a library, too.
SOURCE = """#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static volatile unsigned rare = 1, often = 15, ones, others;
__attribute__((noinline)) void work(unsigned x, unsigned limit) {
  if (x % 16 < limit) { __asm__ volatile("# one"); ones++; } else { __asm__ volatile("# other"); others++; }
}
__attribute__((noinline)) void left(unsigned x) { work(x, rare); others++; }
__attribute__((noinline)) void right(unsigned x) { work(x, often); ones++; }
static int order(const void *a, const void *b) {
  work(*(const unsigned *)a, rare);
  return (*(const unsigned *)a > *(const unsigned *)b) - (*(const unsigned *)a < *(const unsigned *)b);
}
static void heard(int number) { left((unsigned)number); }
int main(int argc, char **argv) {
  unsigned rounds = (unsigned)atoi(argv[1]), seed = 1;
  static unsigned data[512];
  signal(SIGUSR1, heard);
  for (unsigned i = 0; i < rounds; i++) {
    seed = seed * 1103515245u + 12345u;
    left(seed >> 16); right(seed >> 16);
    if (i % 4096 == 0) {
      for (unsigned k = 0; k < 512; k++) data[k] = seed * (k + 1);
      qsort(data, 512, sizeof *data, order);
      raise(SIGUSR1);
    }
  }
  printf("%u %u %u\\n", ones, others, data[7]);
  if (argc > 2) abort();
  return 3;
}
"""
ROUNDS = "3000000"


class Binary:
    """A program with what its disassembly says: addresses in order, where branches are, what is a function."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
        self.words: dict[int, str] = {}
        self.function: dict[int, str] = {}
        name = ""
        for line in text.splitlines():
            if found := re.match(r"[0-9a-f]+ <(.*)>:$", line):
                name = found[1]
            elif found := re.match(r"\s+([0-9a-f]+):\s+(?:(?:bnd|notrack|data16|cs) )*(\S+)", line):
                self.words[int(found[1], 16)], self.function[int(found[1], 16)] = found[2], name


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Binary:
    folder = tmp_path_factory.mktemp("traced")
    (folder / "prog.c").write_text(SOURCE)
    flags = ["-O2", "-g", "-no-pie", "-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer"]
    subprocess.run(["clang-22", *flags, "-o", "prog", "prog.c"], cwd=folder, check=True)
    return Binary(folder / "prog")


def traced(binary: Binary, *words: str) -> tuple[subprocess.CompletedProcess[str], str]:
    out = binary.path.with_name("stacks.txt")
    out.unlink(missing_ok=True)
    argv = [str(TRACER), str(out), str(binary.path), *words]
    done = subprocess.run(argv, cwd=binary.path.parent, capture_output=True, text=True, check=False, timeout=120)
    return done, out.read_text()


def samples(text: str) -> Iterator[tuple[list[int], list[tuple[int, int]]]]:
    """Yield the callers, the running function first, and the branches, the oldest first."""
    for part in text.split("\n\n"):
        rows = [line for line in part.splitlines() if "PERF_RECORD" not in line]
        if rows:
            pairs = [each.split("/")[:2] for each in rows[-1].split()]
            yield [int(row, 16) for row in rows[:-1]], [(int(a, 16), int(b, 16)) for a, b in reversed(pairs)]


@pytest.fixture(scope="module")
def run(binary: Binary) -> tuple[subprocess.CompletedProcess[str], str]:
    return traced(binary, "./prog", ROUNDS)


def test_the_program_runs_as_it_would_alone(binary: Binary, run: tuple[subprocess.CompletedProcess[str], str]) -> None:
    alone = subprocess.run(["./prog", ROUNDS], cwd=binary.path.parent, capture_output=True, text=True, check=False)
    assert (run[0].returncode, run[0].stdout, run[0].stderr) == (3, alone.stdout, "")


def test_what_ends_the_program_ends_the_tracer(binary: Binary) -> None:
    assert traced(binary, "./prog", "1000", "abort")[0].returncode == -signal.SIGABRT
    done, text = traced(binary, "./missing")
    assert (done.returncode, text) == (127, "")
    assert "missing" in done.stderr


def test_the_program_is_found_behind_another_that_becomes_it(binary: Binary) -> None:
    _, text = traced(binary, "/bin/sh", "-c", f"exec ./prog {ROUNDS}")
    assert len(list(samples(text))) > 20
    assert text.count("PERF_RECORD_MMAP2") == 1


def test_branches_are_branches_and_between_two_of_them_runs_straight_code(
    binary: Binary, run: tuple[subprocess.CompletedProcess[str], str]
) -> None:
    found = list(samples(run[1]))
    assert len(found) > 100
    addresses = sorted(binary.words)
    number = {address: index for index, address in enumerate(addresses)}
    for _, branches in found:
        for source, target in branches:
            assert source in binary.words or target in binary.words
            if source in binary.words:
                assert re.match(r"j|call|ret", binary.words[source]), hex(source)
        for (_, begin), (end, _) in itertools.pairwise(branches):
            assert (begin in binary.words) == (end in binary.words), (hex(begin), hex(end))
            if begin in binary.words:
                passed = [binary.words[addresses[index]] for index in range(number[begin], number[end])]
                assert begin <= end
                assert not any(re.match(r"jmp|call|ret", word) for word in passed), (hex(begin), hex(end))


def test_a_branch_is_taken_as_often_as_it_really_is_and_by_whom(
    binary: Binary, run: tuple[subprocess.CompletedProcess[str], str]
) -> None:
    """In `work` one conditional jump comes first; the truth is 1 and 15 in 16."""
    inside: dict[str, Counter[str]] = {"left": Counter(), "right": Counter()}
    for _, branches in samples(run[1]):
        for (source, target), (following, _) in itertools.pairwise(branches):
            caller = binary.function.get(source, "")
            if caller in inside and binary.function.get(target) == "work":
                inside[caller]["jumps" if re.match(r"j(?!mp)", binary.words[following]) else "falls"] += 1
    shares = {caller: counts["jumps"] / counts.total() for caller, counts in inside.items()}
    assert min(counts.total() for counts in inside.values()) > 500
    assert min(shares.values()) == pytest.approx(1 / 16, abs=0.03)
    assert max(shares.values()) == pytest.approx(15 / 16, abs=0.03)
    calls = {caller: counts.total() for caller, counts in inside.items()}
    assert calls["left"] / calls["right"] == pytest.approx(1, abs=0.15)  # they take turns


def test_callers_are_whole_to_main_or_to_a_library(binary: Binary, run: tuple[subprocess.CompletedProcess[str], str]) -> None:
    chains = Counter(tuple(binary.function.get(frame, "?") for frame in frames) for frames, _ in samples(run[1]))
    assert all(chain[-1] == "?" and "?" not in chain[:-1] for chain in chains)  # what called main, or qsort
    known = {
        ("main", "?"),
        ("left", "main", "?"),
        ("right", "main", "?"),
        ("work", "left", "main", "?"),
        ("work", "right", "main", "?"),
        ("order", "?"),
        ("work", "order", "?"),
        ("heard", "?"),
    }
    began = {"_start", "_init", "_fini", "frame_dummy", "register_tm_clones", "deregister_tm_clones", "__do_global_dtors_aux"}
    assert {chain for chain in chains if chain[0] not in began} <= known  # a sample may fall before or after main
    assert sum(chains.values()) > 100
