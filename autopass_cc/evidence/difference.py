"""What a recipe changed in a module: sizes, instruction mix, hot loops, and remarks gained and lost."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from autopass_cc.evidence import assembly
from autopass_cc.evidence import remarks as record_file
from autopass_cc.evidence.assembly import Code
from autopass_cc.evidence.remarked import compiled
from autopass_cc.paths import private_dir
from autopass_cc.project.builder import Builder
from autopass_cc.project.modules import Module
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.toolchain.describe import Toolchain

LIMIT = 120.0  # seconds for a compile that only answers a question
LOOP_LINES = 40  # of a hot loop that are shown
TELLING = ("instructions", "vector", "stack", "calls", "branches", "indirect", "selects")  # kinds that a cause may rest on
TOLD = 12  # kinds of remarks gained, and lost, that are told

Key = tuple[str, str, str, str]  # pass, name, outcome, function


@dataclass(frozen=True)
class ObjectFacts:
    """The machine code of a module by function, its remarks (unread documents), and the bytes of all functions."""

    code: Mapping[str, Code]
    remarks: Counter[str]
    size: int = 0


@dataclass(frozen=True)
class FunctionChange:
    """A function before and after; both have it."""

    before: Code
    after: Code

    @property
    def name(self) -> str:
        """Return its name."""
        return self.before.name

    @property
    def changed(self) -> bool:
        """Return whether its instructions differ."""
        return self.before.lines != self.after.lines

    @property
    def words(self) -> list[str]:
        """Say in short what changed, what tells most first: `size 120 -> 340`, `stack 2 -> 31`."""
        before, after = self.before.mix.to_json(), self.after.mix.to_json()
        counts = [(name, before.get(name, 0), after.get(name, 0)) for name in dict.fromkeys([*TELLING, *before, *after])]
        pairs = [("size", self.before.size, self.after.size), *counts]
        return [f"{name} {was} -> {now}" for name, was, now in pairs if was != now]

    def hot_loop(self) -> str:
        """Return the hot loop before and after as a diff, "" where neither changed."""
        before, after = self.before.hot_loop(), self.after.hot_loop()
        if before == after:
            return ""
        lines = difflib.unified_diff(before, after, "before", "after", lineterm="", n=2)
        return bounded(list(lines)[2:], LOOP_LINES)


@dataclass(frozen=True)
class Difference:
    """What changed: bytes of code, functions (the named ones first), remarks gained and lost with their counts."""

    size: tuple[int, int]
    functions: tuple[FunctionChange, ...]
    gained: Mapping[Key, int]
    lost: Mapping[Key, int]

    def remarks(self) -> list[str]:
        """Return the remarks that came and went, in a line each, the most first."""
        told = []
        for sign, group in (("+", self.gained), ("-", self.lost)):
            telling = [pair for pair in group.items() if pair[0][:2] not in record_file.VAGUE]
            ordered = sorted(telling, key=lambda pair: (-pair[1], pair[0]))
            told += [
                f"{sign}{count} {pass_name} {outcome} {name} in {function}"
                for (pass_name, name, outcome, function), count in ordered[:TOLD]
            ]
        return told


def facts(
    builder: Builder, module: Module, toolchain: Toolchain, recipe: Recipe | None, only: Collection[str] = ()
) -> ObjectFacts:
    """Compile once more, with remarks, and read what came out (`only`: the code of these); empty where the compile fails."""
    folder = private_dir(builder.place / "difference")
    found = compiled(module.record, folder, builder.recipe_arguments(recipe), LIMIT)
    if found.path is None:
        return ObjectFacts({}, Counter())
    lengths = assembly.sizes(toolchain, found.path)
    code = assembly.read(toolchain, found.path, only, lengths)
    return ObjectFacts(code, record_file.documents(found.remarks), sum(lengths.values()))


def compare(before: ObjectFacts, after: ObjectFacts, hot: Sequence[str]) -> Difference:
    """Compare two compiles of a module; `hot` are the functions that matter, hottest first.

    Functions whose code changed follow after the hot ones, the largest change of size first.
    """
    both = [name for name in before.code if name in after.code]
    changes = {name: FunctionChange(before.code[name], after.code[name]) for name in both}
    first = [changes[name] for name in dict.fromkeys(hot) if name in changes]
    others = [each for each in changes.values() if each.changed and each not in first]
    others.sort(key=lambda each: (-abs(each.after.size - each.before.size), each.name))
    came, went = (
        record_file.tally(_surplus(*pair)) for pair in ((after.remarks, before.remarks), (before.remarks, after.remarks))
    )
    return Difference((before.size, after.size), (*first, *others), dict(came - went), dict(went - came))


def _surplus(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Return what `one` has more of; Counter's own difference takes twice as long."""
    return {text: count - other.get(text, 0) for text, count in one.items() if count > other.get(text, 0)}


def bounded(lines: Sequence[str], most: int) -> str:
    """Return lines as one text, at most so many, and say how many were left out."""
    if len(lines) <= most:
        return "\n".join(lines)
    return "\n".join([*lines[:most], f"… {len(lines) - most} more lines"])
