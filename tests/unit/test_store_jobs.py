"""Jobs: leases that outlive nobody, kills that are laid to whom they belong, waits that grow, clocks that jump."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from autopass_cc.store import jobs, turns
from autopass_cc.store.database import writer
from autopass_cc.store.jobs import Job, Kind, State

ROOT = Path("/p")


@pytest.fixture
def db() -> Iterator[Database]:
    with writer() as opened:
        yield opened


def made(db: Database, kind: Kind = Kind.TUNE, **changes: object) -> Job:
    return jobs.put(db, "p", ROOT, kind, **changes)  # type: ignore[arg-type]


def dead_lease(db: Database, number: int, **facts: object) -> None:
    jobs.lease(db, number)
    jobs.change(db, number, owner=f"{jobs.boot()}/999999-1", facts=facts)


def test_a_project_has_one_job_of_a_kind(db: Database) -> None:
    first = made(db, facts={"a": 1})
    second = made(db, facts={"b": 2}, priority=3.0)
    assert first.id == second.id
    assert (second.facts, second.priority) == ({"a": 1, "b": 2}, 3.0)
    made(db, Kind.RECHECK, priority=9.0)
    assert [job.kind for job in jobs.jobs(db)] == [Kind.RECHECK, Kind.TUNE]


def test_a_leased_job_is_not_due_and_is_given_back_with_its_outcome(db: Database) -> None:
    job = made(db)
    now = time.time_ns()
    assert jobs.is_due(job, now)
    held = jobs.lease(db, job.id)
    assert held.state is State.PREPARING
    assert not jobs.is_due(held, now)
    assert jobs.recover(db) == []  # its worker, this process, is alive
    jobs.give_back(db, job.id, State.DONE, "fine")
    done = jobs.job(db, job.id)
    assert (done.state, done.reason, done.owner) == (State.DONE, "fine", "")


def test_a_job_that_gave_way_goes_on_and_nobody_is_blamed(db: Database) -> None:
    job = made(db)
    for _ in range(20):
        dead_lease(db, job.id, module="a.c")
        assert jobs.recover(db, stopped=job.id) == []
    found = jobs.job(db, job.id)
    assert (found.state, found.kills) == (State.QUEUED, 0)


def test_a_module_over_which_workers_die_is_parked_and_the_project_goes_on(db: Database) -> None:
    job = made(db)
    for count in range(1, 4):
        dead_lease(db, job.id, module="bad.c")
        (told,) = jobs.recover(db, crashed=job.id)
        assert ("parked" in told) == (count == 3)
    (module,) = jobs.jobs(db, ("p", ROOT), [Kind.MODULE])
    assert (module.module, module.state, module.kills) == ("bad.c", State.PARKED, 3)
    assert jobs.is_due(jobs.job(db, job.id), time.time_ns())


def test_a_job_over_which_workers_die_before_any_module_is_parked_itself(db: Database) -> None:
    job = made(db)
    for _ in range(3):
        dead_lease(db, job.id)
        jobs.recover(db, crashed=job.id)
    assert jobs.job(db, job.id).state is State.PARKED


def test_killed_services_park_a_job_only_after_ten_times_without_anything_new(db: Database) -> None:
    job = made(db)
    for _ in range(9):
        dead_lease(db, job.id, module="a.c")
        jobs.recover(db)
    assert jobs.job(db, job.id).state is State.QUEUED
    db.table("measurement").insert({"run": 1, "stage": "aa", "subject": "", "seq": 0, "data": "{}", "at": 1})
    for _ in range(9):
        dead_lease(db, job.id, module="a.c")
        jobs.recover(db)
    assert jobs.job(db, job.id).state is State.QUEUED
    for _ in range(1):
        dead_lease(db, job.id)
        jobs.recover(db)
    assert jobs.job(db, job.id).state is State.PARKED


def test_a_lease_from_before_a_reboot_is_dead(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    job = made(db)
    jobs.lease(db, job.id)
    assert jobs.recover(db) == []
    monkeypatch.setattr(jobs, "boot", lambda: "another boot")
    assert jobs.recover(db) == ["tune p was interrupted and goes on"]


def test_a_job_that_cannot_be_done_now_waits_twice_as_long_each_time(db: Database) -> None:
    job = made(db)
    waits = []
    for _ in range(8):
        held = jobs.lease(db, job.id)
        before = time.time_ns()
        jobs.put_off(db, held, "too noisy")
        waits.append(round((jobs.job(db, job.id).due - before) / 60e9))
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    assert not jobs.is_due(jobs.job(db, job.id), time.time_ns())


@pytest.mark.parametrize("jump", [-400 * 86400 * 10**9, 400 * 86400 * 10**9])
def test_a_clock_that_jumps_makes_no_job_wait_for_long(db: Database, jump: int) -> None:
    job = made(db)
    jobs.put_off(db, jobs.lease(db, job.id), "too noisy")
    assert jobs.is_due(jobs.job(db, job.id), time.time_ns() + jump)


def test_what_was_spent_on_a_day_adds_up(db: Database) -> None:
    jobs.spend(db, "2026-01-01", seconds=2.5, runs=3)
    jobs.spend(db, "2026-01-01", seconds=1.5)
    jobs.spend(db, "2026-01-02", seconds=9)
    assert jobs.spent(db, "2026-01-01") == {"seconds": 4.0, "runs": 3.0}


HOLD = """
import time
from autopass_cc.store import turns
from autopass_cc.store.database import writer
with writer(), turns.held_by_service():
    print("held", flush=True)
    while not turns.others_wait():
        time.sleep(0.02)
"""


def test_the_service_lets_a_command_have_the_store() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == b"held\n"
        with writer() as db:
            assert db.table("job").count == 0
            assert service.wait(10) == 0
    assert not turns.others_wait()
    assert not turns.service_holds()


def test_a_request_of_a_process_that_is_gone_counts_for_nothing(home: Path) -> None:
    (home / "turns").mkdir(parents=True)
    (home / "turns" / "999999-1").touch()
    (home / "turns" / "nonsense").touch()
    assert not turns.others_wait()
