"""A gate on one source with a real compiler, and an independent look at what a recipe does to a compile."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from plugin_kit import base, prepared

from autopass_cc.agents.gate import Gate, Passage
from autopass_cc.project.builder import Builder
from autopass_cc.project.modules import Module
from autopass_cc.recipe import Edit, Recipe, arguments, build
from autopass_cc.store.builds import CompileRecord
from autopass_cc.toolchain.describe import Toolchain

SOURCES = Path(__file__).parent / "diagnosed"


@dataclass(frozen=True)
class Seen:
    """What a build sees of a compile: exit code, messages, strong definitions, and what the object needs."""

    code: int
    messages: str
    defined: frozenset[str]
    undefined: frozenset[str]

    def harms(self, plain: Seen) -> bool:
        """Return whether a build that got this in the place of `plain` could notice."""
        return (
            (self.code, self.messages) != (plain.code, plain.messages)
            or self.defined != plain.defined
            or not self.undefined <= plain.undefined
        )


@dataclass
class Case:
    """One source with its flags, under one clang."""

    clang: Path
    folder: Path
    source: Path
    flags: tuple[str, ...] = ()
    toolchain: Toolchain = field(init=False)
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.toolchain = prepared(self.clang)
        self.record = self.compile_record("x.o")
        self.builder = Builder(
            self.folder / "work",
            (),
            {self.record.out: self.record},
            plugin=self.toolchain.plugin,
            ar=self.toolchain.tool("llvm-ar"),
            lld=None,
        )
        self.gate = Gate(self.builder, Module(self.source.name, (self.record,)), self.toolchain.tool("llvm-nm"), {})

    @property
    def driver(self) -> str:
        return str(self.toolchain.clangxx if self.source.suffix == ".cpp" else self.toolchain.clang)

    def compile_record(self, out: str, *flags: str, exact: str = "e") -> CompileRecord:
        """Return the compile as the launcher would have recorded it."""
        return CompileRecord(
            out=str(self.folder / out),
            root=str(self.source.parent),
            src=str(self.source),
            rel=self.source.name,
            lang="c++" if self.source.suffix == ".cpp" else "c",
            level="O2",
            exact=exact,
            inherited="i",
            digest="",
            cwd=str(self.folder),
            argv=(self.driver, "-O2", *self.flags, *flags, "-MMD", "-MF", "x.d", "-c", str(self.source), "-o", out),
            env={},
            decision="miss",
            reason="no-recipe",
            recipe="",
            at=0,
        )

    def recipe(self, *edits: Edit) -> Recipe:
        return build(base(self.toolchain, "O2"), "O2", self.toolchain.major, edits)

    def check(self, *edits: Edit) -> Passage:
        return self.gate.check(self.recipe(*edits))

    def see(self, *edits: Edit) -> Seen:
        """Compile by hand, nothing of the gate being used; without edits: plainly."""
        first: list[str] = []
        if edits:
            recipe = self.recipe(*edits)
            path = self.folder / f"{recipe.digest}.recipe"
            path.write_bytes(recipe.render())
            first = arguments(path, recipe, self.toolchain.plugin)
        out = self.folder / "by-hand.o"
        out.unlink(missing_ok=True)
        argv = [self.driver, *first, "-O2", *self.flags, "-c", str(self.source), "-o", str(out)]
        done = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, check=False)
        defined, undefined = symbols(out) if done.returncode == 0 else (frozenset(), frozenset())
        return Seen(done.returncode, done.stdout + done.stderr, defined, undefined)


def symbols(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Return strong definitions with their kind, and undefined symbols, by GNU nm."""
    lines = subprocess.run(["nm", "-g", "-P", path], capture_output=True, text=True, check=True).stdout.splitlines()
    pairs = [(line.split()[1], line.split()[0]) for line in lines]
    defined = frozenset(f"{kind} {name}" for kind, name in pairs if kind not in "UwvWV")
    return defined, frozenset(name for kind, name in pairs if kind in "Uwv")
