"""Features of functions, counted in the IR as the front end wrote it (textual, before any optimisation).

The front end marks the back edge of each loop of the source with `!llvm.loop`, so loops can be counted without
running an analysis.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from autopass_cc.evidence.bodies import Body, bodies

# Instructions stand two columns in; what stands deeper continues one (cases, `to label`) or is a debug record.
OPCODE = re.compile(r"^  (?:%\S+ = )?(?:tail |musttail |notail )?([a-z]\w*)", re.MULTILINE)
CALL = re.compile(
    r"^  (?:%\S+ = )?(?:tail |musttail |notail )?(?:call|invoke) [^\n]*?([@%](?:\"[^\"]+\"|[\w.$]+))\(", re.MULTILINE
)  # what is called: the first name before a bracket; types, attributes and inline assembly have none
LABEL = re.compile(r"^[\w.$\"-]+:", re.MULTILINE)
CASE = re.compile(r"^    i\d+ -?\d+, label ", re.MULTILINE)
LATCH = re.compile(r"^  br [^\n]*!llvm\.loop", re.MULTILINE)
FLOAT = ("fadd", "fsub", "fmul", "fdiv", "fneg", "fcmp")


@dataclass(frozen=True)
class Features:
    """Counts of one function; `local` tells static and inline functions, which may end up inside others.

    `callees` are the functions that it names in calls, each once, in order.
    """

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
    callees: tuple[str, ...] = ()


def parse(text: str) -> list[Features]:
    """Return the features of each function defined in a textual module."""
    return [_function(body) for body in bodies(text)]


def _function(body: Body) -> Features:
    text = body.text
    count = Counter(OPCODE.findall(text))
    called = [name for name in CALL.findall(text) if not name.startswith("@llvm.")]
    direct = [name[1:].strip('"') for name in called if name.startswith("@")]
    return Features(
        function=body.name,
        local="internal" in body.words or "linkonce" in body.words,
        blocks=1 + len(LABEL.findall(text)),
        loops=len(LATCH.findall(text)) if "!llvm.loop" in text else 0,
        conditional_branches=text.count("\n  br i1 "),
        switches=count["switch"],
        cases=len(CASE.findall(text)) if count["switch"] else 0,
        indirect_branches=count["indirectbr"],
        calls=len(called),
        indirect_calls=len(called) - len(direct),
        memory=count["load"] + count["store"],
        floats=sum(count[name] for name in FLOAT),
        instructions=count.total(),
        callees=tuple(dict.fromkeys(direct)),
    )
