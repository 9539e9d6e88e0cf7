"""What the tests of hostile surroundings share: real clang and the launcher run in one place after each other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from launcher_kit import World, built, recipe_text

SOURCE = b"""static int twice(int x) { for (int i = 0; i < x; i++) x += i * x; return x + x; }
int f(int x) { return twice(x) + twice(x + 1); }
"""
KNOB = "inline-threshold 0"
WORDS = ["-mllvm=-inline-threshold=0"]
COMPILE = ["-O2", "-c", "a.c", "-o", "a.o"]
Word = str | bytes


@dataclass(frozen=True)
class Outcome:
    """All that a caller can see of one run."""

    code: int
    stdout: bytes
    stderr: bytes
    files: dict[bytes, bytes]


@dataclass
class Twins:
    """A project in which real clang and the launcher are compared."""

    base: Path
    clang: Path
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.base, compiler=self.clang)
        self.world.know(self.clang, major=self.major, status="knobs", default=self.clang)
        self.reset()

    @property
    def major(self) -> int:
        return int(self.clang.name.rpartition("-")[2])

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "AUTOPASS_HOME": str(self.world.home), "AUTOPASS_CLANG": str(self.clang)}

    @property
    def out(self) -> Path:
        """A directory for output outside of the project."""
        return self.base / "out"

    def reset(self) -> None:
        """Make the project as it was: the same files at the same paths."""
        for folder in (self.world.project, self.out):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        (self.world.project / "autopass.toml").write_text(f'id = "{"0" * 32}"\n')
        (self.world.project / "a.c").write_bytes(SOURCE)

    def publish(self, *arguments: Word, **options: Any) -> None:
        """Publish a recipe for a command, which must be one that can carry it."""
        exact = self.world.keys(*arguments, **options)["exact"]
        self.world.publish(exact, recipe_text(f"knob {KNOB}", llvm=self.major))
        self.reset()

    def compare(
        self,
        *arguments: Word,
        applied: bool,
        env: dict[str, str] | None = None,
        wrapper: tuple[str, ...] = (),
        prepare: Callable[[], object] = lambda: None,
        during: Callable[[], AbstractContextManager[object]] = nullcontext,
        program: Path | None = None,
        **options: Any,
    ) -> Outcome:
        """Run real clang (with the recipe, where it must be applied), then the launcher; assert that all is the same.

        `prepare` runs before each of the two in the fresh project, `during` encloses each.
        """
        outcomes = []
        launcher = program or built() / "autopass-cc"
        for command in ([self.clang, *(WORDS if applied else [])], [launcher]):
            self.reset()
            prepare()
            with during():
                done = subprocess.run(
                    [*wrapper, *command, *arguments],
                    **{"cwd": self.world.project, "env": self.env if env is None else env, "timeout": 300, **options},
                    capture_output=True,
                    check=False,
                )
            # The names of temporary files are random.
            said = re.sub(rb"-[0-9a-f]{6,8}(?=\.o)", b"-RANDOM", done.stderr)
            outcomes.append(Outcome(done.returncode, done.stdout, said, dict(self.files())))
        assert outcomes[1] == outcomes[0]
        return outcomes[1]

    def files(self) -> Iterator[tuple[bytes, bytes]]:
        for top in (self.world.project, self.out):
            for path in sorted(top.rglob("*")):
                if path.is_file():
                    yield os.fsencode(path.relative_to(top)), path.read_bytes()


def private_mounts(setup: str) -> tuple[str, ...]:
    """Return a wrapper that runs a command behind mounts of its own, made by the shell lines `setup`; skips where it cannot."""
    probe = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False) if shutil.which("unshare") else None
    if os.geteuid() != 0 or probe is None or probe.returncode != 0:
        pytest.skip("only root can mount, and only where unshare(1) is allowed to")
    return ("unshare", "-m", "--propagation", "private", "sh", "-ec", f'{setup}\nexec "$@"', "sh")
