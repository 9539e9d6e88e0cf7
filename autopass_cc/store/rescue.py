"""What is done for a damaged database: it is set aside; the newest good backup takes its place, else what can be read of it.

What is kept of a damaged file goes through the validators that everything else goes through: entries whose keys are digests,
recipes in the grammar under their right names, events of known types.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autopass_cc.paths import private_dir
from autopass_cc.store.entries import ENTRIES
from autopass_cc.store.history import PAST
from autopass_cc.store.publishable import DIGEST, sound_text
from autopass_cc.store.rows import BadRowError, Form
from autopass_cc.store.shape import SIDECARS, connect, is_fit
from autopass_cc.trust import why_writable

if TYPE_CHECKING:
    from sqlite_utils import Database

PROBED = 100_000  # rows that are asked for one by one where a table cannot be read from end to end
IN_VAIN = 5_000  # of them in a row, after which nothing more is to be had


def set_aside(path: Path) -> Path:
    """Move a database with all that belongs to it into a folder of its own; return the folder."""
    place = private_dir(path.parent / "quarantine" / str(time.time_ns()))
    for suffix in ("", *SIDECARS):
        part = path.with_name(path.name + suffix)
        if os.path.lexists(part):
            part.replace(place / part.name)
    return place


def restore(path: Path) -> str:
    """Put the newest good backup in the place of a database that is gone; return its name, "" where there is none."""
    folder = path.parent / "backups"
    for backup in sorted(folder.glob("*.db"), reverse=True) if not _is_others(folder) else ():
        if not backup.is_file() or _is_others(backup):
            continue
        with contextlib.closing(connect(backup, read_only=True)) as db:
            good = is_fit(db)
        if good:
            copy = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            with backup.open("rb") as source, os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            copy.replace(path)
            return backup.name
    return ""


def _is_others(path: Path) -> bool:
    try:
        return bool(why_writable(path.stat()))
    except OSError:
        return True


def salvage(damaged: Path, db: Database) -> dict[str, int]:
    """Put what can be read of a damaged database into a new one, in a transaction; return how many rows of what."""
    kept = dict.fromkeys(("recipe", "entry", "history"), 0)
    with contextlib.closing(connect(damaged, read_only=True, alone=True)) as old:
        for row in _rows(old, "recipe"):
            digest, text = row.get("digest"), row.get("text")
            if isinstance(digest, str) and DIGEST.fullmatch(digest) and isinstance(text, bytes):
                db.execute("insert or replace into recipe values (?, ?)", [digest, text])
                if not _is_sound(db, digest):
                    db.execute("delete from recipe where digest = ?", [digest])
        for table, form in (("entry", ENTRIES), ("history", PAST)):
            for values in _records(_rows(old, table), form):
                if table == "entry" and not _is_kept(db, values):
                    continue
                names = ", ".join(f"[{name}]" for name in values)
                marks = ", ".join("?" * len(values))
                db.execute(f"insert or replace into [{table}] ({names}) values ({marks})", list(values.values()))
    for table in kept:
        kept[table] = db.execute(f"select count(*) from [{table}]").fetchone()[0]
    return kept


def _is_kept(db: Database, values: dict[str, Any]) -> bool:
    keys = values["exact"], values["inherited"]
    return any(keys) and all(DIGEST.fullmatch(key) for key in keys if key) and _is_sound(db, values["recipe"])


def _is_sound(db: Database, digest: str) -> bool:
    try:
        return bool(sound_text(db, digest))
    except KeyError:
        return False


def _records(rows: Iterator[dict[str, Any]], form: Form[Any]) -> Iterator[dict[str, Any]]:
    """Yield the values of sound rows; columns that an older store does not have get the value of a new row."""
    for row in rows:
        try:
            values = vars(form.read({"exact_only": "", "origin": "", "provenance": "{}", "checked": 0, **NO_KEYS, **row}))
        except BadRowError:
            continue
        yield {name: json.dumps(value) if isinstance(value, list | dict) else value for name, value in values.items()}


NO_KEYS = {"portable_exact": "", "portable_inherited": ""}


def _rows(old: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """Yield what can be read of a table: from its begin, from its end, and one by one what lies between."""
    reached: dict[str, int | None] = {"asc": None, "desc": None}
    for order in reached:
        try:
            cursor = old.execute(f"select rowid as at, * from [{table}] order by rowid {order}")
            names = [column[0] for column in cursor.description]
            for at, *values in cursor:
                if reached["asc"] is not None and order == "desc" and at <= reached["asc"]:
                    return  # both ends have met
                reached[order] = at
                yield dict(zip(names[1:], values, strict=True))
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            continue
        return  # it can be read from end to end
    first = (reached["asc"] or 0) + 1
    last = reached["desc"] - 1 if reached["desc"] is not None else first + PROBED
    failed = 0
    for at in range(first, min(last, first + PROBED) + 1):
        if failed > IN_VAIN:
            return
        try:
            cursor = old.execute(f"select * from [{table}] where rowid = ?", [at])
            names = [column[0] for column in cursor.description]
            found = cursor.fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            failed += 1
            continue
        failed = 0
        yield from (dict(zip(names, row, strict=True)) for row in found)
