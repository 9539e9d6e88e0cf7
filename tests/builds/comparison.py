"""What two builds in the same place left behind, compared file by file: all of it, not only what one thought of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from names import Names

OBJECT_MAGIC = (b"\x7fELF", b"!<arch>\n", b"!<thin>\n", b"PK\x03\x04")  # objects, libraries, programs; archives; wheels

# Files that say when or how long something was done, and differ between any two builds.
DIARIES = (
    "config.log",  # its results are compared, below
    "CMakeFiles/CMakeOutput.log",
    "CMakeFiles/CMakeError.log",
    "CMakeFiles/CMakeConfigureLog.yaml",
    ".ninja_log",  # times
    ".ninja_deps",  # times of the outputs
    "meson-logs/*",
    "cmake_trace.txt",  # times
    "meson-private/*.dat",  # pickles: the same facts are in meson-info as JSON
    "autom4te.cache/*",
    "__pycache__/*",
)

CONFIGURE_RESULTS = ("config.h", "config.status", "config.log", "libtool", "CMakeCache.txt", "intro-compilers.json")


@dataclass(frozen=True)
class Comparison:
    """What was compared (paths relative to the tree) and what differs."""

    objects: tuple[str, ...]
    different_objects: tuple[str, ...]
    configured: tuple[str, ...]
    different_texts: Mapping[str, str]  # path: the first difference
    only_in_one: tuple[str, ...]


def compare(sources: Path, first: Path, second: Path, names: tuple[Names, Names]) -> Comparison:
    """Compare two trees built from `sources`; text files modulo the names of the compilers and of their tools."""
    sides = [dict(_files(tree)) for tree in (first, second)]
    common = sorted(sides[0].keys() & sides[1].keys())
    objects, different, configured, texts = [], [], [], {}
    for name in common:
        data = [side[name].read_bytes() for side in sides]
        if data[0].startswith(OBJECT_MAGIC):
            objects.append(name)
            different += [name] if data[0] != data[1] else []
            continue
        if PurePosixPath(name).name in CONFIGURE_RESULTS and not (sources / name).exists():
            configured.append(name)
        difference = _text_difference(name, data, names)
        if difference:
            texts[name] = difference
    only = sorted(sides[0].keys() ^ sides[1].keys())
    return Comparison(tuple(objects), tuple(different), tuple(configured), texts, tuple(only))


def _files(tree: Path) -> Iterator[tuple[str, Path]]:
    for path in tree.rglob("*"):
        name = path.relative_to(tree)
        diary = any(name.match(pattern) for pattern in DIARIES) and name.name != "config.log"
        if path.is_file() and not path.is_symlink() and not diary:
            yield str(name), path


def difference(first: bytes, second: bytes) -> str:
    """Return "" where two texts are equal, else the first pair of lines that differ."""
    lines = [text.decode("utf-8", "replace").splitlines() for text in (first, second)]
    pairs = [pair for pair in zip(*lines, strict=False) if pair[0] != pair[1]]
    if pairs:
        return f"{pairs[0][0]!r} and {pairs[0][1]!r}"
    return "" if first == second else f"{len(lines[0])} and {len(lines[1])} lines"


def _text_difference(name: str, data: list[bytes], names: tuple[Names, Names]) -> str:
    """Return "" where two files are equal but for names, else the first lines that differ."""
    if data[0] == data[1]:
        return ""
    results = [_results(name, who.neutral(text)) for text, who in zip(data, names, strict=True)]
    return difference(*results)


def _results(name: str, text: bytes) -> bytes:
    """Return of a configure script's diary its results, and of a JSON file a form that does not depend on order."""
    if name.endswith("config.log"):
        return text[text.index(b"## Cache variables. ##") :]
    if name.endswith(".json"):
        return json.dumps(json.loads(text, object_hook=_ordered), indent=1, sort_keys=True).encode()
    return text


def _ordered(values: dict[str, Any]) -> dict[str, Any]:
    """Sort what Meson keeps in sets of objects, which come in the order of their addresses."""
    return values | {key: sorted(found) for key, found in values.items() if key == "depends"}
