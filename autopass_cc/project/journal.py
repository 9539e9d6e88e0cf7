"""Read what the launcher recorded. The launcher appends one JSON line a compile or link; nobody waits for anybody."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from autopass_cc.paths import data_dir, private_dir
from autopass_cc.project.journal_line import Record, parse_line, parse_lines
from autopass_cc.trust import open_ours, read_ours, require_ours

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

    records: list[Record]
    offsets: dict[int, int]
    spool: list[Path]
    bad_lines: int
    more: bool = False


def read_new(known: Mapping[int, int], limit: int | None = None) -> Batch:
    """Read what was appended since `known` (offset by inode), the rotated file before the current one.

    At most `limit` bytes of a file, and none of the current one before the rotated one is read to its end; then `more`
    of the batch says so. A last line without newline is still being written and is left for the next time. Lines that are
    not records (a torn write after a full disk, say) are counted and skipped. Raises UntrustedError where others can write
    the journal: what stands in it is run again.
    """
    parsed: list[Record | None] = []
    reached: dict[int, int] = {}
    more = False
    for path in (journal_path().with_name("journal.1"), journal_path()):
        try:
            descriptor = open_ours(path)
        except FileNotFoundError:
            continue
        with os.fdopen(descriptor, "rb") as stream:
            inode = os.fstat(stream.fileno()).st_ino
            start = _begin(stream, known.get(inode, 0))
            data = stream.read(-1 if limit is None else limit)
            more = more or len(data) == limit
            end = data.rfind(b"\n") + 1
            if end == 0 and len(data) == limit:  # not even one line: nothing that the launcher writes
                end = limit
            reached[inode] = start + end
            parsed += parse_lines(data[:end])
            if more:
                break
    spool = [] if more else _spooled()
    parsed += [parse_line(read_ours(path)) for path in spool]
    records = sorted((record for record in parsed if record is not None), key=lambda record: record.at)
    return Batch(records, {**known, **reached} if more else reached, spool, len(parsed) - len(records), more)


def _spooled() -> list[Path]:
    """Return the files of long lines; what else lies there is left alone."""
    folder = data_dir() / "journal.d"
    require_ours(folder)
    return sorted(path for path in folder.glob("*.json") if path.is_file())


def _begin(stream: IO[bytes], known: int) -> int:
    """Go to where reading goes on: the known offset, or the file's begin where its inode was another file's before."""
    if known:
        stream.seek(known - 1)
        if stream.read(1) != b"\n":
            known = 0
    stream.seek(known)
    return known


def forget(batch: Batch) -> None:
    """After a batch is safely in the store: remove spooled long lines, and rotate a journal that has grown large."""
    for path in batch.spool:
        path.unlink(missing_ok=True)
    path = journal_path()
    if not batch.more and path.exists() and path.stat().st_size > ROTATE_AT:
        path.replace(path.with_name("journal.1"))
        switch_on()
