"""Build the program with chosen recipes by replay: objects (kept), links (fresh, each with a layout of its own)."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.errors import ReplayError, SourceError
from autopass_cc.paths import private_dir
from autopass_cc.project import archive
from autopass_cc.project.linkmap import Link, Part
from autopass_cc.project.replay import Outcome, compile_argv, cpu_seconds, run, without_outputs
from autopass_cc.recipe.recipe import Recipe, arguments
from autopass_cc.store.builds import CompileRecord

SECTIONS = ("-ffunction-sections",)
LINK_LIMIT = 300.0  # seconds
FIRST_COMPILE_LIMIT = 1800.0  # the user's own compile, which took what it took


@dataclass(frozen=True)
class Compiled:
    """An object file with what the compile said and how long it took."""

    path: Path
    outcome: Outcome

    @property
    def digest(self) -> str:
        """Return the digest of the object's bytes."""
        return digest_of(self.path.read_bytes())


class Builder:
    """Replays compiles and links of one recorded build into a private place.

    `lld` is the path of the linker that shuffles sections; without one, layouts vary by the order of objects.
    """

    def __init__(
        self,
        place: Path,
        links: Sequence[Link],
        records: Mapping[str, CompileRecord],
        *,
        plugin: Path | None,
        ar: Path,
        lld: Path | None,
    ) -> None:
        self.place = private_dir(place)
        self.links, self.records = tuple(links), records
        self._plugin, self._ar, self._lld = plugin, ar, lld
        self._objects: dict[tuple[str, str, bool], Compiled] = {}
        private_dir(place / "objects")
        private_dir(place / "recipes")

    @property
    def layout(self) -> str:
        """Return how links get their layouts: shuffled sections, or permuted objects."""
        return "shuffle-sections" if self._lld else "object-order"

    def recipe_arguments(self, recipe: Recipe | None) -> list[str]:
        """Return the compiler arguments of a recipe, whose file is written here first."""
        if recipe is None:
            return []
        path = self.place / "recipes" / f"{recipe.digest}.recipe"
        if not path.exists():
            path.write_bytes(recipe.render())
        return arguments(path, recipe, self._plugin)

    def compile(self, out: str, recipe: Recipe | None, *, sections: bool, limit: float = FIRST_COMPILE_LIMIT) -> Compiled:
        """Compile the recorded output `out` with a recipe (None: plain), kept for the life of the builder."""
        key = (out, recipe.digest if recipe else "plain", sections)
        if key not in self._objects:
            name = hashlib.blake2b("\0".join(map(str, key)).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
            # the stem stays, because an object's name can be seen in split debug information
            path = private_dir(self.place / "objects" / name) / Path(out).name
            argv = compile_argv(self.records[out], path, self.recipe_arguments(recipe), SECTIONS if sections else ())
            self._objects[key] = Compiled(path, run(argv, self.records[out], limit=limit))
        return self._objects[key]

    def plain(self, out: str, *, sections: bool) -> Compiled:
        """Compile without a recipe; raises SourceError where the user's own compile fails now."""
        done = self.compile(out, None, sections=sections)
        if not done.outcome.ok:
            record = self.records[out]
            text = done.outcome.stderr.decode("utf-8", "replace").strip().splitlines()
            raise SourceError(
                f"{record.rel} no longer compiles as it was recorded{': ' + text[0] if text else ''}",
                "mend it, build once with CC=autopass-cc, then run `autopass tune` again",
            )
        return done

    def compile_seconds(self, recipes: Mapping[str, Recipe], times: int) -> float:
        """Return the CPU seconds that compiling all linked objects takes, the least of `times` for each."""
        scratch, total = private_dir(self.place / "timed"), 0.0
        for out in sorted({out for link in self.links for out in link.objects}):
            record, recipe = self.records[out], recipes.get(out)
            argv = compile_argv(record, scratch / Path(out).name, self.recipe_arguments(recipe))
            total += min(cpu_seconds(argv, record) for _ in range(times))
        return total

    def link(self, link: Link, objects: Mapping[str, Path], out: Path, *, seed: int | None) -> Outcome:
        """Link with objects by recorded output; `seed` ≥ 1 draws a layout, None repeats the recorded link as it was."""
        argv = list(link.record.argv)
        for part in link.parts:
            argv[part.place] = str(self._part(part, objects, out.parent))
        words = [argv[0], "-o", str(out), *without_outputs(argv)]
        if seed is not None:
            words = self._with_layout(words, seed)
        return run(words, link.record, limit=LINK_LIMIT)

    def _with_layout(self, words: list[str], seed: int) -> list[str]:
        if self._lld is not None:
            words = [word for word in words if not word.startswith("-fuse-ld=") and not word.startswith("--ld-path=")]
            return [*words, f"--ld-path={self._lld}", f"-Wl,--shuffle-sections=.text*={seed}"]
        objects = [place for place, word in enumerate(words) if word.endswith(".o")]
        order = objects.copy()
        random.Random(seed).shuffle(order)  # noqa: S311 - a layout, not a secret
        before = list(words)
        for place, other in zip(objects, order, strict=True):
            words[place] = before[other]
        return words

    def _part(self, part: Part, objects: Mapping[str, Path], folder: Path) -> Path:
        paths = []
        for number, (member, recorded) in enumerate(part.members):
            if recorded is not None:
                path = objects[recorded]
            else:
                if member is None:
                    raise ReplayError(f"{part.path} has a part that is neither an object nor a member")
                path = private_dir(folder / "members" / f"{part.place}-{number}") / Path(member.name).name
                path.write_bytes(member.data)
            paths.append(path)
        if not part.is_archive:
            return paths[0]
        out = private_dir(folder / "archives" / str(part.place)) / part.path.name
        archive.write(self._ar, out, paths)
        return out

    def _object(self, out: str, recipes: Mapping[str, Recipe], *, sections: bool) -> Path:
        recipe = recipes.get(out)
        if recipe is None:
            return self.plain(out, sections=sections).path
        done = self.compile(out, recipe, sections=sections)
        if not done.outcome.ok:
            raise ReplayError(f"{self.records[out].rel} failed to compile with recipe {recipe.digest[:12]}")
        return done.path

    def build(
        self, recipes: Mapping[str, Recipe], folder: Path, *, seed: int | None, instead: Mapping[str, Path] | None = None
    ) -> dict[Path, Path]:
        """Link everything into `folder` afresh; return built file by original path. Raises ReplayError.

        `instead` gives objects, by recorded output, that take the place of compiled ones.
        """
        sections = seed is not None
        objects = {
            out: (instead or {}).get(out) or self._object(out, recipes, sections=sections)
            for link in self.links
            for out in link.objects
        }
        shutil.rmtree(folder, ignore_errors=True)
        private_dir(folder)
        built: dict[Path, Path] = {}
        for number, link in enumerate(self.links):
            out = private_dir(folder / str(number)) / link.out.name
            outcome = self.link(link, objects, out, seed=seed)
            if not outcome.ok:
                text = outcome.stderr.decode("utf-8", "replace").strip().splitlines()
                raise ReplayError(
                    f"The link of {link.out} cannot be repeated{': ' + text[-1] if text else '.'}",
                    "build once more with CC=autopass-cc; if it stays, name the project's build command in autopass.toml",
                )
            built[link.out] = out
        return built
