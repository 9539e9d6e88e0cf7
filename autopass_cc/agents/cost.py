"""What a recipe costs at compile time, measured in pairs: plain, recipe, recipe, plain."""

from __future__ import annotations

import statistics
from pathlib import Path

from autopass_cc.project.builder import Builder
from autopass_cc.project.modules import Module
from autopass_cc.project.replay import compile_argv, run
from autopass_cc.recipe.recipe import Recipe

LIMIT = 1.3  # times the plain compile: a build with recipes must not become a slow build
PAIRS = 3


def ratio(builder: Builder, module: Module, recipe: Recipe, place: Path) -> float:
    """Return the median ratio of compile times, with recipe over without, of a module (1.2: a fifth longer)."""
    record = module.record
    out = place / "cost.o"
    plain, tuned = compile_argv(record, out), compile_argv(record, out, builder.recipe_arguments(recipe))
    ratios = []
    for _ in range(PAIRS):
        times = [run(argv, record, limit=600).seconds for argv in (plain, tuned, tuned, plain)]
        ratios.append((times[1] + times[2]) / (times[0] + times[3]))
    return statistics.median(ratios)
