"""Features of functions, counted in the IR as the front end wrote it (textual, before any optimisation).

The front end marks the back edge of each loop of the source with `!llvm.loop`, so loops can be counted without
running an analysis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

INSTRUCTION = re.compile(r"^\s+(?:%\S+ = )?(?:tail |musttail |notail )?(\w+)")
FLOAT = frozenset({"fadd", "fsub", "fmul", "fdiv", "fneg", "fcmp"})


@dataclass(frozen=True)
class Features:
    """Counts of one function; `local` tells static and inline functions, which may end up inside others."""

    function: str
    local: bool = False
    blocks: int = 0
    loops: int = 0
    conditional_branches: int = 0
    switches: int = 0
    cases: int = 0
    indirect_branches: int = 0
    calls: int = 0
    indirect_calls: int = 0
    memory: int = 0
    floats: int = 0
    instructions: int = 0


def parse(text: str) -> list[Features]:
    """Return the features of each function defined in a textual module."""
    functions = re.finditer(r"^define ([^\n]*?)@(\"[^\"]+\"|[\w.$]+)\([^\n]*\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    return [
        _function(match[2].strip('"'), match[3], local="internal" in match[1] or "linkonce" in match[1]) for match in functions
    ]


def _function(name: str, body: str, *, local: bool) -> Features:
    count = dict.fromkeys(Features.__dataclass_fields__, 0)
    count.pop("function")
    count.pop("local")
    count["blocks"] = 1
    lines = body.splitlines()
    for place, line in enumerate(lines):
        if re.match(r"^[\w.$\"-]+:", line):
            count["blocks"] += 1
            continue
        match = INSTRUCTION.match(line)
        if match is None:
            continue
        count["instructions"] += 1
        word = match[1]
        if word == "br":
            count["conditional_branches"] += line.lstrip().startswith("br i1")
            count["loops"] += "!llvm.loop" in line
        elif word == "switch":
            count["switches"] += 1
            count["cases"] += _cases(lines[place + 1 :])
        elif word == "indirectbr":
            count["indirect_branches"] += 1
        elif word in ("call", "invoke"):
            if "@llvm." not in line:
                count["calls"] += 1
                count["indirect_calls"] += bool(re.search(r"(?:call|invoke) [^@(]*%[\w.]+\(", line))
        elif word in ("load", "store"):
            count["memory"] += 1
        elif word in FLOAT:
            count["floats"] += 1
    return Features(function=name, local=local, **count)


def _cases(rest: Iterable[str]) -> int:
    count = 0
    for line in rest:
        if line.strip().startswith("]"):
            break
        count += 1
    return count
