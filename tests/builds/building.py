"""A build, done as its user does it: the sources copied to one place, the project's own commands, what they printed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from projects import Project, Step

BIN = Path(sys.executable).parent  # where autopass-cc is installed
LIMIT = 3600.0  # seconds for one command
MARKER = 'id = "b11d5b11d5b11d5b11d5b11d5b11d5b1"\nrun = ["true"]\n'
# What a developer's shell or this test run sets, and a build would take for its own.
FOREIGN = ("CC", "CXX", "CPP", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHONPATH")
FOREIGN_PREFIXES = ("AUTOPASS", "PYTEST", "DEB_", "CMAKE_", "CCACHE_")
WITHOUT_OVERRIDE = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--")


@dataclass(frozen=True)
class Compilers:
    """The compilers of a build: the words that are CC and CXX, and what is set in the environment for them.

    `real` are those that do the work, and give their own names in messages.
    """

    cc: str
    cxx: str
    real: tuple[str, str]
    env: Mapping[str, str] = field(default_factory=dict)


def plain(major: int) -> Compilers:
    """Return clang of one LLVM."""
    names = f"clang-{major}", f"clang++-{major}"
    return Compilers(*names, names)


def through_autopass(home: Path, log: Path, major: int) -> Compilers:
    """Return autopass with its data in `home`, where clang `major` is the default; it tells what it did in `log`."""
    return Compilers("autopass-cc", "autopass-c++", plain(major).real, {"AUTOPASS_HOME": str(home), "AUTOPASS_LOG": str(log)})


def search_path() -> str:
    """Return PATH with the installed autopass first."""
    return f"{BIN}{os.pathsep}{os.environ['PATH']}"


def environment(compilers: Compilers) -> dict[str, str]:
    """Return the environment of a build."""
    kept = {key: value for key, value in os.environ.items() if key not in FOREIGN and not key.startswith(FOREIGN_PREFIXES)}
    return kept | {"PATH": search_path(), "LC_ALL": "C", "CC": compilers.cc, "CXX": compilers.cxx, **compilers.env}


@dataclass(frozen=True)
class Messages:
    """What a sequence of commands wrote."""

    stdout: bytes
    stderr: bytes


def run(steps: Sequence[Step], tree: Path, compilers: Compilers) -> Messages:
    """Run commands in a tree; a failing one fails the test with its last words."""
    stdout = stderr = b""
    for step in steps:
        done = run_one(step, tree, compilers)
        told = (done.stdout[-3000:] + b"\n" + done.stderr[-3000:]).decode("utf-8", "replace")
        assert done.returncode == 0, f"{step.command!r} with {compilers.cc}: exit code {done.returncode}\n{told}"
        stdout, stderr = stdout + done.stdout, stderr + done.stderr
    return Messages(stdout, stderr)


def run_one(step: Step, tree: Path, compilers: Compilers) -> subprocess.CompletedProcess[bytes]:
    """Run one command, whatever its exit code."""
    values = {"cc": compilers.cc, "cxx": compilers.cxx, "python": sys.executable, "tree": str(tree)}
    prefix = WITHOUT_OVERRIDE if step.unprivileged and os.geteuid() == 0 else ()
    return subprocess.run(
        [*prefix, *[word.format_map(values) for word in shlex.split(step.command)]],
        cwd=tree / step.cwd,
        env=environment(compilers) | {key: value.format_map(values) for key, value in step.env.items()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )


@dataclass(frozen=True)
class Site:
    """Where one project is built: every build of it in the same `tree`, so that paths in the results are equal."""

    base: Path
    pristine: Path
    version: str

    @property
    def tree(self) -> Path:
        return self.base / "tree"

    def renew(self) -> Path:
        """Put a fresh copy of the sources, with their times, into the tree; return it."""
        shutil.rmtree(self.tree, ignore_errors=True)
        shutil.copytree(self.pristine, self.tree, symlinks=True)
        return self.tree

    def set_aside(self, name: str) -> Path:
        """Move what was built out of the way; return where it is now."""
        return self.tree.rename(self.base / name)


def unpack(project: Project, archive: Path, base: Path) -> Site:
    """Unpack the sources, as a project that autopass knows."""
    pristine = base / "pristine"
    version = project.source.unpack(archive, pristine)
    (pristine / "autopass.toml").write_text(MARKER)
    for name, text in project.files.items():
        (pristine / name).write_text(text)
    return Site(base, pristine, version)
