"""How deep in loops each source line of a function is, from the IR as the front end wrote it, with line tables.

Natural loops of a textual function: a back edge goes to a block that dominates its source, and a loop is everything
that reaches the back edge without passing its header (Aho, Lam, Sethi, Ullman, *Compilers*, 9.6). The front end's code
is reducible but for `goto` into loops; what such code has instead is not counted as a loop.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from autopass_cc.evidence.bodies import bodies

_LABEL = re.compile(r'^("[^"]+"|[\w.$-]+):', re.MULTILINE)
_TARGET = re.compile(r"label %(\"[^\"]+\"|[\w.$-]+)")
_DEBUG = re.compile(r"!dbg !(\d+)")
_LINE = re.compile(r"^!(\d+) = (?:distinct )?!DILocation\(line: (\d+),", re.MULTILINE)
LARGEST = 20_000  # blocks of a function, above which loops are not looked for: dominators would take seconds

Graph = dict[str, list[str]]


def depths(listing: str) -> dict[str, dict[int, int]]:
    """Return, by function, the loop depth (1: in one loop) of each source line that is in a loop."""
    lines = {number: int(line) for number, line in _LINE.findall(listing)}
    return {body.name: _function(body.text, lines) for body in bodies(listing)}


def _function(body: str, lines: Mapping[str, int]) -> dict[int, int]:
    texts = _blocks(body)
    if len(texts) > LARGEST:
        return {}
    graph = {block: [target.strip('"') for target in _TARGET.findall(text)] for block, text in texts.items()}
    depth = Counter(block for loop in _loops(graph).values() for block in loop)
    found: dict[int, int] = {}
    for block, deep in depth.items():
        for number in set(_DEBUG.findall(texts[block])) & lines.keys():
            found[lines[number]] = max(found.get(lines[number], 0), deep)
    return found


def _blocks(body: str) -> dict[str, str]:
    """Return the text of each block by its name; the entry block may have no label, its name is "" then."""
    first, *rest = _LABEL.split(body)  # text before the first label, then label and text in turn
    named = zip(rest[::2], rest[1::2], strict=True)
    return {label.strip('"'): text for label, text in ([("", first), *named] if first.strip() else named)}


def _loops(graph: Graph) -> dict[str, set[str]]:
    """Return the blocks of each natural loop by its header; loops with one header are one."""
    order = _postorder(graph)
    idom = _dominators(graph, order)
    before: dict[str, list[str]] = {block: [] for block in graph}
    for block in order:
        for target in graph[block]:
            before[target].append(block)
    found: dict[str, set[str]] = {}
    for source in order:
        for header in graph[source]:
            if _dominates(header, source, idom):
                loop = found.setdefault(header, {header})
                left = [source]
                while left:
                    block = left.pop()
                    if block not in loop:
                        loop.add(block)
                        left += before[block]
    return found


def _postorder(graph: Graph) -> list[str]:
    """Return the blocks that can be reached, each after what it leads to."""
    entry = next(iter(graph))
    seen, order = {entry}, []
    stack: list[tuple[str, Iterable[str]]] = [(entry, iter(graph[entry]))]
    while stack:
        block, targets = stack[-1]
        following = next((target for target in targets if target in graph and target not in seen), None)
        if following is None:
            order.append(block)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(graph[following])))
    return order


def _dominators(graph: Graph, order: list[str]) -> dict[str, str]:
    """Return immediate dominators (Cooper, Harvey, Kennedy, *A Simple, Fast Dominance Algorithm*)."""
    place = {block: number for number, block in enumerate(order)}
    entry = order[-1]
    before: dict[str, list[str]] = {block: [] for block in order}
    for block in order:
        for target in graph[block]:
            if target in place:
                before[target].append(block)
    idom = {entry: entry}
    changed = True
    while changed:
        changed = False
        for block in reversed(order[:-1]):
            known = [source for source in before[block] if source in idom]
            new = known[0]
            for source in known[1:]:
                while new != source:
                    while place[new] < place[source]:
                        new = idom[new]
                    while place[source] < place[new]:
                        source = idom[source]
            if idom.get(block) != new:
                idom[block] = new
                changed = True
    return idom


def _dominates(header: str, block: str, idom: Mapping[str, str]) -> bool:
    if header not in idom:
        return False
    while block != header and idom[block] != block:
        block = idom[block]
    return block == header
