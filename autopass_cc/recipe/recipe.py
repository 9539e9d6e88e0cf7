"""Recipes: what is applied to one compile, as canonical text named by its digest, and as compiler arguments."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.errors import RecipeError
from autopass_cc.recipe.allowlist import MAJORS, check_knob, check_pipeline, load
from autopass_cc.recipe.apply import apply, check_list
from autopass_cc.recipe.edits import Edit, Insert, Knob, Replace
from autopass_cc.recipe.tree import Pipeline, parse
from autopass_cc.recipe.words import OptLevel, Stage, Tier

MAX_FILE = 32768
MAX_KNOBS = 64

# `inline` in a text takes the inliner's parameters of -O2; these two make it that of -O3
O3_KNOBS = (("inline-threshold", "250"), ("locally-hot-callsite-threshold", "525"))
# LLVM 16 prints `speculative-execution` without the parameter its own pipelines give it
LLVM16_KNOBS = (("spec-exec-only-if-divergent-target", "true"),)

# A forced width counts as the programmer's own hint, and with it the vectorizer may reorder floating-point operations
# (LoopVectorizeHints::allowReordering); this takes that back.
ORDER_KNOB = ("hints-allow-reordering", "false")
WIDTH = "force-vector-width"

_KNOB_LINE = re.compile(r"knob ([A-Za-z0-9-]{1,96}) ([A-Za-z0-9-]{1,64})")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Knobs, sorted by name, and the pipeline text that replaces the default one (None: keep it).

    Construction checks nothing; `build`, `identity` and `Recipe.parse` give valid recipes only.
    """

    major: int
    level: str
    knobs: tuple[tuple[str, str], ...]
    pipeline: str | None = None

    def render(self) -> bytes:
        """Write the canonical file of this recipe."""
        lines = ["autopass-recipe 1", f"llvm {self.major}", f"level {self.level}"]
        lines += [f"knob {name} {value}" for name, value in self.knobs]
        if self.pipeline is not None:
            lines.append(f"pipeline {self.pipeline}")
        return ("\n".join(lines) + "\n").encode("ascii", "replace")

    @property
    def digest(self) -> str:
        """BLAKE2b-128 of the file, in hex; `<digest>.recipe` is the file's name."""
        return digest_of(self.render())

    @property
    def tier(self) -> Tier:
        """Give the highest risk of any knob and any pass in it."""
        allow = load(self.major)
        tiers = [check_knob(allow, name, value).tier for name, value in self.knobs]
        nodes = parse(self.pipeline).walk() if self.pipeline else ()
        return max([Tier.A, *tiers, *(allow.tier(node) for node, _ in nodes)])

    def validate(self) -> None:
        """Raise RecipeError unless all of it is on the allow-list of its LLVM and within the limits."""
        allow = load(self.major)
        if self.level not in set(OptLevel):
            raise RecipeError(f"{self.level[:16]!r} is not a level; there are {', '.join(OptLevel)}.")
        if not self.knobs and self.pipeline is None:
            raise RecipeError("A recipe has a knob or a pipeline.")
        names = [name for name, _ in self.knobs]
        if names != sorted(set(names)) or len(names) > MAX_KNOBS:
            raise RecipeError(f"Knobs are sorted, each at most once, and at most {MAX_KNOBS}.")
        specs = [check_knob(allow, name, value) for name, value in self.knobs]
        if _forces_width(dict(self.knobs)) and ORDER_KNOB not in self.knobs:
            raise RecipeError(
                f"{WIDTH} stands beside {'='.join(ORDER_KNOB)}, which keeps the order of floating-point operations."
            )
        if self.pipeline is None:
            return
        idle = [spec.name for spec in specs if spec.stage is Stage.CONSTRUCT]
        if idle:
            raise RecipeError(
                f"{', '.join(idle)}: read only while the default pipeline is built, of no effect beside a pipeline.",
                "insert the pass by an edit, or use the knob in a recipe of knobs alone",
            )
        check_pipeline(allow, parse(self.pipeline))

    @staticmethod
    def parse(data: bytes) -> Recipe:
        """Read and validate a recipe file; raises RecipeError on anything but the canonical text of a valid recipe."""
        if len(data) > MAX_FILE:
            raise RecipeError(f"A recipe of {len(data)} bytes; the limit is {MAX_FILE}.")
        try:
            text = data.decode("ascii")
        except UnicodeDecodeError:
            raise RecipeError("A recipe is plain ASCII.") from None
        head, *lines = text.split("\n")
        if head != "autopass-recipe 1" or len(lines) < 4 or lines.pop() != "":
            raise RecipeError("Not a recipe of version 1.")
        major = next((major for major in MAJORS if lines[0] == f"llvm {major}"), None)
        if major is None or not lines[1].startswith("level "):
            raise RecipeError(f"A recipe names its LLVM, one of {', '.join(map(str, MAJORS))}, and then its level.")
        pipeline = None
        if lines[-1].startswith("pipeline "):
            pipeline = lines.pop().removeprefix("pipeline ")
        knobs = []
        for line in lines[2:]:
            found = _KNOB_LINE.fullmatch(line)
            if found is None:
                raise RecipeError(f"{line[:64]!r} is not a line of a recipe.")
            knobs.append((found[1], found[2]))
        recipe = Recipe(major, lines[1].removeprefix("level "), tuple(knobs), pipeline)
        recipe.validate()
        return recipe


def _forces_width(knobs: Mapping[str, str]) -> bool:
    return knobs.get(WIDTH, "1") != "1"


def _with_pipeline(major: int, level: str, knobs: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Add what a text needs to mean what the level's own pipeline means, below what the edits say."""
    base = dict(O3_KNOBS) if level == OptLevel.O3 else {}
    if major == 16:
        base |= dict(LLVM16_KNOBS)
    return tuple(sorted((base | knobs).items()))


def build(base_text: str, level: str, major: int, edits: Sequence[Edit]) -> Recipe:
    """Make the recipe of some edits to the level's printed pipeline; raises RecipeError when anything is not allowed.

    Knobs alone leave the default pipeline in place (no plugin needed); any other edit makes a recipe with a text.
    """
    ordered = check_list(edits)
    allow = load(major)
    knobs = {edit.name: edit.value for edit in ordered if isinstance(edit, Knob)}
    pipeline = None
    if len(knobs) != len(ordered):
        pipeline = str(apply(parse(base_text), ordered, allow))
    if _forces_width(knobs):
        knobs |= dict([ORDER_KNOB])
    settled = tuple(sorted(knobs.items())) if pipeline is None else _with_pipeline(major, level, knobs)
    recipe = Recipe(major, level, settled, pipeline)
    recipe.validate()
    return recipe


def identity(base_text: str, level: str, major: int) -> Recipe:
    """Make the recipe that must give the same object as the plain level: its own text through the plugin."""
    recipe = Recipe(major, level, _with_pipeline(major, level, {}), base_text)
    recipe.validate()
    return recipe


def risk(edits: Sequence[Edit], base: Pipeline, major: int) -> Tier:
    """Give the highest tier of what the edits touch or bring in."""
    allow = load(major)
    tiers = [Tier.A]
    for edit in check_list(edits):
        if isinstance(edit, Knob):
            tiers.append(check_knob(allow, edit.name, edit.value).tier)
        elif isinstance(edit, Insert | Replace) and edit.name in allow.passes:
            tiers.append(allow.passes[edit.name].tier)
        elif not isinstance(edit, Insert | Replace):
            node = base.sites().get(edit.target)
            tiers.append(allow.tier(node) if node else Tier.A)
    return max(tiers)


def arguments(recipe_path: Path, recipe: Recipe, plugin: Path | None) -> list[str]:
    """Give the compiler arguments of a recipe, to stand directly after argv[0]: the same as the launcher's.

    `plugin` is needed when the recipe has a pipeline. Both paths are made absolute.
    """
    joined = recipe.major != 16  # clang 16 reads `-mllvm=` as an unknown option
    options = [f"-{name}={value}" for name, value in recipe.knobs]
    before: list[str] = []
    if recipe.pipeline is not None:
        if plugin is None:
            raise RecipeError("A recipe with a pipeline needs the plugin of its LLVM.", "run `autopass setup`")
        shared = os.fspath(plugin.absolute())
        before = [f"-fplugin={shared}"] if recipe.major < 22 else []  # where pass plugins load after -mllvm is parsed
        before.append(f"-fpass-plugin={shared}")
        options.insert(0, f"-autopass-recipe={os.fspath(recipe_path.absolute())}")
    tokens = [[f"-mllvm={option}"] if joined else ["-mllvm", option] for option in options]
    return before + [word for token in tokens for word in token]
