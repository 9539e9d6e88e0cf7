"""Where a recorded build cannot be replayed: the project's own build command, in a private copy, through the launcher.

The launcher finds the candidate's recipes in a publication of their own (AUTOPASS_PUBLICATION). Such builds have one
link a recipe: layouts cannot be drawn at random, and whoever shows the result says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from autopass_cc.errors import ReplayError
from autopass_cc.paths import private_dir
from autopass_cc.project.config import NAME, Config
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.publication import IndexLine, write_publication

BUILD_LIMIT = 3600.0  # seconds
# a configured build folder remembers the absolute path of its sources and would build those instead of the copy
CONFIGURED = ("CMakeCache.txt", "meson-private", "config.status")


class Rebuilder:
    """Builds the program with recipes by running `config.build` in a copy of the project; kept per set of recipes."""

    def __init__(
        self,
        place: Path,
        config: Config,
        records: Mapping[str, CompileRecord],
        programs: Sequence[Path],
        launcher: Path,
    ) -> None:
        self._place, self._config, self._records = private_dir(place), config, records
        self._programs, self._launcher = tuple(programs), launcher
        self._built: dict[frozenset[tuple[str, str]], dict[Path, Path]] = {}

    @property
    def layout(self) -> str:
        """Return how links get their layouts: here not at all."""
        return "fixed"

    def build(self, recipes: Mapping[str, Recipe], folder: Path, *, seed: int | None) -> dict[Path, Path]:  # noqa: ARG002
        """Return the programs built with recipes given by recorded object. Raises ReplayError."""
        key = frozenset((out, recipe.digest) for out, recipe in recipes.items())
        if key not in self._built:
            self._built[key] = self._build(recipes, self._place / f"build{len(self._built)}")
        return self._built[key]

    def _build(self, recipes: Mapping[str, Recipe], folder: Path) -> dict[Path, Path]:
        shutil.rmtree(folder, ignore_errors=True)
        tree = self._copy(private_dir(folder) / "tree")
        self._publish(folder / "publication", recipes)
        log = folder / "log"
        env = {key: value for key, value in os.environ.items() if not key.startswith("AUTOPASS_") or key == "AUTOPASS_HOME"} | {
            "CC": str(self._launcher),
            "CXX": str(self._launcher.with_name("autopass-c++")),
            "AUTOPASS_LOG": str(log),
            "AUTOPASS_PUBLICATION": str(folder / "publication"),
        }
        done = subprocess.run(
            self._config.build,
            cwd=tree,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=BUILD_LIMIT,
            check=False,
        )
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
            raise ReplayError(
                f"`{' '.join(self._config.build)}` fails in a private copy of the project{': ' + lines[-1] if lines else ''}",
                f"make `build` in {NAME} a command that builds from clean sources, using $CC and $CXX",
            )
        self._check_hits(log, recipes)
        return {original: self._find(tree, original) for original in self._programs}

    def _copy(self, tree: Path) -> Path:
        root = self._config.root
        outs = {Path(out) for out in self._records} | set(self._programs)

        def ignore(folder: str, names: list[str]) -> set[str]:
            here = Path(folder)
            skip = {name for name in names if here / name in outs or name in self._config.copy_ignore or name.endswith(".a")}
            return skip | {name for name in names if any((here / name / mark).exists() for mark in CONFIGURED)}

        shutil.copytree(root, tree, symlinks=True, ignore=ignore, ignore_dangling_symlinks=True)
        # the copy must be the same project to the launcher, wherever it lies
        text = (root / NAME).read_text()
        if f'id = "{self._config.id}"' not in text:
            (tree / NAME).write_text(
                f'id = "{self._config.id}"\n' + "\n".join(line for line in text.splitlines() if not line.startswith("id")) + "\n"
            )
        return tree

    def _publish(self, place: Path, recipes: Mapping[str, Recipe]) -> None:
        lines = []
        for out, recipe in recipes.items():
            record = self._records[out]
            lines += [IndexLine(kind, key, recipe.digest) for kind, key in (("x", record.exact), ("i", record.inherited)) if key]
        write_publication(place, lines, {recipe.digest: recipe.render() for recipe in recipes.values()})

    def _check_hits(self, log: Path, recipes: Mapping[str, Recipe]) -> None:
        hits = (
            {line.split("\t")[2] for line in log.read_text("utf-8", "replace").splitlines() if line.startswith("hit\t")}
            if log.exists()
            else set()
        )
        missing = {recipe.digest for recipe in recipes.values()} - hits
        if missing:
            raise ReplayError(
                "The project's build command did not compile with the candidate's recipe, so it cannot be measured.",
                f"make sure that `build` in {NAME} uses $CC and $CXX and compiles with the same flags as your own build",
            )

    def _find(self, tree: Path, original: Path) -> Path:
        found = tree / original.relative_to(self._config.root)
        if not found.exists():
            raise ReplayError(f"The build command did not make {original.name} in the private copy.", f"check `build` in {NAME}")
        return found
