"""Methods that search: each a mind under the same gates, the same stopwatch and the same number of runs of the program."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from autopass_cc.agents.allowance import ProgramRuns
from autopass_cc.agents.choice import choose
from autopass_cc.agents.minds.chance import Chance
from autopass_cc.agents.minds.council import Council
from autopass_cc.agents.minds.language import Tally
from autopass_cc.agents.minds.protocol import Mind
from autopass_cc.agents.minds.transfer import Transfer
from autopass_cc.agents.module_run import search_of
from autopass_cc.agents.parts import Part
from autopass_cc.agents.reasoning import Reasoning, Setting
from autopass_cc.agents.search import Search
from autopass_cc.bench.bayes import Bayes, features_of
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.flavours import PLAIN, Flavour
from autopass_cc.bench.instrumented import pgo
from autopass_cc.bench.race import interrupted
from autopass_cc.bench.results import Entrant
from autopass_cc.recipe.recipe import Recipe

# What other programs of the suite taught would be a profile of the test set.
ALONE = Setting(without=frozenset({Part.TRANSFER}))
BY_RULES = Reasoning(ALONE, None, None)


@dataclass(frozen=True)
class Found:
    """What was found for one module: the best recipe, if any, and among how many candidates.

    `runs` and `seconds` are what former sittings took, where this one went on with them.
    """

    recipe: Recipe | None
    candidates: int
    runs: float = 0.0
    seconds: float = 0.0


Seek = Callable[[Search, ProgramRuns], Found]
"""Looks for the best recipe of the module of a search, with its parts or by running it."""


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
    """Let a mind search each module."""
    return entered(contest, method, flavour, contest.budget, searched(contest), mind)


def searched(contest: Contest) -> Seek:
    """Return what runs a search with all its parts."""

    def seek(search: Search, _allowance: ProgramRuns) -> Found:
        if isinstance(search.mind, Bayes):
            search.mind.compiled_by(features_of(search, contest.toolchain), search.workers)
        found = search.run()
        return Found(search.recipe(found[0].proposal) if found else None, len(search.situation.history))

    return seek


def entered(
    contest: Contest,
    method: str,
    flavour: Flavour,
    budget: int,
    seek: Seek,
    mind: Callable[[], Mind | None] = lambda: None,
    reasoning: Reasoning = BY_RULES,
) -> Entrant:
    """Seek in each module that is worth it, one after the other, and return the program with the best of each.

    `budget` are the program runs for each module; `mind` proposes in the place of those that `reasoning` has.
    """
    base = contest.baseline(flavour)
    began = time.monotonic()
    tasks, _ = choose(contest.db, base, (), {}, scored=True)
    recipes: dict[str, str] = {}
    bases: dict[str, str] = {}
    every: list[Found] = []
    tallies: list[Tally] = []
    spent = 0.0
    for task in tasks:
        module = base.prepared.modules[task.name]
        allowance = ProgramRuns(budget, base.evaluation.runner, base.evaluation.plan)
        search, _, language = search_of(base, module, task, allowance, reasoning, Transfer(()), mind())
        every.append(seek(search, allowance))
        tallies += [language.tally] if language is not None else []
        spent += allowance.spent()
        if base.evaluation.stop():
            raise interrupted()
        if (recipe := every[-1].recipe) is not None:
            recipes[task.name] = recipe.render().decode()
            if recipe.pipeline is not None:
                bases[task.name] = search.base_text
    facts = {
        "search_s": time.monotonic() - began + sum(each.seconds for each in every),
        "runs": spent + sum(each.runs for each in every),
        "modules": len(tasks),
        "candidates": sum(each.candidates for each in every),
    }
    if reasoning.asker is not None:
        facts |= {
            "tokens": sum(each.prompt_tokens + each.completion_tokens for each in tallies),
            "proposals": sum(each.proposals for each in tallies),
        }
    return Entrant(contest.program.name, method, flavour, recipes, facts=facts, bases=bases)
