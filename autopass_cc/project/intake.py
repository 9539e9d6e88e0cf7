"""From the journal to the store: what was recorded since the last time is taken in, or looked at beside what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autopass_cc import collector
from autopass_cc.project import journal
from autopass_cc.store import builds
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.database import Rows

if TYPE_CHECKING:
    from sqlite_utils import Database

CHUNK = 16 << 20  # bytes of the journal that are taken in by one transaction, in 220 MiB of memory


def ingest(db: Database) -> int:
    """Take what the launcher recorded into the store; return how many lines could not be read."""
    bad, more = 0, True
    while more:
        with collector.paused():
            batch = journal.read_new(builds.offsets(db), CHUNK)
            builds.add(db, batch.records, batch.offsets)
        journal.forget(batch)
        bad, more = bad + batch.bad_lines, batch.more
    return bad


def latest(db: Rows | None, root: Path) -> dict[str, CompileRecord]:
    """Return the last compile of each object of a project, by output: those in the store, and those recorded since.

    Only a writer takes the journal in, so whoever shows the present state reads both.
    """
    known = {} if db is None else {record.out: record for record in builds.compiles(db, root)}
    for record in journal.read_new(builds.offsets(db) if db is not None else {}).records:
        if isinstance(record, CompileRecord) and record.root == str(root):
            known[record.out] = record
    return known
