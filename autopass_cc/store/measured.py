"""What was measured in a run, read for those who only look: blocks with their times, and tests of the program against itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autopass_cc.store.database import Rows
from autopass_cc.store.rows import Form
from autopass_cc.store.runs import RUNS, Run


@dataclass(frozen=True)
class Measured:
    """One finished block: stage and subject as the tuner names them, its number, its data, and when (ns since 1970)."""

    stage: str
    subject: str
    seq: int
    data: dict[str, Any]
    at: int


@dataclass(frozen=True)
class NullTest:
    """One test of the unchanged program against itself: log-ratios where it was re-validated, and whether it was accepted."""

    run: int
    stage: str
    blocks: int
    median: float | None
    low: float | None
    high: float | None
    accepted: int


MEASURED = Form("measurement", Measured)
NULL_TESTS = Form("null_test", NullTest)


def measured(db: Rows, run: int) -> list[Measured]:
    """Return all blocks of a run, in the order in which they were finished."""
    return MEASURED.all(db.query("select * from measurement where run = ? order by at, id", [run]))


def null_tests(db: Rows, project: str) -> list[NullTest]:
    """Return all tests of a project's program against itself, oldest first."""
    chosen = "select * from null_test where run in (select id from run where project = ?) order by id"
    return NULL_TESTS.all(db.query(chosen, [project]))


def tuning_runs(db: Rows, project: str) -> list[Run]:
    """Return the runs of a project that searched, newest first: those that have candidates."""
    searched = "exists (select 1 from candidate where candidate.run = run.id)"
    return RUNS.all(db.query(f"select * from run where project = ? and {searched} order by id desc", [project]))
