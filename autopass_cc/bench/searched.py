"""Methods that search: each a mind under the same gates, the same stopwatch and the same number of runs of the program."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from autopass_cc.agents.allowance import ProgramRuns
from autopass_cc.agents.choice import choose
from autopass_cc.agents.minds.chance import Chance
from autopass_cc.agents.minds.council import Council
from autopass_cc.agents.minds.protocol import Mind
from autopass_cc.agents.minds.transfer import Transfer
from autopass_cc.agents.module_run import search_of
from autopass_cc.agents.parts import Part
from autopass_cc.agents.reasoning import Reasoning, Setting
from autopass_cc.bench.bayes import Bayes, features_of
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.flavours import PLAIN, Flavour
from autopass_cc.bench.instrumented import pgo
from autopass_cc.bench.race import interrupted
from autopass_cc.bench.results import Entrant

# What other programs of the suite taught would be a profile of the test set.
ALONE = Setting(without=frozenset({Part.TRANSFER}))


def rules(contest: Contest, method: str, flavour: Flavour = PLAIN) -> Entrant:
    """Return what our own search finds, without a model."""
    return _searched(contest, method, flavour, lambda: None)


def chance(contest: Contest, method: str) -> Entrant:
    """Return what random legal edits find."""
    return _searched(contest, method, PLAIN, lambda: Council([], Chance()))


def bayesian(contest: Contest, method: str) -> Entrant:
    """Return what a surrogate over compile-only features finds."""
    return _searched(contest, method, PLAIN, Bayes)


def on_top_of_pgo(contest: Contest, method: str) -> Entrant:
    """Return what our own search finds on top of instrumented PGO: it tunes what the profile has left."""
    first = pgo(contest, method)
    entrant = rules(contest, method, first.flavour)
    facts = {**entrant.facts, "search_s": entrant.facts["search_s"] + first.facts["search_s"]}
    return replace(entrant, facts={**facts, "trained_s": first.facts["trained_s"]})


def _searched(contest: Contest, method: str, flavour: Flavour, mind: Callable[[], Mind | None]) -> Entrant:
    """Search each module that is worth it, one after the other, and take the best finalist of each."""
    base = contest.baseline(flavour)
    began, spent = time.monotonic(), 0.0
    tasks, _ = choose(contest.db, base, (), {}, scored=True)
    recipes: dict[str, str] = {}
    tried = 0
    for task in tasks:
        module = base.prepared.modules[task.name]
        allowance = ProgramRuns(contest.budget, base.evaluation.runner, base.evaluation.plan)
        proposer = mind()
        search, _, _ = search_of(base, module, task, allowance, Reasoning(ALONE, None, None), Transfer(()), proposer)
        if isinstance(proposer, Bayes):
            proposer.compiled_by(features_of(search, contest.toolchain))
        found = search.run()
        spent += allowance.spent()
        if base.evaluation.stop():
            raise interrupted()
        tried += len(search.situation.history)
        if found:
            recipes[task.name] = search.recipe(found[0].proposal).render().decode()
    facts = {
        "search_s": time.monotonic() - began,
        "runs": spent,
        "modules": len(tasks),
        "candidates": tried,
    }
    return Entrant(contest.program.name, method, flavour, recipes, facts=facts)
