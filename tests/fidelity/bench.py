"""Where cases run: one place per case, used again for every run, so that all paths in all outputs are the same."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from launcher_kit import built

from fidelity.case import Case
from fidelity.fixtures import populate
from fidelity.outcome import Mask, Outcome, snapshot
from fidelity.published import Home

LIMIT = 120


class Command(NamedTuple):
    """A command line and its environment."""

    argv: list[bytes]
    env: dict[str, str]


@dataclass
class Bench:
    """A case with one clang: its place, its temporary directory, and the prepared sources that every run begins with."""

    case: Case
    clang: Path
    base: Path
    prepared: Path = field(init=False)

    def __post_init__(self) -> None:
        self.base.mkdir(parents=True)
        self.prepared = self.base / "prepared"
        for name in ("user", "place"):
            (self.base / name).mkdir()
        populate(self.place, self.case.files)
        for command in self.case.before:
            subprocess.run([self.clang, *command], cwd=self.place, env=self._environment({}), check=True, timeout=LIMIT)
        self.place.rename(self.prepared)

    @property
    def place(self) -> Path:
        return self.base / "place"

    @property
    def temporary(self) -> Path:
        return self.base / "tmp"

    @property
    def compiler(self) -> str:
        """Return the real compiler, the C++ one for a C++ case."""
        if self.case.compiler:
            return self.case.compiler
        return str(self.clang).replace("clang", "clang++") if self.case.cxx else str(self.clang)

    def begin(self) -> None:
        """Make the place as it was before any run."""
        for path in (self.place, self.temporary):
            shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.prepared, self.place, symlinks=True)
        self.temporary.mkdir()

    def plain(self) -> Outcome:
        """Run the real compiler."""
        return self._run(*self.plain_command())

    def ours(self, home: Home, **env: str) -> Outcome:
        """Run the launcher in a home of autopass."""
        return self._run(*self.our_command(home, **env))

    def plain_command(self) -> Command:
        """Return how the real compiler is called."""
        return Command([self.compiler.encode(), *self.case.argv], self._environment({}))

    def our_command(self, home: Home, **env: str) -> Command:
        """Return how the launcher is called."""
        program = built() / ("autopass-c++" if self.case.cxx else "autopass-cc")
        named = {"AUTOPASS_CLANG": self.case.compiler or str(self.clang)}
        return Command([bytes(program), *self.case.argv], self._environment({**home.environment, **named, **env}))

    def _run(self, argv: list[bytes], env: dict[str, str]) -> Outcome:
        self.begin()
        done = subprocess.run(
            argv, cwd=self.place, env=env, input=self.case.stdin, capture_output=True, timeout=LIMIT, check=False
        )
        return self.look(done.returncode, done.stdout, done.stderr)

    def look(self, code: int, stdout: bytes, stderr: bytes) -> Outcome:
        """Return a run's outcome with all that it left in the place and in the temporary directory."""
        mask = Mask(self.temporary, self.case.mask, injected=self.case.shows_arguments)
        return Outcome(code, mask(stdout), mask(stderr), snapshot(self.place, mask), snapshot(self.temporary, mask))

    def _environment(self, env: dict[str, str]) -> dict[str, str]:
        ordinary = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.base / "user"),
            "TMPDIR": str(self.temporary),
            "PWD": str(self.place),
            "LANG": "C.UTF-8",
        }
        everything = {**ordinary, **env, **self.case.env}
        return {name: value for name, value in everything.items() if name not in self.case.remove}

    def close(self) -> None:
        """Remove all files."""
        shutil.rmtree(self.base)
