"""LLVM's text sample profile, made from samples of instruction addresses (no branch records) and debug lines.

A location is a line relative to its function, with a discriminator, below the call sites that it was inlined at. Its count
estimates how often it ran: its samples over the instructions that it has, times how often the compiler has duplicated it
(unrolling, vectorising). Timer samples weigh slow instructions more; without branch records nothing tells the two apart.

Format: LLVM, `SampleProfReader.h`. Discriminators: LLVM, `DebugInfoMetadata.h` (base and duplication factor, prefix-encoded).
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SCALE = 100  # counts are whole numbers, and a sample is shared by several instructions
MASK = 0xFFFF  # of line offsets


@dataclass(frozen=True, order=True)
class Place:
    """A line of a function: its offset from the function's first line, and its base discriminator."""

    function: str
    offset: int
    discriminator: int

    def __str__(self) -> str:
        return f"{self.offset}.{self.discriminator}" if self.discriminator else str(self.offset)


@dataclass(frozen=True)
class Located:
    """Where an instruction comes from: places from the function that it stands in to the one it was inlined from."""

    stack: tuple[Place, ...]
    factor: int = 1  # how many copies of it the compiler has made


def decoded(discriminator: int) -> tuple[int, int]:
    """Return the base discriminator and the duplication factor of one as it stands in debug lines."""
    factor = _unsigned(_after(discriminator))
    return _unsigned(discriminator), max(1, factor)


def _unsigned(value: int) -> int:
    if value & 1:
        return 0
    value >>= 1
    return ((value >> 1) & 0xFE0) | (value & 0x1F) if value & 0x20 else value & 0x1F


def _after(value: int) -> int:
    return value >> 1 if value & 1 else value >> (14 if value & 0x40 else 7)


@dataclass
class _Node:
    lines: Counter[tuple[int, int]] = field(default_factory=Counter)
    calls: dict[tuple[int, int], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    inlined: dict[tuple[int, int], dict[str, _Node]] = field(default_factory=lambda: defaultdict(dict))

    def total(self) -> int:
        below = sum(node.total() for nodes in self.inlined.values() for node in nodes.values())
        return self.lines.total() + below

    def render(self, indent: str) -> list[str]:
        rows = []
        for key in sorted({*self.lines, *self.inlined}):
            name = f"{key[0]}.{key[1]}" if key[1] else str(key[0])
            if key in self.lines:
                targets = "".join(f" {callee}:{count}" for callee, count in self.calls[key].most_common())
                rows.append(f"{indent}{name}: {self.lines[key]}{targets}")
            for callee, node in sorted(self.inlined.get(key, {}).items()):
                rows += [f"{indent}{name}: {callee}:{node.total()}", *node.render(indent + " ")]
        return rows


def render(samples: Mapping[int, int], where: Mapping[int, Located], calls: Mapping[int, str], starts: Iterable[int] = ()) -> str:
    """Return the profile of a program.

    `samples` are counts by address; `where` tells of every instruction that has debug lines; `calls` names the function that
    a call instruction calls; `starts` are the first instructions of functions.
    """
    counts = _counts(samples, where)
    roots: dict[str, _Node] = defaultdict(_Node)
    for located, count in counts.items():
        _node(roots, located).lines[_key(located[-1])] += count
    for address, callee in calls.items():
        if address in where and (count := counts.get(where[address].stack, 0)):
            stack = where[address].stack
            _node(roots, stack).calls[_key(stack[-1])][callee] = max(count, _node(roots, stack).calls[_key(stack[-1])][callee])
    heads = {where[address].stack[0].function: counts.get(where[address].stack, 0) for address in starts if address in where}
    rows: list[str] = []
    for name, node in sorted(roots.items(), key=lambda pair: (-pair[1].total(), pair[0])):
        rows += [f"{name}:{node.total()}:{heads.get(name, 0)}", *node.render(" ")]
    return "\n".join(rows) + "\n" if rows else ""


def _counts(samples: Mapping[int, int], where: Mapping[int, Located]) -> dict[tuple[Place, ...], int]:
    seen: Counter[tuple[Place, ...]] = Counter()
    size: Counter[tuple[Place, ...]] = Counter()
    factor: dict[tuple[Place, ...], int] = {}
    for address, located in where.items():
        seen[located.stack] += samples.get(address, 0)
        size[located.stack] += 1
        factor[located.stack] = max(factor.get(located.stack, 1), located.factor)
    return {stack: round(SCALE * count * factor[stack] / size[stack]) for stack, count in seen.items() if count}


def _node(roots: dict[str, _Node], stack: Sequence[Place]) -> _Node:
    node = roots[stack[0].function]
    for outer, inner in itertools.pairwise(stack):
        node = node.inlined[_key(outer)].setdefault(inner.function, _Node())
    return node


def _key(place: Place) -> tuple[int, int]:
    return place.offset, place.discriminator
