"""The blocks of a run as scores: what each comparison saw, block by block.

A store may hold anything, so nothing is taken on trust.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autopass_cc.measure.blocks import Block
from autopass_cc.measure.calibration import MAX_REPEATS, plan_from
from autopass_cc.measure.confirm import REVALIDATION_BLOCKS
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.stats import Confirmation, Estimate, Rule, State, estimate
from autopass_cc.store.measured import Measured
from autopass_cc.store.rows import is_finite, is_ratio

# What reading a strange block or fact may raise.
STRANGE = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, IndexError)
MOST_SECONDS = 1e6  # of a block


@dataclass(frozen=True)
class Sitting:
    """One comparison of a stage: its scores in order (log-ratios of times), and which of them do not count.

    `name` is the module (or what else is compared), `recipe` the digest of what it was compiled with.
    """

    stage: str
    name: str
    recipe: str
    scores: Sequence[float]
    dropped: Sequence[int]
    seconds: float
    times: Sequence[int]  # when each block was finished, ns since 1970

    @property
    def counted(self) -> list[float]:
        """Return the scores that count."""
        gone = set(self.dropped)
        return [score for place, score in enumerate(self.scores) if place not in gone]

    @property
    def estimate(self) -> Estimate | None:
        """Return what twelve blocks or more say; None for fewer."""
        counted = self.counted
        return estimate(counted) if len(counted) >= REVALIDATION_BLOCKS else None


def plan_of(facts: Mapping[str, Any], blocks: Sequence[Measured]) -> Plan:
    """Return by which plan a run was timed: the one that its A/A blocks choose, else what its facts say."""
    plan = Plan()
    try:
        found = Plan.from_json(json.dumps(facts["probe"]))
        if not (
            0 < found.repeats <= MAX_REPEATS and 0 <= found.run_s < MOST_SECONDS and 0 < found.runs_per_sample < MOST_SECONDS
        ):
            return plan
        plan = replace(found, sd=0.0, smallest_gain=0.0)  # these are the A/A blocks' to tell
        kept = [block for each in blocks if each.stage == "aa" and (block := _block(each)) and block.dropped is None]
        return plan_from(plan, kept) if kept else plan
    except STRANGE:
        return plan


def _block(each: Measured) -> Block | None:
    try:
        return Block.from_json(json.dumps(each.data))
    except STRANGE:
        return None


def sittings(blocks: Sequence[Measured], plan: Plan) -> list[Sitting]:
    """Return the comparisons of a run in the order in which they began."""
    groups: dict[tuple[str, str], list[Measured]] = {}
    for each in blocks:
        groups.setdefault((each.stage, each.subject), []).append(each)
    return [_sitting(stage, subject, group, plan) for (stage, subject), group in groups.items()]


def _sitting(stage: str, subject: str, group: Sequence[Measured], plan: Plan) -> Sitting:
    scores: list[float] = []
    dropped: list[int] = []
    times: list[int] = []
    seconds = 0.0
    for each in sorted(group, key=lambda each: each.seq):
        block = _block(each)
        score = None if block is None else _score(block, plan)
        if block is None or score is None:
            continue
        if block.dropped is not None:
            dropped.append(len(scores))
        scores.append(score)
        times.append(each.at)
        seconds += block.seconds
    name, _, recipe = subject.rpartition(":") if stage in ("confirmation", "revalidation") else (subject, "", "")
    return Sitting(stage, name, recipe, scores, dropped, seconds, times)


def _score(block: Block, plan: Plan) -> float | None:
    try:
        score = block.score(plan.clock, plan.aggregate)
        return score if is_finite(score) and is_ratio(score) and 0 <= block.seconds < MOST_SECONDS else None
    except STRANGE:
        return None


def evidence(scores: Sequence[float], rule: Rule) -> tuple[list[float], State]:
    """Return log E after each block, and how the confirmation ended; what came after its end is left out."""
    decision, path = Confirmation(rule), list[float]()
    for score in scores:
        if decision.state is not State.RUNNING:
            break
        decision.add(score)
        path.append(decision.evidence.log_e)
    return path, decision.state
