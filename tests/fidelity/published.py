"""Homes of autopass with something published: recipes of no effect for the case itself, and one of visible effect for others."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher_kit import index_text, take_record, write
from plugin_kit import base

from autopass_cc.errors import RecipeError, ToolchainError
from autopass_cc.recipe import Recipe
from autopass_cc.recipe.recipe import identity
from autopass_cc.toolchain import probe
from autopass_cc.toolchain.describe import Toolchain
from autopass_cc.toolchain.registry import HEADER, line_of

# Its value is what LLVM takes without it.
DEFAULT = ("memdep-block-scan-limit", "100")
# Changes the code of every loop that plain clang vectorises: if it reached a case that passes, its bytes would tell.
VISIBLE = ("force-vector-interleave", "1")


@dataclass(frozen=True)
class Home:
    """A data directory of autopass that knows one compiler."""

    path: Path
    toolchain: Toolchain

    def __post_init__(self) -> None:
        line = line_of(self.toolchain)
        write(self.path / "toolchains", f"{HEADER}\n{line.render()}\n".encode())
        self.path.chmod(0o700)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that make the launcher use this home and write its log here."""
        return {"AUTOPASS_HOME": str(self.path), "AUTOPASS_LOG": str(self.log)}

    @property
    def log(self) -> Path:
        return self.path / "log"

    def logged(self) -> list[list[str]]:
        """Return and remove the lines of the log."""
        if not self.log.exists():
            return []
        lines = [os.fsdecode(line).split("\t") for line in self.log.read_bytes().splitlines()]
        self.log.unlink()
        return lines

    def record(self) -> None:
        """Switch recording on."""
        write(self.path / "journal", b"")

    def recorded(self) -> dict[str, Any]:
        """Switch recording off; return the one record that was made."""
        return take_record(self.path)

    def publish(self, keys: dict[str, Recipe]) -> None:
        """Make a publication of these recipes; a key stands with its kind: x (exact) or i (inherited)."""
        lines = []
        for key, recipe in keys.items():
            lines.append(f"{key} {recipe.digest} 1.10x a.c")
            write(self.path / "publication" / "recipes" / f"{recipe.digest}.recipe", recipe.render())
        write(self.path / "publication" / "index", index_text(lines))


def unchanged(toolchain: Toolchain, argv: list[str], cwd: Path, level: str) -> Recipe:
    """Return the recipe that is the compile's own pipeline: through the plugin it must give the very same object.

    A compile that fails has the pipeline of its level. Where a pipeline has a pass that no recipe may hold, nothing but
    knobs can be published: then it is one at its default.
    """
    try:
        text = probe.base_pipeline(toolchain, argv, cwd, level)
    except ToolchainError:
        text = base(toolchain, level)
    try:
        return identity(text, level, toolchain.major)
    except RecipeError:
        return Recipe(toolchain.major, level, (DEFAULT,))


def visible(toolchain: Toolchain) -> Recipe:
    """Return a recipe that changes the code of a.c and b.cpp."""
    return Recipe(toolchain.major, "O2", (VISIBLE,), None)
