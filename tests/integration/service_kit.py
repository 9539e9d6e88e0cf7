"""The service in this process: it plans and works as the worker does, with real clang and real runs, and made-up times."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from published import recorded
from sample_project import Silent, make

from autopass_cc.daemon import planning
from autopass_cc.daemon.settings import Settings
from autopass_cc.daemon.work import Worker, do
from autopass_cc.project import config
from autopass_cc.project.intake import ingest
from autopass_cc.store import entries as store
from autopass_cc.store import history, jobs
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.database import Rows, reader, writer
from autopass_cc.store.jobs import Job, Kind
from autopass_cc.store.publication import publication_dir, read_index

IDENTITY = "5" * 32
BUDGET = 6.0  # seconds of a search
KERNEL = "kernel.c"


@dataclass(frozen=True)
class Workshop:
    """A project that a user builds (`root`), and the service at work on it."""

    root: Path

    def build(self, **env: str) -> CompileRecord:
        """Build from clean; return how kernel.c was compiled."""
        make(self.root, "clean", env=env)
        make(self.root, env=env)
        return recorded(self.root)["kernel.o"]

    def edit(self, text: str = "/* edited */\n") -> None:
        """Append to kernel.c."""
        with (self.root / KERNEL).open("a") as source:
            source.write(text)

    def plan(self) -> dict[Kind, Job]:
        """Plan; return the jobs of the project that are work of their own, by kind."""
        with writer() as db:
            jobs.recover(db)
            ingest(db)
            planning.plan(db)
            return self._jobs(db)

    def do(self, kind: Kind, stop: Callable[[], bool] = lambda: False) -> Job:
        """Do the job of a kind as far as it goes; return how it stands then."""
        listener = Silent()
        with writer() as db:
            number = self._jobs(db)[kind].id
            do(Worker(db, Settings(budget=BUDGET), listener, stop), number)
            return jobs.job(db, number)

    def _jobs(self, db: Rows) -> dict[Kind, Job]:
        return {job.kind: job for job in jobs.jobs(db, (self.id, self.root)) if job.kind is not Kind.MODULE}

    @property
    def id(self) -> str:
        """Return the project's id."""
        return config.load(self.root).id

    def modules(self) -> dict[str, Job]:
        """Return how each module stands."""
        with writer() as db:
            return {job.module: job for job in jobs.jobs(db, (self.id, self.root), [Kind.MODULE])}

    def entries(self) -> list[store.Entry]:
        """Return the entries of kernel.c."""
        with writer() as db:
            return [entry for entry in store.entries(db, self.id) if entry.module == KERNEL]

    def events(self) -> list[str]:
        """Return what became of kernel.c, oldest first."""
        with writer() as db:
            return [row["event"] for row in history.history(db, self.id, KERNEL)]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query to the store."""
        with reader() as db:
            assert db is not None
            return [tuple(row) for row in db.execute(query, values)]


def published() -> set[str]:
    """Return the recipes that compiles may find."""
    return {line.recipe for line in read_index(publication_dir() / "index")}


@dataclass(frozen=True)
class Kept:
    """A project and its user's home, as they were at some moments, each under a name; paths stay what they were."""

    base: Path

    @property
    def home(self) -> Path:
        """Return the home's place."""
        return self.base / "home"

    @property
    def root(self) -> Path:
        """Return the project's place."""
        return self.base / "project"

    def keep(self, name: str) -> None:
        """Keep both as they are now."""
        for each in (self.home, self.root):
            shutil.copytree(each, self.base / name / each.name, symlinks=True)

    def restore(self, name: str) -> Workshop:
        """Bring both back as they were."""
        for each in (self.home, self.root):
            shutil.rmtree(each)
            shutil.copytree(self.base / name / each.name, each, symlinks=True)
        return Workshop(self.root)
