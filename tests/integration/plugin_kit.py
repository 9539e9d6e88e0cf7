"""What the plugin's tests share: each clang with its plugin, built once per test run, and a bench to compile on."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from autopass_cc.digest import digest_of
from autopass_cc.recipe import Recipe, arguments
from autopass_cc.toolchain import identity, probe
from autopass_cc.toolchain.describe import Status, Toolchain, describe
from autopass_cc.toolchain.plugin import ensure_plugin

PROBES = {path.name: path for path in identity.sources()}


@functools.cache
def shared_home() -> Path:
    """Return the AUTOPASS_HOME that the plugins of this test run are built in."""
    path = Path(tempfile.mkdtemp(prefix="autopass-plugin-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@functools.cache
def prepared(clang: Path) -> Toolchain:
    """Describe a clang and build its plugin. The identity self-test is not run here: it is among what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOPASS_HOME", str(shared_home()))
        found = describe(clang)
        return Toolchain(**{**vars(found), "plugin": ensure_plugin(found), "status": Status.OK})


@functools.cache
def base(toolchain: Toolchain, level: str) -> str:
    """Return the pipeline text of a level, as clang prints it for a C file."""
    argv = [str(toolchain.clang), f"-{level}", "-c", "-x", "c", "/dev/null"]
    return probe.base_pipeline(toolchain, argv, "/", level)


def text(*lines: str, llvm: int, level: str = "O2") -> bytes:
    """Return the bytes of a recipe file: its header, then `lines`."""
    return "".join(f"{line}\n" for line in ("autopass-recipe 1", f"llvm {llvm}", f"level {level}", *lines)).encode()


@dataclass(frozen=True)
class Compiled:
    """How one compile ended: exit code, what it printed, its object (None: there is none), the plugin's words in the log."""

    code: int
    printed: bytes
    made: bytes | None
    log: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        """Compare what a build can see; the log is not part of it."""
        if not isinstance(other, Compiled):
            return NotImplemented
        return (self.code, self.printed, self.made) == (other.code, other.printed, other.made)

    def __hash__(self) -> int:
        return hash((self.code, self.printed, self.made))


@dataclass
class Bench:
    """A compiler with its plugin, and an empty directory to call it in; sources, recipes and outputs lie elsewhere."""

    toolchain: Toolchain
    folder: Path
    cwd: Path = field(init=False)

    def __post_init__(self) -> None:
        self.cwd = self.folder / "cwd"
        self.cwd.mkdir()

    @property
    def major(self) -> int:
        return self.toolchain.major

    def driver(self, source: Path) -> str:
        return str(self.toolchain.clangxx if source.suffix == ".cpp" else self.toolchain.clang)

    def source(self, code: str, name: str = "a.c") -> Path:
        path = self.folder / name
        path.write_text(code)
        return path

    def write(self, data: bytes, name: str | None = None) -> Path:
        """Write a recipe file under the name that its bytes demand, or under another one."""
        path = self.folder / (name or f"{digest_of(data)}.recipe")
        path.write_bytes(data)
        return path

    def run(self, argv: list[str], out: Path | None = None) -> Compiled:
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        env = {**os.environ, "AUTOPASS_LOG": str(log)}
        done = subprocess.run(argv, cwd=self.cwd, env=env, capture_output=True, timeout=100, check=False)
        words = tuple(row.split("\t")[1] for row in log.read_text().splitlines()) if log.exists() else ()
        made = out.read_bytes() if out and out.exists() else None
        if out:
            out.unlink(missing_ok=True)
        return Compiled(done.returncode, done.stdout + done.stderr, made, words)

    def compile(self, source: Path, *flags: str, first: list[str] | None = None) -> Compiled:
        """Compile without a recipe; `first` are arguments that stand directly after the driver's name."""
        out = self.folder / "x.o"
        return self.run([self.driver(source), *(first or []), *flags, "-c", str(source), "-o", str(out)], out)

    def through(self, recipe: Path | Recipe, source: Path, *flags: str) -> Compiled:
        """Compile through the plugin with a recipe, or with a file that claims to be one."""
        return self.compile(source, *flags, first=self.arguments(recipe))

    def arguments(self, recipe: Path | Recipe) -> list[str]:
        if isinstance(recipe, Path):  # the arguments depend on the LLVM and on there being a pipeline
            return arguments(recipe, Recipe(self.major, "O2", (), "x"), self.toolchain.plugin)
        return arguments(self.write(recipe.render()), recipe, self.toolchain.plugin)
