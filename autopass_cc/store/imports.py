"""What came from other publications: kept apart from what was proven here, and used as far as its source is trusted.

Merge rules: what was decided here (accepted, demoted, reverted) beats every import of the same key. Among imports the one
with more evidence (larger E) stands. Evidence of different machines is never added up.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from autopass_cc.store.database import Rows, transaction
from autopass_cc.store.history import Event, remember
from autopass_cc.store.publishable import PUBLISHABLE
from autopass_cc.store.rows import Form, is_finite, is_ratio, sound_texts
from autopass_cc.store.settings import set_publish_due

if TYPE_CHECKING:
    from sqlite_utils import Database

UNVERIFIED, TRUSTED, VERIFIED, REFUTED = "unverified", "trusted", "verified", "refuted"


@dataclass(frozen=True)
class Imported:
    """A recipe that another publication (`source`, its name) has for a module, with the evidence that it gives.

    `state` is unverified (not used until measured here), trusted (used, because the user trusts the source by name),
    verified or refuted (measured here since). The rest is as in an entry.
    """

    source: str
    project: str
    module: str
    exact: str
    inherited: str
    portable_exact: str
    portable_inherited: str
    toolchain: str
    level: str
    recipe: str
    edits: list[Any]
    median: float
    low: float
    high: float
    log_e: float
    share: float
    exact_only: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)
    state: str = UNVERIFIED
    at: int = 0

    @property
    def variant(self) -> str:
        """Return the key that stands for the module's variant."""
        return self.inherited or self.exact


def take(db: Database, source: str, found: Sequence[Imported], texts: dict[str, bytes]) -> int:
    """Replace what a source had given by `found`, and return how many are new or changed.

    What was measured here since stays measured while its recipe is the same.
    """
    now = time.time_ns()
    former = {(old.exact, old.inherited): old for old in imported(db, source)}
    fresh = 0
    with transaction(db):
        set_publish_due(db, everything=True)
        db.conn.executemany("insert or replace into recipe values (?, ?)", list(texts.items()))
        db.execute("delete from imported where source = ?", [source])
        rows = []
        for each in found:
            old = former.get((each.exact, each.inherited))
            same = old is not None and old.recipe == each.recipe
            state = old.state if old is not None and same and old.state in (VERIFIED, REFUTED) else each.state
            kept = replace(each, source=source, state=state, at=old.at if old is not None and same else now)
            if not same:
                fresh += 1
                remember(db, kept, Event.IMPORTED, f"from {source}, {state}")
            rows.append(_row(kept))
        if rows:
            columns, marks = ", ".join(rows[0]), ", ".join("?" * len(rows[0]))
            values = [tuple(row.values()) for row in rows]
            db.conn.executemany(f"insert or replace into imported ({columns}) values ({marks})", values)
    return fresh


def _row(each: Imported) -> dict[str, Any]:
    return vars(each) | {"edits": json.dumps(each.edits), "provenance": json.dumps(each.provenance)}


def imported(db: Rows, source: str | None = None, state: str | None = None) -> list[Imported]:
    """Return what was brought in, where asked from one source, in one state; by module."""
    where, values = ["1"], []
    for column, value in (("source", source), ("state", state)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    rows = db.query(f"select * from imported where {' and '.join(where)} order by module", values)
    return IMPORTS.all(rows)


def _is_shown(values: dict[str, Any]) -> bool:
    return is_ratio(values["median"], values["low"], values["high"]) and is_finite(values["log_e"], values["share"])


IMPORTS = Form("imported", Imported, check=_is_shown)


def decide(db: Database, each: Imported, state: str) -> None:
    """Note that an import was measured here: verified (its entry, which was accepted, tells the history so) or refuted."""
    with transaction(db):
        db.execute(
            "update imported set state = ? where source = ? and exact = ? and inherited = ?",
            [state, each.source, each.exact, each.inherited],
        )
        if state == REFUTED:  # what was verified has an entry of its own, which hides it
            remember(db, each, Event.REFUTED, f"from {each.source}")
            set_publish_due(db)


def drop(db: Database, source: str) -> int:
    """Forget a source and all that came from it; return how many recipes that were."""
    return _change(db, "delete from imported where source = ?", [source])


def distrust(db: Database, source: str) -> int:
    """Let what came from a source wait until it was measured here; return how many recipes were used without that."""
    return _change(db, "update imported set state = ? where source = ? and state = ?", [UNVERIFIED, source, TRUSTED])


def _change(db: Database, statement: str, values: Sequence[str]) -> int:
    """Change imports, and note that this is to be published; return how many were changed."""
    with transaction(db):
        count = db.execute(statement, list(values)).rowcount
        if count:
            set_publish_due(db, everything=True)
    return count


def counts(db: Rows) -> dict[str, dict[str, int]]:
    """Return how many imports each source has, by state."""
    found: dict[str, dict[str, int]] = {}
    texts = "typeof(source) = 'text' and typeof(state) = 'text'"
    rows = db.execute(f"select source, state, count(*) from imported where {texts} group by 1, 2 order by 1, 2")
    for source, state, count in sound_texts(rows):
        found.setdefault(source, {})[state] = count
    return found


def published_rows(
    db: Rows, columns: str, column: str = "", key: str = "", *, sound: str = PUBLISHABLE
) -> Iterable[Sequence[Any]]:
    """Return some columns of the imports that compiles may use, where asked of one key: `column` is exact or inherited.

    `sound` is what rows must be: those that may be published.
    """
    where, values = (f" and {column} = ?", [key]) if column else ("", [])
    return db.execute(
        f"select {columns} from imported where state = '{TRUSTED}' and {sound} and typeof(log_e) in ('real', 'integer') "
        "and exact not in (select exact from entry where exact is not null) "
        f"and (inherited = '' or inherited not in (select inherited from entry where inherited is not null)){where}",
        values,
    )
