"""The functions of a module in LLVM's textual IR, found by lines alone: clang prints a body flush left and ends it with `}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEAD = re.compile(r"^define ([^\n]*?)@(\"[^\"]+\"|[\w.$]+)\([^\n]*\{$", re.MULTILINE)


class Body(NamedTuple):
    """A function that is defined in a module: its name, the words before its name, its text without head and last line."""

    name: str
    words: str
    text: str
    head: str

    @property
    def whole(self) -> str:
        """Return the function's text, head and last line included."""
        return f"{self.head}{self.text}\n}}"


def bodies(listing: str) -> Iterator[Body]:
    """Yield the functions of a textual module in their order."""
    for head in _HEAD.finditer(listing):
        end = listing.find("\n}", head.end())
        if end >= 0:
            yield Body(head[2].strip('"'), head[1], listing[head.end() : end], head[0])
