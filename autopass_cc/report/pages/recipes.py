"""A recipe beside its level's own pipeline, as far as both are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autopass_cc.errors import RecipeError
from autopass_cc.recipe.difference import Gap, Row, compare, excerpt
from autopass_cc.recipe.recipe import Recipe, identity
from autopass_cc.recipe.tree import parse

Own = Callable[[str], str | None]
"""Gives the pipeline of a level (`O2`) where it can be told, for recipes whose base nobody has kept."""


def unknown(_level: str) -> str | None:
    """Tell no level's pipeline."""
    return None


@dataclass(frozen=True)
class KnobChange:
    """A setting that a recipe makes; "" before: the compiler's own default."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class RecipeView:
    """What a recipe changes in a module. `rows` is an excerpt of the two pipelines; `note` says why there is none."""

    module: str
    digest: str
    level: str
    knobs: tuple[KnobChange, ...] = ()
    rows: tuple[Row | Gap, ...] = ()
    note: str = ""


def view(module: str, text: bytes, base: str | None, own: Own = unknown) -> RecipeView:
    """Return what a recipe changes. A text that is no recipe is said to be none: stores and files may hold anything."""
    try:
        recipe = Recipe.parse(text)
    except RecipeError as error:
        return RecipeView(module, "", "", note=f"its recipe cannot be read: {error.sentence}")
    if recipe.pipeline is None:
        knobs = tuple(KnobChange(name, "", value) for name, value in recipe.knobs)
        return RecipeView(module, recipe.digest, recipe.level, knobs, note="the level's own pipeline, as it is")
    plain = dict(identity(recipe.pipeline, recipe.level, recipe.major).knobs)  # what a text needs to mean what the level means
    knobs = tuple(KnobChange(name, plain.get(name, ""), value) for name, value in recipe.knobs if plain.get(name) != value)
    base = base or own(recipe.level)
    if base is None:
        note = "the pipeline is edited, and the level's own was not kept with it: no comparison can be shown"
        return RecipeView(module, recipe.digest, recipe.level, knobs, note=note)
    try:
        rows = tuple(excerpt(compare(parse(base), parse(recipe.pipeline))))
    except RecipeError as error:
        return RecipeView(module, recipe.digest, recipe.level, knobs, note=f"its base cannot be read: {error.sentence}")
    same = all(isinstance(row, Gap) for row in rows)
    return RecipeView(module, recipe.digest, recipe.level, knobs, () if same else rows, "the same passes" if same else "")
