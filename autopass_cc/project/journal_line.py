"""One line of the journal: what the launcher wrote of a compile or link, and the record that it becomes.

A journal of a large build has a hundred thousand lines, nearly all of plain ASCII: those are decoded, and looked at,
many at once. Bytes of paths and arguments are written as the code points 0 to 255, so that any file name survives JSON.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

import msgspec

from autopass_cc.printable import is_printable_ascii
from autopass_cc.store.builds import LATEST, LONGEST_NAME, CompileRecord, LinkRecord, is_sound

Record = CompileRecord | LinkRecord
VERSION = 1


class Line(msgspec.Struct):
    """A line as it is written; what a link does not have is absent."""

    v: int
    t: int
    kind: str
    cwd: str
    out: str
    argv: list[str]
    env: dict[str, str] = {}
    root: str | None = None
    src: str | None = None
    decision: str | None = None
    reason: str | None = None
    lang: str | None = None
    level: str | None = None
    exact: str | None = None
    inherited: str | None = None
    digest: str | None = None
    recipe: str | None = None
    portable_exact: str | None = None
    portable_inherited: str | None = None


DECODER = msgspec.json.Decoder(Line)
ESCAPES = re.compile(rb'\\[^"\\/]')  # of what is not printable


def parse_lines(data: bytes) -> list[Record | None]:
    """Return the record of each line of `data`, whole lines all, or None where one is none."""
    if is_printable_ascii(data) and ESCAPES.search(data) is None:
        try:
            return _records(DECODER.decode_lines(data))
        except (msgspec.MsgspecError, RecursionError):
            pass
    return [parse_line(line) for line in data.split(b"\n")[:-1]]


def parse_line(line: bytes) -> Record | None:
    """Return the record of one line, or None where it is none."""
    try:
        decoded = DECODER.decode(line)
        if b"\\u00" in line:  # bytes that are not ASCII
            _restore(decoded)
        record = _record(decoded)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return record if record is not None and is_sound(vars(record)) else None


def _records(lines: Iterable[Line]) -> list[Record | None]:
    """Return the records of lines that are printable ASCII; so all that is left to look at is whether they have their parts."""
    found: list[Record | None] = []
    for line in lines:
        record = _record(line)
        if record is not None and not _is_sound(record):
            record = record if is_sound(vars(record)) else None
        found.append(record)
    return found


def _is_sound(record: Record) -> bool:
    """Return whether a record of printable ASCII is sound for simple reasons, as nearly all are: its paths are short."""
    paths = [record.out, record.cwd, *((record.root, record.src) if isinstance(record, CompileRecord) else ())]
    return 0 <= record.at < LATEST and bool(record.argv) and all(path[:1] == "/" and len(path) <= LONGEST_NAME for path in paths)


def _record(line: Line) -> Record | None:
    if line.v != VERSION:
        return None
    argv, out = tuple(line.argv), _absolute(line.cwd, line.out)
    if line.kind == "link":
        return LinkRecord(out, line.cwd, argv, line.env, line.t)
    root, src = line.root, line.src
    if root is None or src is None or line.decision is None or line.reason is None:
        return None
    src = _absolute(line.cwd, src)
    rel = src[len(root) + 1 :] if src.startswith(f"{root}/") else os.path.relpath(src, root or "/")
    return CompileRecord(
        out, root, src, rel, line.lang or "", line.level or "", line.exact or "", line.inherited or "", line.digest or "",
        line.cwd, argv, line.env, line.decision, line.reason, line.recipe or "", line.t,
        line.portable_exact or "", line.portable_inherited or "",
    )  # fmt: skip


def _restore(line: Line) -> None:
    """Turn code points into the bytes that they stand for. Raises ValueError where they stand for none."""
    line.cwd, line.out = _text(line.cwd), _text(line.out)
    line.root, line.src = line.root and _text(line.root), line.src and _text(line.src)
    line.argv = [_text(word) for word in line.argv]
    line.env = {name: _text(value) for name, value in line.env.items()}


def _text(raw: str) -> str:
    return os.fsdecode(raw.encode("latin-1"))


def _absolute(cwd: str, path: str) -> str:
    joined = path if path.startswith("/") else f"{cwd}/{path}"
    # lexical, as the build saw it; most paths have nothing to be taken out
    return os.path.normpath(joined) if "/." in joined or "//" in joined or joined.endswith("/") else joined
