"""The grammar of pipeline text: what `opt -passes=` reads, as an immutable tree.

    pipeline := element ("," element)*
    element  := NAME ["<" params ">"] ["(" pipeline ")"]

Only the shape is checked here; which names and parameters are allowed is the business of `allowlist`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from autopass_cc.errors import RecipeError

MAX_DEPTH = 16
MAX_NODES = 1000
MAX_LENGTH = 16384

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_PARAMS = re.compile(r"<([A-Za-z0-9=;-]{0,1024})>")


@dataclass(frozen=True, slots=True)
class Node:
    """One pass (`children` is None) or one adaptor such as `loop-mssa(...)`.

    `params` is the text between the angle brackets: None without brackets, "" for `gvn<>`.
    """

    name: str
    params: str | None = None
    children: tuple[Node, ...] | None = None

    def __str__(self) -> str:
        inner = "" if self.children is None else f"({','.join(map(str, self.children))})"
        return f"{self.label}{inner}"

    @property
    def label(self) -> str:
        """The element without its children: `simplifycfg<keep-loops>`, `function<eager-inv>`."""
        return self.name if self.params is None else f"{self.name}<{self.params}>"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A module-level list of elements; `str()` gives the text back, byte for byte."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return ",".join(map(str, self.nodes))

    def walk(self) -> Iterator[tuple[Node, tuple[Node, ...]]]:
        """Give each node in pre-order, with the adaptors around it, outermost first."""
        stack = [(node, ()) for node in reversed(self.nodes)]  # type: list[tuple[Node, tuple[Node, ...]]]
        while stack:
            node, around = stack.pop()
            yield node, around
            stack.extend((child, (*around, node)) for child in reversed(node.children or ()))

    def sites(self) -> dict[str, Node]:
        """Name every node: `instcombine#3` is the third of that name in pre-order."""
        seen: dict[str, int] = {}
        result: dict[str, Node] = {}
        for node, _ in self.walk():
            seen[node.name] = seen.get(node.name, 0) + 1
            result[f"{node.name}#{seen[node.name]}"] = node
        return result

    def until(self, address: str, *, inclusive: bool) -> Pipeline:
        """Give the part that runs before a node, with it (`inclusive`) or without; raises RecipeError where it is missing.

        Inside adaptors that repeat (`cgscc`, `devirt`) this is the first round; what is emptied on the way is left out.
        """
        target = self.sites().get(address)
        if target is None:
            raise RecipeError(f"There is no {address} in the base pipeline.")
        nodes, _ = _until(self.nodes, target, inclusive=inclusive)
        return Pipeline(nodes)


def _until(nodes: tuple[Node, ...], target: Node, *, inclusive: bool) -> tuple[tuple[Node, ...], bool]:
    """Give the nodes up to the very node `target`, and whether it was met. Equal nodes elsewhere are other objects."""
    kept: list[Node] = []
    for node in nodes:
        if node is target:
            return (*kept, *((node,) if inclusive else ())), True
        if node.children is None:
            kept.append(node)
            continue
        inner, met = _until(node.children, target, inclusive=inclusive)
        if inner:
            kept.append(Node(node.name, node.params, inner))
        if met:
            return tuple(kept), True
    return tuple(kept), False


class _Parser:
    """Recursive descent over one text; recursion is bounded by MAX_DEPTH."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.count = 0

    def fail(self, why: str) -> RecipeError:
        return RecipeError(f"Pipeline text, position {self.at}: {why}.")

    def elements(self, depth: int) -> tuple[Node, ...]:
        if depth > MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH}")
        nodes = [self.element(depth)]
        while self.take(","):
            nodes.append(self.element(depth))
        return tuple(nodes)

    def element(self, depth: int) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            raise self.fail(f"more than {MAX_NODES} elements")
        match = _NAME.match(self.text, self.at)
        if match is None:
            raise self.fail("expected the name of a pass")
        self.at = match.end()
        params = None
        if self.text.startswith("<", self.at):
            found = _PARAMS.match(self.text, self.at)
            if found is None:
                raise self.fail("expected parameters of letters, digits, '-', '=' and ';', closed by '>'")
            self.at, params = found.end(), found[1]
        if not self.take("("):
            return Node(match[0], params)
        children = self.elements(depth + 1)
        if not self.take(")"):
            raise self.fail("expected ',' or ')'")
        return Node(match[0], params, children)

    def take(self, mark: str) -> bool:
        if not self.text.startswith(mark, self.at):
            return False
        self.at += 1
        return True


def parse(text: str) -> Pipeline:
    """Read pipeline text of up to MAX_LENGTH characters; raises RecipeError with the position of the first fault."""
    if len(text) > MAX_LENGTH:
        raise RecipeError(f"Pipeline text of {len(text)} characters; the limit is {MAX_LENGTH}.")
    parser = _Parser(text)
    nodes = parser.elements(1)
    if parser.at != len(text):
        raise parser.fail("expected ',' or the end")
    return Pipeline(nodes)


def render(pipeline: Pipeline) -> str:
    """Write the text that `parse` reads; raises RecipeError when it would be longer than MAX_LENGTH."""
    text = str(pipeline)
    if len(text) > MAX_LENGTH:
        raise RecipeError(f"The pipeline has grown to {len(text)} characters; the limit is {MAX_LENGTH}.")
    return text
