"""The publication: what compiles read. A sorted text index, replaced atomically, and immutable recipes beside it.

`index` is `autopass-index 1`, then one line a key in byte order: kind (`x` exact, `i` inherited) and key, the recipe's
digest, free text for people. Recipes are named by the digest of their bytes and written before the index that names
them, so whoever sees an index sees all of its recipes, whenever the writer dies. They are never removed: an index that
was replaced is still read by the builds that were under way (`generations`).

A large publication has two layers, so that one new recipe does not rewrite a hundred thousand lines: most lines stand in
`base.<digest>`, which never changes, and the index, whose first line is then `b<digest>`, holds what came after. In the
index a line of thirty-two zeros for a recipe says that its key has none any more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.paths import data_dir, private_dir, write_private
from autopass_cc.printable import is_printable_ascii
from autopass_cc.store.generations import generations, replace_index

HEADER = b"autopass-index 1\n"
LINE = re.compile(rb"^([xi])([0-9a-f]{32}) ([0-9a-f]{32}) ([^\n]*)$")
BASE = re.compile(rb"^b([0-9a-f]{32}) 0{32} ")
LONGEST_REMARK = 900  # characters: the launcher reads lines of 4,096 bytes
HEADS = re.compile("(?:[xi][0-9a-f]{32} [0-9a-f]{32} )*")
LONGEST_LINE = 67 + LONGEST_REMARK + 1
NOTHING = "0" * 32  # stands for a recipe: this key has none
MANY = 50  # recipes
ONE_LAYER = 2000  # lines: what is written anew in a few milliseconds

Key = tuple[str, str]  # kind, digest
Texts = Callable[[str], bytes]  # the text of a recipe that is not there yet; raises KeyError


@dataclass(frozen=True, order=True)
class IndexLine:
    """One published key: `kind` x or i, 32 hex digits of key and of recipe, and a remark for people."""

    kind: str
    key: str
    recipe: str
    remark: str = ""

    def render(self) -> bytes:
        """Return the line with its newline; line breaks in the remark become spaces."""
        return render(self.kind + self.key, self.recipe, self.remark)


def render(key: str, recipe: str, remark: str) -> bytes:
    """Return a line of an index with its newline; line breaks in the remark become spaces, what is long is cut off."""
    if not remark.isprintable():
        remark = "".join(each if each.isprintable() or "\udc80" <= each <= "\udcff" else "?" for each in " ".join(remark.split()))
    if len(remark) > LONGEST_REMARK:
        remark = remark[:LONGEST_REMARK]
    return f"{key} {recipe} {remark}\n".encode("utf-8", "surrogateescape")


def is_plain(rendered: bytes, lines: Sequence[str]) -> bool:
    """Return whether sorted lines, and all of them together, are those of an index of one layer, as `render` makes them."""
    heads = [line[:67] for line in lines]
    return (
        is_printable_ascii(rendered)
        and rendered.count(b"\n") == len(lines) == len({head[:33] for head in heads})
        and max(map(len, lines), default=0) <= LONGEST_LINE
        and HEADS.fullmatch("".join(heads)) is not None
    )


def publication_dir() -> Path:
    """Return the directory of the user's publication."""
    return data_dir() / "publication"


def write_publication(place: Path, lines: Iterable[IndexLine], recipes: Mapping[str, bytes] | Texts) -> None:
    """Replace the publication in `place`: new recipe files first, then the index, in one rename.

    `recipes` gives the text that the launcher and the plugin read by digest. Raises ValueError where a line's recipe has none.
    """
    lines = set(lines)
    write_rendered(place, b"".join(sorted(line.render() for line in lines)), {line.recipe for line in lines}, recipes)


def write_rendered(place: Path, rendered: bytes, digests: set[str], recipes: Mapping[str, bytes] | Texts) -> None:
    """Replace the publication in `place` by lines as `IndexLine.render` makes them, sorted, which name the recipes `digests`."""
    _write_recipes(place, digests, recipes)
    if rendered.count(b"\n") <= ONE_LAYER:
        _replace(place, b"", rendered)
        return
    data = HEADER + rendered
    name = digest_of(data)
    if not (place / f"base.{name}").exists():
        write_private(place / f"base.{name}", data)
    _replace(place, _base_line(name), b"")


def update_publication(place: Path, changes: Mapping[Key, IndexLine | None], recipes: Mapping[str, bytes] | Texts) -> bool:
    """Change some keys of the publication in `place` (None: the key has no recipe any more); the rest stays as it is.

    Returns False, and does nothing, where that would not be cheap, or the index cannot be read: write it all anew then.
    """
    try:
        found = read_layer(place / "index")
    except ValueError:
        return False
    merged = {(line.kind, line.key): line for line in found.lines}
    for key, line in changes.items():
        if line is not None:
            merged[key] = line
        elif found.base:
            merged[key] = IndexLine(*key, NOTHING, "taken back")
        else:
            merged.pop(key, None)
    if len(merged) > ONE_LAYER or (found.base and not (place / f"base.{found.base}").exists()):
        return False
    _write_recipes(place, {line.recipe for line in changes.values() if line is not None}, recipes)
    _replace(place, _base_line(found.base) if found.base else b"", b"".join(sorted(line.render() for line in merged.values())))
    return True


def _base_line(name: str) -> bytes:
    return f"b{name} {NOTHING} most lines stand in base.{name}\n".encode()


def _replace(place: Path, base: bytes, rendered: bytes) -> None:
    replace_index(place, HEADER + base + rendered)
    needed = {_named(place / f"index.{generation}") for generation in generations(place)} | {_named(place / "index")}
    for path in place.glob("base.*"):
        if path.name.removeprefix("base.") not in needed:
            path.unlink(missing_ok=True)


def _named(index: Path) -> str:
    """Return the base that an index names, "" for none."""
    try:
        with index.open("rb") as stream:
            head = stream.read(len(HEADER) + 80)
    except OSError:
        return ""
    match = BASE.match(head[len(HEADER) :])
    return match[1].decode() if match else ""


def _write_recipes(place: Path, digests: set[str], recipes: Mapping[str, bytes] | Texts) -> None:
    """Write the recipes that are missing. Those that are there are believed: the launcher checks each against its name."""
    folder = private_dir(private_dir(place) / "recipes")
    there = recipes_there(place) if len(digests) > 1 else set()
    lookup = recipes if callable(recipes) else recipes.__getitem__
    missing = sorted(digests - there)
    for digest in missing:
        path = folder / f"{digest}.recipe"
        try:
            text = lookup(digest)
        except KeyError:
            if has_recipe(place, digest):
                continue
            raise ValueError(f"recipe without text: {digest}") from None
        if not path.is_file() or path.read_bytes() != text:
            write_private(path, text, durable=len(missing) <= MANY)
    if len(missing) > MANY:
        os.sync()  # all at once: a millisecond for each would be long


def recipes_there(place: Path) -> set[str]:
    """Return the digests by which recipes lie in the publication in `place`."""
    try:
        return {name.removesuffix(".recipe") for name in os.listdir(place / "recipes")}  # noqa: PTH208 - names are enough
    except (FileNotFoundError, NotADirectoryError):
        return set()


def has_recipe(place: Path, digest: str) -> bool:
    """Return whether a file of this recipe lies in the publication in `place`."""
    return os.path.lexists(place / "recipes" / f"{digest}.recipe")


@dataclass(frozen=True)
class Layer:
    """The lines of one index file in order, and the base that it names ("": none)."""

    lines: list[IndexLine]
    base: str = ""


def read_layer(path: Path) -> Layer:
    """Return what one index file says; an absent file is empty. Raises ValueError at the first bad line."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Layer([])
    if not data.startswith(HEADER) or not data.endswith(b"\n"):
        raise ValueError(f"{path}: not an autopass index")
    rows = data.split(b"\n")[1:-1]
    base = BASE.match(rows[0]) if rows else None
    lines = []
    for number, raw in enumerate(rows[1:] if base else rows, start=3 if base else 2):
        match = LINE.match(raw)
        if match is None:
            raise ValueError(f"{path}:{number}: not an index line")
        kind, key, recipe, remark = (part.decode("utf-8", "surrogateescape") for part in match.groups())
        lines.append(IndexLine(kind, key, recipe, remark))
    return Layer(lines, base[1].decode() if base else "")


def read_index(path: Path) -> list[IndexLine]:
    """Return the lines that count, both layers together, in order. Raises ValueError at the first bad line."""
    found = read_layer(path)
    if not found.base:
        return found.lines
    under = read_layer(path.with_name(f"base.{found.base}"))
    merged = {(line.kind, line.key): line for line in [*under.lines, *found.lines]}
    return sorted(line for line in merged.values() if line.recipe != NOTHING)
