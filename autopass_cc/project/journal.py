"""Read what the launcher recorded. The launcher appends one JSON line a compile or link; nobody waits for anybody.

Bytes of paths and arguments are recorded as the code points 0 to 255, so that any file name survives JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autopass_cc.paths import data_dir, private_dir
from autopass_cc.store.builds import CompileRecord, LinkRecord

ROTATE_AT = 64 << 20  # bytes; a build of 10,000 files writes about 10 MB


def journal_path() -> Path:
    """Return the journal's path; it exists only where recording is on."""
    return data_dir() / "journal"


def switch_on() -> None:
    """Begin recording: create the journal and the folder for long lines, private to the user."""
    private_dir(private_dir(data_dir()) / "journal.d")
    os.close(os.open(journal_path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))


@dataclass(frozen=True)
class Batch:
    """Records read from the journal, and the offset (bytes) up to which each file (inode) has now been read."""

    records: list[CompileRecord | LinkRecord]
    offsets: dict[int, int]
    spool: list[Path]
    bad_lines: int


def read_new(known: Mapping[int, int]) -> Batch:
    """Read what was appended since `known` (offset by inode), the rotated file before the current one.

    A last line without newline is still being written and is left for the next time. Lines that are not records
    (a torn write after a full disk, say) are counted and skipped.
    """
    records: list[CompileRecord | LinkRecord] = []
    reached: dict[int, int] = {}
    bad = 0
    for path in (journal_path().with_name("journal.1"), journal_path()):
        try:
            stream = path.open("rb")
        except FileNotFoundError:
            continue
        with stream:
            inode = os.fstat(stream.fileno()).st_ino
            start = known.get(inode, 0)
            stream.seek(start)
            data = stream.read()
            data = data[: data.rfind(b"\n") + 1]
            reached[inode] = start + len(data)
            for line in data.splitlines():
                record = parse_line(line)
                bad += record is None
                records += [record] if record else []
    spool = sorted((data_dir() / "journal.d").glob("*.json"))
    for path in spool:
        record = parse_line(path.read_bytes())
        bad += record is None
        records += [record] if record else []
    records.sort(key=lambda record: record.at)
    return Batch(records, reached, spool, bad)


def forget(batch: Batch) -> None:
    """After a batch is safely in the store: remove spooled long lines, and rotate a journal that has grown large."""
    for path in batch.spool:
        path.unlink(missing_ok=True)
    path = journal_path()
    if path.exists() and path.stat().st_size > ROTATE_AT:
        path.replace(path.with_name("journal.1"))
        switch_on()


def parse_line(line: bytes) -> CompileRecord | LinkRecord | None:
    """Return the record of one line, or None where it is none."""
    try:
        data = json.loads(line)
        if data["v"] != 1:
            return None
        cwd = _text(data["cwd"])
        argv = tuple(_text(word) for word in data["argv"])
        env = {key: _text(value) for key, value in data.get("env", {}).items()}
        out = _absolute(cwd, _text(data["out"]))
        if data["kind"] == "link":
            return LinkRecord(out=out, cwd=cwd, argv=argv, env=env, at=int(data["t"]))
        return _compile(data, cwd, argv, env, out)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _compile(data: dict[str, Any], cwd: str, argv: tuple[str, ...], env: dict[str, str], out: str) -> CompileRecord:
    root, src = _text(data["root"]), _absolute(cwd, _text(data["src"]))
    return CompileRecord(
        out=out,
        root=root,
        src=src,
        rel=os.path.relpath(src, root),
        lang=data["lang"] or "",
        level=data["level"] or "",
        exact=data["exact"] or "",
        inherited=data["inherited"] or "",
        digest=data["digest"] or "",
        cwd=cwd,
        argv=argv,
        env=env,
        decision=data["decision"],
        reason=data["reason"],
        recipe=data["recipe"] or "",
        at=int(data["t"]),
    )


def _text(raw: str) -> str:
    return os.fsdecode(raw.encode("latin-1"))


def _absolute(cwd: str, path: str) -> str:
    return os.path.normpath(os.path.join(cwd, path))  # noqa: PTH118 - lexical, as the build saw it


def iter_sources(records: list[CompileRecord]) -> Iterator[str]:
    """Yield each source once, in the order of the records."""
    yield from dict.fromkeys(record.src for record in records)
