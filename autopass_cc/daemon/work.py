"""Do one job, in a worker process, under a lease; whatever ends it, the job is given back with what came of it."""

from __future__ import annotations

import glob
import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autopass_cc.agents.choice import MORE_THAN_MOST
from autopass_cc.agents.events import Listener
from autopass_cc.agents.outcome import Result
from autopass_cc.agents.parts import Minds
from autopass_cc.agents.reasoning import Setting
from autopass_cc.agents.recheck import recheck
from autopass_cc.agents.tune import Options, tune
from autopass_cc.daemon import planning
from autopass_cc.daemon.settings import Settings
from autopass_cc.errors import (
    AutopassError,
    ConfigError,
    InterruptedRunError,
    NoProjectError,
    NotDeterministicError,
    NothingRecordedError,
    NoWorkloadError,
    ReplayError,
    SourceError,
    TooShortError,
    WorkloadFailedError,
)
from autopass_cc.measure.verdict import Stage, Verdict
from autopass_cc.model import settings as model_settings
from autopass_cc.project import config as project_config
from autopass_cc.project.config import Config
from autopass_cc.recipe.words import Tier
from autopass_cc.store import jobs
from autopass_cc.store.jobs import Job, Kind, State

if TYPE_CHECKING:
    from sqlite_utils import Database

STATES = {
    Stage.SCREENING: State.SCREENING,
    Stage.CONFIRMATION: State.CONFIRMING,
    Stage.REVALIDATION: State.REVALIDATING,
    Stage.TOGETHER: State.REVALIDATING,
}
ATTEMPTS = 3  # before what looks like the user's to mend is left to him
NEEDS_A_BUILD = (SourceError, NothingRecordedError, NoProjectError)
NEEDS_THE_USER = (ConfigError, NoWorkloadError, WorkloadFailedError, NotDeterministicError, TooShortError, ReplayError)


@dataclass(frozen=True)
class Worker:
    """What a worker has: the store, a listener, the settings, and whether it was asked to stop."""

    db: Database
    settings: Settings
    listener: Listener
    stop: Callable[[], bool]


def do(worker: Worker, number: int) -> State:
    """Do one job as far as it goes; return how it stands then."""
    db, job, config = worker.db, jobs.lease(worker.db, number), None
    try:
        config = planning.checked_config(Path(job.root))  # it may have changed since the plan
        {Kind.TUNE: _tune, Kind.RECHECK: _recheck}[job.kind](worker, job, config)
    except InterruptedRunError:
        jobs.give_back(db, number, State.QUEUED, "gave way", facts={"module": ""})
    except NEEDS_A_BUILD as error:
        newest = planning.newest_build(db, config) if config is not None else 0
        jobs.give_back(db, number, State.WAITING, error.sentence, facts={"module": "", "newest": newest})
    except NEEDS_THE_USER as error:
        _fail(db, job, error)
    except AutopassError as error:
        jobs.put_off(db, job, error.sentence)
    except OSError as error:  # files that come and go, a disk that is full, no more processes
        jobs.put_off(db, job, f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except sqlite3.OperationalError as error:  # a full disk: nothing can be written, not even this; the lease will be dead
        worker.listener.line(f"{job.label}: the store cannot be written ({error})")
        raise
    found = jobs.job(db, number)
    worker.listener.line(f"{found.label}: {found.state.value}{f' ({found.reason})' if found.reason else ''}")
    return found.state


def _fail(db: Database, job: Job, error: AutopassError) -> None:
    """Put a job off that may have failed for a passing reason; after a few times it waits until something is different."""
    if job.failures + 1 < ATTEMPTS:
        jobs.put_off(db, job, error.sentence)
        return
    facts = {"module": "", "situation": _situation(db, job)}
    jobs.give_back(db, job.id, State.FAILED, f"{error.sentence} Next: {error.next_step}", facts=facts, failures=ATTEMPTS)


def _situation(db: Database, job: Job) -> str:
    try:
        config = project_config.load(Path(job.root))
    except (AutopassError, OSError):
        return ""
    return planning.situation(config, [record for module in planning.modules_of(db, config) for record in module.records])


def _tune(worker: Worker, job: Job, config: Config) -> None:
    db, settings = worker.db, worker.settings
    modules = planning.modules_of(db, config)
    parked = planning.parked_modules(db, job.checkout)
    minds = Minds(settings.mind)
    options = Options(
        settings.budget,
        tuple(glob.escape(name) for name in job.facts.get("modules", [])),
        Tier(settings.risk) if settings.risk else None,
        setting=Setting(minds),
        model=model_settings.load() if minds is not Minds.RULES else None,
        parked={name: f"parked: {why}" for name, why in parked.items()},
        watch=_watch(worker, job),
        ledger=True,
    )
    result = tune(db, config, options, worker.listener, worker.stop)
    for each in result.modules:
        _conclude(db, job, each)
    unsettled = {each.name for each in result.modules if each.verdict in (Verdict.TOO_NOISY, Verdict.UNFINISHED)}
    left = {each.name for each in result.modules if each.verdict is Verdict.NOT_TRIED and each.detail == MORE_THAN_MOST}
    looked = planning.looked_at([module for module in modules if module.name not in unsettled | left | set(parked)])
    facts = {"looked": job.facts.get("looked", {}) | looked, "modules": sorted(unsettled), "module": ""}
    if unsettled:
        jobs.put_off(db, job, f"too noisy for {', '.join(sorted(unsettled)[:3])}", **facts)
        return
    program = result.program
    gained = "" if program.estimate is None else f": {math.expm1(program.estimate.median) * 100:+.1f} % time"
    reason = f"{program.verdict.value}{gained}"
    jobs.give_back(db, job.id, State.DONE, reason, facts=facts, run=result.run, kills=0, failures=0)


def _recheck(worker: Worker, job: Job, config: Config) -> None:
    db = worker.db
    found = planning.due_checks(db, config, planning.modules_of(db, config), job)
    if not found:
        jobs.give_back(db, job.id, State.DONE, "nothing to check any more", facts={"module": ""})
        return
    results = recheck(db, config, found, worker.listener, worker.stop, _watch(worker, job))
    for each in results:
        _conclude(db, job, each)
    unsettled = {each.name for each in results if each.verdict in (Verdict.NOT_TRIED, Verdict.TOO_NOISY)}
    tried = planning.tried_now([check for check in found if check.module in unsettled])
    held = sum(each.verdict is Verdict.ACCEPTED for each in results)
    facts = {"tried": job.facts.get("tried", {}) | tried, "module": ""}
    jobs.give_back(db, job.id, State.DONE, f"{held} of {len(results)} hold", facts=facts, kills=0, failures=0)


def _watch(worker: Worker, job: Job) -> Callable[[str, Stage], None]:
    """Return what keeps the states of a job and of its modules in the store while they are worked on."""

    def watch(module: str, stage: Stage) -> None:
        state = STATES[stage]
        jobs.change(worker.db, job.id, state=state, facts={"module": module})
        if module:
            jobs.put(worker.db, job.project, Path(job.root), Kind.MODULE, module, state=state.value, reason="")

    return watch


def _conclude(db: Database, job: Job, result: Result) -> None:
    """Keep how a module came out; one that never was worked on has no row."""
    if result.verdict is Verdict.NOT_TRIED:
        return
    state = State.ACCEPTED if result.verdict is Verdict.ACCEPTED else State.REJECTED
    reason = result.verdict.value + (f": {result.detail}" if result.detail else "")
    values = {"state": state.value, "reason": reason, "kills": 0}
    jobs.put(db, job.project, Path(job.root), Kind.MODULE, result.name, **values)
