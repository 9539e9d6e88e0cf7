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

from autopass_cc.agents.cost import Cost
from autopass_cc.agents.events import Listener
from autopass_cc.agents.finalists import WORTH, finalists
from autopass_cc.agents.gate import Gate, Passage
from autopass_cc.agents.minds.protocol import MODEL, Diagnosis, Mind, Proposal, Situation, Tried
from autopass_cc.agents.minds.transfer import WORKS, Transfer
from autopass_cc.agents.minds.versions import compiles_twice
from autopass_cc.agents.strategy import FEW, FRUGAL, THOROUGH, Strategy
from autopass_cc.errors import RecipeError
from autopass_cc.measure.screening import Pace
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import canonical
from autopass_cc.recipe.recipe import Recipe, build

ELSEWHERE = 8  # candidates that worked elsewhere, which are timed first
GATED_PER_PLACE = 4  # proposals looked at for each place in a wave (about half compile to code that is already known)
MOST_ROUNDS = 6  # of the comparisons that follow the waves
IN_ROUNDS = 0.4  # of what is kept back: while a model has rounds left, its next answer is worth more than another look
LEAST_PLACES = 4  # of the first candidates that are timed, whatever there is to spend
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
    """Times candidates against the baseline at a pace."""

    def __call__(self, recipes: Mapping[str, Recipe], pace: Pace) -> dict[str, Screened]:
        """Return what was seen of each candidate, by recipe digest."""
        ...

    def cost(self, *, short: bool) -> float:
        """Return about how much of what is left one candidate takes in one round of the shorter run, or of the workload."""
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
    compile_cost: Callable[[Recipe], Cost]
    workers: int = 2
    base_text: str = ""
    pipelines: bool = True  # whether this module's base pipeline is reproduced; if not, only knobs are tried
    first: Transfer | None = None  # whose proposals are timed before anything else: what worked elsewhere
    rounds: int = 0  # in which a model wants to see results: so many waves share the time for waves
    feedback: bool = True  # whether minds are told results (without: the ablation of the Evaluation agent)
    diagnose: Callable[[Tried, Recipe], Diagnosis | None] = lambda _tried, _recipe: None
    recipes: dict[str, Recipe] = field(default_factory=dict)
    invalid: int = 0  # proposals that the grammar refused
    strategy: Strategy = THOROUGH  # frugal where `run` finds that there is little to spend
    _refused: list[Proposal] = field(default_factory=list)
    _costs: dict[str, Cost] = field(default_factory=dict)

    def run(self, history: Sequence[Tried] = ()) -> list[Tried]:
        """Search until time or ideas run out; return up to two finalists, the better first."""
        self.situation = replace(self.situation, history=tuple(history))
        self.strategy = FRUGAL if self.runs_left() < FEW else THOROUGH
        reserve = (1 - self.strategy.for_waves) * self.time_left()
        stale = self._begin_elsewhere(reserve) if not history else 0
        if self.first is not None and self.first.holds(self.situation.history):
            self.listener.line(f"  {self.gate.module.name}: what won on nearly the same code wins here, too: no search")
            return self._finalists()
        for number in itertools.count(1):
            before = self._best_score()
            kept_back = reserve if number == 1 or before < -WORTH else 0.0  # nothing to look at again: search on
            if not self._has_timed:
                kept_back += (1 - self.strategy.first_share) * (self.time_left() - kept_back)
            kept_back *= IN_ROUNDS if number <= self.rounds else 1.0
            affordable = self._places(kept_back)
            least = self.strategy.least_places if self._has_timed else LEAST_PLACES
            if self._has_timed and affordable < least:
                break
            fair = affordable // max(1, self.rounds - number + 1)
            usual = self.strategy.wave if self.situation.history else self.strategy.first_wave
            places = min(usual, max(least, fair))
            self.situation = replace(self.situation, wave=number)
            admitted = self._admit(places)
            if not admitted and number < self.rounds:
                continue  # the model may learn from what became of these
            if not admitted:
                break
            if not self._time(admitted, f"wave {number}", self.strategy.race):
                break  # nothing fitted into what is left
            if self.feedback:
                self._diagnose(admitted)
            stale = 0 if self._best_score() < before - WORTH else stale + (before < 0)
            if stale >= self.strategy.patience:
                break
        return self._finalists()

    def _finalists(self) -> list[Tried]:
        return finalists(self) if self.time_left() > GIVEN_UP else []

    def _begin_elsewhere(self, reserve: float) -> int:
        """Time what worked elsewhere; return how many of the waves of patience that spares: one, where it works here, too."""
        places = min(ELSEWHERE, max(LEAST_PLACES, self._places(reserve)))
        admitted = self._admit(places, self.first) if self.first is not None else {}
        if not admitted:
            return 0
        self._time(admitted, "what worked elsewhere", self.strategy.race)
        return int(self._best_score() < -WORKS)

    @property
    def _has_timed(self) -> bool:
        return any(tried.screened is not None for tried in self.situation.history)

    def _best_score(self) -> float:
        return min((tried.screened for tried in self.situation.history if tried.screened is not None), default=0.0)

    def remember(self, tried: Tried, recipe: Recipe) -> None:
        """Take what is known of a recipe into the history, in the place of what was known, and save it."""
        kept = [old for old in self.situation.history if old.recipe != tried.recipe]
        self.situation = replace(self.situation, history=(*kept, tried))
        self.save(tried, recipe)

    def _admit(self, places: int, mind: Mind | None = None) -> dict[str, tuple[Proposal, Recipe]]:
        """Gate proposals (of the search's mind, or of `mind`) until `places` of them have passed, or there are no more."""
        admitted: dict[str, tuple[Proposal, Recipe]] = {}
        looked_at = 0
        while len(admitted) < places and looked_at < GATED_PER_PLACE * places and self.time_left() > 0:
            proposals = self._situated(admitted, places, mind or self.mind)
            if not proposals:
                break
            looked_at += len(proposals)
            for proposal, recipe, passage in self._gated(proposals):
                if recipe is None:
                    self._refused.append(proposal)
                    self.invalid += passage.verdict is Verdict.INVALID
                    continue
                if passage.verdict is None and compiles_twice(proposal.edits):
                    passage = self._bearable(recipe)
                if passage.verdict is not None:
                    self.remember(Tried(proposal, recipe.digest, passage.verdict, None, passage.detail), recipe)
                elif len(admitted) < places:
                    admitted[recipe.digest] = (proposal, recipe)
            self.listener.progress(
                f"screening {self.gate.module.name}: {len(admitted)} of {looked_at} proposals compile to new code"
            )
        return admitted

    def _situated(self, admitted: Mapping[str, tuple[Proposal, Recipe]], places: int, mind: Mind) -> Sequence[Proposal]:
        pending = tuple(Tried(proposal, digest, Verdict.NOT_TRIED) for digest, (proposal, _) in admitted.items())
        situation = replace(self.situation, history=(*self.situation.history, *pending, *self._invalid))
        return mind.propose(situation if self.feedback else situation.without_results(), places - len(admitted) + 2)

    @property
    def _invalid(self) -> tuple[Tried, ...]:
        return tuple(Tried(proposal, "", Verdict.INVALID) for proposal in self._refused)

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

    def _bearable(self, recipe: Recipe) -> Passage:
        problem = self.cost(recipe).objection
        return Passage(Verdict.SLOW_TO_COMPILE if problem else None, problem or "")

    def recipe(self, proposal: Proposal) -> Recipe:
        """Return the recipe of a proposal; raises RecipeError."""
        edits = canonical(proposal.edits)
        recipe = build(self.base_text, self.situation.evidence.level, self.situation.menu.allow.major, edits)
        if recipe.pipeline is not None and not self.pipelines:
            raise RecipeError("The base pipeline of this module is not reproduced, so its passes are not edited.")
        return self.recipes.setdefault(recipe.digest, recipe)

    def compare(self, candidates: Mapping[str, tuple[Proposal, Recipe]], what: str, *, short: bool = False) -> None:
        """Time a few candidates, with the workload or the shorter run, for as many rounds as a third of what is left allows."""
        fitting = int(self.runs_left(short=short) / 3 / (len(candidates) + 1))
        rounds = max(self.strategy.least_rounds, min(MOST_ROUNDS, fitting))
        self._time(candidates, what, self.strategy.race.even(rounds, short=short))

    def runs_left(self, *, short: bool = False) -> float:
        """Return about how many runs of the workload, or of the shorter run, may still be made."""
        return self.time_left() / self.screen.cost(short=short)

    def comparable(self) -> int:
        """Return how many of the best `compare` can time once more with what is left."""
        return self.strategy.race.even(self.strategy.least_rounds).fitting(self.runs_left(), self.strategy.again)

    def _places(self, kept_back: float) -> int:
        """Return how many candidates a wave can time without using up what is kept back."""
        runs = (self.time_left() - kept_back) / self.screen.cost(short=self.strategy.race.short)
        return self.strategy.race.fitting(runs, max(self.strategy.first_wave, self.strategy.wave) * (self.rounds + 1))

    def _time(self, candidates: Mapping[str, tuple[Proposal, Recipe]], what: str, pace: Pace) -> bool:
        """Time candidates; return whether anything is known of any of them then."""
        name = self.gate.module.name
        self.listener.progress(f"screening {name}: {what}, {len(candidates)} candidates")
        seen = self.screen({digest: recipe for digest, (_, recipe) in candidates.items()}, pace)
        for digest, (proposal, recipe) in candidates.items():
            result, before = seen[digest], self.known(digest) or Tried(proposal, digest, Verdict.NOT_TRIED)
            if not result.rounds and result.verdict is Verdict.SCREENED_OUT:
                continue  # nothing was left for it: what was known of it stays
            self.remember(replace(before, verdict=result.verdict, screened=result.score, detail=result.detail), recipe)
        self._refuse_slow_compiles()
        best = self._best_score()
        timed = sum(result.score is not None for result in seen.values())
        self.listener.line(f"  {name}: {what}: {timed} timed, best so far {math.expm1(best) * 100:+.1f} % (screening)")
        return any(self.known(digest) for digest in candidates)

    def _diagnose(self, candidates: Mapping[str, tuple[Proposal, Recipe]]) -> None:
        """Say of each timed candidate of the model, and of a new best, what it changed and what that did to the time."""
        best = next((tried.recipe for tried in self.situation.gains()), "")
        for digest, (proposal, recipe) in candidates.items():
            tried = self.known(digest)
            if tried is None:  # the search was ended before it ran
                continue
            asked_for = proposal.mind.startswith(MODEL) and tried.screened is not None
            if asked_for or digest == best:
                self.remember(replace(tried, diagnosis=self.diagnose(tried, recipe)), recipe)

    def cost(self, recipe: Recipe) -> Cost:
        """Return what a compile with a recipe costs; measured once."""
        if recipe.digest not in self._costs:
            self._costs[recipe.digest] = self.compile_cost(recipe)
        return self._costs[recipe.digest]

    def _refuse_slow_compiles(self) -> None:
        """Take what slows its compile too much out of the best, before time goes into building on it."""
        place = 0
        while place < LOOKED_AT and place < len(gains := self.situation.gains(WORTH)):
            tried = gains[place]
            recipe = self.recipe(tried.proposal)
            problem = self.cost(recipe).objection
            if problem is None:
                place += 1
            else:
                self.remember(replace(tried, verdict=Verdict.SLOW_TO_COMPILE, screened=None, detail=problem), recipe)

    def known(self, digest: str) -> Tried | None:
        """Return what is known of a recipe of this search; None where it was never timed or refused."""
        return next((tried for tried in self.situation.history if tried.recipe == digest), None)
