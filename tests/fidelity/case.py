"""What a case is: a command in a place, and what the launcher is to do with it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MAJORS = (19, 22)
STATES = ("cold", "hit", "off")


@dataclass(frozen=True)
class Expectation:
    """The reason that the launcher must log: None stands for a compile that may carry a recipe."""

    reason: str | None


def passes(reason: str) -> Expectation:
    """Expect the command to be handed on as it came, for this reason (a word of reasons.def)."""
    return Expectation(reason)


CARRIES = Expectation(None)


@dataclass(frozen=True)
class Case:
    """One command line of one row.

    `before` are plain clang's commands that prepare the place (a header to precompile, an object to link). `remove` are
    environment variables to take away. `mask` are patterns of what differs between two runs of plain clang itself (times);
    `mask_names` says that a file's name does.
    """

    row: int
    name: str
    argv: tuple[bytes, ...]
    expect: Expectation
    files: Mapping[str, bytes] = field(default_factory=dict)
    before: tuple[tuple[str, ...], ...] = ()
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    cxx: bool = False
    mask: tuple[bytes, ...] = ()
    shows_arguments: bool = False
    compiler: str | None = None
    majors: tuple[int, ...] = MAJORS

    @property
    def id(self) -> str:
        """Return the name of the case in reports: r11-link-only-werror."""
        return f"r{self.row:02}-{self.name}"


def case(
    row: int,
    name: str,
    line: str | Sequence[str | bytes],
    expect: Expectation,
    *,
    files: Mapping[str, str | bytes] | None = None,
    before: Sequence[str] = (),
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    remove: Sequence[str] = (),
    cxx: bool = False,
    mask: Sequence[bytes] = (),
    shows_arguments: bool = False,
    compiler: str | None = None,
    majors: Sequence[int] = MAJORS,
) -> Case:
    """Write a case down; `line` is split as a shell does, or is the list of words."""
    words = shlex.split(line) if isinstance(line, str) else line
    return Case(
        row,
        name,
        tuple(os.fsencode(word) for word in words),
        expect,
        {path: text.encode() if isinstance(text, str) else text for path, text in (files or {}).items()},
        tuple(tuple(shlex.split(command)) for command in before),
        stdin,
        dict(env or {}),
        tuple(remove),
        cxx,
        tuple(mask),
        shows_arguments,
        compiler,
        tuple(majors),
    )
