"""What a compile gets now: the launcher's answer to a recorded compile, worked out from the same files by the same rules.

The order is AUTOPASS_PUBLICATION alone, else the project's lock, then the user's publication; in each the exact key, then
the inherited one; the first index with an answer gives it. An index that cannot be trusted ends the search, and so does
a recipe that the launcher would refuse: plain clang. A record's keys are those of its last compile, so the answer holds
while source and command are the same.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.errors import RecipeError
from autopass_cc.project.modules import TUNABLE
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.publication import HEADER, LINE, publication_dir
from autopass_cc.toolchain import registry
from autopass_cc.toolchain.describe import Status, stamp_of

KINDS = {"x": "exact", "i": "inherited"}


@dataclass(frozen=True)
class Answer:
    """The recipe that a compile gets (its digest; "" for plain clang), and by which kind of key: exact or inherited."""

    recipe: str = ""
    kind: str = "plain"


PLAIN = Answer()


@dataclass(frozen=True)
class _Index:
    """One publication or lock; `lines` maps kind and key to a recipe, None where the launcher would not trust the file."""

    lines: dict[str, str] | None
    recipes: Path
    shared: bool


class Resolver:
    """Answers for the compiles of one project; reads the indices once, so all answers are of one publication."""

    def __init__(self, root: Path) -> None:
        self._indices = [_read(index, recipes, shared=shared) for index, recipes, shared in _places(root)]
        self._fits: dict[tuple[Path, str, str, str], bool] = {}

    def answer(self, record: CompileRecord) -> Answer:
        """Return what the recorded compile would get if it were repeated now."""
        if record.decision not in TUNABLE or not record.exact:
            return PLAIN
        for index in self._indices:
            if index.lines is None:
                return PLAIN
            for kind, key in (("x", record.exact), ("i", record.inherited)):
                recipe = index.lines.get(kind + key) if key else None
                if recipe is not None:
                    return Answer(recipe, KINDS[kind]) if self._applies(index, recipe, record) else PLAIN
        return PLAIN

    def _applies(self, index: _Index, digest: str, record: CompileRecord) -> bool:
        key = (index.recipes, digest, record.level, record.argv[0])
        if key not in self._fits:
            self._fits[key] = _fits(index, digest, record)
        return self._fits[key]


def _places(root: Path) -> list[tuple[Path, Path, bool]]:
    """Return index, folder of recipes, and whether the project's owner is trusted too, in the order of asking."""
    chosen = os.environ.get("AUTOPASS_PUBLICATION")
    place = Path(chosen).absolute() if chosen else publication_dir()
    mine = (place / "index", place / "recipes", False)
    return [mine] if chosen else [(root / "autopass.lock", root / "autopass.lock.d", True), mine]


def _read(index: Path, recipes: Path, *, shared: bool) -> _Index:
    try:
        data = index.read_bytes() if _trusted(index, shared=shared) else b""
    except (FileNotFoundError, NotADirectoryError):
        return _Index({}, recipes, shared)
    except OSError:
        data = b""
    if not data.startswith(HEADER) or not data.endswith(b"\n"):
        return _Index(None, recipes, shared)
    # The launcher notices damage only on its way to a key; so bad lines elsewhere are passed over here too.
    found = (LINE.match(line) for line in data.splitlines()[1:])
    return _Index({(each[1] + each[2]).decode(): each[3].decode() for each in found if each}, recipes, shared)


def _trusted(path: Path, *, shared: bool) -> bool:
    """Return whether nobody else can have written the file: the launcher's rule. Raises OSError."""
    info = path.stat()
    owners = {os.geteuid(), 0, *([path.parent.stat().st_uid] if shared else [])}
    forbidden = stat.S_IWOTH if shared else stat.S_IWGRP | stat.S_IWOTH
    return stat.S_ISREG(info.st_mode) and info.st_uid in owners and not info.st_mode & forbidden


def _fits(index: _Index, digest: str, record: CompileRecord) -> bool:
    """Return whether the launcher would apply a recipe: sound, of this level, and with a plugin where it needs one."""
    path = index.recipes / f"{digest}.recipe"
    try:
        data = path.read_bytes() if _trusted(path, shared=index.shared) else b""
        recipe = Recipe.parse(data)
    except (OSError, RecipeError):
        return False
    if digest_of(data) != digest or recipe.level != record.level:
        return False
    return recipe.pipeline is None or _takes_pipelines(record.argv[0])


def _takes_pipelines(compiler: str) -> bool:
    try:
        stamp = stamp_of(Path(compiler))
    except OSError:
        return False
    line = next((line for line in registry.read()[1] if line.stamp == stamp), None)
    return line is not None and line.status is Status.OK and Path(line.plugin).is_file()
