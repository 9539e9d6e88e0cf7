"""Evaluation: blocks and rounds of a run, each stored when it is finished, each shown on the progress line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from autopass_cc.agents.events import Listener
from autopass_cc.measure.blocks import Block, Check, read_blocks
from autopass_cc.measure.confirm import REVALIDATION_BLOCKS, Bench, Outcome, confirm, revalidate
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.stats import Confirmation, Rule
from autopass_cc.measure.steps import StepsRunner
from autopass_cc.project.config import Config
from autopass_cc.project.subject import Program, ProgramBuilder
from autopass_cc.project.workspace import Workspace
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.runs import Run, Runs

BASELINE_SLOT, CANDIDATE_SLOT = "a", "b"


@dataclass(frozen=True)
class Evaluation:
    """Everything that is timed in one run goes through here."""

    runs: Runs
    run: Run
    runner: StepsRunner
    plan: Plan
    builder: ProgramBuilder
    workspace: Workspace
    config: Config
    listener: Listener
    check: Check
    stop: Callable[[], bool]

    def program(self, label: str, slot: str, recipes: Mapping[str, Recipe] | None = None) -> Program:
        """Return the program with recipes by recorded object (none: the baseline)."""
        return Program(label, slot, self.builder, self.workspace, self.config, recipes or {})

    def confirm(self, label: str, subject: str, recipes: Mapping[str, Recipe], rule: Rule) -> Outcome:
        """Confirm a candidate against the baseline on fresh builds; goes on where a former sitting stopped."""
        past = self._past("confirmation", subject)
        scores = [self._score(block) for block in past if block.dropped is None]

        def show(block: Block) -> None:
            if block.dropped is None:
                scores.append(self._score(block))
            decision = Confirmation(rule)
            for score in scores[: rule.max_blocks]:
                decision.add(score)
            need = rule.finalists / rule.alpha
            median = sorted(scores)[len(scores) // 2] if scores else 0.0
            self.listener.progress(
                f"confirming {label}  blocks {len(scores)}/{rule.max_blocks}  wins {decision.evidence.wins}  "
                f"E={decision.e_value:.3g} (need {need:.0f})  est {math.expm1(median) * 100:+.1f} %"
            )

        self.listener.progress(f"confirming {label}  blocks {len(scores)}/{rule.max_blocks}")
        return confirm(self._bench("confirmation", subject, len(past), show), *self._pair(label, recipes), rule, past)

    def revalidate(
        self, label: str, subject: str, recipes: Mapping[str, Recipe], stage: str = "revalidation"
    ) -> tuple[Outcome, list[Block]]:
        """Measure exactly 12 blocks anew; return what came out and the blocks that count."""
        past = self._past(stage, subject)
        blocks = list(past)

        def show(block: Block) -> None:
            blocks.append(block)
            done = sum(each.dropped is None for each in blocks)
            self.listener.progress(f"re-validating {label}  blocks {done}/{REVALIDATION_BLOCKS}")

        self.listener.progress(f"re-validating {label}  blocks {len(past)}/{REVALIDATION_BLOCKS}")
        outcome = revalidate(self._bench(stage, subject, len(past), show), *self._pair(label, recipes), past=past)
        return outcome, [block for block in blocks if block.dropped is None]

    def seconds(self, blocks: list[Block], side: str) -> float | None:
        """Return the median time (seconds a run) of one side, "A" or "B", over blocks."""
        times = sorted(run.seconds(self.plan.clock) for block in blocks for run in block.runs if run.side == side)
        return times[len(times) // 2] if times else None

    def say(self, label: str, outcome: Outcome) -> None:
        """Write the line that ends a re-validation."""
        change = "" if outcome.estimate is None else f" {math.expm1(outcome.estimate.median) * 100:+.1f} % time,"
        self.listener.line(f"  {label}: re-validated in {outcome.blocks} blocks:{change} {outcome.verdict.value}")

    def _pair(self, label: str, recipes: Mapping[str, Recipe]) -> tuple[Program, Program]:
        return self.program("the unchanged program", BASELINE_SLOT), self.program(label, CANDIDATE_SLOT, recipes)

    def _score(self, block: Block) -> float:
        return block.score(self.plan.clock, self.plan.aggregate)

    def _past(self, stage: str, subject: str) -> list[Block]:
        return read_blocks(self.runs.measurements(self.run.id, stage, subject))

    def _bench(self, stage: str, subject: str, start: int, show: Callable[[Block], None]) -> Bench:
        count = start

        def store(block: Block) -> None:
            nonlocal count
            self.runs.add_measurement(self.run.id, stage, subject, count, json.loads(block.to_json()))
            count += 1
            show(block)

        return Bench(self.runner, self.plan, seed_of(self.run.seed, stage, subject), store, self.check, self.stop)


def seed_of(seed: int, *parts: str) -> int:
    """Return the random seed of one comparison: the run's, and what is compared."""
    import hashlib

    text = "\0".join([str(seed), *parts]).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest())
