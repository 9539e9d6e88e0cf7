"""Recipes: pipeline grammar, edits, allow-lists and knobs, and the only producer of compiler arguments."""

from __future__ import annotations

from autopass_cc.recipe.allowlist import MAJORS, AllowList, KnobSpec, PassSpec, check_knob, check_pipeline, load
from autopass_cc.recipe.apply import apply
from autopass_cc.recipe.edits import (
    MAX_EDITS,
    Edit,
    Insert,
    Knob,
    Move,
    Remove,
    Replace,
    Set,
    canonical,
    edits_from_json,
    from_json,
    join,
    text_of,
    to_json,
    without,
)
from autopass_cc.recipe.neighbours import Menu, idle, legal_edits, menu, random_edit
from autopass_cc.recipe.recipe import O3_KNOBS, Recipe, arguments, build, identity, risk
from autopass_cc.recipe.tree import Node, Pipeline, parse, render
from autopass_cc.recipe.words import KnobType, Level, Mssa, OptLevel, Stage, Tier

__all__ = [
    "MAJORS",
    "MAX_EDITS",
    "O3_KNOBS",
    "AllowList",
    "Edit",
    "Insert",
    "Knob",
    "KnobSpec",
    "KnobType",
    "Level",
    "Menu",
    "Move",
    "Mssa",
    "Node",
    "OptLevel",
    "PassSpec",
    "Pipeline",
    "Recipe",
    "Remove",
    "Replace",
    "Set",
    "Stage",
    "Tier",
    "apply",
    "arguments",
    "build",
    "canonical",
    "check_knob",
    "check_pipeline",
    "edits_from_json",
    "from_json",
    "identity",
    "idle",
    "join",
    "legal_edits",
    "load",
    "menu",
    "parse",
    "random_edit",
    "render",
    "risk",
    "text_of",
    "to_json",
    "without",
]
