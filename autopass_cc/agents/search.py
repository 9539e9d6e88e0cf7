"""The search over one module: waves of proposals, gated, screened against the baseline, the winner made minimal.

Nothing found here is a claim. What the search returns are finalists for confirmation on fresh builds.
"""

from __future__ import annotations

import concurrent.futures
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from autopass_cc.agents import cost
from autopass_cc.agents.events import Listener
from autopass_cc.agents.gate import Gate, Passage
from autopass_cc.agents.protocol import Mind, Proposal, Situation, Tried
from autopass_cc.errors import RecipeError
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import canonical, without
from autopass_cc.recipe.recipe import Recipe, build

FIRST_WAVE, WAVE = (
    28,
    12,
)  # candidates that reach the stopwatch; the first wave looks around, later ones follow what it saw
GATED_PER_PLACE = 4  # proposals looked at for each place in a wave (about half compile to code that is already known)
PATIENCE = 2  # waves without a better best before the search ends
WORTH = 0.005  # log-ratio: an edit whose removal costs less than this does not pay
FINALISTS = 2
ROUNDS, LEAST_ROUNDS, MOST_ROUNDS = 4, 3, 6  # of a wave; of the comparisons that follow the waves
ROUNDS_EACH = 2.5  # that a candidate of a wave runs on average, as half of the field drops out
FOR_WAVES = 0.55  # share of the time for waves; the rest is for looking again at the best and making it minimal
LEAST_PLACES = 4
LOOKED_AT = 3  # of the best, whose compile time must be bearable before anything is built on them
GIVEN_UP = -1e9  # what `time_left` says when the user asked to stop


@dataclass(frozen=True)
class Screened:
    """What screening says of a candidate: the log-ratio of its time to the baseline's, or what went wrong."""

    score: float | None
    rounds: int
    verdict: Verdict = Verdict.SCREENED_OUT
    detail: str = ""


class Screen(Protocol):
    """Times candidates against the baseline for some rounds, dropping the slower half after each where `halving`."""

    def __call__(self, recipes: Mapping[str, Recipe], *, rounds: int, halving: bool) -> dict[str, Screened]:
        """Return what was seen of each candidate, by recipe digest."""
        ...

    def cost(self) -> float:
        """Return about how many seconds one candidate takes in one round, its link included."""
        ...


@dataclass
class Search:
    """One module's search. `save` is called with each candidate whose state changed, so that nothing is lost."""

    situation: Situation
    mind: Mind
    gate: Gate
    screen: Screen
    listener: Listener
    save: Callable[[Tried, Recipe], None]
    time_left: Callable[[], float]
    compile_cost: Callable[[Recipe], float]
    workers: int = 2
    base_text: str = ""
    pipelines: bool = True  # whether this module's base pipeline is reproduced; if not, only knobs are tried
    recipes: dict[str, Recipe] = field(default_factory=dict)
    _costs: dict[str, float] = field(default_factory=dict)

    def run(self, history: Sequence[Tried] = ()) -> list[Tried]:
        """Search until time or ideas run out; return up to two finalists, the better first."""
        self.situation = replace(self.situation, history=tuple(history))
        stale, reserve = 0, (1 - FOR_WAVES) * self.time_left()
        for number in itertools.count(1):
            before = self._best_score()
            kept_back = reserve if number == 1 or before < -WORTH else 0.0  # nothing to look at again: search on
            affordable = int((self.time_left() - kept_back) / (ROUNDS_EACH * self.screen.cost()))
            if number > 1 and affordable < LEAST_PLACES:
                break
            places = min(WAVE if self.situation.history else FIRST_WAVE, max(LEAST_PLACES, affordable))
            admitted = self._admit(places)
            if not admitted:
                break
            self._time(admitted, f"wave {number}", rounds=ROUNDS, halving=True)
            stale = 0 if self._best_score() < before - WORTH else stale + (before < 0)
            if stale >= PATIENCE:
                break
        return self._finalists() if self.time_left() > GIVEN_UP else []

    def _best_score(self) -> float:
        return min((tried.screened for tried in self.situation.history if tried.screened is not None), default=0.0)

    def _remember(self, tried: Tried, recipe: Recipe) -> None:
        kept = [old for old in self.situation.history if old.recipe != tried.recipe]
        self.situation = replace(self.situation, history=(*kept, tried))
        self.save(tried, recipe)

    def _admit(self, places: int) -> dict[str, tuple[Proposal, Recipe]]:
        """Gate proposals until `places` of them have passed, or the mind has no more."""
        admitted: dict[str, tuple[Proposal, Recipe]] = {}
        looked_at = 0
        while len(admitted) < places and looked_at < GATED_PER_PLACE * places and self.time_left() > 0:
            proposals = self._situated(admitted, places)
            if not proposals:
                break
            looked_at += len(proposals)
            for proposal, recipe, passage in self._gated(proposals):
                if recipe is None:
                    self._forget(proposal)
                elif passage.verdict is None and len(admitted) < places:
                    admitted[recipe.digest] = (proposal, recipe)
                elif passage.verdict is not None:
                    self._remember(Tried(proposal, recipe.digest, passage.verdict, None, passage.detail), recipe)
            self.listener.progress(
                f"screening {self.gate.module.name}: {len(admitted)} of {looked_at} proposals compile to new code"
            )
        return admitted

    def _situated(self, admitted: Mapping[str, tuple[Proposal, Recipe]], places: int) -> Sequence[Proposal]:
        pending = tuple(Tried(proposal, digest, Verdict.NOT_TRIED) for digest, (proposal, _) in admitted.items())
        situation = replace(self.situation, history=(*self.situation.history, *pending, *self._invalid))
        return self.mind.propose(situation, places - len(admitted) + 2)

    @property
    def _invalid(self) -> tuple[Tried, ...]:
        return tuple(Tried(proposal, "", Verdict.INVALID) for proposal in self._refused)

    _refused: list[Proposal] = field(default_factory=list)

    def _forget(self, proposal: Proposal) -> None:
        self._refused.append(proposal)

    def _gated(self, proposals: Sequence[Proposal]) -> list[tuple[Proposal, Recipe | None, Passage]]:
        """Build and check recipes, several compiles at once: nothing is being timed now."""

        def one(proposal: Proposal) -> tuple[Proposal, Recipe | None, Passage]:
            try:
                recipe = self.recipe(proposal)
            except RecipeError as error:
                return proposal, None, Passage(Verdict.INVALID, error.sentence)
            if any(tried.recipe == recipe.digest for tried in self.situation.history):
                return proposal, None, Passage(Verdict.SAME_CODE, "the same recipe in other words")
            return proposal, recipe, self.gate.check(recipe)

        with concurrent.futures.ThreadPoolExecutor(self.workers) as pool:
            return list(pool.map(one, proposals))

    def recipe(self, proposal: Proposal) -> Recipe:
        """Return the recipe of a proposal; raises RecipeError."""
        edits = canonical(proposal.edits)
        recipe = build(self.base_text, self.situation.evidence.level, self.situation.menu.allow.major, edits)
        if recipe.pipeline is not None and not self.pipelines:
            raise RecipeError("The base pipeline of this module is not reproduced, so its passes are not edited.")
        return self.recipes.setdefault(recipe.digest, recipe)

    def _compare(self, candidates: Mapping[str, tuple[Proposal, Recipe]], what: str) -> None:
        """Time a few candidates for as many rounds as a third of the remaining time allows."""
        fitting = int(self.time_left() / 3 / ((len(candidates) + 1) * self.screen.cost()))
        self._time(candidates, what, rounds=max(LEAST_ROUNDS, min(MOST_ROUNDS, fitting)), halving=False)

    def _time(self, candidates: Mapping[str, tuple[Proposal, Recipe]], what: str, *, rounds: int, halving: bool) -> None:
        name = self.gate.module.name
        self.listener.progress(f"screening {name}: {what}, {len(candidates)} candidates")
        seen = self.screen({digest: recipe for digest, (_, recipe) in candidates.items()}, rounds=rounds, halving=halving)
        for digest, (proposal, recipe) in candidates.items():
            result = seen[digest]
            self._remember(Tried(proposal, digest, result.verdict, result.score, result.detail), recipe)
        self._refuse_slow_compiles()
        best = self._best_score()
        timed = sum(result.score is not None for result in seen.values())
        self.listener.line(f"  {name}: {what}: {timed} timed, best so far {math.expm1(best) * 100:+.1f} % (screening)")

    def cost(self, recipe: Recipe) -> float:
        """Return the time of a compile with a recipe over the plain one's; measured once."""
        if recipe.digest not in self._costs:
            self._costs[recipe.digest] = self.compile_cost(recipe)
        return self._costs[recipe.digest]

    def _refuse_slow_compiles(self) -> None:
        """Take what slows its compile too much out of the best, before time goes into building on it."""
        place = 0
        while place < LOOKED_AT and place < len(gains := self.situation.gains(WORTH)):
            tried = gains[place]
            recipe = self.recipe(tried.proposal)
            problem = cost.objection(self.cost(recipe))
            if problem is None:
                place += 1
            else:
                self._remember(replace(tried, verdict=Verdict.SLOW_TO_COMPILE, screened=None, detail=problem), recipe)

    def _finalists(self) -> list[Tried]:
        gains = self.situation.gains(WORTH)
        if not gains:
            return []
        gains = self._again(gains[:4])
        if not gains:
            return []
        smallest = self._minimise(gains[0])
        others = [tried for tried in gains[1:] if tried.recipe != smallest.recipe]
        return [smallest, *others][:FINALISTS]

    def _again(self, gains: Sequence[Tried]) -> list[Tried]:
        """Time the few best once more, thoroughly: the best of many noisy numbers flatters itself."""
        self._compare({tried.recipe: (tried.proposal, self.recipe(tried.proposal)) for tried in gains}, "the best again")
        wanted = {tried.recipe for tried in gains}
        again = [tried for tried in self.situation.gains(WORTH) if tried.recipe in wanted]
        return sorted(again, key=lambda tried: tried.screened or 0.0)

    def _minimise(self, best: Tried) -> Tried:
        """Drop every edit that does not pay: without cost where the code stays the same, else by measurement."""
        edits = canonical(best.proposal.edits)
        if len(edits) < 2:
            return best
        variants: dict[str, tuple[Proposal, Recipe]] = {best.recipe: (best.proposal, self.recipe(best.proposal))}
        removal: dict[str, int] = {}
        idle: set[int] = set()
        for place in range(len(edits)):
            proposal = replace(best.proposal, edits=without(edits, place), hypothesis=f"minimised: {best.proposal.hypothesis}")
            try:
                recipe = self.recipe(proposal)
            except RecipeError:
                continue
            if self._same_code(recipe, variants[best.recipe][1]):
                idle.add(place)
            elif self.gate.unchanged(recipe).verdict is None:
                removal[recipe.digest] = place
                variants[recipe.digest] = (proposal, recipe)
        if len(variants) > 1:
            self._compare(variants, "without each edit")
        scores = {tried.recipe: tried.screened for tried in self.situation.history}
        whole = scores.get(best.recipe) or 0.0
        useless = idle | {
            place for digest, place in removal.items() if (score := scores.get(digest)) is not None and score <= whole + WORTH
        }
        kept = tuple(edit for place, edit in enumerate(edits) if place not in useless)
        if not useless or not kept:
            return self._tried(best.recipe)
        return self._shorter(best, replace(best.proposal, edits=kept, hypothesis=f"minimised: {best.proposal.hypothesis}"))

    def _shorter(self, best: Tried, proposal: Proposal) -> Tried:
        """Return the shorter recipe if it is as good as the whole one."""
        try:
            recipe = self.recipe(proposal)
        except RecipeError:
            return self._tried(best.recipe)
        whole = self.recipe(best.proposal)
        if self.gate.unchanged(recipe).verdict is not None:  # without its edits the others may do what they did not before
            return self._tried(best.recipe)
        if not self._same_code(recipe, whole):
            self._compare({best.recipe: (best.proposal, whole), recipe.digest: (proposal, recipe)}, "minimised")
            short, long = self._tried(recipe.digest), self._tried(best.recipe)
            return short if (short.screened or 0.0) <= (long.screened or 0.0) + WORTH else long
        self._remember(Tried(proposal, recipe.digest, Verdict.SCREENED_OUT, self._tried(best.recipe).screened), recipe)
        return self._tried(recipe.digest)

    def _tried(self, digest: str) -> Tried:
        return next(tried for tried in self.situation.history if tried.recipe == digest)

    def _same_code(self, one: Recipe, other: Recipe) -> bool:
        builder = self.gate.builder
        for out in self.gate.module.outs:
            first, second = (builder.compile(out, recipe, sections=False) for recipe in (one, other))
            if not first.outcome.ok or first.digest != second.digest:
                return False
            if not builder.compile(out, one, sections=True).outcome.ok:
                return False
        return True
