"""How a database file is opened, and whether it is a store: whole, of known tables and columns, with nothing that runs by itself.

A database can hold more than rows: triggers and views are programs. A store has none.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

SIDECARS = ("-journal", "-wal", "-shm")
WRITERS_CACHE = 32 << 10  # KiB: the tables of a large build fit; SQLite's own 2 MiB make taking a journal in a sixth slower
SCHEMA_VERSION = 7  # how many migrations there are, known without importing them

# The tables of that version: their columns, those of the primary key marked by where they stand in it.
TABLES = {
    "avoid": "toolchain*1 module*2 recipe*3 verdict detail at",
    "candidate": "run*1 module*2 recipe*3 edits mind hypothesis evidence verdict detail screened facts",
    "compile": (
        "out*1 root src rel lang level exact inherited digest cwd argv env decision reason recipe at "
        "portable_exact portable_inherited"
    ),
    "entry": (
        "project*1 module*2 root recipe exact inherited toolchain digest edits median low high log_e share run state at "
        "variant*3 exact_only portable_exact portable_inherited origin provenance checked"
    ),
    "history": "id*1 at project module variant event recipe median low high detail",
    "imported": (
        "source*1 project module exact*2 inherited*3 portable_exact portable_inherited toolchain level recipe edits median low "
        "high log_e share exact_only provenance state at"
    ),
    "job": "id*1 project root kind module state reason priority due kills failures owner run facts created updated",
    "journal": "inode*1 offset",
    "link": "out*1 cwd argv env at",
    "measurement": "id*1 run stage subject seq data at",
    "model_call": "id*1 at host model run module round turn digest prompt_tokens completion_tokens price outcome",
    "model_consent": "host*1 share*2 at",
    "model_manner": "base_url*1 model*2 manner",
    "model_reply": "digest*1 text prompt_tokens completion_tokens at",
    "null_test": "id*1 at run stage blocks median low high e_value accepted",
    "recipe": "digest*1 text",
    "run": "id*1 project root fingerprint toolchain seed state started finished facts",
    "setting": "name*1 value",
    "spent": "day*1 what*2 amount",
    "tally": "day*1 root*2 decision*3 reason*4 count",
    "traits": "project*1 module*2 variant*3 toolchain lang level cpu vector at",
}


# What uniqueness a store asks for beside primary keys: another's could refuse every row.
UNIQUE = {
    ("job", "project root kind module"),
    ("measurement", "run stage subject seq"),
    ("_sqlite_migrations", "migration_set name"),
}


RULES = re.compile(r"\b(check\s*\(|references\b|collate\b)", re.IGNORECASE)


def _text(raw: bytes) -> Any:
    """Return a text of the database, its bytes where it is not UTF-8: so its row is no record, and the query goes on."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def connect(path: Path, *, read_only: bool, alone: bool = False) -> sqlite3.Connection:
    """Open a database file, private to the caller where it is `alone` with it (sidecar files are not looked at then).

    Raises sqlite3.DatabaseError, sooner or later, for one that is damaged.
    """
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}{'&immutable=1' if alone else ''}"
    connection = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None)
    connection.text_factory = _text
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    # WAL is avoided on purpose: SQLite before 3.51.3 can corrupt a WAL database when two connections checkpoint at once,
    # and with one writer and few commits a rollback journal costs nothing that a user could notice.
    if not read_only:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA cache_size=-{WRITERS_CACHE}")
        except BaseException:
            connection.close()
            raise
    return connection


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema's version, 0 for a new file. Raises sqlite3.DatabaseError."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_fit(connection: sqlite3.Connection, *, thorough: bool = False) -> bool:
    """Return whether a database is whole and a store of this version, of an older one, or empty; `thorough`: indices too."""
    try:
        if connection.execute(f"PRAGMA {'integrity_check' if thorough else 'quick_check'}(1)").fetchone()[0] != "ok":
            return False
        version = version_of(connection)
        return version <= SCHEMA_VERSION and is_store(connection, version)
    except (sqlite3.DatabaseError, ValueError):
        return False


def has_programs(connection: sqlite3.Connection) -> bool:
    """Return whether there is something in a database that is more than rows: triggers, views. Raises sqlite3.DatabaseError."""
    found = connection.execute("select 1 from sqlite_schema where type not in ('table', 'index') limit 1")
    return found.fetchone() is not None


def is_store(connection: sqlite3.Connection, version: int) -> bool:
    """Return whether the tables are a store's: no programs, and for this version the columns and rules that it has."""
    if has_programs(connection):
        return False
    if version != SCHEMA_VERSION:
        return True  # the migrations say so where it is none
    unique = (
        "select i.tbl_name, group_concat(coalesce(c.name, '?'), ' ') from sqlite_schema i "
        "join pragma_index_list(i.tbl_name) l on l.name = i.name join pragma_index_info(i.name) c "
        "where i.type = 'index' and l.origin = 'c' and l.[unique] group by i.name"
    )
    if set(connection.execute(unique)) - UNIQUE:
        return False
    if any(RULES.search(sql) for (sql,) in connection.execute("select sql from sqlite_schema where type = 'table'")):
        return False
    found: dict[str, list[str]] = {}
    columns = (
        "select m.name, p.name, p.pk, p.hidden from sqlite_schema m join pragma_table_xinfo(m.name) p "
        "where m.type = 'table' order by m.name, p.cid"
    )
    for table, column, place, hidden in connection.execute(columns):
        found.setdefault(table, []).append(f"{column}*{place}" if place else f"{column}{'!' if hidden else ''}")
    return all(" ".join(found.get(table, ())) == wanted for table, wanted in TABLES.items())
