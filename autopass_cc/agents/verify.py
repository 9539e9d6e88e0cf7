"""Independent re-measurement of what is published: a new run, new links, nothing taken over but the recipes."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence

from sqlite_utils import Database

from autopass_cc.agents.baseline import Baseline, establish
from autopass_cc.agents.events import Listener
from autopass_cc.agents.outcome import Result
from autopass_cc.agents.prepare import Prepared, prepare
from autopass_cc.agents.together import WHOLE
from autopass_cc.errors import NothingRecordedError, RecipeError
from autopass_cc.measure.verdict import Verdict
from autopass_cc.project.config import Config
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store import entries as store
from autopass_cc.store.runs import Runs
from autopass_cc.store.states import ACTIVE

AA_BUDGET = 200.0  # seconds; decides only how often a short program runs in an A/A block


def verify(db: Database, config: Config, listener: Listener) -> list[Result]:
    """Measure each active recipe of a project against the base level, then all of them together, 12 blocks each."""
    prepared = prepare(db, config, listener)
    chosen = _published(db, prepared)
    if not chosen:
        raise NothingRecordedError("No recipe is published for the modules of this build.", "run `autopass tune`")
    runs = Runs(db)
    run = runs.begin(
        project=config.id,
        root=str(config.root),
        fingerprint=f"verify {time.time_ns()}",
        toolchain=prepared.toolchain.id,
        seed=int.from_bytes(os.urandom(4)),
    )
    try:
        base = establish(runs, run, prepared, AA_BUDGET, listener, lambda: False)
        results = [_measure(base, name, name, [name], chosen) for name in chosen]
        return [*results, _measure(base, WHOLE, "all together", list(chosen), chosen)]
    finally:
        runs.finish(run.id, "verified")


def _published(db: Database, prepared: Prepared) -> dict[str, Recipe]:
    """Return the published recipes that the launcher would apply to the modules as they are recorded now."""
    runs = Runs(db)
    active = [entry for entry in store.entries(db, prepared.config.id) if entry.state == ACTIVE]
    keys = {entry.exact: entry.recipe for entry in active} | {entry.inherited: entry.recipe for entry in active}
    found = {}
    for name, module in prepared.modules.items():
        digest = keys.get(module.record.exact) or (module.record.inherited and keys.get(module.record.inherited))
        if digest:
            with contextlib.suppress(KeyError, RecipeError):  # such a one is not published either
                found[name] = Recipe.parse(runs.recipe_text(digest))
    return found


def _measure(base: Baseline, name: str, label: str, members: Sequence[str], chosen: dict[str, Recipe]) -> Result:
    evaluation = base.evaluation
    recipes = base.prepared.recipes({member: chosen[member] for member in members})
    outcome, blocks = evaluation.revalidate(label, "+".join(members), recipes, stage="verify")
    evaluation.say(label, outcome)
    slower = outcome.estimate is not None and outcome.estimate.low > 0
    return Result(
        name,
        Verdict.REJECTED if slower else outcome.verdict,
        share=None if name == WHOLE else base.profile.share(name),
        baseline_s=evaluation.seconds(blocks, "A"),
        tuned_s=evaluation.seconds(blocks, "B"),
        estimate=outcome.estimate,
        detail=outcome.detail,
    )
