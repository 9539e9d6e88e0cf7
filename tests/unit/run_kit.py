"""A tuning run in the store for tests: blocks on a made-up machine, candidates of every fate, a result."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from lock_kit import ID
from mock_runner import MockRunner, MockSubject, white

from autopass_cc.agents.ledger import CONFIRMATION
from autopass_cc.agents.outcome import Result
from autopass_cc.measure.blocks import run_block
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.stats import estimate
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import Edit, Knob, Remove, to_json
from autopass_cc.recipe.recipe import build, identity
from autopass_cc.store.database import transaction, writer
from autopass_cc.store.runs import CandidateRow, Run, Runs

PLAN = Plan(run_s=0.4)
BASE = json.loads((Path(__file__).parent / "test_recipe_pipelines.json").read_text())["22"]["O2"]
EDITS: tuple[Edit, ...] = (Remove("dse#1"), Knob("unroll-count", "4"))
GAIN = -0.2


def candidate(module: str, *edits: Edit, **values: Any) -> tuple[CandidateRow, bytes]:
    """Return a candidate and its recipe's text."""
    recipe = build(BASE, "O2", 22, edits)
    row = CandidateRow(0, module, recipe.digest, list(map(to_json, edits)), "rules", "a guess", [], "screened-out", "", None, {})
    return replace(row, **values), recipe.render()


class Making:
    """A run in the making: adds what a test asks for."""

    def __init__(self, runs: Runs, root: str) -> None:
        self.runs = runs
        self.run = runs.begin(project=ID, root=root, fingerprint="f", toolchain="t", seed=1)
        self.runs.note(self.run.id, probe=json.loads(PLAN.to_json()), budget=600.0, among=1, spent=300.0)
        self._runner = MockRunner(noise=white(random.Random(3), 0.01))

    def blocks(self, stage: str, subject: str, count: int, effect: float = 0.0) -> list[float]:
        """Measure so many blocks and keep them; return their scores."""
        scores = []
        for number in range(count):
            rng = random.Random(f"{stage} {subject} {number}")
            block = run_block(self._runner, MockSubject("base"), MockSubject(subject, effect=effect), PLAN, rng, index=number)
            self.runs.add_measurement(self.run.id, stage, subject, number, json.loads(block.to_json()))
            scores.append(block.score(PLAN.clock, PLAN.aggregate))
        return scores

    def candidates(self, *found: tuple[CandidateRow, bytes]) -> None:
        """Keep candidates."""
        for row, text in found:
            self.runs.save_candidate(replace(row, run=self.run.id), text)


def tuned(root: str, module: str = "a.c", *, finished: bool = True) -> Run:
    """Tune one module: twelve A/A blocks, five candidates, of which one is proven; a hidden A/A test was not accepted."""
    with writer() as db:
        making = Making(Runs(db), root)
        runs, run = making.runs, making.run
        making.blocks("aa", "baseline", 12)
        base = identity(BASE, "O2", 22)
        runs.keep_base(run.id, module, base.digest, base.render())
        winner, text = candidate(module, *EDITS, screened=GAIN, hypothesis="stores are dead anyway", evidence=["17 remarks"])
        making.candidates(
            (winner, text),
            candidate(module, Remove("gvn#1"), screened=0.05),
            candidate(module, Remove("adce#1"), verdict="same-code"),
            candidate(module, Remove("bdce#1"), verdict="failed-to-compile"),
            candidate(module, Remove("sccp#1"), verdict="wrong-output"),
        )
        runs.note(run.id, **{f"invalid:{module}": 2})
        subject = f"{module}:{winner.recipe}"
        making.blocks("confirmation", subject, 12, GAIN)
        if not finished:
            return runs.get(run.id)
        found = estimate(making.blocks("revalidation", subject, 12, GAIN))
        result = Result(module, Verdict.ACCEPTED, 0.7, 1.0, 0.82, found, winner.recipe, tuple(winner.edits), 5, "", "rules")
        quiet = Result("main.c", Verdict.NOT_TRIED, 0.01, detail="1.0 % of the time")
        modules = [result.to_json(), quiet.to_json()]
        whole = replace(result, name="whole program", share=None)
        runs.note(run.id, modules=modules, program=whole.to_json(), warnings=["one"], program_runs=321, search_runs={module: 60})
        runs.finish(run.id, "done")
        with transaction(db):
            values = [run.id, CONFIRMATION]
            db.execute("insert into null_test (at, run, stage, blocks, e_value, accepted) values (1, ?, ?, 20, 0.3, 0)", values)
        return runs.get(run.id)
