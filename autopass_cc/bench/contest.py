"""One program of a suite: its builds, its baseline, and what methods need to make an entrant of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlite_utils import Database

from autopass_cc.agents.baseline import Baseline, establish
from autopass_cc.agents.events import Listener
from autopass_cc.agents.prepare import Prepared, prepare
from autopass_cc.bench.flavours import PLAIN, Flavour, flavoured
from autopass_cc.bench.manifest import BenchProgram
from autopass_cc.bench.results import Entrant
from autopass_cc.bench.site import Compilers, Site
from autopass_cc.digest import digest_of
from autopass_cc.measure.heats import BASE
from autopass_cc.model.connect import Confirm
from autopass_cc.model.settings import Settings
from autopass_cc.project import config as project_config
from autopass_cc.project.subject import Program
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.runs import Runs
from autopass_cc.toolchain.describe import Toolchain

CALIBRATION_S = 300.0  # seconds of which a fifth may go into the A/A blocks of a program


@dataclass
class Contest:
    """What methods get: the program, its site, the compilers, and the baseline when they ask for it."""

    program: BenchProgram
    site: Site
    db: Database
    toolchain: Toolchain
    launchers: Compilers
    listener: Listener
    stop: Callable[[], bool]
    seed: int
    budget: int  # program-run equivalents of search a module
    model: Settings | None = None  # that methods with a model ask
    confirm: Confirm | None = None  # asks the user whether it may be asked
    _prepared: dict[str, Prepared] = field(default_factory=dict)
    _bases: dict[str, Baseline] = field(default_factory=dict)

    @property
    def compilers(self) -> Compilers:
        """The plain compilers, for builds that are no entrants."""
        return Compilers(str(self.toolchain.clang), str(self.toolchain.clangxx))

    def prepared(self, flavour: Flavour = PLAIN) -> Prepared:
        """Return the recorded build, made where it is not there yet, with a flavour's flags."""
        if PLAIN.name not in self._prepared:
            self.listener.progress(f"{self.program.name}: building")
            root = self.site.project(self.launchers)
            self._prepared[PLAIN.name] = prepare(self.db, project_config.load(root), self.listener)
        if flavour.name not in self._prepared:
            self._prepared[flavour.name] = flavoured(self._prepared[PLAIN.name], flavour)
        return self._prepared[flavour.name]

    def baseline(self, flavour: Flavour = PLAIN) -> Baseline:
        """Return what is known of a flavour's unchanged program: oracle, noise, profile."""
        if flavour.name not in self._bases:
            prepared, runs = self.prepared(flavour), Runs(self.db)
            fingerprint = digest_of(json.dumps([self.seed, flavour.name, flavour.flags]).encode())
            project = prepared.config.id
            run = runs.latest(project, fingerprint=fingerprint, state="running") or runs.begin(
                project=project,
                root=str(prepared.config.root),
                fingerprint=fingerprint,
                toolchain=prepared.toolchain.id,
                seed=self.seed,
            )
            self._bases[flavour.name] = establish(runs, run, prepared, CALIBRATION_S, self.listener, self.stop)
        return self._bases[flavour.name]

    def base(self) -> Program:
        """Return the program as the suite has it."""
        return self.subject(Entrant(self.program.name, BASE, PLAIN), 0)

    def subject(self, entrant: Entrant, number: int) -> Program:
        """Return the program of an entrant."""
        own = self.prepared(entrant.flavour)
        chosen = {name: Recipe.parse(text.encode()) for name, text in entrant.recipes.items()}
        return Program(entrant.method, f"r{number:02}", own.programs, own.workspace, own.config, own.recipes(chosen))
