"""Throwing away what nothing needs any more: records of objects that are gone, recipes that nothing names, old copies."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autopass_cc.paths import cache_dir, data_dir
from autopass_cc.sharing.check import RECIPE
from autopass_cc.sharing.statistics import size_of
from autopass_cc.store.database import Rows, transaction
from autopass_cc.store.generations import GENERATION
from autopass_cc.store.publication import publication_dir, read_layer
from autopass_cc.store.rows import sound_texts

if TYPE_CHECKING:
    from sqlite_utils import Database

OLD = 90 * 86400  # seconds
HALF_WRITTEN = 86400  # seconds after which nobody goes on with a temporary file
WORK = re.compile(r"[0-9a-f]{32}")


@dataclass
class Waste:
    """What goes: recorded objects and links (their outputs), files and folders by what they are, and how large they are."""

    compiles: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    files: dict[str, list[Path]] = field(default_factory=dict)
    kept: str = ""  # why recipe files were left alone

    def sizes(self) -> dict[str, int]:
        """Return how many bytes the files of each kind take."""
        return {kind: sum(map(size_of, paths)) for kind, paths in self.files.items()}


def find(db: Rows) -> Waste:
    """Return what nothing needs; the caller holds the store, so that nobody publishes meanwhile."""
    waste = Waste(_gone(db, "compile"), _gone(db, "link"))
    try:
        recipes = _unnamed(db)
    except (ValueError, OSError) as error:
        recipes, waste.kept = [], f"recipe files are left alone, because an index cannot be read ({error})"
    waste.files = {
        "recipes": recipes,
        "half-written files": list(_half_written()),
        "old backups": sorted((data_dir() / "backups").glob("*.db"))[:-1],  # the newest stays, however old
        "damaged stores": sorted((data_dir() / "quarantine").glob("*")),
        "working folders": list(_idle_work(db)),
    }
    for kind in ("old backups", "damaged stores"):
        waste.files[kind] = list(_older(waste.files[kind], OLD))
    return waste


def remove(db: Database, waste: Waste) -> None:
    """Throw it away. A file that cannot be removed is left."""
    with transaction(db):
        for table, outs in (("compile", waste.compiles), ("link", waste.links)):
            db.conn.executemany(f"delete from [{table}] where out = ?", [[out] for out in outs])  # noqa: S608 - our own names
    for path in (path for paths in waste.files.values() for path in paths):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            try:
                path.unlink(missing_ok=True)
            except OSError:
                continue


def _gone(db: Rows, table: str) -> list[str]:
    """Return the recorded outputs that are not there any more, as they stand in the store: bytes as latin-1 (`builds`)."""
    rows = db.execute(f"select out from [{table}] where typeof(out) = 'text' order by out")  # noqa: S608 - our own names
    outs = [out for (out,) in sound_texts(rows)]
    return [out for out in outs if not _is_there(out)]


def _is_there(out: str) -> bool:
    try:
        return os.path.lexists(out if out.isascii() else out.encode("latin-1"))
    except UnicodeError:  # nothing that was recorded
        return False


def _unnamed(db: Rows) -> list[Path]:
    """Return the recipe files that nothing names: no entry in use, no import, no index of a generation still kept."""
    place = publication_dir()
    named = {row[0] for row in db.execute("select recipe from entry where state = 'active' union select recipe from imported")}
    for path in place.iterdir() if place.is_dir() else ():
        if path.name == "index" or GENERATION.match(path.name) or path.name.startswith("base."):
            named |= {line.recipe for line in read_layer(path).lines}
    folder = place / "recipes"
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in files if (found := RECIPE.fullmatch(path.name)) and found[1] not in named]


def _half_written() -> Iterator[Path]:
    for folder in (publication_dir(), publication_dir() / "recipes", data_dir()):
        for pattern in (".*.tmp", ".index.*.new"):
            yield from _older(sorted(folder.glob(pattern)), HALF_WRITTEN)


def _older(paths: Iterable[Path], seconds: int) -> Iterator[Path]:
    for path in paths:
        try:
            if path.lstat().st_mtime < time.time() - seconds:
                yield path
        except OSError:
            continue


def _idle_work(db: Rows) -> Iterator[Path]:
    """Yield the working folders of projects of which no folder is there any more; of unknown ones, those that are old."""
    roots: dict[str, list[str]] = {}
    for project, root in db.execute("select project, root from run union select project, root from entry"):
        roots.setdefault(project, []).append(root if isinstance(root, str) else "")
    for path in sorted((cache_dir() / "work").glob("*")):
        if not WORK.fullmatch(path.name) or path.is_symlink():
            continue
        if path.name not in roots:
            yield from _older([path], OLD)
        elif not any(os.path.isdir(root) for root in roots[path.name]):  # noqa: PTH112 - of a name too long it says no
            yield path
