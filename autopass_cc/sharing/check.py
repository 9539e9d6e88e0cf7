"""Whether what compiles read is sound: each recipe against its name and the grammar, the index, owners and modes, the store.

The launcher looks at all of this itself, and answers every doubt with plain clang; so damage costs speed alone, in silence.
This says where it is, and what to do.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from autopass_cc.digest import digest_of
from autopass_cc.errors import RecipeError, StoreDamagedError, UntrustedError
from autopass_cc.paths import data_dir
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.database import PUBLISH_DUE, Rows, database_path, reader, writer
from autopass_cc.store.publication import publication_dir, read_index, read_layer
from autopass_cc.store.publishing import left_out, publish
from autopass_cc.store.settings import get_setting
from autopass_cc.store.unreadable import unreadable
from autopass_cc.trust import why_writable

if TYPE_CHECKING:
    from sqlite_utils import Database

REPAIR = "run `autopass cache verify --repair`"
FRESH = "`autopass revert` what you do not trust, then tune again; or remove the database: what is published stays"
RECIPE = re.compile(r"([0-9a-f]{32})\.recipe")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file, and what to do."""

    path: Path
    what: str
    step: str = REPAIR


def check() -> tuple[list[Problem], int]:
    """Return what is wrong with the user's publication and store, and how many recipe files were looked at."""
    place = publication_dir()
    problems = [*_modes(place), *_index(place), *_store()]
    recipes = 0
    for path in _listing(place / "recipes"):
        if not path.name.startswith("."):
            recipes += 1
            problems += _recipe(path)
    return problems, recipes


def _listing(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _modes(place: Path) -> Iterator[Problem]:
    for path in (data_dir(), place, place / "recipes", *_listing(place), *_listing(place / "recipes"), database_path()):
        try:
            info = path.stat()  # links are followed, as compiles do
        except OSError:
            continue
        if why := why_writable(info):
            yield Problem(path, why, REPAIR if info.st_uid in (os.geteuid(), 0) else f"chown it to yourself, or {REPAIR}")


def _index(place: Path) -> list[Problem]:
    index = place / "index"
    if not index.exists():
        return []  # nothing is published, or `_store` says that it should be
    try:
        layer = read_layer(index)
        base = place / f"base.{layer.base}"
        if layer.base:
            if not base.exists():
                return [Problem(base, "is missing, and most published lines stood in it")]
            if digest_of(base.read_bytes()) != layer.base:
                return [Problem(base, "is not what its name says")]
        lines = read_index(index)
    except (ValueError, OSError) as error:
        return [Problem(index, f"cannot be read ({error})")]
    for path in (index, base) if layer.base else (index,):
        keys = [line[:33] for line in path.read_bytes().split(b"\n")[1:-1]]
        if any(first >= second for first, second in pairwise(keys)):
            return [Problem(path, "is not sorted: compiles miss what stands in it")]
    there = {path.name.removesuffix(".recipe") for path in _listing(place / "recipes")}
    missing = sorted({line.recipe for line in lines} - there)
    return [Problem(place / "recipes" / f"{digest}.recipe", "is missing, and is published") for digest in missing]


def _recipe(path: Path) -> Iterator[Problem]:
    name = RECIPE.fullmatch(path.name)
    if name is None or not path.is_file():
        yield Problem(path, "is not a recipe", f"remove {path}")
        return
    try:
        data = path.read_bytes()
        Recipe.parse(data)
    except OSError as error:
        yield Problem(path, f"cannot be read ({error.strerror})")
    except RecipeError as error:
        yield Problem(
            path, f"is outside the grammar ({error.sentence})", f"{REPAIR}; if it stays, `autopass revert` what uses it"
        )
    else:
        if digest_of(data) != name[1]:
            yield Problem(path, "is not what its name says")


def _store() -> Iterator[Problem]:
    index = publication_dir() / "index"
    try:
        with reader() as db:
            if db is None:
                return
            found = [row[0] for row in db.execute("PRAGMA integrity_check(3)")]
            lost, left = (unreadable(db), left_out(db)) if found == ["ok"] else ({}, 0)
            due = get_setting(db, PUBLISH_DUE) or (not index.exists() and _publishes(db))
    except UntrustedError:  # `_modes` has told
        return
    except (sqlite3.DatabaseError, StoreDamagedError) as error:
        found, due, lost, left = [str(getattr(error, "sentence", error))], False, {}, 0
    for table, count in lost.items():
        yield Problem(database_path(), f"has {count} rows of `{table}` that cannot be read; they are passed over", FRESH)
    if left:
        what = f"has {left} recipes of modules in use that may not be published: keys that are none, or texts outside the grammar"
        yield Problem(database_path(), what, FRESH)
    if found != ["ok"]:
        step = f"{REPAIR}: it sets the damaged file aside and takes the newest good backup"
        yield Problem(database_path(), f"is damaged ({found[0]})", step)
    elif due:
        yield Problem(index, "does not have the last changes of the store")


def _publishes(db: Rows) -> bool:
    found = db.execute(
        "select 1 from entry where state = 'active' union all select 1 from imported where state = 'trusted' limit 1"
    )
    return found.fetchone() is not None


def repair(problems: list[Problem], warn: Callable[[str], None]) -> None:
    """Mend what can be: modes, and the publication, written anew from the store. Look again afterwards.

    Where the store knows nothing of what is published (it was lost), the publication is left as it is.
    """
    for problem in problems:
        _mode(problem.path)
    with writer(warn=warn, thorough=True) as db:
        place = publication_dir()
        if _knows_nothing(db) and _is_readable(place / "index"):
            if read_index(place / "index"):
                warn("the store knows nothing of what is published (was it lost?); the publication stays as it is")
            return
        for problem in problems:
            # publishing writes what is missing, and believes what is there
            if (problem.path.parent == place / "recipes" and RECIPE.fullmatch(problem.path.name)) or (
                problem.path.parent == place and problem.path.name.startswith("base.")
            ):
                problem.path.unlink(missing_ok=True)
        publish(db)


def _mode(path: Path) -> None:
    try:
        info = path.lstat()
        if info.st_uid == os.geteuid() and stat.S_IFMT(info.st_mode) in (stat.S_IFREG, stat.S_IFDIR) and why_writable(info):
            path.chmod(0o700 if path.is_dir() else 0o600)
    except OSError:  # it is gone, or not ours: what can be written anew is
        pass


def _knows_nothing(db: Database) -> bool:
    return db.execute("select 1 from entry union all select 1 from imported limit 1").fetchone() is None


def _is_readable(index: Path) -> bool:
    try:
        read_index(index)
    except (ValueError, OSError):
        return False
    return True
