"""Measure again what is in use, and for the first time what was brought in: kept, renewed, or taken back.

What was proven here on this very source needs the twelve blocks of a re-validation only, and is taken back when two of them
in a row do not show the gain. On an edited source, and where the evidence is somebody else's, the recipe is confirmed first, as
a candidate is; an edited source that does not pass is compiled plain from then on, and the former one keeps its recipe. The
recipe passes the gate once more, because an edited source may say other things under it.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from autopass_cc.agents import cost, ledger
from autopass_cc.agents.baseline import Baseline, establish
from autopass_cc.agents.checks import Check, Why
from autopass_cc.agents.events import Listener, Watch
from autopass_cc.agents.gate import Gate
from autopass_cc.agents.outcome import Result
from autopass_cc.agents.prepare import Prepared, prepare
from autopass_cc.agents.publish import entry_of
from autopass_cc.errors import InterruptedRunError, RecipeError
from autopass_cc.measure.runner import StoppedError
from autopass_cc.measure.stats import Rule
from autopass_cc.measure.verdict import Stage, Verdict
from autopass_cc.project.config import Config
from autopass_cc.project.modules import Module
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store import entries as store
from autopass_cc.store import imports
from autopass_cc.store.entries import Entry
from autopass_cc.store.history import Event
from autopass_cc.store.publishing import publish_changes
from autopass_cc.store.runs import Run, Runs, fingerprint_parts
from autopass_cc.store.states import DEMOTED

if TYPE_CHECKING:
    from sqlite_utils import Database

AA_BUDGET = 200.0  # seconds; decides only how often a short program runs in an A/A block
EVENTS = {Why.EDITED: Event.RENEWED, Why.KERNEL: Event.CHECKED, Why.SPOT: Event.CHECKED, Why.IMPORTED: Event.VERIFIED}


def recheck(
    db: Database, config: Config, checks: Sequence[Check], listener: Listener, stop: Callable[[], bool], watch: Watch
) -> list[Result]:
    """Measure the recipes of `checks` and settle each: everything finished is in the store at any moment."""
    prepared = prepare(db, config, listener)
    runs = Runs(db)
    run = _begin(runs, prepared)
    try:
        base = establish(runs, run, prepared, AA_BUDGET, listener, stop)
        results = []
        for check in checks:
            results.append(_settle(db, base, check, len(checks), watch))
            if stop():
                raise StoppedError
    except StoppedError:
        raise InterruptedRunError("Interrupted; everything that was finished is kept.", "it goes on by itself") from None
    runs.finish(run.id, "checked")
    return results


def _begin(runs: Runs, prepared: Prepared) -> Run:
    """Return the run to work on: the unfinished one of the same sources under the same kernel, or a new one."""
    exact = sorted(module.record.exact for module in prepared.modules.values())
    fingerprint = f"recheck {fingerprint_parts([prepared.toolchain.id, platform.release(), repr(prepared.config), *exact])}"
    unfinished = runs.latest(prepared.config.id, fingerprint=fingerprint, state="running")
    if unfinished is not None:
        return unfinished
    return runs.begin(
        project=prepared.config.id,
        root=str(prepared.config.root),
        fingerprint=fingerprint,
        toolchain=prepared.toolchain.id,
        seed=int.from_bytes(os.urandom(4)),
    )


def _settle(db: Database, base: Baseline, check: Check, among: int, watch: Watch) -> Result:
    module = base.prepared.modules.get(check.module)
    if module is None:
        detail = "not part of a program that the workload runs"
        return Result(check.module, Verdict.NOT_TRIED, recipe=check.recipe, detail=detail)
    watch(check.module, Stage.REVALIDATION)
    key = f"settled:{check.module}:{check.recipe}"
    known = base.evaluation.runs.get(base.evaluation.run.id).facts.get(key)
    if known:
        return Result.from_json(known)
    result, log_e = _measure(db, base, module, check, among)
    if result.verdict is Verdict.UNFINISHED:
        raise StoppedError
    base.evaluation.listener.line(f"  {check.module} ({check.why}): {result.verdict.value}: {result.detail}")
    if result.verdict is not Verdict.TOO_NOISY:
        _conclude(db, base, module, check, result, log_e)
    base.evaluation.runs.note(base.evaluation.run.id, **{key: result.to_json()})
    return result


def _measure(db: Database, base: Baseline, module: Module, check: Check, among: int) -> tuple[Result, float]:
    """Return the verdict on one recipe, and the evidence (log E) for it."""
    evaluation, prepared, name = base.evaluation, base.prepared, check.module
    found = Result(name, Verdict.INVALID, share=base.profile.share(name), recipe=check.recipe, mind=_origin(check))
    log_e = check.entry.log_e if check.entry else 0.0
    try:
        recipe = Recipe.parse(store.recipe_text(db, check.recipe))
    except (KeyError, RecipeError):
        return replace(found, detail="its recipe is lost, or not in the grammar any more"), log_e
    avoided = evaluation.runs.avoided(prepared.toolchain.id, module.record.exact)
    passage = Gate(prepared.builder, module, prepared.toolchain.tool("llvm-nm"), avoided).check(recipe)
    if passage.verdict is not None:
        return replace(found, verdict=passage.verdict, detail=passage.detail), log_e
    if problem := cost.measured(prepared.builder, module, recipe, prepared.place).objection:
        return replace(found, verdict=Verdict.SLOW_TO_COMPILE, detail=problem), log_e
    recipes, subject = prepared.recipes({name: recipe}), f"{name}:{check.recipe}"
    if check.why in (Why.IMPORTED, Why.EDITED):  # other code than the evidence is about, or somebody else's evidence
        confirmed = evaluation.confirm(name, subject, recipes, Rule(finalists=among))
        ledger.count_confirmation(db)
        if confirmed.verdict is not Verdict.CONFIRMED:
            return replace(found, verdict=confirmed.verdict, detail=confirmed.detail), log_e
        log_e = math.log(confirmed.e_value or 1.0)
    outcome, blocks = evaluation.revalidate(name, subject, recipes)
    if outcome.verdict is Verdict.UNCONFIRMED and check.why in (Why.KERNEL, Why.SPOT):
        # It was proven once. Twelve blocks of a noisy day are not to take that back, so they must say it twice.
        outcome, blocks = evaluation.revalidate(name, subject, recipes, stage="second look")
    evaluation.say(name, outcome)
    return (
        replace(
            found,
            verdict=outcome.verdict,
            estimate=outcome.estimate,
            detail=outcome.detail,
            baseline_s=evaluation.seconds(blocks, "A"),
            tuned_s=evaluation.seconds(blocks, "B"),
        ),
        log_e,
    )


def _origin(check: Check) -> str:
    return check.brought.source if check.brought else check.entry.origin if check.entry else ""


def _conclude(db: Database, base: Baseline, module: Module, check: Check, result: Result, log_e: float) -> None:
    """Keep, renew or take back; what is wrong in a way that will not change is remembered."""
    holds = result.verdict is Verdict.ACCEPTED
    if result.verdict.is_defect:
        toolchain = base.prepared.toolchain.id
        base.evaluation.runs.avoid(toolchain, module.record.exact, check.recipe, result.verdict.value, result.detail)
    if holds:
        store.accept(db, [_entry(db, base, check, result, log_e)], EVENTS[check.why])
        if check.brought is not None:
            imports.decide(db, check.brought, imports.VERIFIED)
    elif check.entry is not None and check.why is Why.EDITED:
        store.restrict(db, check.entry, f"an edited version did not pass ({result.verdict.value}: {result.detail})")
    elif check.entry is not None:
        store.take_back(db, [check.entry], DEMOTED, f"{check.why}: {result.verdict.value}: {result.detail}")
    elif check.brought is not None:
        imports.decide(db, check.brought, imports.REFUTED)
        publish_changes(db, [check.brought])


def _entry(db: Database, base: Baseline, check: Check, result: Result, log_e: float) -> Entry:
    former = check.entry or check.brought
    if former is None:
        raise ValueError(f"{result.name} has neither an entry nor an import")
    recipe = Recipe.parse(store.recipe_text(db, check.recipe))
    run = base.evaluation.run.id
    return entry_of(base.prepared, result, recipe, former.edits, run, log_e=log_e, origin=_origin(check))
