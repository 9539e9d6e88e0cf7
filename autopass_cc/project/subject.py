"""A program under measurement: given recipes, linked afresh on demand, run in a view of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from autopass_cc.environment import without_ours
from autopass_cc.measure.runner import Command
from autopass_cc.measure.steps import Steps
from autopass_cc.project.config import Config
from autopass_cc.project.workspace import Workspace
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.table_reader import Argv


class ProgramBuilder(Protocol):
    """Whatever can build the program with recipes: by replay, or by the project's own build."""

    @property
    def layout(self) -> str:
        """How two builds of the same code differ in layout."""
        ...

    def build(self, recipes: Mapping[str, Recipe], folder: Path, *, seed: int | None) -> dict[Path, Path]:
        """Build into `folder`, with the recipes given by recorded object; return built file by original path."""
        ...


@dataclass(frozen=True)
class Program:
    """The project's program with some recipes (none: the baseline). `slot` is its place in the workspace."""

    label: str
    slot: str
    builder: ProgramBuilder
    workspace: Workspace
    config: Config
    recipes: Mapping[str, Recipe] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Return where this program's links are kept."""
        return self.workspace.place / "links" / self.slot

    def link(self, seed: int) -> Command:
        """Link afresh with the layout `seed` and return the workload's command for this program."""
        return self.place(self.builder.build(self.recipes, self.folder, seed=seed)).workload

    def place(self, built: Mapping[Path, Path]) -> Placed:
        """Put built files into this program's view."""
        view = self.workspace.view(self.slot, built, real=self.config.outputs)
        return Placed(view, dict(built), self.config, self.workspace)


@dataclass(frozen=True)
class Placed:
    """A program in its view, ready to run."""

    view: Path
    built: Mapping[Path, Path]
    config: Config
    workspace: Workspace

    @property
    def workload(self) -> Command:
        """Return the timed command (several: one after the other, timed together)."""
        return self._timed(self.config.workload)

    @property
    def short(self) -> Command:
        """Return the shorter run that candidates are looked at first with; the workload where there is none."""
        return self._timed(self.config.screen or self.config.workload)

    def _timed(self, words: Sequence[Argv]) -> Command:
        commands = [self.command(argv) for argv in words]
        return commands[0] if len(commands) == 1 else Steps.of(commands)

    @property
    def checks(self) -> tuple[Command, ...]:
        """Return the further, untimed commands whose results are compared."""
        return tuple(self.command(argv) for argv in self.config.checks)

    def command(self, argv: Argv) -> Command:
        """Return one command as it is run in this view."""
        stdin = self.config.stdin
        return Command(
            argv=self.workspace.command(argv, self.view, self.built),
            cwd=self.view,
            env=self.environment(),
            stdin=self.workspace.tree / stdin if stdin else None,
            timeout_s=self.config.time_limit,
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of runs: the user's, the project's, and the folders of rebuilt shared libraries first."""
        env = without_ours() | self.config.env
        folders = [str((self.view / self.workspace.relative(path)).parent) for path in self.built if ".so" in path.name]
        if folders:
            env["LD_LIBRARY_PATH"] = ":".join([*dict.fromkeys(folders), *filter(None, [env.get("LD_LIBRARY_PATH", "")])])
        return env
