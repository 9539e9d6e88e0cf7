"""The files that a compile's recipe is looked up in, read by the launcher's rules (`shims/lookup.c`, `index.c`, `lock.c`).

A publication may have two layers, an index and the base that its first line names: the base is asked for a key that the index
does not know. A lock is asked by portable keys, which leave the CPU out; a line applies on the toolchain that it names, or,
frozen, on all, and of several the smallest recipe is taken. What cannot be trusted is *damaged*: it ends every search. The
launcher notices a bad line only where it reads it: anywhere in a small lock, on its way to a key in an index or a large lock,
so elsewhere bad lines are passed over here too.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field
from pathlib import Path

from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.publication import HEADER
from autopass_cc.trust import is_trusted

DIGEST = rb"([0-9a-f]{32})"
INDEX_LINE = re.compile(rb"([xi])%s %s(?: [^\n]*)?" % (DIGEST, DIGEST))
LOCK_LINE = re.compile(rb"([xi])%s %s %s(?: [^\n]*)?" % (DIGEST, DIGEST, DIGEST))
BASE_LINE = re.compile(rb"b%s 0{32}(?: [^\n]*)?" % DIGEST)
TOMBSTONE = "0" * 32  # in a recipe's place: the key has none, whatever the base says
SCANNED = 1 << 18  # bytes: the launcher reads a lock of this size whole
LONGEST = 8192  # bytes of a lock's line with its newline


@dataclass(frozen=True)
class Layer:
    """The lines of an index or a base, which are sorted: a hundred thousand are searched, not read."""

    lines: list[bytes]

    def find(self, key: str) -> str | None:
        """Return the recipe of a kind and key."""
        wanted = key.encode()
        place = bisect.bisect_left(self.lines, wanted)
        match = INDEX_LINE.fullmatch(self.lines[place]) if place < len(self.lines) else None
        return match[3].decode() if match and match[1] + match[2] == wanted else None


@dataclass(frozen=True)
class Publication:
    """An index and its base."""

    recipes: Path
    layers: tuple[Layer, ...] = ()
    damaged: bool = False
    shared: bool = False

    def find(self, record: CompileRecord, toolchain: str) -> tuple[str, str] | None:  # noqa: ARG002 - its keys say it
        """Return kind and recipe of the first of a record's keys that has a recipe."""
        for kind, key in (("x", record.exact), ("i", record.inherited)):
            known = (layer.find(kind + key) for layer in self.layers)
            found = next((recipe for recipe in known if recipe is not None), TOMBSTONE)
            if key and found != TOMBSTONE:
                return kind, found
        return None


@dataclass(frozen=True)
class Lock:
    """A project's lock: kind and key with their recipes, each with the toolchain that it was proven on."""

    recipes: Path
    frozen: bool
    lines: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    damaged: bool = False
    shared: bool = True  # the project's owner is trusted too

    def find(self, record: CompileRecord, toolchain: str) -> tuple[str, str] | None:
        """Return kind and recipe of the first of a record's keys that has a recipe for this toolchain (its id)."""
        for kind, key in (("x", record.portable_exact), ("i", record.portable_inherited)):
            lines = self.lines.get(kind + key, [])
            found = min((recipe for recipe, proven in lines if self.frozen or proven == toolchain), default=TOMBSTONE)
            if key and found != TOMBSTONE:
                return kind, found
        return None


def read_publication(place: Path) -> Publication:
    """Read the publication in a folder; one that is not there is empty."""
    recipes = place / "recipes"
    try:
        index = _lines(place / "index", shared=False)
        if not index or not index[0].startswith(b"b"):
            return Publication(recipes, (Layer(index),)) if index is not None else Publication(recipes, damaged=True)
    except (FileNotFoundError, NotADirectoryError):
        return Publication(recipes)
    base = _base(place, index[0])
    return Publication(recipes, (Layer(index), Layer(base))) if base is not None else Publication(recipes, damaged=True)


def read_lock(root: Path, *, frozen: bool) -> Lock:
    """Read the lock of the project at `root`; one that is not there is empty."""
    path, recipes = root / "autopass.lock", root / "autopass.lock.d"
    try:
        lines = _lines(path, shared=True)
    except (FileNotFoundError, NotADirectoryError):
        return Lock(recipes, frozen)
    if lines is None or (lines and lines[0].startswith(b"b")):
        return Lock(recipes, frozen, damaged=True)
    small = len(HEADER) + sum(len(line) + 1 for line in lines) <= SCANNED
    known: dict[str, list[tuple[str, str]]] = {}
    for line in lines:
        match = LOCK_LINE.fullmatch(line) if len(line) < LONGEST else None
        if match is not None:
            kind, key, recipe, toolchain = (part.decode() for part in match.groups())
            known.setdefault(kind + key, []).append((recipe, toolchain))
        elif small and line + b"\n" != HEADER:
            return Lock(recipes, frozen, damaged=True)
    return Lock(recipes, frozen, known)


def _lines(path: Path, *, shared: bool) -> list[bytes] | None:
    """Return the lines after the header, None for a damaged file. Raises FileNotFoundError, NotADirectoryError for no file."""
    try:
        data = path.read_bytes() if is_trusted(path, shared=shared) else b""
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError:
        return None
    whole = data.startswith(HEADER) and data.endswith(b"\n")
    return data[len(HEADER) :].split(b"\n")[:-1] if whole else None


def _base(place: Path, first: bytes) -> list[bytes] | None:
    """Return the lines of the base that an index's first line names, None for a damaged one; it may name no further one."""
    match = BASE_LINE.fullmatch(first)
    try:
        base = _lines(place / f"base.{match[1].decode()}", shared=False) if match else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    return None if base is None or (base and base[0].startswith(b"b")) else base
