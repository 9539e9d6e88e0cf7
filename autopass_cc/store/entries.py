"""Accepted recipes: the rows behind the publication, what became of them, and how the publication is made from them."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from autopass_cc import collector
from autopass_cc.store import imports
from autopass_cc.store.database import PUBLISH_DUE, Rows, transaction
from autopass_cc.store.history import Event, remember
from autopass_cc.store.publication import (
    LINES_OF_INDEX,
    NOTHING,
    IndexLine,
    Key,
    has_recipe,
    publication_dir,
    recipes_there,
    render,
    update_publication,
    write_rendered,
)
from autopass_cc.store.publishable import DIGEST, PUBLISHABLE, TYPED, sound_text, text_of
from autopass_cc.store.rows import Form, is_finite, is_ratio
from autopass_cc.store.settings import ALL, get_setting, put_setting, set_publish_due

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


COLUMNS = "exact, inherited, recipe, median, median, module, exact_only"
LINES = f"select {COLUMNS} from entry where state = '{ACTIVE}' and "
RECIPE, MODULE = 2, 5  # their places among these columns


Found = Iterable[Sequence[Any]]


class Recipes:
    """Which recipes may be published: those that lie in the publication, and those of the store that are sound."""

    def __init__(self, db: Rows, there: Container[str]) -> None:
        self._db, self._there = db, there
        self._texts: dict[str, bytes | None] = {}

    def __contains__(self, digest: object) -> bool:
        """Return whether a recipe may be named by an index."""
        return isinstance(digest, str) and (digest in self._there or self._text(digest) is not None)

    def text(self, digest: str) -> bytes:
        """Return the text of a recipe that is to be written; raises KeyError."""
        text = self._text(digest)
        if text is None:
            raise KeyError(digest)
        return text

    def _text(self, digest: str) -> bytes | None:
        if digest not in self._texts:
            try:
                self._texts[digest] = sound_text(self._db, digest)
            except KeyError:
                self._texts[digest] = None
        return self._texts[digest]


class _There:
    """The recipes that lie in the publication, looked for one by one."""

    def __contains__(self, digest: object) -> bool:
        return isinstance(digest, str) and has_recipe(publication_dir(), digest)


def publish(db: Database) -> None:
    """Write the publication anew from all active entries and trusted imports, without what may not be published."""
    recipes = Recipes(db, recipes_there(publication_dir()))
    with collector.paused():
        best = _chosen_at_once(db, recipes)
        rendered = _rendered(best)
        if not _is_index(best, rendered):  # to look at all lines together is twice as fast as to look at each row
            best = _chosen(db, recipes, PUBLISHABLE, _read)
            rendered = _rendered(best)
        digests = {recipe for _, recipe, _ in best.values()}
    write_rendered(publication_dir(), rendered, digests, recipes.text)
    put_setting(db, PUBLISH_DUE, "")


def _chosen_at_once(db: Database, recipes: Recipes) -> Best:
    """Return what each key gets where all rows and texts are what they should be; something that is no index where not."""
    careful = db.conn.text_factory
    db.conn.text_factory = str
    try:
        return _chosen(db, recipes, TYPED)
    except sqlite3.OperationalError as error:  # a text that is not UTF-8, about which SQLite itself has nothing to say
        if getattr(error, "sqlite_errorcode", None) is not None:
            raise
        return {"": LAST}
    finally:
        db.conn.text_factory = careful


def _chosen(db: Rows, recipes: Recipes, sound: str, read: Callable[[Found], Found] = iter) -> Best:
    """Return what each key gets from all rows that are `sound` and whose recipes may be published."""
    own, imported = list(read(db.execute(LINES + sound))), list(read(imports.published_rows(db, sound=sound)))
    named = {row[RECIPE] for rows in (own, imported) for row in rows}
    if bad := {digest for digest in named if digest not in recipes}:
        own, imported = ([row for row in rows if row[RECIPE] not in bad] for rows in (own, imported))
    return _best(own, imported)


def _read(rows: Found) -> Found:
    """Return the rows whose module has a name; one that is not UTF-8 is none."""
    return (row for row in rows if isinstance(row[MODULE], str))


def _rendered(best: Best) -> list[bytes]:
    return sorted(render(key, recipe, remark) for key, (_, recipe, remark) in best.items())


def _is_index(best: Best, rendered: Sequence[bytes]) -> bool:
    """Return whether all keys and recipes are digests."""
    digests = {recipe for _, recipe, _ in best.values()}
    sizes = set(map(len, best)) <= {33} and set(map(len, digests)) <= {32}
    data = b"".join(rendered)
    return sizes and NOTHING not in digests and data.count(b"\n") == len(rendered) and bool(LINES_OF_INDEX.fullmatch(data))


def left_out(db: Rows) -> int:
    """Return how many active entries and trusted imports are not published, because their rows or recipes may not be."""
    recipes, count = Recipes(db, recipes_there(publication_dir())), 0
    for table, state in (("entry", ACTIVE), ("imported", imports.TRUSTED)):
        chosen = f"from [{table}] where state = '{state}'"
        count += db.execute(f"select count(*) {chosen} and ({PUBLISHABLE}) is not true").fetchone()[0]
        for recipe, rows in db.execute(f"select recipe, count(*) {chosen} and {PUBLISHABLE} group by recipe"):
            count += rows if recipe not in recipes else 0
    return int(count)


def publish_if_due(db: Database) -> None:
    """Publish what a killed process had changed in the store and not published, or all after a restored backup."""
    if get_setting(db, PUBLISH_DUE):
        publish(db)


def publish_changes(db: Database, changed: Iterable[Entry | imports.Imported]) -> None:
    """Publish again the keys of entries or imports that were changed; all, where a former change was not published."""
    keys: set[Key] = set()
    for each in changed:
        keys |= {("x", each.exact), ("i", each.inherited)}
    recipes = Recipes(db, _There())
    changes: dict[Key, IndexLine | None] = {}
    for kind, key in sorted(keys):
        if DIGEST.fullmatch(key):
            column = "exact" if kind == "x" else "inherited"
            own, imported = db.execute(f"{LINES}{PUBLISHABLE} and {column} = ?", [key]), imports.published_rows(db, column, key)
            sound = ([row for row in _read(rows) if row[RECIPE] in recipes] for rows in (own, imported))
            best = _best(*sound).get(kind + key)
            changes[kind, key] = None if best is None else IndexLine(kind, key, *best[1:])
    if get_setting(db, PUBLISH_DUE) == ALL or not update_publication(publication_dir(), changes, recipes.text):
        publish(db)
        return
    put_setting(db, PUBLISH_DUE, "")


def recipe_text(db: Rows, digest: str) -> bytes:
    """Return the text of a recipe, which is what its name says; raises KeyError."""
    return text_of(db, digest)


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
