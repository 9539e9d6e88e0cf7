"""Symbols of object files, by llvm-nm: what is defined, what is needed."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Symbols:
    """Names of an object: `code` (functions, static ones too), `defined` (visible, with their kind), `undefined`."""

    code: frozenset[str]
    defined: frozenset[tuple[str, str]]
    undefined: frozenset[str]


def read(nm: Path, path: Path) -> Symbols:
    """Return the symbols of an object. Raises subprocess.CalledProcessError where llvm-nm cannot read it."""
    done = subprocess.run([nm, "--format=posix", "--no-sort", path], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    code, defined, undefined = set(), set(), set()
    for line in done.stdout.decode("utf-8", "surrogateescape").splitlines():
        name, kind = line.split(" ")[:2]
        if kind in "Uwv":
            undefined.add(name)
        elif kind.isupper():
            defined.add((name, kind))
        if kind in "TtWVi":
            code.add(name)
    return Symbols(frozenset(code), frozenset(defined), frozenset(undefined))


def identifiers(symbol: str) -> set[str]:
    """Return the identifiers in a symbol: itself, or the names in a mangled one (`_ZN3foo3barEv`: foo, bar)."""
    if not symbol.startswith("_Z"):
        return {symbol}
    words, at = set(), 2
    while found := re.compile(r"[1-9]\d*").search(symbol, at):
        at = found.end() + int(found[0])
        words.add(symbol[found.end() : at])
    return words
