"""Where a program of a suite is built: compiled by autopass-cc and recorded, as a user's is. The suite's folder is only read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from autopass_cc.bench.manifest import BenchProgram
from autopass_cc.digest import digest_of
from autopass_cc.errors import BenchError
from autopass_cc.paths import private_dir
from autopass_cc.project.config import NAME

HEADERS = ("*.h", "*.hh", "*.hpp", "*.inc", "*.def")
BUILD_LIMIT = 1800.0  # seconds
CXX = re.compile(r"\.(cc|cpp|cxx|C)$")


@dataclass(frozen=True)
class Compilers:
    """The commands that compile C and C++."""

    cc: str
    cxx: str


class Site:
    """The places of one program below `place`."""

    def __init__(self, place: Path, program: BenchProgram) -> None:
        self.place, self.program = private_dir(place), program

    def project(self, launchers: Compilers) -> Path:
        """Return the folder in which the program is built and recorded; builds it. Raises BenchError."""
        folder = self.place / "project"
        self._copy(folder)
        (folder / NAME).write_text(self._settings())
        self.build(folder, launchers, ())
        return folder

    def build(self, folder: Path, compilers: Compilers, flags: Sequence[str]) -> None:
        """Build the program in `folder`, a copy of its files, with further flags. Raises BenchError."""
        program = self.program
        if program.build:
            words = {"CC": [compilers.cc, *flags], "CXX": [compilers.cxx, *flags]}
            self._run(program.build, folder, {name: " ".join(each) for name, each in words.items()})
            return
        objects = []
        for source in program.sources:
            compiler = compilers.cxx if CXX.search(source) else compilers.cc
            objects.append(str(Path(source).with_suffix(".o")))
            self._run([compiler, *program.flags, *flags, "-c", "-o", objects[-1], source], folder)
        linker = compilers.cxx if any(map(CXX.search, program.sources)) else compilers.cc
        self._run([linker, *flags, "-o", program.name, *objects, *program.libs], folder)

    def copy(self, name: str) -> Path:
        """Return a fresh copy of the program's files, in which it may be built in some other way."""
        folder = self.place / name
        self._copy(folder)
        return folder

    def _run(self, argv: Sequence[str], folder: Path, env: Mapping[str, str] = MappingProxyType({})) -> None:
        try:
            done = subprocess.run(
                argv,
                cwd=folder,
                env=os.environ | self.program.env | dict(env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=BUILD_LIMIT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BenchError(f"{self.program.name}: `{argv[0]}` could not be run: {error}.") from None
        if done.returncode != 0:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            said = next((line for line in lines if "error" in line), lines[-1] if lines else f"exit code {done.returncode}")
            raise BenchError(f"{self.program.name}: `{' '.join(argv)[:200]}` failed: {said}")

    def _copy(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if self.program.build:
            shutil.copytree(self.program.folder, folder, symlinks=True, ignore=shutil.ignore_patterns(".git", "*.o"))
            return
        private_dir(folder)
        program = self.program
        found = {Path(name) for name in (*program.sources, *program.inputs, *filter(None, [program.stdin]))}
        for pattern in HEADERS:
            found |= {path.relative_to(program.folder) for path in program.folder.rglob(pattern)}
        for name in found:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(program.folder / name, folder / name)

    def _settings(self) -> str:
        program = self.program
        values = {
            "id": digest_of(os.fsencode(f"{program.folder.resolve()}\0{program.name}")),
            "run": program.run,
            "screen": program.train if program.train != program.run else (),
            "checks": program.checks,
            "outputs": program.outputs,
            "inputs": program.inputs,
            "time_limit": program.time_limit,
            "float_tolerance": program.float_tolerance,
        }
        if program.stdin is not None:
            values["stdin"] = program.stdin
        # JSON's strings, numbers and lists of them are TOML's, too
        lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        if program.env:
            lines += ["[env]", *(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in program.env.items())]
        return "\n".join(lines) + "\n"
