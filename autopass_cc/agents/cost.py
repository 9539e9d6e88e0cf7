"""What a recipe costs at compile time, measured in pairs of compiles, in turn the one and the other first."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.project.builder import Builder
from autopass_cc.project.modules import Module
from autopass_cc.project.replay import compile_argv, cpu_seconds
from autopass_cc.recipe.recipe import Recipe

LIMIT = 1.3  # times the plain compile: a build with recipes must not become a slow build
UNFELT_S = 0.25  # seconds more that one compile may take whatever that is in times: few modules of a project have recipes
MOST = 2.0  # times the plain compile, in any case
PAIRS = 5
ENOUGH_S = 1.0  # seconds of plain compiles after which no more are needed: long ones are steady


@dataclass(frozen=True)
class Cost:
    """A module's compile with a recipe: its time over the plain one's (1.2: a fifth longer), and the seconds more (CPU)."""

    ratio: float
    more_s: float = 0.0

    @property
    def objection(self) -> str | None:
        """Return why a recipe of this cost is not taken, or None."""
        if self.ratio <= LIMIT or (self.ratio <= MOST and self.more_s <= UNFELT_S):
            return None
        limit = f"{MOST}x" if self.more_s <= UNFELT_S else f"{LIMIT}x or {UNFELT_S} s more"
        return f"the compile takes {self.ratio:.2f}x the plain one, {self.more_s:.2f} s more; the limit is {limit}"


def measured(builder: Builder, module: Module, recipe: Recipe, place: Path) -> Cost:
    """Return what a module's compiles cost with a recipe: medians over pairs.

    Counts all children of this process, so nothing else may be started meanwhile.
    """
    record = module.record
    out = place / "cost.o"
    plain, tuned = compile_argv(record, out), compile_argv(record, out, builder.recipe_arguments(recipe))

    pairs: list[tuple[float, float]] = []
    while len(pairs) < PAIRS and sum(without for without, _ in pairs) < ENOUGH_S:
        first = cpu_seconds(plain, record) if len(pairs) % 2 == 0 else None
        with_recipe = cpu_seconds(tuned, record)
        pairs.append((first if first is not None else cpu_seconds(plain, record), with_recipe))
    return Cost(
        statistics.median(tuned_s / plain_s for plain_s, tuned_s in pairs),
        statistics.median(tuned_s - plain_s for plain_s, tuned_s in pairs),
    )
