"""The publication: what compiles read. A sorted text index, replaced atomically, and immutable recipes beside it.

`index` is `autopass-index 1`, then one line a key in byte order: kind (`x` exact, `i` inherited) and key, the recipe's
digest, free text for people. Recipes are named by the digest of their bytes and written before the index that names
them, so whoever sees an index sees all of its recipes, whenever the writer dies. They are never removed: an index that
was replaced is still read by the builds that were under way (`generations`). A lock has the same form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.paths import data_dir, private_dir, write_private
from autopass_cc.store.generations import replace_index

HEADER = b"autopass-index 1\n"
LINE = re.compile(rb"^([xi])([0-9a-f]{32}) ([0-9a-f]{32}) ([^\n]*)$")


@dataclass(frozen=True, order=True)
class IndexLine:
    """One published key: `kind` x or i, 32 hex digits of key and of recipe, and a remark for people."""

    kind: str
    key: str
    recipe: str
    remark: str = ""

    def render(self) -> bytes:
        """Return the line with its newline; line breaks in the remark become spaces."""
        remark = " ".join(self.remark.split())
        return f"{self.kind}{self.key} {self.recipe} {remark}\n".encode("utf-8", "surrogateescape")


def publication_dir() -> Path:
    """Return the directory of the user's publication."""
    return data_dir() / "publication"


def write_publication(place: Path, lines: Iterable[IndexLine], recipes: dict[str, bytes]) -> None:
    """Replace the publication in `place`: new recipe files first, then the index, in one rename.

    `recipes` maps digest to the text that the launcher and the plugin read; it must hold every recipe that a line names.
    """
    lines = sorted(set(lines))
    missing = {line.recipe for line in lines} - recipes.keys()
    if missing:
        raise ValueError(f"recipes without text: {sorted(missing)}")
    folder = private_dir(private_dir(place) / "recipes")
    for digest in sorted({line.recipe for line in lines}):
        path = folder / f"{digest}.recipe"
        if not path.exists() or path.read_bytes() != recipes[digest]:
            write_private(path, recipes[digest])
    replace_index(place, HEADER + b"".join(line.render() for line in lines))


def read_index(path: Path) -> list[IndexLine]:
    """Return the lines of an index in order; an absent file is an empty one. Raises ValueError at the first bad line."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    if not data.startswith(HEADER) or not data.endswith(b"\n"):
        raise ValueError(f"{path}: not an autopass index")
    lines = []
    for number, raw in enumerate(data.splitlines()[1:], start=2):
        match = LINE.match(raw)
        if match is None:
            raise ValueError(f"{path}:{number}: not an index line")
        kind, key, recipe, remark = (part.decode("utf-8", "surrogateescape") for part in match.groups())
        lines.append(IndexLine(kind, key, recipe, remark))
    return lines
