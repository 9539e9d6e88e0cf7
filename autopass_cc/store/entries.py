"""Accepted recipes: the rows behind the publication, what became of them, and how the publication is made from them."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from autopass_cc import collector
from autopass_cc.store import imports
from autopass_cc.store.database import Rows, transaction
from autopass_cc.store.history import Event, remember
from autopass_cc.store.publication import IndexLine, Key, publication_dir, render, update_publication, write_rendered
from autopass_cc.store.settings import PUBLISH_DUE, get_setting, put_setting

if TYPE_CHECKING:
    from sqlite_utils import Database

ACTIVE, REVERTED, DEMOTED = "active", "reverted", "demoted"
KEY = ("project", "module", "variant")


@dataclass(frozen=True)
class Entry:
    """What was proven of one module: its recipe, its keys, and the whole program's log-ratio (median, interval).

    `exact_only` says why edited versions of the source must not inherit the recipe ("": they may).
    `median`, `low` and `high` are natural logs of tuned time over baseline time, from re-validation blocks alone.
    `state` is active, reverted (by the user) or demoted (a later measurement did not show the gain again). `origin` is the
    publication that the recipe came from ("": found here); `provenance` says where and how it was measured; `checked` is
    when last (ns since 1970).
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
    portable_exact: str = ""
    portable_inherited: str = ""
    origin: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)
    checked: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """Return the primary key: project, module, variant."""
        return self.project, self.module, self.variant

    @property
    def source(self) -> str:
        """Return the source's path relative to the project (the module's name may say its object, too)."""
        return self.module.split(" (")[0]


def accept(db: Database, entries: Sequence[Entry], event: Event = Event.ACCEPTED) -> None:
    """Keep accepted entries, each replacing the former one of the same module and variant, and publish."""
    now = time.time_ns()
    former = [old for entry in entries for old in _at(db, entry.key)]
    with transaction(db):
        for entry in entries:
            kept = replace(entry, at=now, checked=now)
            row = vars(kept) | {"edits": json.dumps(entry.edits), "provenance": json.dumps(entry.provenance)}
            db.table("entry").upsert(row, pk=KEY)
            remember(db, kept, event)
        put_setting(db, PUBLISH_DUE, "1")
    publish_changes(db, [*former, *entries])


def entries(db: Rows, project: str | None = None) -> list[Entry]:
    """Return the entries of a project, or all, by module."""
    if project is None:
        return [_entry(row) for row in db.query("select * from entry order by module")]
    return [_entry(row) for row in db.query("select * from entry where project = ? order by module", [project])]


PROVEN = (  # proven here, or brought in and then measured here
    f"select * from entry where state = '{ACTIVE}' and (origin = '' or exists (select 1 from history h "
    f"where h.event = '{Event.VERIFIED.value}' and h.project = entry.project and h.module = entry.module "
    "and h.variant = entry.variant and h.recipe = entry.recipe))"
)


def proven(db: Rows, project: str | None = None) -> list[Entry]:
    """Return the active entries of a project, or all, whose recipes were proven on this machine: what may be given to others."""
    where, values = ("", []) if project is None else (" and project = ?", [project])
    return [_entry(row) for row in db.query(f"{PROVEN}{where} order by module", values)]


def _at(db: Rows, key: tuple[str, str, str]) -> list[Entry]:
    found = db.query("select * from entry where project = ? and module = ? and variant = ?", list(key))
    return [_entry(row) for row in found]


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(**row | {"edits": json.loads(row["edits"]), "provenance": json.loads(row["provenance"])})


def take_back(db: Database, chosen: Sequence[Entry], state: str, detail: str = "") -> None:
    """Take entries out of the publication, as reverted or demoted; their evidence stays."""
    event = Event.REVERTED if state == REVERTED else Event.DEMOTED
    with transaction(db):
        for entry in chosen:
            db.table("entry").update(entry.key, {"state": state, "checked": time.time_ns()})
            remember(db, entry, event, detail)
        put_setting(db, PUBLISH_DUE, "1")
    publish_changes(db, chosen)


def restrict(db: Database, entry: Entry, why: str) -> None:
    """Let an entry serve the very source that it was proven on, and no edited one any more."""
    with transaction(db):
        db.table("entry").update(entry.key, {"exact_only": why})
        remember(db, entry, Event.RESTRICTED, why)
        put_setting(db, PUBLISH_DUE, "1")
    publish_changes(db, [entry])


def revert(db: Database, chosen: Sequence[Entry]) -> None:
    """Take entries out of the publication because the user says so."""
    take_back(db, chosen, REVERTED)


COLUMNS = "exact, inherited, recipe, median, median, module, exact_only"
LINES = f"select {COLUMNS} from entry where state = '{ACTIVE}'"


def publish(db: Database) -> None:
    """Write the publication anew from all active entries and trusted imports."""
    with collector.paused():
        best = _best(db.execute(LINES), imports.published_rows(db))
        rendered = [render(key, recipe, remark) for key, (_, recipe, remark) in best.items()]
        rendered.sort()
        digests = {recipe for _, recipe, _ in best.values()}
    write_rendered(publication_dir(), rendered, digests, lambda digest: recipe_text(db, digest))
    put_setting(db, PUBLISH_DUE, "")


def publish_if_due(db: Database) -> None:
    """Publish what a killed process had changed in the store and not published."""
    if get_setting(db, PUBLISH_DUE):
        publish(db)


def publish_changes(db: Database, changed: Iterable[Entry | imports.Imported]) -> None:
    """Publish again the keys of entries or imports that were changed."""
    keys: set[Key] = set()
    for each in changed:
        keys |= {("x", each.exact), ("i", each.inherited)}
    changes: dict[Key, IndexLine | None] = {}
    for kind, key in sorted(keys):
        if key:
            column = "exact" if kind == "x" else "inherited"
            rows = db.execute(f"{LINES} and {column} = ?", [key])
            best = _best(rows, imports.published_rows(db, column, key)).get(kind + key)
            changes[kind, key] = None if best is None else IndexLine(kind, key, *best[1:])
    if not update_publication(publication_dir(), changes, lambda digest: recipe_text(db, digest)):
        publish(db)
        return
    put_setting(db, PUBLISH_DUE, "")


def recipe_text(db: Rows, digest: str) -> bytes:
    """Return the text of a recipe; raises KeyError."""
    for row in db.query("select text from recipe where digest = ?", [digest]):
        return bytes(row["text"])
    raise KeyError(digest)


Best = dict[str, tuple[float, str, str]]  # by kind and key: rank (the least stands), recipe, remark


def _best(own: Iterable[Sequence[Any]], imported: Iterable[Sequence[Any]]) -> Best:
    """Return what each key gets: what was proven here stands before what was brought in."""
    return _ranked(imported) | _ranked(own)


def _ranked(rows: Iterable[Sequence[Any]]) -> Best:
    """Return what each key gets from rows of exact, inherited, recipe, rank, median, module, exact_only."""
    best: Best = {}
    for exact, inherited, recipe, rank, median, module, exact_only in rows:
        found = (rank, recipe, f"{median:+.4f} {module}")
        if exact and found < best.get(key := "x" + exact, LAST):
            best[key] = found
        if inherited and not exact_only and found < best.get(key := "i" + inherited, LAST):
            best[key] = found
    return best


LAST = (math.inf, "", "")


def index_lines(active: Iterable[Entry]) -> list[IndexLine]:
    """Return the index lines of entries. Where two entries share a key, the larger measured gain stands."""
    rows = ((e.exact, e.inherited, e.recipe, e.median, e.median, e.module, e.exact_only) for e in active)
    return [IndexLine(key[0], key[1:], recipe, remark) for key, (_, recipe, remark) in _ranked(rows).items()]
