"""What instructions are, by their text: the mix of a function for x86-64 (AT&T syntax) and AArch64."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Mix:
    """Counts of instructions; one may count in several (a vector load). `stack`: accesses by the stack pointer."""

    instructions: int = 0
    vector: int = 0
    floats: int = 0
    loads: int = 0
    stores: int = 0
    stack: int = 0
    branches: int = 0
    indirect: int = 0
    calls: int = 0
    selects: int = 0
    multiplies: int = 0
    divides: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the counts that are not 0."""
        return {name: count for name, count in asdict(self).items() if count}


# A table for each architecture: the kinds of an instruction, by its whole text. What is loaded from or stored to is the
# operand in brackets; in AT&T syntax the last operand is where the result goes.
_FLOAT = r"v?(?:add|sub|mul|div|sqrt|min|max|ucomi|comi|cmp|cvt|fn?m|mov|round|and|or|xor)[a-z0-9]*s[sd]\b"
_WRITES = r"(?:v?mov|set|add|sub|inc|dec|and|or|xor|not|neg|shl|shr|sar|xchg|cmpxchg|vextract)\S* .*\)$"
_TABLES = {
    "x86": {
        "vector": rf"(?!{_FLOAT})v?(?:mov(?:up|ap|dq|nt)|p(?!op|ush|refetch|ause)[a-z]|[a-z0-9]+p[sd]\b|blend|perm|broadcast"
        r"|gather|insert[fi]|extract[fi])\S* .*mm",
        "floats": rf"{_FLOAT}.*mm",
        "loads": rf"(?!lea|nop|data16|cs |call|j|push|pop|{_WRITES})\S+ .*\(",
        "stores": _WRITES,
        "stack": r"(?!lea).*\([^)]*%rsp",
        "branches": r"j(?!mp)",
        "indirect": r"jmpq? \*",
        "calls": r"call",
        "selects": r"cmov",
        "multiplies": r"i?mul|v?p?mul|vfn?m",
        "divides": r"i?div|vdiv",
    },
    "aarch64": {
        "vector": r"\S+ .*\b(?:v\d+\.|z\d+\.|q\d+)",
        "floats": r"(?!.*\bv\d+\.)(?:f[a-z]|[su]cvtf)",
        "loads": r"ld",
        "stores": r"st",
        "stack": r".*\[sp\b",
        "branches": r"b\.|cbn?z|tbn?z",
        "indirect": r"br ",
        "calls": r"blr?(?: |$)",
        "selects": r"f?csel|cs(?:inc|inv|neg|et)|cin[cv]|cneg",
        "multiplies": r"[su]?mul|madd|msub|mneg|[su]mull|fmul|fmadd|fmla",
        "divides": r"[sfu]div",
    },
}
_PATTERNS = {arch: {kind: re.compile(text) for kind, text in table.items()} for arch, table in _TABLES.items()}


def mix(instructions: Iterable[str], arch: str) -> Mix:
    """Count instructions (mnemonic, blank, operands) of "x86" or "aarch64"; of others only how many there are."""
    total = dict.fromkeys(Mix.__dataclass_fields__, 0)
    patterns = _PATTERNS.get(arch, {})
    for text in instructions:
        total["instructions"] += 1
        for kind, pattern in patterns.items():
            total[kind] += pattern.match(text) is not None
    return Mix(**total)
