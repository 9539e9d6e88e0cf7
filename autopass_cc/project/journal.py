"""Read what the launcher recorded. The launcher appends one JSON line a compile or link; nobody waits for anybody.

Bytes of paths and arguments are recorded as the code points 0 to 255, so that any file name survives JSON.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from autopass_cc.paths import data_dir, private_dir
from autopass_cc.store.builds import LATEST, LONGEST_NAME, CompileRecord, LinkRecord, is_sound
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

    records: list[CompileRecord | LinkRecord]
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
    lines: list[str] = []
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
            lines += data[:end].decode("ascii", "replace").split("\n")[:-1]  # the launcher writes ASCII
            if more:
                break
    spool = [] if more else _spooled()
    parsed = [parse_line(line) for line in lines]
    parsed += [parse_line(read_ours(path).decode("ascii", "replace")) for path in spool]
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


def parse_line(line: str) -> CompileRecord | LinkRecord | None:
    """Return the record of one line, or None where it is none."""
    try:
        data = json.loads(line)
        if data["v"] != 1:
            return None
        if "\\u00" in line:  # bytes that are not ASCII; most lines have none, and ASCII is the same in all encodings
            for name in ("cwd", "out", "root", "src"):
                if data.get(name) is not None:
                    data[name] = _text(data[name])
            data["argv"] = [_text(word) for word in data["argv"]]
            data["env"] = {key: _text(value) for key, value in data.get("env", {}).items()}
        cwd, argv, env = data["cwd"], tuple(data["argv"]), dict(data.get("env", {}))
        _check_texts((cwd, *argv, *env, *env.values()))
        out = _absolute(cwd, data["out"])
        if data["kind"] == "link":
            record: CompileRecord | LinkRecord = LinkRecord(out, cwd, argv, env, int(data["t"]))
        else:
            record = _compile(data, cwd, argv, env, out)
        return record if _is_plain(line, record) or is_sound(vars(record)) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


ESCAPES = re.compile(r'\\[^"\\/]')  # of what is not printable ASCII


def _is_plain(line: str, record: CompileRecord | LinkRecord) -> bool:
    """Return whether a record is sound for simple reasons, as nearly all are: printable ASCII, and short paths."""
    if not (line.isascii() and line.isprintable()) or ESCAPES.search(line) or not record.argv or not 0 <= record.at < LATEST:
        return False
    paths = [record.out, record.cwd, *((record.root, record.src) if isinstance(record, CompileRecord) else ())]
    return all(path[:1] == "/" for path in paths) and max(map(len, paths)) <= LONGEST_NAME


def _compile(data: dict[str, Any], cwd: str, argv: tuple[str, ...], env: dict[str, str], out: str) -> CompileRecord:
    root, src = data["root"], _absolute(cwd, data["src"])
    lang, level, exact, inherited, digest, recipe, portable_exact, portable_inherited = texts = [
        data.get(name) or "" for name in TEXTS
    ]
    decision, reason = data["decision"], data["reason"]
    _check_texts((root, decision, reason, *texts))
    rel = src[len(root) + 1 :] if src.startswith(f"{root}/") else os.path.relpath(src, root)
    return CompileRecord(
        out, root, src, rel, lang, level, exact, inherited, digest, cwd, argv, env, decision, reason, recipe, int(data["t"]),
        portable_exact, portable_inherited,
    )  # fmt: skip


TEXTS = ("lang", "level", "exact", "inherited", "digest", "recipe", "portable_exact", "portable_inherited")
ONLY_TEXTS = {str}


def _check_texts(words: Sequence[object]) -> None:
    """Raise TypeError where something is no text."""
    if set(map(type, words)) != ONLY_TEXTS:
        raise TypeError(words)


def _text(raw: str) -> str:
    return os.fsdecode(raw.encode("latin-1"))


def _absolute(cwd: str, path: str) -> str:
    joined = path if path.startswith("/") else f"{cwd}/{path}"
    # lexical, as the build saw it; most paths have nothing to be taken out
    return os.path.normpath(joined) if "/." in joined or "//" in joined or joined.endswith("/") else joined


def iter_sources(records: list[CompileRecord]) -> Iterator[str]:
    """Yield each source once, in the order of the records."""
    yield from dict.fromkeys(record.src for record in records)
