"""From a proven result to the entry that compiles will find."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

from autopass_cc.agents.exact_only import why_exact_only
from autopass_cc.agents.outcome import Result
from autopass_cc.agents.prepare import Prepared
from autopass_cc.machine import machine_id
from autopass_cc.measure.stats import Estimate
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.entries import Entry


def entry_of(
    prepared: Prepared, result: Result, recipe: Recipe, edits: Sequence[Any], run: int, *, log_e: float, origin: str = ""
) -> Entry:
    """Return the entry of an accepted result; raises ValueError for one that was not re-validated.

    `log_e` is the evidence of its confirmation, `origin` the publication that the recipe came from ("": found here).
    """
    estimate = result.estimate
    if estimate is None:
        raise ValueError(f"{result.name} has no re-validated estimate")
    module = prepared.modules[result.name]
    record = module.record
    return Entry(
        project=prepared.config.id,
        module=result.name,
        variant=record.inherited or record.exact,
        root=str(prepared.config.root),
        recipe=recipe.digest,
        exact=record.exact,
        inherited=record.inherited,
        toolchain=prepared.toolchain.id,
        digest=record.digest,
        portable_exact=record.portable_exact,
        portable_inherited=record.portable_inherited,
        edits=list(edits),
        median=estimate.median,
        low=estimate.low,
        high=estimate.high,
        log_e=log_e,
        share=result.share or 0.0,
        run=run,
        origin=origin,
        provenance=provenance(prepared, estimate),
        exact_only=why_exact_only(prepared.builder, module, recipe, prepared.toolchain),
    )


def provenance(prepared: Prepared, estimate: Estimate) -> dict[str, Any]:
    """Return where and how a recipe was measured, as it goes into the store and into exports."""
    return {
        "compiler": prepared.toolchain.version,
        "target": prepared.toolchain.target,
        "cpu": prepared.toolchain.cpu,
        "machine": machine_id(),
        "kernel": platform.release(),
        "blocks": estimate.n,
        "coverage": round(estimate.coverage, 4),
    }
