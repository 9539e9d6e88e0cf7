"""How the publication is made from what the store holds: active entries and trusted imports, as far as they are sound."""

from __future__ import annotations

import itertools
import math
import sqlite3
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from autopass_cc import collector
from autopass_cc.store import imports
from autopass_cc.store.database import PUBLISH_DUE, Rows
from autopass_cc.store.publication import (
    NOTHING,
    IndexLine,
    Key,
    has_recipe,
    is_plain,
    publication_dir,
    recipes_there,
    render,
    update_publication,
    write_rendered,
)
from autopass_cc.store.publishable import DIGEST, PUBLISHABLE, TYPED, sound_text
from autopass_cc.store.settings import ALL, get_setting, put_setting
from autopass_cc.store.states import ACTIVE

if TYPE_CHECKING:
    from sqlite_utils import Database

ROW = "exact, inherited, recipe, {rank}, median, module, exact_only"
CHOSEN = f"from entry where state = '{ACTIVE}' and "
OWN, BROUGHT = ROW.format(rank="median"), ROW.format(rank="-log_e")  # what was proven here by gain, the rest by evidence
PARTS = (  # of lines; `||` keeps a NUL, which printf would end at
    "exact, iif(exact_only = '', inherited, ''), ' ' || recipe || printf(' %+.4f ', median) || module || char(10)"
)

Found = Iterable[Sequence[Any]]


class Keyed(Protocol):
    """What has keys that are published: an entry, an import."""

    @property
    def exact(self) -> str:
        """The key of the very source."""
        ...

    @property
    def inherited(self) -> str:
        """The key that edited versions of the source have, too."""
        ...


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
        rendered, digests = _at_once(db, recipes) or _row_by_row(db, recipes)
    write_rendered(publication_dir(), rendered, digests, recipes.text)
    put_setting(db, PUBLISH_DUE, "")


def _at_once(db: Database, recipes: Recipes) -> tuple[bytes, set[str]] | None:
    """Return the index's lines and the recipes that they name; None where some row or text is not what it should be.

    To look at all lines together takes half the time of looking at each.
    """
    careful = db.conn.text_factory
    db.conn.text_factory = str
    lines: list[str] = []
    try:
        own, brought = db.execute(f"select {PARTS} {CHOSEN}{TYPED}"), imports.published_rows(db, PARTS, sound=TYPED)
        for exact, inherited, rest in itertools.chain(own, brought):
            if exact:
                lines.append("x" + exact + rest)
            if inherited:
                lines.append("i" + inherited + rest)
    except sqlite3.OperationalError as error:  # a text that is not UTF-8, about which SQLite itself has nothing to say
        if getattr(error, "sqlite_errorcode", None) is not None:
            raise
        return None
    finally:
        db.conn.text_factory = careful
    lines.sort()
    found = "".join(lines).encode(), {line[34:66] for line in lines}
    sound = is_plain(found[0], lines) and NOTHING not in found[1] and all(digest in recipes for digest in found[1])
    return found if sound else None


def _row_by_row(db: Rows, recipes: Recipes) -> tuple[bytes, set[str]]:
    """Return the index's lines and the recipes that they name, without the rows that may not be published."""
    rows = db.execute(f"select {OWN} {CHOSEN}{PUBLISHABLE}"), imports.published_rows(db, BROUGHT)
    best = _best(*rows, recipes)
    rendered = sorted(render(key, recipe, remark) for key, (_, recipe, remark) in best.items())
    return b"".join(rendered), {recipe for _, recipe, _ in best.values()}


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


def publish_changes(db: Database, changed: Iterable[Keyed]) -> None:
    """Publish again the keys of entries or imports that were changed; all, where a former change was not published."""
    keys: set[Key] = set()
    for each in changed:
        keys |= {("x", each.exact), ("i", each.inherited)}
    recipes = Recipes(db, _There())
    changes: dict[Key, IndexLine | None] = {}
    for kind, key in sorted(keys):
        if DIGEST.fullmatch(key):
            column = "exact" if kind == "x" else "inherited"
            own = db.execute(f"select {OWN} {CHOSEN}{PUBLISHABLE} and {column} = ?", [key])
            best = _best(own, imports.published_rows(db, BROUGHT, column, key), recipes).get(kind + key)
            changes[kind, key] = None if best is None else IndexLine(kind, key, *best[1:])
    if get_setting(db, PUBLISH_DUE) == ALL or not update_publication(publication_dir(), changes, recipes.text):
        publish(db)
        return
    put_setting(db, PUBLISH_DUE, "")


Best = dict[str, tuple[float, str, str]]  # by kind and key: rank (the least stands), recipe, remark


def _best(own: Found, brought: Found, recipes: Recipes) -> Best:
    """Return what each key gets: what was proven here stands before what was brought in."""
    return _ranked(brought, recipes) | _ranked(own, recipes)


def _ranked(rows: Found, recipes: Recipes) -> Best:
    """Return what each key gets from rows as `ROW` has them, without those whose module or recipe may not be named."""
    best: Best = {}
    for exact, inherited, recipe, rank, median, module, exact_only in rows:
        if recipe not in recipes or not isinstance(module, str):  # a name that is not UTF-8 is none
            continue
        found = (rank, recipe, f"{median:+.4f} {module}")
        if exact and found < best.get(key := "x" + exact, LAST):
            best[key] = found
        if inherited and not exact_only and found < best.get(key := "i" + inherited, LAST):
            best[key] = found
    return best


LAST = (math.inf, "", "")
