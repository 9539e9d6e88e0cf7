"""Whether a proven recipe may also serve the source after it was edited (by the inherited key), or this source only.

The gate compared messages and symbols for the source and the flags that it saw. Edited, or compiled with other -D, the
same source may have others, and then a recipe that means the same program can still fail its build: by a warning with
-Werror, by a call that has the attribute `error`, by a reference that is no longer dropped. So the exact key alone is
published where something says that messages or references depend on the optimiser (`evidence/dependence.py`), and where
another recorded compile that would inherit the recipe does not pass the gate with it.

What remains: headers are no part of the exact key, so an edited header of the project can still change what is said.
"""

from __future__ import annotations

from pathlib import Path

from autopass_cc.agents.gate import Gate
from autopass_cc.errors import SourceError
from autopass_cc.evidence.dependence import dependence
from autopass_cc.project.builder import Builder
from autopass_cc.project.modules import TUNABLE, Module
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.builds import CompileRecord
from autopass_cc.toolchain.describe import Toolchain


def why_exact_only(builder: Builder, module: Module, recipe: Recipe, toolchain: Toolchain) -> str:
    """Return why a recipe must be published for the exact source only; "" where edited ones may inherit it."""
    for record in module.records:
        if reason := dependence(record, toolchain, builder.place):
            return reason
    return next(filter(None, (_refusal(builder, heir, recipe, toolchain) for heir in _heirs(builder, module.record))), "")


def _heirs(builder: Builder, record: CompileRecord) -> list[CompileRecord]:
    """Return the other recorded compiles with the same inherited key: the same source with other -D or -I."""
    return [
        other
        for other in builder.records.values()
        if record.inherited and other.inherited == record.inherited and other.exact != record.exact and other.decision in TUNABLE
    ]


def _refusal(builder: Builder, heir: CompileRecord, recipe: Recipe, toolchain: Toolchain) -> str:
    gate = Gate(builder, Module(heir.rel, (heir,)), toolchain.tool("llvm-nm"), {})
    try:
        passage = gate.unchanged(recipe)
    except SourceError as error:
        return error.sentence
    if passage.verdict is None:
        return ""
    return f"compiled to {Path(heir.out).name} it does not pass ({passage.verdict.value}: {passage.detail})"
