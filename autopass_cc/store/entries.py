"""Accepted recipes: the rows behind the publication, and what became of them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from autopass_cc.store.database import Rows, transaction
from autopass_cc.store.history import Event, remember
from autopass_cc.store.publishable import text_of
from autopass_cc.store.publishing import publish_changes
from autopass_cc.store.rows import Form, is_finite, is_ratio
from autopass_cc.store.settings import set_publish_due
from autopass_cc.store.states import ACTIVE, REVERTED

if TYPE_CHECKING:
    from sqlite_utils import Database

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
        set_publish_due(db)
    publish_changes(db, [*former, *entries])


def entries(db: Rows, project: str | None = None) -> list[Entry]:
    """Return the entries of a project, or all, by module."""
    if project is None:
        return ENTRIES.all(db.query("select * from entry order by module"))
    return ENTRIES.all(db.query("select * from entry where project = ? order by module", [project]))


def _is_shown(values: dict[str, Any]) -> bool:
    numbers = values["log_e"], values["share"]
    return (
        is_ratio(values["median"], values["low"], values["high"])
        and is_finite(*numbers)
        and all(isinstance(edit, dict) for edit in values["edits"])
    )


ENTRIES = Form("entry", Entry, check=_is_shown)


PROVEN = (  # proven here, or brought in and then measured here
    f"select * from entry where state = '{ACTIVE}' and (origin = '' or exists (select 1 from history h "
    f"where h.event = '{Event.VERIFIED.value}' and h.project = entry.project and h.module = entry.module "
    "and h.variant = entry.variant and h.recipe = entry.recipe))"
)


def proven(db: Rows, project: str | None = None) -> list[Entry]:
    """Return the active entries of a project, or all, whose recipes were proven on this machine: what may be given to others."""
    where, values = ("", []) if project is None else (" and project = ?", [project])
    return ENTRIES.all(db.query(f"{PROVEN}{where} order by module", values))


def _at(db: Rows, key: tuple[str, str, str]) -> list[Entry]:
    found = db.query("select * from entry where project = ? and module = ? and variant = ?", list(key))
    return ENTRIES.all(found)


def take_back(db: Database, chosen: Sequence[Entry], state: str, detail: str = "") -> None:
    """Take entries out of the publication, as reverted or demoted; their evidence stays."""
    event = Event.REVERTED if state == REVERTED else Event.DEMOTED
    with transaction(db):
        for entry in chosen:
            values = [state, time.time_ns(), *entry.key]
            db.execute("update entry set state = ?, checked = ? where project = ? and module = ? and variant = ?", values)
            remember(db, entry, event, detail)
        set_publish_due(db)
    publish_changes(db, chosen)


def restrict(db: Database, entry: Entry, why: str) -> None:
    """Let an entry serve the very source that it was proven on, and no edited one any more."""
    with transaction(db):
        where = "where project = ? and module = ? and variant = ?"
        db.execute(f"update entry set exact_only = ? {where}", [why, *entry.key])
        remember(db, entry, Event.RESTRICTED, why)
        set_publish_due(db)
    publish_changes(db, [entry])


def revert(db: Database, chosen: Sequence[Entry]) -> None:
    """Take entries out of the publication because the user says so."""
    take_back(db, chosen, REVERTED)


def recipe_text(db: Rows, digest: str) -> bytes:
    """Return the text of a recipe, which is what its name says; raises KeyError."""
    return text_of(db, digest)
