"""What a recipe costs at compile time, measured in pairs of compiles, in turn the one and the other first."""

from __future__ import annotations

import statistics
from pathlib import Path

from autopass_cc.project.builder import Builder
from autopass_cc.project.modules import Module
from autopass_cc.project.replay import compile_argv, cpu_seconds
from autopass_cc.recipe.recipe import Recipe

LIMIT = 1.3  # times the plain compile: a build with recipes must not become a slow build
PAIRS = 5
ENOUGH_S = 1.0  # seconds of plain compiles after which no more are needed: long ones are steady


def ratio(builder: Builder, module: Module, recipe: Recipe, place: Path) -> float:
    """Return the median ratio of compile times (CPU seconds), with recipe over without, of a module (1.2: a fifth longer).

    Counts all children of this process, so nothing else may be started meanwhile.
    """
    record = module.record
    out = place / "cost.o"
    plain, tuned = compile_argv(record, out), compile_argv(record, out, builder.recipe_arguments(recipe))

    ratios: list[float] = []
    spent = 0.0
    while len(ratios) < PAIRS and spent < ENOUGH_S:
        first = cpu_seconds(plain, record) if len(ratios) % 2 == 0 else None
        with_recipe = cpu_seconds(tuned, record)
        without = first if first is not None else cpu_seconds(plain, record)
        ratios.append(with_recipe / without)
        spent += without
    return statistics.median(ratios)


def objection(found: float) -> str | None:
    """Return why a recipe with this ratio of compile times is not taken, or None."""
    return f"the compile takes {found:.2f}x the plain one; the limit is {LIMIT}x" if found > LIMIT else None
