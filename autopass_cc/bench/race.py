"""Runs the heats of a race: until each rival's confirmation is decided, then the twelve of the re-validation."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from autopass_cc.agents.evaluation import seed_of
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.results import Results, race_of
from autopass_cc.bench.standings import Stage, plan_of, racing, runners
from autopass_cc.errors import BenchError, InterruptedRunError
from autopass_cc.measure.confirm import HOPELESS_ATTEMPTS, HOPELESS_SHARE
from autopass_cc.measure.heats import BASE, run_heat
from autopass_cc.measure.plan import Plan


def race(contest: Contest, results: Results) -> None:
    """Run the heats of all entrants of a program that are not in the results yet.

    Raises StoppedError (what is finished is kept), BenchError.
    """
    program = contest.program.name
    running = runners(results.of(program))
    if not running:
        return
    evaluation, name = contest.baseline().evaluation, race_of(running)
    plan = plan_of(results, program)
    if plan is None:
        plan = evaluation.plan
        results.add_plan(program, json.loads(plan.to_json()))
    subjects = {BASE: contest.base()}
    subjects |= {each.method: contest.subject(each, number) for number, each in enumerate(running, start=1)}
    methods = [each.method for each in running]
    for stage in Stage:
        for method in {name for heat in results.heats(program, name, stage.value) for name in heat.failed}:
            subjects.pop(method, None)
        for number, names in _missing(results, program, name, stage, methods, plan):
            rivals = {each: subjects[each] for each in (BASE, *names) if each in subjects}
            contest.listener.progress(f"{program}: {stage.value} of {len(rivals) - 1} rivals, heat {number + 1}")
            rng = random.Random(seed_of(contest.seed, program, name, stage.value, str(number)))  # noqa: S311
            heat = run_heat(evaluation.runner, rivals, plan, rng, index=number, check=evaluation.check, stop=contest.stop)
            results.add_heat(program, name, stage.value, heat)
            for method in heat.failed:
                subjects.pop(method)


def interrupted() -> InterruptedRunError:
    """Return the error for a run of the bench that was ended."""
    return InterruptedRunError("Interrupted; what was finished is kept.", "run the same command again to go on")


def _missing(
    results: Results, program: str, name: str, stage: Stage, methods: Sequence[str], plan: Plan
) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield number and rivals of each heat that a stage still needs; raises BenchError where the machine is too busy."""
    sitting = 0
    while names := racing(heats := results.heats(program, name, stage.value), stage, methods, plan):
        dropped = sum(heat.dropped is not None for heat in heats[-sitting:]) if sitting else 0
        if sitting >= HOPELESS_ATTEMPTS and dropped > HOPELESS_SHARE * sitting:
            raise BenchError(
                f"{program}: the machine is too busy: {dropped} of {sitting} heats were disturbed.", "run it again later"
            )
        yield len(heats), names
        sitting += 1
