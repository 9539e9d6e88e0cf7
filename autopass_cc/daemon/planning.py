"""From the recorded builds to jobs: what is worth tuning, what should be measured again, and what must wait.

A module is searched when it is new, when its variant is (another clang, CPU or flags), or when its source was edited and
nothing is published for it; but code in which nothing was found is left alone for a week, however often it is edited. A
module that has a recipe keeps it when it is edited, and is measured again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autopass_cc.agents import checks
from autopass_cc.agents.checks import Check
from autopass_cc.digest import digest_of
from autopass_cc.errors import AutopassError
from autopass_cc.paths import config_file
from autopass_cc.project import config as project_config
from autopass_cc.project.config import Config
from autopass_cc.project.modules import Module, group
from autopass_cc.store import builds, jobs
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.entries import entries
from autopass_cc.store.jobs import Job, Kind, State
from autopass_cc.store.states import ACTIVE
from autopass_cc.trust import why_writable

if TYPE_CHECKING:
    from sqlite_utils import Database

WEEK = 7 * 86400 * 10**9  # ns
PRIORITY = {"edited": 40.0, "tune": 30.0, "imported": 20.0, "kernel": 10.0, "spot": 0.0}


@dataclass(frozen=True)
class Skipped:
    """A project that is not worked on, and why."""

    root: str
    reason: str


def plan(db: Database) -> list[Skipped]:
    """Bring the jobs up to date with what was built; return the projects for which there are none."""
    skipped = []
    for root in builds.roots(db):
        try:
            _plan_project(db, checked_config(root))
        except AutopassError as error:
            skipped.append(Skipped(str(root), error.sentence))
        except OSError as error:  # a file system that is gone, a folder that may not be read
            skipped.append(Skipped(str(root), f"{root} cannot be read ({error.strerror or error})."))
    return skipped


def checked_config(root: Path) -> Config:
    """Return a project's settings, where the service may run what they name. Raises AutopassError, OSError."""
    config = project_config.load(root)
    _ = config.workload
    if why_writable(config.path.stat(), owner=os.geteuid()):  # a project's rule, but unattended not its owner's word
        raise NotOursError(config.path)
    return config


class NotOursError(AutopassError):
    """A project whose settings somebody else can write: what they name is not run unattended."""

    exit_code = 20

    def __init__(self, path: Path) -> None:
        sentence = f"{path} can be written by others, so its commands are not run unattended."
        super().__init__(sentence, f"chown or chmod {path.name}")


def _plan_project(db: Database, config: Config) -> None:
    modules = modules_of(db, config)
    if not modules:
        return
    known = {job.kind: job for job in jobs.jobs(db, (config.id, config.root), [Kind.TUNE, Kind.RECHECK])}
    newest = newest_build(db, config)
    _plan_search(db, config, modules, known.get(Kind.TUNE), newest)
    _plan_checks(db, config, modules, known.get(Kind.RECHECK), newest)


def modules_of(db: Database, config: Config) -> list[Module]:
    """Return the modules of a checkout's recorded build whose objects are still there."""
    records = builds.compiles(db, config.root)
    return group([record for record in records if os.path.exists(record.out)])  # noqa: PTH110 - False where it may not be read


def situation(config: Config, records: Sequence[CompileRecord]) -> str:
    """Return a digest of what a failure may have been due to: settings, sources, flags, toolchain."""
    mine = config_file()
    user = mine.read_text("utf-8", "replace") if mine.is_file() else ""
    parts = [user, config.path.read_text("utf-8", "replace"), *sorted(record.exact or record.out for record in records)]
    return digest_of("\0".join(parts).encode("utf-8", "surrogateescape"))


def _plan_search(db: Database, config: Config, modules: Sequence[Module], known: Job | None, newest: int) -> None:
    if known is not None and not _may_change(known, config, modules, newest):
        return
    settings = digest_of(config.path.read_bytes())
    looked: dict[str, Any] = known.facts.get("looked", {}) if known and known.facts.get("settings") == settings else {}
    now = time.time_ns()
    served = _served(db, config.id)
    parked = parked_modules(db, (config.id, config.root))
    wanted = [module.name for module in modules if module.name not in parked and _is_wanted(module, looked, served, now)]
    if not wanted:
        return
    facts = {"modules": wanted if looked else [], "settings": settings, "looked": looked}
    values: dict[str, Any] = {"state": State.QUEUED.value, "reason": "", "due": 0, "failures": 0}
    jobs.put(db, config.id, config.root, Kind.TUNE, priority=PRIORITY["tune"], facts=facts, **values)


def _is_wanted(module: Module, looked: dict[str, Any], served: frozenset[str], now: int) -> bool:
    record = module.record
    before = looked.get(module.name)
    if before is None:
        return True
    exact, inherited, at = before
    if exact == record.exact or (record.inherited and record.inherited in served):
        return False
    return inherited != record.inherited or not now - WEEK < at <= now


def _served(db: Database, project: str) -> frozenset[str]:
    """Return the keys for which a recipe is in use: edits of those modules are measured again, not searched."""
    return frozenset(entry.inherited for entry in entries(db, project) if entry.state == ACTIVE and not entry.exact_only)


def _may_change(known: Job, config: Config, modules: Sequence[Module], newest: int) -> bool:
    """Return whether a job that is there may be planned anew."""
    if known.owner or known.state is State.PARKED:
        return False
    if known.state is State.WAITING:
        return newest != known.facts.get("newest")  # not later: a clock may have been set back
    if known.state is State.FAILED:
        records = [record for module in modules for record in module.records]
        return bool(known.facts.get("situation") != situation(config, records))
    return known.state is not State.QUEUED


def parked_modules(db: Database, checkout: tuple[str, Path]) -> dict[str, str]:
    """Return the modules of a checkout that are parked, and why."""
    return {job.module: job.reason for job in jobs.jobs(db, checkout, [Kind.MODULE]) if job.state is State.PARKED}


def newest_build(db: Database, config: Config) -> int:
    """Return the time (ns since 1970) that the newest recorded compile of a checkout bears, 0 for none."""
    return builds.newest(db, config.root)


def looked_at(modules: Sequence[Module]) -> dict[str, tuple[str, str, int]]:
    """Return what a search has looked at, as it stands in a job's facts."""
    now = time.time_ns()
    return {module.name: (module.record.exact, module.record.inherited, now) for module in modules}


def due_checks(db: Database, config: Config, modules: Sequence[Module], known: Job | None) -> list[Check]:
    """Return what should be measured again, without what could not be measured within the last week."""
    now = time.time_ns()
    tried: dict[str, Any] = known.facts.get("tried", {}) if known else {}
    parked = parked_modules(db, (config.id, config.root))

    def is_new(check: Check) -> bool:
        what, at = tried.get(check.module, ("", 0))
        return what != _name(check) or not now - WEEK < at <= now

    return [each for each in checks.due(db, config.id, modules, now) if each.module not in parked and is_new(each)]


def tried_now(found: Sequence[Check]) -> dict[str, tuple[str, int]]:
    """Return checks that could not be settled, as they stand in a job's facts."""
    now = time.time_ns()
    return {check.module: (_name(check), now) for check in found}


def _name(check: Check) -> str:
    return f"{check.why} {check.recipe}"


def _plan_checks(db: Database, config: Config, modules: Sequence[Module], known: Job | None, newest: int) -> None:
    if known is not None and not _may_change(known, config, modules, newest):
        return
    found = due_checks(db, config, modules, known)
    if not found:
        return
    why = ", ".join(dict.fromkeys(f"{check.module} ({check.why})" for check in found[:3]))
    values: dict[str, Any] = {"state": State.QUEUED.value, "reason": why, "due": 0, "failures": 0}
    jobs.put(db, config.id, config.root, Kind.RECHECK, priority=PRIORITY[found[0].why], **values)


def summary(db: Database, skipped: Sequence[Skipped], day: str) -> dict[str, Any]:
    """Return what the service goes by until the next plan, and what `daemon status` shows."""
    now = time.time_ns()
    everything = jobs.jobs(db)
    real = [job for job in everything if job.kind is not Kind.MODULE]
    left_out = {each.root for each in skipped}
    ready = [job for job in real if jobs.is_due(job, now) and job.root not in left_out]
    later = [job.due for job in real if job.state is State.QUEUED and not job.owner and not jobs.is_due(job, now)]
    return {
        "at": now,
        "next": None if not ready else {"id": ready[0].id, "label": ready[0].label, "kind": ready[0].kind.value},
        "due_in": max(0.0, (min(later) - now) / 10**9) if later else None,
        "jobs": [_shown(job) for job in everything],
        "skipped": [vars(each) for each in skipped],
        "day": day,
        "spent": jobs.spent(db, day),
    }


def _shown(job: Job) -> dict[str, Any]:
    shown = {"id": job.id, "label": job.label, "kind": job.kind.value, "module": job.module, "root": job.root}
    return shown | {"state": job.state.value, "reason": job.reason, "due": job.due, "kills": job.kills}
