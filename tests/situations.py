"""A module as a mind sees it, made of a pipeline that clang 22 printed and of features made up for one kind of code."""

from __future__ import annotations

import json
from pathlib import Path

from autopass_cc.agents.minds.protocol import Situation, Tried
from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.features import Features
from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.neighbours import menu
from autopass_cc.recipe.tree import parse
from autopass_cc.recipe.words import Tier

MAJOR = 22
MACHINE = Features("lex", blocks=40, loops=2, conditional_branches=30, switches=1, cases=20, instructions=300)
KERNEL = Features("kernel", blocks=9, loops=3, conditional_branches=3, memory=20, floats=12, instructions=90)
THREADED = Features("execute", blocks=300, conditional_branches=200, indirect_branches=1, instructions=2000)


def base_text(level: str = "O2") -> str:
    """Return the pipeline that clang 22 prints, as kept with the recipe tests."""
    texts: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "unit" / "test_recipe_pipelines.json").read_text())
    return texts[str(MAJOR)][level]


def situation(features: Features, *history: Tried, tier: Tier = Tier.B) -> Situation:
    evidence = Evidence("a.c", "O2", "c", 0.9, (), (), (features,))
    return Situation(evidence, parse(base_text()), menu(load(MAJOR), tier, arch="x86"), seed=1, history=history)
