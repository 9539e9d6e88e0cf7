"""The hidden A/A ledger: how often the whole procedure accepts a program that is the unchanged program.

Two sources, both through the very functions that judge candidates. The twelve A/A blocks before each run are read once
more as a re-validation would read them: for nothing. And about every twentieth confirmation of the service is one of the
baseline against itself, re-validated like any other where it is confirmed. The number of acceptances over the number of
tests is what the claims of this installation are worth; `autopass daemon status` and `autopass stats` show it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autopass_cc.agents.evaluation import Evaluation
from autopass_cc.measure.blocks import read_blocks
from autopass_cc.measure.confirm import Outcome
from autopass_cc.measure.stats import MARGIN, Estimate, Rule, estimate
from autopass_cc.measure.verdict import Verdict
from autopass_cc.store.settings import get_setting, put_setting

if TYPE_CHECKING:
    from sqlite_utils import Database

EVERY = 20  # confirmations
SINCE = "confirmations_since_null"
REVALIDATION, CONFIRMATION = "revalidation", "confirmation"


def note_calibration(evaluation: Evaluation) -> None:
    """Judge the run's A/A blocks as a re-validation would, once for each run."""
    db, run, plan = evaluation.runs.db, evaluation.run.id, evaluation.plan
    if next(db.query("select 1 from null_test where run = ? and stage = ?", [run, REVALIDATION]), None) is not None:
        return
    stored = evaluation.runs.measurements(run, "aa", "baseline")
    kept = [block for block in read_blocks(stored) if block.dropped is None]
    if kept:
        found = estimate([block.score(plan.clock, plan.aggregate) for block in kept])
        _note(db, run, REVALIDATION, found.n, found, 0.0, accepted=found.median <= -MARGIN / 2)


def count_confirmation(db: Database) -> None:
    """Count one confirmation of a candidate."""
    put_setting(db, SINCE, str(_since(db) + 1))


def is_due(db: Database) -> bool:
    """Return whether the next confirmation should be a hidden A/A."""
    return _since(db) >= EVERY


def confirm_null(evaluation: Evaluation, rule: Rule) -> Outcome:
    """Confirm the unchanged program against itself, re-validate it where that succeeds, and note what came out."""
    db, run = evaluation.runs.db, evaluation.run.id
    count = next(db.query("select count(*) as n from null_test where run = ?", [run]))["n"]
    outcome = evaluation.confirm("a hidden A/A test", f"null:{count}", {}, rule)
    if outcome.verdict in (Verdict.UNFINISHED, Verdict.TOO_NOISY):
        return outcome
    e_value, found = outcome.e_value or 0.0, None
    if outcome.verdict is Verdict.CONFIRMED:
        again, _ = evaluation.revalidate("a hidden A/A test", f"null:{count}", {})
        if again.verdict in (Verdict.UNFINISHED, Verdict.TOO_NOISY):
            return again
        outcome, found = again, again.estimate
    _note(db, run, CONFIRMATION, outcome.blocks, found, e_value, accepted=outcome.verdict is Verdict.ACCEPTED)
    put_setting(db, SINCE, "0")
    return outcome


def _since(db: Database) -> int:
    return int(get_setting(db, SINCE) or 0)


def _note(db: Database, run: int, stage: str, blocks: int, found: Estimate | None, e_value: float, *, accepted: bool) -> None:
    median, low, high = (found.median, found.low, found.high) if found else (None, None, None)
    db.execute(
        "insert into null_test (at, run, stage, blocks, median, low, high, e_value, accepted) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [time.time_ns(), run, stage, blocks, median, low, high, e_value, int(accepted)],
    )
