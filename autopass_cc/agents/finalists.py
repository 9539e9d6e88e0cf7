"""From a search's gains to its finalists: the best looked at again, and made minimal.

The best of many noisy numbers flatters itself, so the few best are timed once more, thoroughly. Then every edit that
does not pay is dropped: without cost where the code stays the same without it, else by measurement. What the removal
of each edit cost is kept, because it tells why the winner wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from autopass_cc.agents.minds.protocol import Proposal, Removal, Tried
from autopass_cc.errors import RecipeError
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import canonical, without
from autopass_cc.recipe.recipe import Recipe

if TYPE_CHECKING:
    from autopass_cc.agents.search import Search

WORTH = 0.005  # log-ratio: an edit whose removal costs less than this does not pay
FINALISTS = 2

Candidates = dict[str, tuple[Proposal, Recipe]]


def finalists(search: Search) -> list[Tried]:
    """Return up to two candidates for confirmation, the better first."""
    gains = search.situation.gains(WORTH)
    # Where time is over, the few best are looked at again all the same; where runs are over, the screen takes none.
    looked_at = search.comparable() or search.strategy.again
    gains = _again(search, gains[:looked_at]) if gains else []
    if not gains:
        return []
    smallest = _minimise(search, gains[0])
    others = [tried for tried in gains[1:] if tried.recipe != smallest.recipe]
    return [smallest, *others][:FINALISTS]


def _again(search: Search, gains: Sequence[Tried]) -> list[Tried]:
    search.compare({tried.recipe: (tried.proposal, search.recipe(tried.proposal)) for tried in gains}, "the best again")
    wanted = {tried.recipe for tried in gains}
    return [tried for tried in search.situation.gains(WORTH) if tried.recipe in wanted]


def _minimise(search: Search, best: Tried) -> Tried:
    edits = canonical(best.proposal.edits)
    if len(edits) < 2:
        return best
    variants: Candidates = {best.recipe: (best.proposal, search.recipe(best.proposal))}
    removal: dict[str, int] = {}
    idle: set[int] = set()
    for place in range(len(edits)):
        proposal = replace(best.proposal, edits=without(edits, place), hypothesis=f"minimised: {best.proposal.hypothesis}")
        try:
            recipe = search.recipe(proposal)
        except RecipeError:
            continue
        if _same_code(search, recipe, variants[best.recipe][1]):
            idle.add(place)
        elif search.gate.unchanged(recipe).verdict is None:
            removal[recipe.digest] = place
            variants[recipe.digest] = (proposal, recipe)
    if len(variants) > 1:
        search.compare(variants, "without each edit", short=True)
    scores = {tried.recipe: tried.screened for tried in search.situation.history}
    whole = scores.get(best.recipe) or 0.0
    costs = {place: score - whole for digest, place in removal.items() if (score := scores.get(digest)) is not None}
    useless = idle | {place for place, cost in costs.items() if cost <= WORTH}
    kept = tuple(edit for place, edit in enumerate(edits) if place not in useless)
    told = tuple(Removal(edit, costs.get(place), same_code=place in idle) for place, edit in enumerate(edits))
    measured = replace(search.known(best.recipe) or best, removals=told)
    search.remember(measured, variants[best.recipe][1])
    if not useless or not kept:
        return measured
    shorter = replace(best.proposal, edits=kept, hypothesis=f"minimised: {best.proposal.hypothesis}")
    return _shorter(search, measured, shorter)


def _shorter(search: Search, best: Tried, proposal: Proposal) -> Tried:
    """Return the shorter recipe if it is as good as the whole one."""
    try:
        recipe = search.recipe(proposal)
    except RecipeError:
        return best
    whole = search.recipe(best.proposal)
    if search.gate.unchanged(recipe).verdict is not None:  # without its edits the others may do what they did not before
        return best
    if _same_code(search, recipe, whole):
        short = Tried(proposal, recipe.digest, Verdict.SCREENED_OUT, best.screened)
    else:
        search.compare({best.recipe: (best.proposal, whole), recipe.digest: (proposal, recipe)}, "minimised", short=True)
        timed, long = search.known(recipe.digest), search.known(best.recipe) or best
        if timed is None or (timed.screened or 0.0) > (long.screened or 0.0) + WORTH:
            return long
        short = timed
    short = replace(short, removals=best.removals, diagnosis=short.diagnosis or best.diagnosis)
    search.remember(short, recipe)
    return short


def _same_code(search: Search, one: Recipe, other: Recipe) -> bool:
    builder = search.gate.builder
    for out in search.gate.module.outs:
        first, second = (builder.compile(out, recipe, sections=False) for recipe in (one, other))
        if not first.outcome.ok or first.digest != second.digest:
            return False
        if not builder.compile(out, one, sections=True).outcome.ok:
            return False
    return True
