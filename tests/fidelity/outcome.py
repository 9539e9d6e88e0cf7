"""What can be seen of one run: exit code, output, and every file in its place and in its temporary directory."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# What a recipe adds to a command line, as a crash report tells it.
INJECTED = re.compile(rb' "?-f(?:pass-)?plugin=[^ "]+"?| "?-load"? "?[^ "]+"?| "?-mllvm(?:=|"? "?)-[^ "]+"?')
# Stack dumps of a crashed clang: addresses are random. Nothing else that is masked has this form.
ADDRESS = re.compile(rb"0x0000[0-9a-f]{12}\b")


@dataclass(frozen=True)
class Entry:
    """A file: its type and permissions, how many names it has, and its bytes (a link's target, nothing for a folder)."""

    mode: int
    links: int
    content: bytes


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and what it left."""

    code: int
    stdout: bytes
    stderr: bytes
    files: dict[str, Entry]
    temporary: dict[str, Entry]


class Mask:
    """What differs between two runs of the same clang, put out of sight.

    Only these: the six random digits of a name in the temporary directory (`TMP/a-1a2b3c.o`), the addresses of a stack
    dump, and the patterns that a case brings itself. `injected` takes away what a recipe adds, where clang tells its own
    command line: of a crash only.
    """

    def __init__(self, temporary: Path, own: Iterable[bytes] = (), *, injected: bool = False) -> None:
        name = re.escape(bytes(temporary)) + rb"/([\w.+-]*?)-[0-9a-f]{6}\b"
        self._temporary = re.compile(name)
        self._own = [re.compile(pattern) for pattern in own]
        self._to = bytes(temporary) + rb"/\1-XXXXXX"
        self._injected = injected

    def __call__(self, data: bytes) -> bytes:
        data = ADDRESS.sub(b"0xADDRESS", self._temporary.sub(self._to, data))
        data = INJECTED.sub(b"", data) if self._injected else data
        for pattern in self._own:
            data = pattern.sub(b"(masked)", data)
        return data


def entry(path: Path, mask: Mask) -> Entry:
    """Look at one file."""
    status = path.lstat()
    if stat.S_ISDIR(status.st_mode):
        return Entry(status.st_mode, 0, b"")
    content = bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
    return Entry(status.st_mode, status.st_nlink, mask(content))


def snapshot(place: Path, mask: Mask) -> dict[str, Entry]:
    """Look at every file below `place`; its name is masked, too."""
    start = len(bytes(place)) + 1
    return {os.fsdecode(mask(bytes(path))[start:]): entry(path, mask) for path in sorted(place.rglob("*"))}


def differences(ours: Outcome, plain: Outcome) -> list[str]:
    """Say what differs, a line each; none: nobody can tell one from the other."""
    found = [
        f"{name}: {getattr(ours, name)!r} instead of {getattr(plain, name)!r}"
        for name in ("code", "stdout", "stderr")
        if getattr(ours, name) != getattr(plain, name)
    ]
    for where in ("files", "temporary"):
        mine: dict[str, Entry] = getattr(ours, where)
        theirs: dict[str, Entry] = getattr(plain, where)
        for path in sorted(mine.keys() | theirs.keys()):
            if path not in mine or path not in theirs:
                found.append(f"{where}: {path} is {'missing' if path in theirs else 'new'}")
            elif mine[path] != theirs[path]:
                found.append(f"{where}: {path} differs")
    return found
