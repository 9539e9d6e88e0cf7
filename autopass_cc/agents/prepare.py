"""Before anything is tuned: the toolchain, the recorded build, the proof that it can be replayed, the oracle."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from autopass_cc.agents.events import Listener
from autopass_cc.errors import ReplayError, ToolchainError
from autopass_cc.paths import cache_dir, private_dir
from autopass_cc.project.builder import Builder
from autopass_cc.project.config import Config
from autopass_cc.project.intake import ingest
from autopass_cc.project.modules import Module
from autopass_cc.project.rebuild import Rebuilder
from autopass_cc.project.recorded import Recorded, applied, load
from autopass_cc.project.reproduce import reproduce
from autopass_cc.project.subject import ProgramBuilder
from autopass_cc.project.workspace import Workspace
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.toolchain import registry
from autopass_cc.toolchain.describe import Status, Toolchain
from autopass_cc.trust import require_ours


@dataclass(frozen=True)
class Prepared:
    """What a run works with. `builder` compiles single modules; `programs` builds whole programs (often the same)."""

    config: Config
    toolchain: Toolchain
    recorded: Recorded
    modules: dict[str, Module]
    builder: Builder
    programs: ProgramBuilder
    workspace: Workspace

    @property
    def place(self) -> Path:
        """Return the run's working folder."""
        return self.workspace.place

    def recipes(self, chosen: Mapping[str, Recipe]) -> dict[str, Recipe]:
        """Return recipes by recorded object for recipes by module name."""
        return {out: recipe for name, recipe in chosen.items() for out in self.modules[name].outs}


def prepare(db: Database, config: Config, listener: Listener) -> Prepared:
    """Check everything that can be wrong before time is spent. Raises the errors that say what."""
    _ = config.workload
    bad = ingest(db)
    if bad:
        listener.line(f"warning: {bad} lines of the build record could not be read and were skipped")
    recorded = load(db, config)
    toolchain = find_toolchain(recorded, listener)
    place = private_dir(cache_dir() / "work" / config.id)
    for folder in (cache_dir(), place.parent, place):  # what is built there is run
        require_ours(folder)
    for name in ("objects", "links", "recipes"):
        shutil.rmtree(place / name, ignore_errors=True)
    builder = builder_of(place, recorded, toolchain)
    workspace = Workspace(config.root, place, config.copy_ignore)
    workspace.copy_tree()
    programs = _programs(builder, recorded, applied(db, recorded.compiles), config, place, listener)
    linked = recorded.linked() if isinstance(programs, Builder) else list(recorded.modules)
    return Prepared(config, toolchain, recorded, {module.name: module for module in linked}, builder, programs, workspace)


def builder_of(place: Path, recorded: Recorded, toolchain: Toolchain) -> Builder:
    """Return what replays a recorded build in a place of its own."""
    ar = toolchain.tool("llvm-ar")
    return Builder(place, recorded.links, recorded.compiles, plugin=toolchain.plugin, ar=ar, lld=toolchain.lld)


def find_toolchain(recorded: Recorded, listener: Listener) -> Toolchain:
    """Return the toolchain that the build was recorded with, checked and ready; raises ToolchainError."""
    compiler = Path(recorded.modules[0].record.argv[0])
    driver = compiler.with_name(compiler.name.replace("clang++", "clang"))
    toolchain = registry.ensure(str(driver), progress=listener.progress)
    if toolchain.status is Status.REFUSED:
        raise ToolchainError(f"{driver} is not used for tuning: {toolchain.reason}.", "run `autopass doctor`")
    if toolchain.status is Status.KNOBS:
        listener.line(f"note: {toolchain.reason}; recipes are limited to knobs")
    others = {module.record.argv[0] for module in recorded.modules} - {str(compiler)}
    strange = [path for path in others if Path(path).parent != compiler.parent]
    if strange:
        raise ToolchainError(
            f"The recorded build used more than one compiler ({compiler}, {strange[0]}).",
            "build from clean with one clang",
        )
    return toolchain


def _programs(
    builder: Builder, recorded: Recorded, applied: Mapping[str, Recipe], config: Config, place: Path, listener: Listener
) -> ProgramBuilder:
    """Return what builds programs: the replay if it reproduces the user's files byte for byte, else the build command."""
    if recorded.links:
        found = reproduce(
            builder,
            applied,
            progress=lambda done, total: listener.progress(f"replaying the recorded build {done}/{total}"),
        )
        if found.exact:
            listener.line(f"replay: {found.objects} objects and {found.links} linked files reproduced byte for byte")
            return builder
        why = f"{Path(found.different[0]).name} does not come out the same"
    else:
        why = "no recorded link takes in what was compiled"
    if not config.build:
        raise ReplayError(
            f"The recorded build cannot be replayed: {why}.",
            'build once from clean with CC=autopass-cc, or name the build command in autopass.toml, for example build = ["make"]',
        )
    listener.line(f"replay: {why}; using `{' '.join(config.build)}` in a private copy (layouts are fixed there)")
    programs = [Path(link.record.out) for link in recorded.links] or _named(config)
    return Rebuilder(place / "rebuild", config, recorded.compiles, programs, launcher())


def _named(config: Config) -> list[Path]:
    return [config.root / argv[0] for argv in config.run if (config.root / argv[0]).is_file()]


def launcher() -> Path:
    """Return the installed autopass-cc; raises ToolchainError."""
    beside = Path(sys.executable).with_name("autopass-cc")
    found = str(beside) if beside.exists() else shutil.which("autopass-cc")
    if found is None:
        raise ToolchainError("autopass-cc is not on PATH.", "pip install autopass-cc, in the environment that you build in")
    return Path(found)
