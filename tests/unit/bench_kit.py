"""Results of a bench for tests: rivals whose true speed is known, in heats on a made-up machine."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from mock_runner import MockRunner, MockSubject, white

from autopass_cc.bench.flavours import PLAIN, Flavour
from autopass_cc.bench.results import Entrant, Results, race_of
from autopass_cc.bench.standings import Stage, runners
from autopass_cc.measure.heats import BASE, run_heat
from autopass_cc.measure.plan import Plan

PLAN = Plan(run_s=0.5)
EFFECTS = {"quick": -0.15, "slow": 0.12, "same": 0.0}


def entrants(program: str = "p") -> list[Entrant]:
    """Return one for each of EFFECTS, one with the base's own code, and one that failed."""
    found = [Entrant(program, name, Flavour(name, (f"-D{name}",)), facts={"compile": 1.1, "size": 0.9}) for name in EFFECTS]
    return [*found, Entrant(program, "copy", PLAIN, same_code=True), Entrant(program, "broken", PLAIN, failed="no profile")]


def raced(path: Path, *, heats: int = 12, effects: Mapping[str, float] = EFFECTS) -> Results:
    """Write results of one program, `p`, with so many heats of either stage."""
    results = Results(path)
    results.begin(suite="s")
    race(results, entrants(), effects, heats=heats)
    return results


def race(results: Results, entered: Sequence[Entrant], effects: Mapping[str, float], *, heats: int = 12) -> None:
    """Let entrants of one program race; `effects` are their log-ratios to the base."""
    program = entered[0].program
    for each in entered:
        results.add_entrant(each)
    results.add_plan(program, json.loads(PLAN.to_json()))
    name = race_of(runners(entered))
    subjects = {rival: MockSubject(rival, effect=effect) for rival, effect in ({BASE: 0.0} | dict(effects)).items()}
    runner = MockRunner(noise=white(random.Random(5), 0.01))
    for stage in Stage:
        for number in range(heats):
            rng = random.Random(f"{stage} {number}")
            results.add_heat(program, name, stage.value, run_heat(runner, subjects, PLAN, rng, index=number))
