"""Which recorded compiles end up in which recorded links: by object, through static archives, beside shared libraries."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.project import archive
from autopass_cc.project.replay import TAKES_VALUE
from autopass_cc.store.builds import CompileRecord, LinkRecord


@dataclass(frozen=True)
class Part:
    """One input of a link: the argument's place in argv, the file, and the objects of recorded compiles in it.

    `members` pairs each object in the file, in order, with the recorded output it came from (None: not ours).
    """

    place: int
    path: Path
    members: tuple[tuple[archive.Member | None, str | None], ...]

    @property
    def is_archive(self) -> bool:
        """Return whether the part is a static archive (its members then carry their bytes)."""
        return any(member is not None for member, _ in self.members)


@dataclass(frozen=True)
class Link:
    """A recorded link whose inputs are known: the parts with recorded objects, and the recorded shared libraries."""

    record: LinkRecord
    parts: tuple[Part, ...]
    libraries: tuple[str, ...]

    @property
    def out(self) -> Path:
        """Return the linked file."""
        return Path(self.record.out)

    @property
    def objects(self) -> tuple[str, ...]:
        """Return the recorded outputs that are linked in, in link order."""
        return tuple(out for part in self.parts for _, out in part.members if out is not None)


def resolve(links: Sequence[LinkRecord], compiles: Mapping[str, CompileRecord]) -> list[Link]:
    """Return those links that take in recorded compiles (keyed by output path) or recorded shared libraries."""
    by_digest = {digest: out for out in compiles if (digest := _file_digest(Path(out))) is not None}
    outs = {record.out for record in links}
    resolved = []
    for record in links:
        parts: list[Part] = []
        libraries: list[str] = []
        for place, path in _inputs(record):
            text = str(path)
            if text in compiles:
                parts.append(Part(place, path, ((None, text),)))
            elif (library := _recorded_library(path, outs)) and library != record.out:
                libraries.append(library)
            elif archive.is_archive(path):
                part = _archive_part(place, path, by_digest)
                parts += [part] if part else []
        if parts or libraries:
            resolved.append(Link(record, tuple(parts), tuple(libraries)))
    return resolved


def closure(targets: Iterable[Link], links: Sequence[Link]) -> list[Link]:
    """Return the targets and, before each, the recorded shared libraries that it is linked with."""
    by_out = {link.record.out: link for link in links}
    ordered: dict[str, Link] = {}

    def visit(link: Link) -> None:
        if link.record.out not in ordered:
            for library in link.libraries:
                if library in by_out:
                    visit(by_out[library])
            ordered[link.record.out] = link

    for target in targets:
        visit(target)
    return list(ordered.values())


def _recorded_library(path: Path, outs: set[str]) -> str | None:
    """Return the recorded output that a link input is, also behind links such as libx.so → libx.so.1 → libx.so.1.0.4."""
    return next((name for name in (str(path), os.path.realpath(path)) if name in outs), None)


def _archive_part(place: int, path: Path, by_digest: Mapping[str, str]) -> Part | None:
    try:
        members = archive.read(path)
    except (ValueError, OSError):
        return None
    pairs = tuple((member, by_digest.get(digest_of(member.data))) for member in members)
    return Part(place, path, pairs) if any(out for _, out in pairs) else None


def _inputs(record: LinkRecord) -> Iterable[tuple[int, Path]]:
    """Yield the file inputs of a link with their places: paths as they are, -lNAME by the linker's search in -L folders."""
    folders = list(_search_folders(record.argv))
    static = "-static" in record.argv
    skip = False
    for place, word in enumerate(record.argv):
        if place == 0 or skip:
            skip = False
            continue
        if word in TAKES_VALUE or word == "-o":
            skip = True
        if word.startswith("-l") and len(word) > 2:
            found = _library(word[2:], [_join(record.cwd, folder) for folder in folders], static=static)
            if found:
                yield place, found
        elif not word.startswith("-"):
            yield place, _join(record.cwd, word)


def _search_folders(argv: Sequence[str]) -> Iterable[str]:
    for place, word in enumerate(argv):
        if word == "-L" and place + 1 < len(argv):
            yield argv[place + 1]
        elif word.startswith("-L") and len(word) > 2:
            yield word[2:]


def _library(name: str, folders: Sequence[Path], *, static: bool) -> Path | None:
    names = [name[1:]] if name.startswith(":") else [*([] if static else [f"lib{name}.so"]), f"lib{name}.a"]
    return next((folder / file for folder in folders for file in names if (folder / file).is_file()), None)


def _join(cwd: str, path: str) -> Path:
    return Path(os.path.normpath(os.path.join(cwd, path)))  # noqa: PTH118 - lexical, as outputs are recorded


def _file_digest(path: Path) -> str | None:
    try:
        return digest_of(path.read_bytes())
    except OSError:
        return None
