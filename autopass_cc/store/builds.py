"""The build record in the store: the last compile of each object, the last link of each output, and how far was read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from autopass_cc.store.database import transaction


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


@dataclass(frozen=True)
class LinkRecord:
    """One recorded link: output, working directory, arguments (response files expanded)."""

    out: str
    cwd: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    at: int


def _row(record: CompileRecord | LinkRecord) -> dict[str, Any]:
    row = dict(vars(record))
    # json keeps lone surrogates (paths that are not UTF-8) as escapes, which SQLite could not hold as text
    row["argv"], row["env"] = json.dumps(record.argv), json.dumps(dict(record.env))
    return {
        key: value.encode("utf-8", "surrogateescape").decode("latin-1") if key in PATHS else value for key, value in row.items()
    }


PATHS = frozenset({"out", "root", "src", "rel", "cwd"})  # stored as latin-1 text: any byte sequence survives


def _stored(path: str | Path) -> str:
    return str(path).encode("utf-8", "surrogateescape").decode("latin-1")


def _unstored(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def add(db: Database, records: Iterable[CompileRecord | LinkRecord], offsets: Mapping[int, int]) -> None:
    """Take records into the store, the newest of an output winning, together with how far the journal was read."""
    with transaction(db):
        for record in records:
            table = "compile" if isinstance(record, CompileRecord) else "link"
            db.table(table).upsert(_row(record), pk="out")
        for inode, offset in offsets.items():
            db.table("journal").upsert({"inode": inode, "offset": offset}, pk="inode")


def offsets(db: Database) -> dict[int, int]:
    """Return how many bytes of each journal file (by inode) are in the store already."""
    return {row["inode"]: row["offset"] for row in db.table("journal").rows}


def compiles(db: Database, root: Path) -> list[CompileRecord]:
    """Return the recorded compiles of the project at `root`, oldest first."""
    rows = db.table("compile").rows_where("root = ?", [_stored(root)], order_by="at")
    return [CompileRecord(**_unrow(row)) for row in rows]


def links(db: Database) -> list[LinkRecord]:
    """Return all recorded links, oldest first; links know no project, only what they take in."""
    return [LinkRecord(**_unrow(row)) for row in db.table("link").rows_where(order_by="at")]


def _unrow(row: dict[str, Any]) -> dict[str, Any]:
    values = {key: _unstored(value) if key in PATHS else value for key, value in row.items()}
    return values | {"argv": tuple(json.loads(row["argv"])), "env": json.loads(row["env"])}
