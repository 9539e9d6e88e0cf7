"""Jobs of the service: what there is to do, who is at it, what came of it; one row for each checkout and kind of work.

A job is worked on under a lease: the row names the worker by boot, process and start. A row whose worker is gone was
interrupted, and is taken up again (`recover`).
"""

from __future__ import annotations

import enum
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autopass_cc.store.database import Rows, transaction
from autopass_cc.store.rows import Form, is_finite, sound_texts
from autopass_cc.store.turns import is_alive, myself

if TYPE_CHECKING:
    from sqlite_utils import Database

KILLS = 3  # workers that die over a module, or a job, before it is parked
UNSEEN_KILLS = 10  # the same where the service died too, so that nobody knows why
SECOND = 10**9
LEAST_WAIT, MOST_WAIT = 60 * SECOND, 30 * 60 * SECOND  # before a job is tried again: doubled with each failure


class Kind(enum.StrEnum):
    """What a job does."""

    TUNE = "tune"  # searches the modules of a project that are new
    RECHECK = "recheck"  # measures again what is in use, or was brought in
    MODULE = "module"  # no work of its own: how one module stands within the other two


class State(enum.StrEnum):
    """Where a job stands. `QUEUED` may be taken up when it is due; the four after it are work under way."""

    QUEUED = "queued"
    PREPARING = "preparing"
    SCREENING = "screening"
    CONFIRMING = "confirming"
    REVALIDATING = "revalidating"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DONE = "done"
    WAITING = "waiting"  # for the next build
    FAILED = "failed"  # until the project or its settings change
    PARKED = "parked"  # until the user says otherwise


@dataclass(frozen=True)
class Job:
    """One job; times are ns since 1970. `facts` hold what the job needs and what it found out (JSON values)."""

    id: int
    project: str
    root: str
    kind: Kind
    module: str
    state: State
    reason: str
    priority: float
    due: int
    kills: int
    failures: int
    owner: str
    run: int | None
    facts: dict[str, Any] = field(default_factory=dict)
    created: int = 0
    updated: int = 0

    @property
    def checkout(self) -> tuple[str, Path]:
        """Return project and root."""
        return self.project, Path(self.root)

    @property
    def label(self) -> str:
        """Return how people name it."""
        what = {Kind.TUNE: "tune", Kind.RECHECK: "check again", Kind.MODULE: self.module}[self.kind]
        return f"{what} {Path(self.root).name}"


JOBS = Form("job", Job, enums={"kind": Kind, "state": State}, check=lambda values: is_finite(values["priority"]))


def jobs(db: Rows, checkout: tuple[str, Path] | None = None, kinds: Iterable[Kind] = tuple(Kind)) -> list[Job]:
    """Return jobs by priority, the most urgent first, where asked of one checkout of a project (id, root) and some kinds."""
    where, values = ("", []) if checkout is None else ("where project = ? and root = ?", [checkout[0], str(checkout[1])])
    wanted = set(kinds)
    found = JOBS.each(db.query(f"select * from job {where} order by priority desc, updated, id", values))
    return [job for job in found if job.kind in wanted]


def job(db: Rows, number: int) -> Job:
    """Return one job; raises KeyError."""
    for found in JOBS.each(db.query("select * from job where id = ?", [number])):
        return found
    raise KeyError(number)


def put(db: Database, project: str, root: Path, kind: Kind, module: str = "", *, priority: float = 0.0, **changes: Any) -> Job:
    """Make a job, or change the one that is there; `changes` are columns."""
    now = time.time_ns()
    known = next((each for each in jobs(db, (project, root), [kind]) if each.module == module), None)
    facts = (known.facts if known else {}) | changes.pop("facts", {})
    values = {
        "project": project,
        "root": str(root),
        "kind": kind.value,
        "module": module,
        "priority": priority,
        "updated": now,
        "facts": json.dumps(facts),
        **changes,
    }
    if known is None:
        fresh = {"state": State.QUEUED.value, "reason": "", "due": 0, "kills": 0, "failures": 0, "owner": "", "run": None}
        values = fresh | {"created": now} | values
    with transaction(db):
        if known is None:
            columns = ", ".join(values)
            # a row of these keys may be there that is no job
            db.execute(f"insert or replace into job ({columns}) values ({', '.join('?' * len(values))})", list(values.values()))
        else:
            db.execute(f"update job set {', '.join(f'{name} = ?' for name in values)} where id = ?", [*values.values(), known.id])
    return next(each for each in jobs(db, (project, root), [kind]) if each.module == module)


def change(db: Database, number: int, **changes: Any) -> None:
    """Change columns of a job; `facts` are added to those that are there."""
    if "facts" in changes:
        changes["facts"] = json.dumps(job(db, number).facts | changes["facts"])
    values = {name: value.value if isinstance(value, enum.Enum) else value for name, value in changes.items()}
    values["updated"] = time.time_ns()
    with transaction(db):
        db.execute(f"update job set {', '.join(f'{name} = ?' for name in values)} where id = ?", [*values.values(), number])


def lease(db: Database, number: int) -> Job:
    """Take a job up: it is this process's until it is given back."""
    change(db, number, state=State.PREPARING, owner=f"{boot()}/{myself()}", reason="")
    return job(db, number)


def give_back(db: Database, number: int, state: State, reason: str = "", **changes: Any) -> None:
    """End the lease of a job with what came of it."""
    change(db, number, state=state, reason=reason, owner="", **changes)


def put_off(db: Database, held: Job, reason: str, **facts: Any) -> None:
    """Give a job back that could not be done now; it is due again after a minute, and after twice as long each time."""
    failures = held.failures + 1
    wait = min(MOST_WAIT, LEAST_WAIT << min(failures - 1, 10))
    changes = {"due": time.time_ns() + wait, "failures": failures, "facts": {"module": "", **facts}}
    give_back(db, held.id, State.QUEUED, reason, **changes)


def recover(db: Database, stopped: int | None = None, crashed: int | None = None) -> list[str]:
    """Take up jobs whose worker is gone; return a sentence for each.

    `stopped` is the job whose worker the service stopped itself, `crashed` one whose worker it saw die: that is laid to the
    module that was being worked on, which is parked after three times, so that one bad module cannot stop its project.
    Where the service died too (kill -9, a reboot) nobody knows whose fault it was: such a job goes on, and is parked only
    after ten times without anything new in the store.
    """
    told = []
    for held in jobs(db):
        if held.kind is Kind.MODULE or not held.owner or _is_held(held.owner):
            continue
        module = str(held.facts.get("module", ""))
        if held.id == stopped:
            give_back(db, held.id, State.QUEUED, "gave way", facts={"module": ""})
        elif held.id == crashed and module:
            told.append(_blame(db, held, module))
            give_back(db, held.id, State.QUEUED, "interrupted", facts={"module": ""})
        else:
            told.append(_interrupted(db, held, KILLS if held.id == crashed else UNSEEN_KILLS))
    return told


def _interrupted(db: Database, held: Job, limit: int) -> str:
    done = _finished_rows(db)
    kills = 1 if done > held.facts.get("rows", -1) else held.kills + 1
    facts = {"module": "", "rows": done}
    if kills >= limit:
        give_back(db, held.id, State.PARKED, f"ended its worker {kills} times", kills=kills, facts=facts)
        return f"{held.label} is parked: it ended its worker {kills} times without getting anywhere"
    give_back(db, held.id, State.QUEUED, "interrupted", kills=kills, facts=facts)
    return f"{held.label} was interrupted and goes on"


def _finished_rows(db: Database) -> int:
    """Return a number that grows with everything that is finished."""
    found = db.execute("select (select coalesce(max(id), 0) from measurement), (select coalesce(max(rowid), 0) from candidate)")
    return sum(found.fetchone())


def _blame(db: Database, held: Job, module: str) -> str:
    known = next((each for each in jobs(db, held.checkout, [Kind.MODULE]) if each.module == module), None)
    kills = (known.kills if known else 0) + 1
    parked = kills >= KILLS
    reason = f"its work was ended {kills} times from outside or by a crash" if parked else "interrupted"
    state = State.PARKED if parked else State.QUEUED
    put(db, held.project, Path(held.root), Kind.MODULE, module, state=state.value, kills=kills, reason=reason)
    return f"{module} is parked: {reason}" if parked else f"{held.label} was interrupted at {module} and goes on"


def boot() -> str:
    """Return which boot of the machine this is."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _is_held(owner: str) -> bool:
    began, _, process = owner.rpartition("/")
    return began == boot() and is_alive(process)


def is_due(each: Job, now: int) -> bool:
    """Return whether a job may be taken up at `now` (ns since 1970). A clock that was set back makes nothing wait for long."""
    return each.state is State.QUEUED and not each.owner and (each.due <= now or each.due > now + 2 * MOST_WAIT)


def spend(db: Database, day: str, **amounts: float) -> None:
    """Add to what was spent on a day (UTC date): seconds, runs."""
    with transaction(db):
        for what, amount in amounts.items():
            db.execute(
                "insert into spent values (?, ?, ?) on conflict do update set amount = amount + excluded.amount",
                [day, what, amount],
            )


def spent(db: Rows, day: str) -> dict[str, float]:
    """Return what was spent on a day."""
    sound = "typeof(what) = 'text' and typeof(amount) in ('real', 'integer') and amount between -1e15 and 1e15"
    rows = db.execute(f"select what, amount from spent where day = ? and {sound}", [day])
    return {what: float(amount) for what, amount in sound_texts(rows)}
