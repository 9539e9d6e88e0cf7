"""Optimisation remarks: what passes did, did not do, and why (`-fsave-optimization-record`, YAML).

Bookkeeping remarks, about half of them, say nothing that an edit could answer and are dropped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

# Their missed remark says no more than that something was not done; the analysis beside it says why.
VAGUE = frozenset({("loop-vectorize", "MissedDetails")})
BOOKKEEPING = frozenset({"asm-printer", "prologepilog", "size-info", "annotation-remarks", "kcfi", "memory-op-remarks"})
KINDS = {
    "Passed": "passed",
    "Missed": "missed",
    "Analysis": "analysis",
    "AnalysisFPCommute": "analysis",
    "AnalysisAliasing": "analysis",
}

# The fields and their order are those of LLVM's serializer (llvm/lib/Remarks/YAMLRemarkSerializer.cpp).
# A name of a function is what C++ or assembler labels make of it, quotes inside; those of passes and remarks are words.
HEAD = re.compile(
    r"!(\w+)\nPass: +'?([^\n']*)'?\nName: +'?([^\n']*)'?\n"
    r"(?:DebugLoc: +\{ File: '?([^\n]*?)'?,\s+Line: (\d+),\s+Column: (\d+) \}\n)?"
    r"Function: +'?([^\n']*(?:'(?!\n|$)[^\n']*)*)'?(?:\nHotness: +(\d+))?(?:\n|$)"
)
ARGUMENT = re.compile(r"^  - (\w+):\s+['\"]?(.*?)['\"]?$", re.MULTILINE)


class Remark(NamedTuple):
    """One remark: its pass and name, passed, missed or analysis, the function, and the arguments' values by key.

    `location` is file:line:column as clang wrote it ("" where it did not), `line` the line in the source (0: none),
    `hotness` a profile's count where the compile had one, `text` the words of the message, the values among them.
    """

    kind: str
    pass_name: str
    name: str
    function: str
    arguments: Mapping[str, str] = MappingProxyType({})
    location: str = ""
    line: int = 0
    hotness: int | None = None
    text: str = ""


def parse(text: str) -> Iterator[Remark]:
    """Yield the remarks of a record file, bookkeeping left out.

    The files are a fixed, flat form of YAML, so lines are enough; a general YAML reader would take minutes on a large
    module. Many remarks of a module have the same arguments, so those are read once.
    """
    read: dict[str, tuple[dict[str, str], str]] = {}
    for document in ("\n" + text).split("\n--- ")[1:]:
        head = HEAD.match(document)
        if head is None or not _is_told(head):
            continue
        kind, pass_name, name, file, line, column, function, hotness = head.groups()
        rest = document[head.end() :]
        if rest not in read:
            said = ARGUMENT.findall(rest)
            read[rest] = dict(said), " ".join("".join(value for _, value in said).replace("''", "'").split())
        arguments, words = read[rest]
        location = f"{file}:{line}:{column}" if file else ""
        heat = int(hotness) if hotness else None
        yield Remark(KINDS[kind], pass_name, name, function, arguments, location, int(line or 0), heat, words)


def documents(text: str) -> Counter[str]:
    """Return the documents of a record file, unread, and how often each is in it: to compare two files at little cost."""
    return Counter(("\n" + text).split("\n--- ")[1:])


def tally(found: Mapping[str, int]) -> Counter[tuple[str, str, str, str]]:
    """Count documents by (pass, name, kind, function)."""
    counted: Counter[tuple[str, str, str, str]] = Counter()
    for document, count in found.items():
        head = HEAD.match(document)
        if head is not None and _is_told(head):
            counted[head[2], head[3], KINDS[head[1]], head[7]] += count
    return counted


def _is_told(head: re.Match[str]) -> bool:
    return head[1] in KINDS and head[2] not in BOOKKEEPING


def counts(remarks: Iterable[Remark], functions: Iterable[str] = ()) -> Counter[tuple[str, str, str]]:
    """Count remarks by (pass, name, kind), where asked only those of some functions."""
    wanted = frozenset(functions)
    return Counter((remark.pass_name, remark.name, remark.kind) for remark in remarks if not wanted or remark.function in wanted)
