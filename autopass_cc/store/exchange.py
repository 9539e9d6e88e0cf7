"""The exchange format: how proven recipes travel from one store to another. JSON Lines, and nothing in them is believed.

The first line is a header; then comes `{"recipe": <digest>, "text": <text>}` for each recipe once, before the entries
that use it; then an entry a line. Two exports of one store differ in the header's time alone. What a line may say is in
`exchange_line`. A line that may not be is skipped and counted; a file without the header, or beyond the limits, is refused.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from autopass_cc import __version__, collector
from autopass_cc.errors import ImportRefusedError
from autopass_cc.store.exchange_line import MAX_LINE, BadLineError, canonical, entry_of, line_of, parse, recipe_of
from autopass_cc.store.imports import Imported

FORMAT, VERSION = "autopass-recipes", 1
MAX_FILE = 256 << 20  # bytes
MAX_ENTRIES = 200_000
MAX_RECIPES = 50_000
MANY_REASONS = 5
AGAIN = "get a file that `autopass cache export` or `autopass cache push` wrote"


@dataclass
class Found:
    """What a file holds: the tool and time of its header, entries and their recipes' texts, what was skipped and why.

    `reasons` are line numbers and sentences of the first skipped lines. Several entries may be about one key, by
    different machines (`strongest` chooses).
    """

    tool: str
    made: str
    entries: list[Imported] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)
    skipped: int = 0
    reasons: list[tuple[int, str]] = field(default_factory=list)

    def skip(self, number: int, why: str) -> None:
        """Count a line that is not taken."""
        self.skipped += 1
        if len(self.reasons) < MANY_REASONS:
            self.reasons.append((number, why))


def now() -> str:
    """Return the time as a header says it (UTC)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def write(stream: IO[bytes], entries: Iterable[Imported], texts: Mapping[str, bytes], made: str) -> int:
    """Write entries with their recipes, in one order whatever the given one; return how many entries.

    Raises KeyError for a recipe without text. The entries are believed to be what `entry_of` would take.
    """
    entries = list(entries)
    lines = sorted({(entry.exact, entry.inherited, line_of(entry)) for entry in entries})
    stream.write(canonical({"format": FORMAT, "version": VERSION, "tool": __version__, "made": made}))
    for digest in sorted({entry.recipe for entry in entries}):
        stream.write(canonical({"recipe": digest, "text": texts[digest].decode("ascii")}))
    stream.writelines(line for _, _, line in lines)
    return len(lines)


def read(stream: IO[bytes]) -> Found:
    """Return what is sound in a file, streaming. Raises ImportRefusedError for a file that is not taken at all."""
    with collector.paused():
        return _read(stream)


def _read(stream: IO[bytes]) -> Found:
    lines = _lines(stream)
    found = _header(next(lines, (1, b"")))
    levels: dict[str, str] = {}
    texts: dict[str, bytes] = {}
    for number, line in lines:
        if isinstance(line, str):
            found.skip(number, line)
            continue
        try:
            _take(parse(line), found, levels, texts)
        except BadLineError as error:
            found.skip(number, str(error))
    used = {entry.recipe for entry in found.entries}
    found.texts = {digest: text for digest, text in texts.items() if digest in used}
    return found


def _take(value: dict[str, Any], found: Found, levels: dict[str, str], texts: dict[str, bytes]) -> None:
    if value.keys() != {"recipe", "text"}:
        if len(found.entries) == MAX_ENTRIES:
            raise ImportRefusedError(f"There are more than {MAX_ENTRIES} entries.", AGAIN)
        found.entries.append(entry_of(value, levels))
        return
    digest, text, level = recipe_of(value)
    if digest in texts:
        raise BadLineError("the recipe stands in the file already")
    if len(texts) == MAX_RECIPES:
        raise ImportRefusedError(f"There are more than {MAX_RECIPES} recipes.", AGAIN)
    texts[digest], levels[digest] = text, level


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | str]]:
    """Yield number and bytes of each line without its newline; a sentence in the place of one that cannot be had."""
    number, size = 0, 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        size += len(line)
        whole = line.endswith(b"\n")
        while not whole and len(line) > MAX_LINE and (rest := stream.readline(MAX_LINE)):
            size += len(rest)
            _bound(size)
            whole = rest.endswith(b"\n")
        _bound(size)
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            yield number, f"longer than {MAX_LINE} bytes"
        elif not whole:
            yield number, "the file ends within the line"
        else:
            yield number, line[:-1]


def _bound(size: int) -> None:
    if size > MAX_FILE:
        raise ImportRefusedError(f"The file is larger than {MAX_FILE >> 20} MiB.", AGAIN)


def _header(first: tuple[int, bytes | str]) -> Found:
    _, line = first
    try:
        value = parse(line) if isinstance(line, bytes) else {}
    except BadLineError:
        value = {}
    if value.get("format") != FORMAT:
        raise ImportRefusedError("This is not a file of recipes: its first line is not the header of one.", AGAIN)
    if value.get("version") != VERSION or isinstance(value["version"], bool | float):
        raise ImportRefusedError("The file is of a version that this autopass does not know.", "upgrade autopass-cc")
    tool, made = value.get("tool"), value.get("made")
    short = all(isinstance(text, str) and len(text) <= 64 and text.isprintable() for text in (tool, made))
    if value.keys() != {"format", "version", "tool", "made"} or not short:
        raise ImportRefusedError("The header of the file of recipes is not well-formed.", AGAIN)
    return Found(str(tool), str(made))


def strongest(entries: Iterable[Imported]) -> list[Imported]:
    """Return one entry for each pair of keys, that with the most evidence: numbers of two machines are never added up."""
    best: dict[tuple[str, str], Imported] = {}
    for entry in entries:
        key = entry.exact, entry.inherited
        if key not in best or _rank(entry) > _rank(best[key]):
            best[key] = entry
    return list(best.values())


def _rank(entry: Imported) -> tuple[float, str, bytes]:
    return entry.log_e, entry.recipe, line_of(entry)  # all of it, so that the order of lines decides nothing


def merge(there: Iterable[Imported], ours: Iterable[Imported]) -> list[Imported]:
    """Return what a shared file should hold: for each key and machine the entry with the larger E, ours at a tie."""
    best: dict[tuple[str, str, str], Imported] = {}
    for entry in [*there, *ours]:
        key = entry.exact, entry.inherited, machine_of(entry)
        if key not in best or entry.log_e >= best[key].log_e:
            best[key] = entry
    return list(best.values())


def machine_of(entry: Imported) -> str:
    """Return which machine measured an entry ("": it does not say)."""
    return str(entry.provenance.get("machine", ""))
