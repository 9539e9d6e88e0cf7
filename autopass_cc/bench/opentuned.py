"""OpenTuner as a rival: the package itself, over the same space, gates and stopwatch as our own search.

An evaluation is what a user of OpenTuner gets: one configuration is compiled and its time measured, once. Code that is the base's
or already known has the known time; what does not pass our gates, fails or answers wrongly is an error; what takes longer than
OpenTuner wants to know is stopped. A time is a ratio to a run of the base beside it, both from fresh links, so that a slow hour
of the machine does not look like a slow configuration. Where the program has a shorter run, evaluations are of that, as our
search's first looks are. The best measured configuration wins, after the best few were timed once more with the workload, as
those of our search are; nothing is made minimal, and nothing is left out that does not pay.

What differs from the GCC flags of its paper (Ansel et al., PACT 2014, section 4.1; `examples/gccflags` of its repository): passes
of the pipeline and insertions are choices, too (`bench.space`). All numbers are choices among listed values, as our minds have
them, rather than ranges. A random configuration changes about fourteen things and not two of three, because a recipe has at most
64 edits and LLVM without half of its passes is no base to search from. And the base level is the seed configuration, which is
told and not counted: its time is known to everyone.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from autopass_cc.agents.allowance import ProgramRuns
from autopass_cc.agents.baseline import Baseline
from autopass_cc.agents.finalists import WORTH
from autopass_cc.agents.minds.protocol import Proposal
from autopass_cc.agents.search import Search
from autopass_cc.agents.timing import RoundScreen
from autopass_cc.bench import asktell
from autopass_cc.bench.asktell import Tuner
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.evaluations import Log, Outcome, tune
from autopass_cc.bench.flavours import PLAIN
from autopass_cc.bench.race import interrupted
from autopass_cc.bench.results import Entrant
from autopass_cc.bench.searched import Found, entered
from autopass_cc.bench.space import Configuration, Space
from autopass_cc.digest import digest_of
from autopass_cc.errors import RecipeError
from autopass_cc.measure.screening import Pace
from autopass_cc.measure.verdict import Verdict
from autopass_cc.paths import private_dir
from autopass_cc.recipe.edits import Edit
from autopass_cc.recipe.recipe import Recipe

UNBOUNDED = 10**9  # program runs: evaluations are what is counted here
LEAST_LIMIT_S = 2.0  # seconds: so much a run may take, however short the base's are
LOOKED_AT_AGAIN = 4  # of the best
BESIDE_ONE = Pace(rounds=1, baselines=1, short=True)  # an evaluation: one of the shorter run, beside one of the base


def three(contest: Contest, method: str) -> Entrant:
    """Return what OpenTuner finds in 3 evaluations a module."""
    return tuned(contest, method, 3)


def five_hundred(contest: Contest, method: str) -> Entrant:
    """Return what OpenTuner finds in 500 evaluations a module."""
    return tuned(contest, method, 500)


def tuned(contest: Contest, method: str, evaluations: int) -> Entrant:
    """Return what OpenTuner finds in so many evaluations a module; goes on where a former sitting of `method` was ended.

    Raises BenchError where OpenTuner is not installed, InterruptedRunError.
    """
    installed = asktell.version()  # looked for before time is spent
    base = contest.baseline()

    def seek(search: Search, allowance: ProgramRuns) -> Found:
        space = Space(search.situation.base, search.situation.menu, pipelines=search.pipelines)
        module, toolchain = search.gate.module, base.prepared.toolchain
        # all that the answers depend on: what was measured under other conditions is not told
        conditions = [installed, method, contest.seed, toolchain.id, module.name, module.record.exact, space.digest]
        key = digest_of(json.dumps(conditions).encode())
        place = private_dir(contest.site.place / method / f"{Path(module.name).name}-{key[:12]}")
        log = Log(place / "evaluations.jsonl")
        former = list(log.known.values())
        if former:
            contest.listener.line(f"  {module.name}: going on after {len(former)} evaluations")
        evaluator = Evaluator(base, search, allowance, space, evaluations, former)
        with contextlib.closing(Tuner(space, place / "opentuner.db", f"{contest.seed} {key}")) as tuner:
            found = tune(tuner, evaluations, log, evaluator)
        recipe = _best(search, space, found)
        return Found(recipe, len(found) - 1, sum(each.runs for each in former), sum(each.seconds for each in former))

    return entered(contest, method, PLAIN, UNBOUNDED, seek)


def _best(search: Search, space: Space, found: Iterable[tuple[Configuration, Outcome]]) -> Recipe | None:
    """Time the best few once more, and return the best, if it is faster than the base."""
    fast = [(outcome.ratio, outcome.code, each) for each, outcome in found if outcome.ratio is not None and outcome.ratio < 1]
    distinct: dict[str, Configuration] = {}  # by code: configurations of one code are one candidate
    for _, code, configuration in sorted(fast, key=lambda each: each[0]):
        distinct.setdefault(code, configuration)
    few: dict[str, tuple[Proposal, Recipe]] = {}
    for configuration in list(distinct.values())[:LOOKED_AT_AGAIN]:
        proposal = _proposal(space.edits(configuration))
        recipe = search.recipe(proposal)
        few[recipe.digest] = proposal, recipe
    if few:
        search.compare(few, "OpenTuner's best again")
    gains = search.situation.gains(0.0)
    return search.recipe(gains[0].proposal) if gains else None


def _proposal(edits: Sequence[Edit]) -> Proposal:
    return Proposal(tuple(edits), "opentuner", "what OpenTuner asked for")


class Evaluator:
    """Measures configurations of one module. `former` are outcomes of earlier sittings, whose code need not be timed again."""

    def __init__(
        self,
        base: Baseline,
        search: Search,
        allowance: ProgramRuns,
        space: Space,
        evaluations: int,
        former: Sequence[Outcome] = (),
    ) -> None:
        self._base, self._search, self._allowance, self._space, self._all = base, search, allowance, space, evaluations
        self._screen = RoundScreen(base, search.gate.module, allowance)
        self._plain = Outcome(Verdict.SAME_CODE, 1.0, "the base's code", code=self._code(None))
        self._known = {self._plain.code: self._plain}  # by code
        for each in former:
            if each.code:
                self._known.setdefault(each.code, each)
        self._best = min(each.ratio for each in self._known.values() if each.ratio is not None)
        self._count = len(former)

    def __call__(self, configuration: Configuration, limit: float) -> Outcome:
        """Return what a configuration comes to; `limit` is the ratio of times beyond which that does not matter.

        Raises InterruptedRunError, and StoppedError in the middle of a run.
        """
        began, before = time.monotonic(), self._allowance.spent()
        told = f"OpenTuner, {self._search.gate.module.name}: evaluation {self._count} of {self._all}"
        self._base.evaluation.listener.progress(f"{told}, best so far {(self._best - 1) * 100:+.1f} %")
        outcome = self._judged(self._space.edits(configuration), limit)
        if self._base.evaluation.stop():
            raise interrupted()
        self._count += 1
        if outcome.ratio is not None:
            self._best = min(self._best, outcome.ratio)
        if outcome.code:
            self._known.setdefault(outcome.code, outcome)
        return replace(outcome, runs=self._allowance.spent() - before, seconds=time.monotonic() - began)

    def _judged(self, edits: Sequence[Edit], limit: float) -> Outcome:
        if not edits:
            return self._plain
        try:
            recipe = self._search.recipe(_proposal(edits))
        except RecipeError as error:
            return Outcome(Verdict.INVALID, detail=error.sentence)
        passage = self._search.gate.unchanged(recipe)
        if passage.verdict is not None:
            return Outcome(passage.verdict, None, passage.detail, recipe.digest)
        code = self._code(recipe)
        if (known := self._known.get(code)) is not None:
            return replace(known, recipe=recipe.digest, detail=f"code that is known: {known.detail}")
        return replace(self._timed(recipe, limit), recipe=recipe.digest, code=code)

    def _timed(self, recipe: Recipe, limit: float) -> Outcome:
        seconds = max(LEAST_LIMIT_S, limit * self._screen.plan(short=BESIDE_ONE.short).run_s)
        screened = self._screen({recipe.digest: recipe}, BESIDE_ONE, limit=seconds)[recipe.digest]
        if screened.score is None:
            return Outcome(screened.verdict, None, screened.detail)
        ratio = math.exp(screened.score)
        if screened.score < min(-WORTH, math.log(self._best)):
            # as our search does: before anything is built on it
            problem = self._search.cost(recipe).objection
            if problem is not None:
                return Outcome(Verdict.SLOW_TO_COMPILE, None, problem)
        return Outcome(Verdict.SCREENED_OUT, ratio, screened.detail)

    def _code(self, recipe: Recipe | None) -> str:
        """Name the code that the module compiles to."""
        gate = self._search.gate
        compiled = [gate.builder.compile(out, recipe, sections=False).digest for out in gate.module.outs]
        return digest_of("\n".join(compiled).encode())
