"""The build record in the store: the last compile of each object, the last link of each output, and how far was read."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from autopass_cc.durations import utc_day
from autopass_cc.store.database import Rows, transaction
from autopass_cc.store.rows import Form, say_left_out

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
    values = vars(record) | {"argv": _json(record.argv), "env": _json(record.env) if record.env else "{}"}
    for name in PATHS:
        if not (path := values.get(name, "")).isascii():
            values[name] = _stored(path)
    return tuple(values.values())


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # a path that is not UTF-8: json keeps its bytes as escapes, SQLite could not hold them as text
        return json.dumps(value)


DAY = 86400 * 10**9  # ns
LATEST = 2**62  # ns: no build was later, and it fits SQLite
LONGEST_PATH, LONGEST_NAME = 4095, 255  # bytes, as Linux has them
PATHS = ("out", "root", "src", "rel", "cwd")  # stored as latin-1 text: any byte sequence survives


def _stored(path: str | Path) -> str:
    text = str(path)
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _unstored(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def is_sound(values: Mapping[str, Any]) -> bool:
    """Return whether a record of these values may be kept and used: times that are some, paths that the system takes.

    Says nothing of types; `Form` and the reader of the journal look at those.
    """
    argv, env = values["argv"], values["env"]
    absolute = [values[name] for name in PATHS if name != "rel" and name in values]
    words = "".join(value for name, value in values.items() if type(value) is str and name not in PATHS)
    return (
        0 <= values["at"] < LATEST
        and bool(argv)
        and words.isascii()
        and words.isprintable()
        and all(path.startswith("/") for path in absolute)
        and all(map(_is_path, (*absolute, values.get("rel", ""))))
        and _is_text("".join((*argv, *env, *env.values())))
    )


def _is_path(path: str) -> bool:
    if not _is_text(path):
        return False
    if len(path) <= LONGEST_NAME and path.isascii():
        return True
    raw = path.encode("utf-8", "surrogateescape")
    return len(raw) <= LONGEST_PATH and all(len(part) <= LONGEST_NAME for part in raw.split(b"/"))


def _is_text(text: str) -> bool:
    """Return whether a text can be handed to the system: no NUL, and bytes that are not UTF-8 by their escapes only."""
    if text.isascii():
        return "\0" not in text
    try:
        return b"\0" not in text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False


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
            [(utc_day(day * 86400), _stored(root), *rest, count) for (day, root, *rest), count in tally.items()],
        )
        db.execute(f"delete from journal where inode not in ({','.join('?' * len(offsets))})", list(offsets))
        db.conn.executemany("insert or replace into journal (inode, offset) values (?, ?)", list(offsets.items()))


def _replace(db: Database, table: str, kind: type[CompileRecord | LinkRecord], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows by their primary key, many at a time: sqlite-utils' upsert of single rows is ten times slower."""
    marks = ", ".join("?" * len(fields(kind)))
    db.conn.executemany(f"insert or replace into [{table}] ({_columns(kind)}) values ({marks})", rows)


def _columns(kind: type[CompileRecord | LinkRecord]) -> str:
    return ", ".join(f"[{column.name}]" for column in fields(kind))


def offsets(db: Rows) -> dict[int, int]:
    """Return how many bytes of each journal file (by inode) are in the store already."""
    rows = db.execute("select inode, offset from journal where typeof(inode) = 'integer' and typeof(offset) = 'integer'")
    return {inode: offset for inode, offset in rows if offset >= 0}


def roots(db: Rows) -> list[Path]:
    """Return the folders of all projects of which compiles are recorded."""
    found = []
    for root, _ in db.execute("select root, max(at) as at from compile group by root order by at desc"):
        try:
            path = _unstored(root)
        except (UnicodeError, AttributeError):
            path = ""
        if path.startswith("/") and _is_path(path):
            found.append(Path(path))
        else:
            say_left_out("compile")
    return found


def newest(db: Rows, root: Path) -> int:
    """Return when (ns since 1970) the newest recorded compile of the project at `root` was, 0 for none."""
    (found,) = db.execute("select max(at) from compile where root = ? and typeof(at) = 'integer'", [_stored(root)]).fetchone()
    return found or 0


def built(db: Rows, exact: Iterable[str]) -> set[str]:
    """Return which of some exact keys belong to recorded objects that are still there, in whatever checkout."""
    wanted = set(exact)
    rows = db.execute("select exact, out from compile where exact != ''") if wanted else ()
    return {key for key, out in rows if key in wanted and os.path.exists(_unstored(out))}  # noqa: PTH110 - thousands


def compiles(db: Rows, root: Path) -> list[CompileRecord]:
    """Return the recorded compiles of the project at `root`, oldest first."""
    rows = db.query("select * from compile where root = ? order by at", [_stored(root)])
    return list(_records(COMPILES, rows))


def links(db: Rows) -> list[LinkRecord]:
    """Return all recorded links, oldest first; links know no project, only what they take in."""
    return list(_records(LINKS, db.query("select * from link order by at")))


COMPILES = Form("compile", CompileRecord, check=is_sound)
LINKS = Form("link", LinkRecord, check=is_sound)
Record = TypeVar("Record", CompileRecord, LinkRecord)


def _records(form: Form[Record], rows: Iterable[dict[str, Any]]) -> Iterator[Record]:
    return form.each(map(unstored, rows))


def unstored(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its paths as they are; one that holds none stays, and is no record."""
    for name in PATHS:
        value = row.get(name)
        if isinstance(value, str) and not value.isascii():
            try:
                row[name] = _unstored(value)
            except UnicodeError:
                row[name] = None
    return row
