"""Accepted recipes: the rows behind the publication, and the one way in which the publication is made from them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from autopass_cc.store.database import transaction
from autopass_cc.store.publication import IndexLine, publication_dir, write_publication

ACTIVE, REVERTED = "active", "reverted"


@dataclass(frozen=True)
class Entry:
    """What was proven of one module: its recipe, its keys, and the whole program's log-ratio (median, interval).

    `exact_only` says why edited versions of the source must not inherit the recipe ("": they may).
    `median`, `low` and `high` are natural logs of tuned time over baseline time, from re-validation blocks alone.
    """

    project: str
    module: str
    variant: str
    root: str
    recipe: str
    exact: str
    inherited: str
    toolchain: str
    digest: str
    edits: list[Any]
    median: float
    low: float
    high: float
    log_e: float
    share: float
    run: int
    state: str = ACTIVE
    at: int = 0
    exact_only: str = ""


KEY = ("project", "module", "variant")


def accept(db: Database, entries: Sequence[Entry]) -> None:
    """Keep accepted entries, each replacing the former one of the same module and variant, and publish."""
    with transaction(db):
        for entry in entries:
            row = vars(replace(entry, at=time.time_ns())) | {"edits": json.dumps(entry.edits)}
            db.table("entry").upsert(row, pk=KEY)
    publish(db)


def entries(db: Database, project: str | None = None) -> list[Entry]:
    """Return the entries of a project, or all, by module."""
    where, values = ("1", []) if project is None else ("project = ?", [project])
    rows = db.table("entry").rows_where(where, values, order_by="module")
    return [Entry(**row | {"edits": json.loads(row["edits"])}) for row in rows]


def revert(db: Database, chosen: Iterable[Entry]) -> None:
    """Take entries out of the publication; their evidence stays."""
    with transaction(db):
        for entry in chosen:
            db.table("entry").update((entry.project, entry.module, entry.variant), {"state": REVERTED})
    publish(db)


def publish(db: Database) -> None:
    """Write the publication anew from the active entries."""
    active = [entry for entry in entries(db) if entry.state == ACTIVE]
    texts = {entry.recipe: bytes(db.table("recipe").get(entry.recipe)["text"]) for entry in active}
    write_publication(publication_dir(), index_lines(active), texts)


def index_lines(active: Iterable[Entry]) -> list[IndexLine]:
    """Return the index lines of entries. Where two entries share a key, the larger measured gain stands."""
    best: dict[str, tuple[float, IndexLine]] = {}
    for entry in active:
        for kind, key in (("x", entry.exact), ("i", "" if entry.exact_only else entry.inherited)):
            line = IndexLine(kind, key, entry.recipe, f"{entry.median:+.4f} {entry.module}")
            if key and (kind + key not in best or entry.median < best[kind + key][0]):
                best[kind + key] = (entry.median, line)
    return [line for _, line in best.values()]
