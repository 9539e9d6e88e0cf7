"""Static archives: read the members, and write a copy in which some members are replaced.

The build system's `ar` is never seen, so members are matched to recorded objects by their bytes.
Format: common ar with GNU long names (`//`) and thin archives, as written by GNU ar and llvm-ar.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MAGIC, THIN = b"!<arch>\n", b"!<thin>\n"
HEADER = 60


@dataclass(frozen=True)
class Member:
    """One object of an archive: its name (a path beside a thin archive) and its bytes."""

    name: str
    data: bytes


def is_archive(path: Path) -> bool:
    """Return whether the file begins like an archive."""
    try:
        with path.open("rb") as stream:
            return stream.read(8) in (MAGIC, THIN)
    except OSError:
        return False


def read(path: Path) -> list[Member]:
    """Return the members in order, symbol tables left out. Raises ValueError where the file is not a sound archive."""
    raw = path.read_bytes()
    thin = raw.startswith(THIN)
    if not raw.startswith((MAGIC, THIN)):
        raise ValueError(f"{path} is not an archive")
    names, members, at = b"", [], 8
    while at + HEADER <= len(raw):
        head = raw[at : at + HEADER]
        name, size, at = head[:16].rstrip(), int(head[48:58]), at + HEADER
        special = name in (b"/", b"/SYM64/", b"//")
        body = b"" if thin and not special else raw[at : at + size]
        if name == b"//":
            names = body
        elif not special:
            label = _name(name, names)
            data = (path.parent / label).read_bytes() if thin else body
            members.append(Member(label, data))
        at += len(body) + (len(body) & 1)
    return members


def _name(field: bytes, names: bytes) -> str:
    if field.startswith(b"/"):
        start = int(field[1:])
        field = names[start : names.index(b"\n", start)]
    return field.removesuffix(b"/").decode("utf-8", "surrogateescape")


def write(ar: Path, out: Path, objects: Sequence[Path]) -> None:
    """Make an archive of `objects` in this order with llvm-ar; members with equal names stay apart."""
    out.unlink(missing_ok=True)
    subprocess.run([ar, "qcs", out, *objects], check=True, stdin=subprocess.DEVNULL, capture_output=True)
