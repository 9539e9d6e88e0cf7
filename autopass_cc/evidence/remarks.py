"""Optimisation remarks: what passes did, did not do, and why (`-fsave-optimization-record`, YAML).

Bookkeeping remarks, about half of them, say nothing that an edit could answer and are dropped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

BOOKKEEPING = frozenset({"asm-printer", "prologepilog", "size-info", "annotation-remarks", "kcfi", "memory-op-remarks"})
KINDS = {
    "Passed": "passed",
    "Missed": "missed",
    "Analysis": "analysis",
    "AnalysisFPCommute": "analysis",
    "AnalysisAliasing": "analysis",
}


@dataclass(frozen=True)
class Remark:
    """One remark: its pass and name, passed, missed or analysis, the function, and the arguments' values by key."""

    kind: str
    pass_name: str
    name: str
    function: str
    arguments: dict[str, str] = field(hash=False, compare=False, default_factory=dict)


def parse(text: str) -> Iterable[Remark]:
    """Yield the remarks of a record file, bookkeeping left out.

    The files are a fixed, flat form of YAML that LLVM writes itself (llvm/lib/Remarks/YAMLRemarkSerializer.cpp), so
    lines are enough; a general YAML reader would take minutes on a large module.
    """
    for document in re.split(r"^--- ", text, flags=re.MULTILINE):
        head = re.match(r"!(\w+)", document)
        if head is None or head[1] not in KINDS:
            continue
        fields = dict(re.findall(r"^(Pass|Name|Function):\s+'?(.*?)'?$", document, re.MULTILINE))
        if fields.get("Pass", "") in BOOKKEEPING:
            continue
        arguments = dict(re.findall(r"^  - (\w+):\s+'?(.*?)'?$", document, re.MULTILINE))
        yield Remark(KINDS[head[1]], fields.get("Pass", ""), fields.get("Name", ""), fields.get("Function", ""), arguments)


def counts(remarks: Iterable[Remark], functions: Iterable[str] = ()) -> Counter[tuple[str, str, str]]:
    """Count remarks by (pass, name, kind), where asked only those of some functions."""
    wanted = frozenset(functions)
    return Counter((remark.pass_name, remark.name, remark.kind) for remark in remarks if not wanted or remark.function in wanted)
