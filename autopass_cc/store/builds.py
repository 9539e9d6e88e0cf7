"""The build record in the store: the last compile of each object, the last link of each output, and how far was read."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autopass_cc.store.database import Rows, transaction

if TYPE_CHECKING:
    from sqlite_utils import Database


@dataclass(frozen=True)
class CompileRecord:
    """One recorded compile: as the launcher saw it, with the keys that only the launcher computes."""

    out: str
    root: str
    src: str
    rel: str
    lang: str
    level: str
    exact: str
    inherited: str
    digest: str
    cwd: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    decision: str
    reason: str
    recipe: str
    at: int
    portable_exact: str = ""
    portable_inherited: str = ""


@dataclass(frozen=True)
class LinkRecord:
    """One recorded link: output, working directory, arguments (response files expanded)."""

    out: str
    cwd: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    at: int


def _row(record: CompileRecord | LinkRecord) -> tuple[Any, ...]:
    # json keeps lone surrogates (paths that are not UTF-8) as escapes, which SQLite could not hold as text
    values = vars(record) | {"argv": json.dumps(record.argv), "env": json.dumps(dict(record.env)) if record.env else "{}"}
    for name in PATHS:
        if not (path := values.get(name, "")).isascii():
            values[name] = _stored(path)
    return tuple(values.values())


DAY = 86400 * 10**9  # ns
PATHS = ("out", "root", "src", "rel", "cwd")  # stored as latin-1 text: any byte sequence survives


def _stored(path: str | Path) -> str:
    text = str(path)
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _unstored(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def add(db: Database, records: Iterable[CompileRecord | LinkRecord], offsets: Mapping[int, int]) -> None:
    """Take records into the store, the newest of an output winning, together with how far the journal was read.

    Every compile counts in the tally of its day (UTC) and project, those of the same output too.
    """
    compiles: dict[str, CompileRecord] = {}
    links: dict[str, LinkRecord] = {}
    tally: Counter[tuple[int, str, str, str]] = Counter()
    for record in records:
        if isinstance(record, CompileRecord):
            compiles[record.out] = record
            tally[record.at // DAY, record.root, record.decision, record.reason] += 1
        else:
            links[record.out] = record
    with transaction(db):
        _replace(db, "compile", CompileRecord, map(_row, compiles.values()))
        _replace(db, "link", LinkRecord, map(_row, links.values()))
        db.conn.executemany(
            "insert into tally values (?, ?, ?, ?, ?) on conflict do update set count = count + excluded.count",
            [(_date(day), _stored(root), *rest, count) for (day, root, *rest), count in tally.items()],
        )
        db.execute(f"delete from journal where inode not in ({','.join('?' * len(offsets))})", list(offsets))
        db.conn.executemany("insert or replace into journal (inode, offset) values (?, ?)", list(offsets.items()))


def _replace(db: Database, table: str, kind: type[CompileRecord | LinkRecord], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows by their primary key, many at a time: sqlite-utils' upsert of single rows is ten times slower."""
    marks = ", ".join("?" * len(fields(kind)))
    db.conn.executemany(f"insert or replace into [{table}] ({_columns(kind)}) values ({marks})", rows)


def _date(day: int) -> str:
    """Return the date (UTC) of a day since 1970."""
    return time.strftime("%Y-%m-%d", time.gmtime(day * 86400))


def offsets(db: Rows) -> dict[int, int]:
    """Return how many bytes of each journal file (by inode) are in the store already."""
    return {row["inode"]: row["offset"] for row in db.query("select * from journal")}


def roots(db: Rows) -> list[Path]:
    """Return the folders of all projects of which compiles are recorded."""
    rows = db.query("select root, max(at) as at from compile group by root order by at desc")
    return [Path(_unstored(row["root"])) for row in rows]


def built(db: Rows, exact: Iterable[str]) -> set[str]:
    """Return which of some exact keys belong to recorded objects that are still there, in whatever checkout."""
    wanted = set(exact)
    rows = db.execute("select exact, out from compile where exact != ''") if wanted else ()
    return {key for key, out in rows if key in wanted and os.path.exists(_unstored(out))}  # noqa: PTH110 - thousands


def compiles(db: Rows, root: Path) -> list[CompileRecord]:
    """Return the recorded compiles of the project at `root`, oldest first."""
    rows = db.execute(f"select {_columns(CompileRecord)} from compile where root = ? order by at", [_stored(root)])
    return [CompileRecord(*_unrow(row, COMPILE_PLACES)) for row in rows]


def links(db: Rows) -> list[LinkRecord]:
    """Return all recorded links, oldest first; links know no project, only what they take in."""
    rows = db.execute(f"select {_columns(LinkRecord)} from link order by at")
    return [LinkRecord(*_unrow(row, LINK_PLACES)) for row in rows]


def _columns(kind: type[CompileRecord | LinkRecord]) -> str:
    return ", ".join(f"[{column.name}]" for column in fields(kind))


def _places(kind: type[CompileRecord | LinkRecord]) -> tuple[list[int], int, int]:
    """Return where in a row the paths stand, the arguments, the environment."""
    names = [column.name for column in fields(kind)]
    return [names.index(name) for name in PATHS if name in names], names.index("argv"), names.index("env")


COMPILE_PLACES, LINK_PLACES = _places(CompileRecord), _places(LinkRecord)


def _unrow(row: Sequence[Any], places: tuple[list[int], int, int]) -> list[Any]:
    values = list(row)
    paths, argv, env = places
    for place in paths:
        if not values[place].isascii():
            values[place] = _unstored(values[place])
    values[argv] = tuple(json.loads(values[argv]))
    values[env] = {} if values[env] == "{}" else json.loads(values[env])
    return values
