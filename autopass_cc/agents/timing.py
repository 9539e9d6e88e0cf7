"""Screening of real candidates: fresh links, runs in turn on one CPU, outputs checked on the way."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from autopass_cc.agents.allowance import Allowance
from autopass_cc.agents.baseline import Baseline, count
from autopass_cc.agents.evaluation import seed_of
from autopass_cc.agents.search import Screened
from autopass_cc.errors import ReplayError
from autopass_cc.evidence.counters import Counters
from autopass_cc.measure.blocks import MAX_PAD, MAX_SEED, failure
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.screening import Pace, Standing, race
from autopass_cc.measure.verdict import Verdict
from autopass_cc.project.modules import Module
from autopass_cc.recipe.recipe import Recipe

BASELINE = "baseline"


class RoundScreen:
    """Screens candidates of one module. Both sides of a round run on the same CPU; rounds alternate CPUs."""

    def __init__(self, base: Baseline, module: Module, allowance: Allowance) -> None:
        self._base, self._module, self._allowance = base, module, allowance
        self._races = 0

    def cost(self, *, short: bool) -> float:
        """Return about how much of the allowance one candidate takes in one round of the shorter run, or of the workload."""
        return self._allowance.cost(self.plan(short=short))

    def plan(self, *, short: bool) -> Plan:
        """Return how the shorter run is timed, or the workload, which stands in where there is none."""
        return (self._base.short if short else None) or self._base.evaluation.plan

    def __call__(self, recipes: Mapping[str, Recipe], pace: Pace, *, limit: float | None = None) -> dict[str, Screened]:
        """Return what was seen of each candidate, by recipe digest.

        A candidate is given up after `limit` seconds, if that is less than the workload's own time bound.
        """
        self._races += 1
        evaluation = self._base.evaluation
        rng = random.Random(seed_of(evaluation.run.seed, "screening", self._module.name, str(self._races)))  # noqa: S311
        plan = self.plan(short=pace.short)
        count = 0

        def run(name: str | None, number: int) -> tuple[float, Verdict | None, str]:
            nonlocal count
            count += 1
            evaluation.listener.progress(
                f"screening {self._module.name}: {len(recipes)} candidates, round {number}, {count} runs"
            )
            return self._run(recipes[name] if name else None, number, rng, plan, limit)

        standings = race(
            list(recipes),
            run,
            pace=pace,
            rng=rng,
            aggregate=evaluation.plan.aggregate,
            stop=evaluation.stop,
            fits=lambda samples: self._allowance.fits(samples, plan),
        )
        return {digest: _screened(standing) for digest, standing in standings.items()}

    def counted(self, recipe: Recipe) -> Counters:
        """Return what the machine's counters say of the program with one candidate; nothing where it has none."""
        if not self._base.counters.counts:
            return Counters()
        recipes = self._base.prepared.recipes({self._module.name: recipe})
        program = self._base.evaluation.program("counted", "s", recipes)
        try:
            return count(program.place(self._base.evaluation.builder.build(recipes, program.folder, seed=1)))
        except ReplayError:
            return Counters()

    def _run(
        self, recipe: Recipe | None, number: int, rng: random.Random, plan: Plan, limit: float | None
    ) -> tuple[float, Verdict | None, str]:
        evaluation = self._base.evaluation
        recipes = self._base.prepared.recipes({self._module.name: recipe}) if recipe else {}
        program = evaluation.program("candidate" if recipe else BASELINE, "s", recipes)
        try:
            placed = program.place(evaluation.builder.build(recipes, program.folder, seed=rng.randint(1, MAX_SEED)))
        except ReplayError as error:
            return 0.0, Verdict.FAILED_TO_LINK, error.sentence
        cpus = evaluation.runner.cpus()
        cpu = None if evaluation.plan.parallel else cpus[number % len(cpus)]
        if recipe is not None and number == 1 and (wrong := self._base.oracle.check_inputs(placed, evaluation.runner)):
            return 0.0, Verdict.WRONG_OUTPUT, wrong
        if recipe is not None and limit is not None:
            placed = replace(placed, config=replace(placed.config, time_limit=min(limit, placed.config.time_limit)))
        pads = [rng.randrange(MAX_PAD) for _ in range(plan.runs_per_sample)]
        oracle, short = self._base.oracle, plan is self._base.short
        command, expected = (placed.short, oracle.short) if short else (placed.workload, oracle.workload)
        sample = evaluation.runner.run(command, cpu=cpu, pads=pads)
        verdict, detail = failure(sample, lambda seen: expected.problem(seen, placed.view))
        return sample.seconds(evaluation.plan.clock), verdict, detail


def _screened(standing: Standing) -> Screened:
    rounds = len(standing.times)
    if standing.verdict is not None:
        return Screened(None, rounds, standing.verdict, standing.detail)
    return Screened(standing.score, rounds, detail=f"{rounds} rounds")
