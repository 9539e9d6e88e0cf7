"""What a compile gets now: the launcher's answer to a recorded compile, worked out from the same files by the same rules.

With AUTOPASS_FROZEN the project's lock alone is asked. Otherwise the order is AUTOPASS_PUBLICATION alone, else the lock, then
the user's publication; in each the exact key, then the inherited one; the first with an answer gives it (`indices`). What
cannot be trusted ends the search, and so does a recipe that the launcher would refuse: plain clang. A record's keys are those
of its last compile, so the answer holds while source and command are the same.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.errors import RecipeError, UntrustedError
from autopass_cc.project.indices import Lock, Publication, read_lock, read_publication
from autopass_cc.project.modules import TUNABLE
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.publication import publication_dir
from autopass_cc.toolchain import registry
from autopass_cc.toolchain.describe import Status, stamp_of
from autopass_cc.trust import is_trusted

KINDS = {"x": "exact", "i": "inherited"}


@dataclass(frozen=True)
class Answer:
    """The recipe that a compile gets (its digest; "" for plain clang), and by which kind of key: exact or inherited."""

    recipe: str = ""
    kind: str = "plain"


PLAIN = Answer()


class Resolver:
    """Answers for the compiles of one project; reads lock and publication once, so all answers are of the same state."""

    def __init__(self, root: Path) -> None:
        self._places = _places(root)
        self._fits: dict[tuple[Path, str, str, str], bool] = {}
        self._compilers: dict[str, registry.Line | None] = {}

    def answer(self, record: CompileRecord) -> Answer:
        """Return what the recorded compile would get if it were repeated now."""
        if record.decision not in TUNABLE or not record.exact:
            return PLAIN
        compiler = self._registered(record.argv[0])
        for place in self._places:
            if place.damaged:
                return PLAIN
            found = place.find(record, compiler.id if compiler else "")
            if found is not None:
                kind, recipe = found
                return Answer(recipe, KINDS[kind]) if self._applies(place, recipe, record) else PLAIN
        return PLAIN

    def _applies(self, place: Lock | Publication, digest: str, record: CompileRecord) -> bool:
        key = (place.recipes, digest, record.level, record.argv[0])
        if key not in self._fits:
            self._fits[key] = _fits(place, digest, record.level, self._registered(record.argv[0]))
        return self._fits[key]

    def _registered(self, path: str) -> registry.Line | None:
        if path not in self._compilers:
            self._compilers[path] = _registered(path)
        return self._compilers[path]


def _places(root: Path) -> list[Lock | Publication]:
    """Read lock and publication, in the order of asking."""
    chosen = os.environ.get("AUTOPASS_PUBLICATION")
    if os.environ.get("AUTOPASS_FROZEN", "") not in ("", "0"):
        return [read_lock(root, frozen=True)]
    if chosen:
        return [read_publication(Path(chosen).absolute())]
    return [read_lock(root, frozen=False), read_publication(publication_dir())]


def _fits(place: Lock | Publication, digest: str, level: str, compiler: registry.Line | None) -> bool:
    """Return whether the launcher would apply a recipe: sound, of this level, and with a plugin where it needs one."""
    path = place.recipes / f"{digest}.recipe"
    try:
        data = path.read_bytes() if is_trusted(path, shared=place.shared) else b""
        recipe = Recipe.parse(data)
    except (OSError, RecipeError):
        return False
    if digest_of(data) != digest or recipe.level != level:
        return False
    return recipe.pipeline is None or (compiler is not None and compiler.status is Status.OK and Path(compiler.plugin).is_file())


def _registered(path: str) -> registry.Line | None:
    """Return what the toolchains file says of a compiler; None: it is not in there, or has changed."""
    try:
        stamp = stamp_of(Path(path))
        return next((line for line in registry.read()[1] if line.stamp == stamp), None)
    except (OSError, UntrustedError):  # the launcher does not believe such a file either
        return None
