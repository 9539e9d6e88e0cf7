"""A small project for tests of the whole loop, and a runner for which smaller code is faster.

Programs really run, and their output is what they print; only the time is made up, from the size of the linked code
and a little noise. So the loop does its real work, and no test depends on the machine.
"""

from __future__ import annotations

import dataclasses
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from autopass_cc.agents import baseline, search, strategy
from autopass_cc.agents.minds import versions
from autopass_cc.digest import digest_of
from autopass_cc.measure.local import LocalRunner
from autopass_cc.measure.runner import Command, Conditions, Sample

BIN = Path(sys.executable).parent
SOURCES = {
    "main.c": """#include <stdio.h>
#include <stdlib.h>
unsigned kernel(const unsigned *data, int n);
int main(int argc, char **argv) {
  enum { N = 4096 };
  static unsigned data[N];
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  unsigned sum = 0;
  for (int i = 0; i < N; i++) data[i] = (unsigned)i * 2654435761u;
  for (int r = 0; r < rounds; r++) sum = sum * 31 + kernel(data, N - r % 7);
  printf("%u\\n", sum);
  return 0;
}
""",
    "kernel.c": """unsigned kernel(const unsigned *data, int n) {
  unsigned best = 0, sum = 0;
  for (int i = 0; i < n; i++) {
    if (data[i] > best) best = data[i];
    sum += data[i] ^ best;
  }
  return sum;
}
""",
    "Makefile": """prog: main.o kernel.o
\t$(CC) -o $@ main.o kernel.o
%.o: %.c
\t$(CC) -O2 -c -o $@ $<
clean:
\trm -f prog *.o
""",
    "autopass.toml": """run = ["./prog", "3000"]
checks = [["./prog", "3"], ["./prog", "10"]]
time_limit = 20
""",
}


def create(root: Path) -> Path:
    """Write the project's files."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in SOURCES.items():
        (root / name).write_text(text)
    return root


def autopass(*words: str, cwd: Path, code: int = 0, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would and check its exit code."""
    argv = [sys.executable, "-m", "autopass_cc.cli.main", *words]
    done = subprocess.run(argv, cwd=cwd, env=environment() | (env or {}), capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def environment() -> dict[str, str]:
    """Return an environment in which the installed launcher is found."""
    return os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def make(root: Path, *words: str, env: dict[str, str] | None = None) -> None:
    """Build with CC=autopass-cc."""
    subprocess.run(
        ["make", "-s", *words], cwd=root, env=environment() | {"CC": "autopass-cc"} | (env or {}), check=True, capture_output=True
    )


def made_up(patch: pytest.MonkeyPatch) -> None:
    """Let work in this process make its times up, and try few candidates a wave."""
    patch.setattr(baseline, "LocalRunner", SmallIsFast)
    patch.setattr(versions, "for_cpu", lambda *_words: iter(()))  # where small is fast, further versions of functions never win
    # the loop is the same, and the test is short
    patch.setattr(search, "THOROUGH", dataclasses.replace(strategy.THOROUGH, first_wave=8, wave=4))
    SmallIsFast.runs = 0


def recorded(root: Path, patch: pytest.MonkeyPatch, identity: str = "") -> Path:
    """Create the project, with an id where one is given, and record its build; work in this process makes its times up."""
    made_up(patch)
    create(root)
    if identity:
        toml = root / "autopass.toml"
        toml.write_text(f'id = "{identity}"\n{toml.read_text()}')
    autopass("init", cwd=root)
    make(root)
    return root


class Silent:
    """A listener that keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        """Keep one."""
        self.lines.append(text)

    def progress(self, text: str) -> None:
        """Take what a terminal shows for a moment: one line."""
        assert "\n" not in text


class SmallIsFast(LocalRunner):
    """Real runs, made-up times: one second for each 10,000 bytes of the program's code, and one percent of noise."""

    runs = 0
    stop_after: int | None = None

    def conditions(self, cpu: int | None) -> Conditions:
        """Give a quiet machine."""
        return Conditions(at_s=super().conditions(cpu).at_s)

    def run(self, command: Command, *, cpu: int | None, pads: Sequence[int] = (0,)) -> Sample:
        """Run the program once for its output."""
        type(self).runs += 1
        sample = super().run(command, cpu=cpu, pads=pads[:1])
        program = command.cwd / command.argv[0]
        noise = random.gauss(0, 0.005)
        seconds = _code_size(program) / 10_000 * (1 + noise)
        return replace(sample, wall_s=seconds, user_s=seconds, sys_s=0.0, waited_s=0.0, runs=1)


COUNTED = {f"{name}{version}" for name in ("kernel", "main") for version in ("", ".base", ".avx2")}
_sizes: dict[str, int] = {}  # by the digest of a program, which is run several times


def _code_size(program: Path) -> int:
    digest = digest_of(program.read_bytes())
    if digest not in _sizes:
        _sizes[digest] = _measured(program)
    return _sizes[digest]


def _measured(program: Path) -> int:
    done = subprocess.run(["nm", "-S", "--defined-only", program], capture_output=True, text=True, check=True)
    return sum(int(line.split()[1], 16) for line in done.stdout.splitlines() if line.split()[-1] in COUNTED)
