"""The format of a project's lock: `autopass.lock`, which lies in the repository, and `autopass.lock.d` with its recipes.

The first line is that of an index; each further one is `<x|i><portable key> <recipe> <toolchain> <text>`, in byte order, at
most one for each key and toolchain. Portable keys leave the CPU out, so a line says by its toolchain where it was proven.
The text is for people, except that the source named in it is looked for (`--strict`, `--prune`), and that of two lines of
one key and toolchain the one with the larger gain is kept. Bytes come in and go out; no file is touched here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from autopass_cc.errors import LockError
from autopass_cc.store.publication import HEADER

NAME = "autopass.lock"
FOLDER = "autopass.lock.d"
LONGEST = 4096  # bytes of a line with its newline: what the launcher reads at least
UPDATE = "run `autopass lock --update`"

_HEX = rb"([0-9a-f]{32})"
_LINE = re.compile(rb"([xi])%s %s %s(?: ([^\x00-\x1f\x7f]*))?" % (_HEX, _HEX, _HEX))
_MARKER = re.compile(rb"(?:<{7}|\|{7}|={7}|>{7})(?: .*)?")
_TEXT = re.compile(r"(\S+) % \[(\S+), (\S+)\] (.+) -(O[123s]), clang (.+), ([^,]+)")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")

Identity = tuple[str, str, str]  # kind, key, toolchain


@dataclass(frozen=True)
class Remark:
    """What a line says to people: the change of the program's time in percent and its interval, of what, for what."""

    change: float
    low: float
    high: float
    module: str
    level: str
    compiler: str
    cpu: str

    def render(self) -> str:
        """Return the text; what cannot be printed in a module's name is escaped by its bytes."""
        numbers = f"{self.change:+.1f} % [{self.low:+.1f}, {self.high:+.1f}]"
        return f"{numbers} {_escaped(self.module)} -{self.level}, clang {self.compiler}, {self.cpu}"

    @staticmethod
    def parse(text: str) -> Remark | None:
        """Read a text as `render` writes it; None for any other."""
        found = _TEXT.fullmatch(text)
        if found is None:
            return None
        try:
            change, low, high = (float(found[number]) for number in (1, 2, 3))
        except ValueError:
            return None
        if not all(map(math.isfinite, (change, low, high))):
            return None
        return Remark(change, low, high, _unescaped(found[4]), found[5], found[6], found[7])


@dataclass(frozen=True, order=True)
class LockLine:
    """One proven recipe: `kind` x or i, 32 hex digits each of portable key, recipe and toolchain, and a text for people."""

    kind: str
    key: str
    recipe: str
    toolchain: str
    text: str = ""

    @property
    def identity(self) -> Identity:
        """Return what a lock has one line of."""
        return self.kind, self.key, self.toolchain

    @property
    def remark(self) -> Remark | None:
        """Return what the text says, None where somebody wrote another."""
        return Remark.parse(self.text)

    def render(self) -> bytes:
        """Return the line with its newline."""
        words = f"{self.kind}{self.key} {self.recipe} {self.toolchain}"
        return (f"{words} {self.text}" if self.text else words).encode("utf-8", "surrogateescape") + b"\n"


def parse(data: bytes) -> list[LockLine]:
    """Return the lines of a lock as they stand, sorted or not (a union merge leaves any order, and two headers).

    Raises LockError at the first line that is none.
    """
    lines, problems = examine(data)
    bad = next((each for each in problems if each.fatal), None)
    if bad is not None:
        raise LockError(f"{NAME}{f':{bad.number}' if bad.number else ''}: {bad.what}.", bad.mend)
    return lines


def render(lines: Iterable[LockLine]) -> bytes:
    """Return the lock of these lines, in the order in which it is written: by bytes, with one header."""
    return HEADER + b"".join(sorted({line.render() for line in lines}))


def merge(lines: Iterable[LockLine]) -> list[LockLine]:
    """Keep one line of each key and toolchain: the larger gain by its text, else the smaller recipe; in order."""
    kept: dict[Identity, LockLine] = {}
    for line in lines:
        other = kept.get(line.identity)
        if other is None or _rank(line) < _rank(other):
            kept[line.identity] = line
    return sorted(kept.values(), key=LockLine.render)


def _rank(line: LockLine) -> tuple[float, str, str]:
    remark = line.remark
    return math.inf if remark is None else remark.change, line.recipe, line.text


@dataclass(frozen=True)
class Problem:
    """What is wrong with a lock: in which line (0: the whole), how it is mended, and whether it can be read all the same."""

    number: int
    what: str
    mend: str = UPDATE
    fatal: bool = False


def examine(data: bytes) -> tuple[list[LockLine], list[Problem]]:
    """Return the sound lines of a lock, and all that is wrong with it; never raises."""
    if not data.startswith(HEADER):
        return [], [
            Problem(0, f"the first line is not `{HEADER.decode().strip()}`", "restore it from the repository", fatal=True)
        ]
    lines: list[LockLine] = []
    problems: list[Problem] = []
    rows = data.split(b"\n")
    if rows.pop():
        problems.append(Problem(len(rows) + 1, "the last line has no end", "restore it from the repository", fatal=True))
    seen: dict[Identity, int] = {}
    former = b""
    for number, row in enumerate(rows[1:], start=2):
        if row + b"\n" == HEADER:
            problems.append(Problem(number, "the first line stands here once more"))
            continue
        line = _line(row)
        if line is None:
            problems.append(_no_line(row, number))
            continue
        if line.identity in seen:
            problems.append(Problem(number, f"line {seen[line.identity]} has this key and toolchain already"))
        elif row < former:
            problems.append(Problem(number, "not in order"))
        if line.render() != row + b"\n":
            problems.append(Problem(number, "a blank at the end"))
        seen.setdefault(line.identity, number)
        former = row
        lines.append(line)
    return lines, problems


def _line(row: bytes) -> LockLine | None:
    found = _LINE.fullmatch(row)
    if found is None or len(row) >= LONGEST:
        return None
    return LockLine(*((part or b"").decode("utf-8", "surrogateescape") for part in found.groups()))


def _no_line(row: bytes, number: int) -> Problem:
    if _MARKER.fullmatch(row):
        mend = f"keep the lines of both sides, take the markers out, then {UPDATE}"
        return Problem(number, "a conflict marker of a merge", mend, fatal=True)
    return Problem(number, "not a line of a lock", f"take the line out, or restore it; then {UPDATE}", fatal=True)


def _escaped(name: str) -> str:
    """Return a name in one line of printable text: other characters, and the backslash, as `\\x..` by their bytes."""
    return "".join(each if each.isprintable() and each != "\\" else _bytes(each) for each in name)


def _bytes(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def _unescaped(text: str) -> str:
    raw = _ESCAPE.sub(lambda found: chr(0xDC00 + int(found[1], 16)) if int(found[1], 16) > 127 else chr(int(found[1], 16)), text)
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
