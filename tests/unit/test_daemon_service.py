"""The service's loop with a scripted worker: what it starts, when it gives way, what it tells."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autopass_cc.daemon import control, machine, places, service, watch
from autopass_cc.daemon.service import Service
from autopass_cc.daemon.settings import Settings
from autopass_cc.project.journal import journal_path, switch_on
from autopass_cc.store import turns

JOB = {"id": 7, "label": "tune p", "kind": "tune"}


class Script:
    """What workers do, in order, and what was asked of them."""

    def __init__(self) -> None:
        self.started: list[list[str]] = []
        self.stopped: list[str] = []
        self.plans: list[dict[str, Any]] = [{}]
        self.work: Callable[[Fake], int | None] = lambda _child: 0


class Fake:
    """A worker that does what the script says, and no more."""

    script: Script

    def __init__(self, arguments: list[str], _errors: object, job: int | None = None, label: str = "plan") -> None:
        self.job, self.label, self.progress, self.runs, self.stopping = job, label, "", 3, ""
        self.began = time.monotonic()
        self.session = 1
        self.plan: dict[str, Any] | None = None
        self._read, self._write = os.pipe()
        self.script.started.append(arguments)
        if job is None:
            plans = self.script.plans
            self.plan = plans.pop(0) if len(plans) > 1 else plans[0]
            os.write(self._write, b".")

    def fileno(self) -> int:
        return self._read

    def hear(self) -> list[str]:
        return []

    def ask_to_stop(self, why: str) -> None:
        if not self.stopping:
            self.stopping = why
            self.script.stopped.append(why)

    def poll(self) -> int | None:
        code = 0 if self.job is None else self.script.work(self)
        if code is not None:
            os.close(self._read)
            os.close(self._write)
        return code


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    Fake.script = Script()
    monkeypatch.setattr(service, "Child", Fake)
    monkeypatch.setattr(service, "WORKING", 0.02)
    monkeypatch.setattr(service, "WAITING", 0.02)
    monkeypatch.setattr(service, "IDLE", 0.02)
    monkeypatch.setattr(machine.Compilers, "running", lambda *_: "")
    monkeypatch.setattr(Service, "_busy", lambda _self: "")
    return Fake.script


def run(told: list[str], seconds: float = 0.6, settings: Settings | None = None) -> None:
    """Be the service for a while, then ask it to stop as `autopass daemon stop` does."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    try:
        assert Service(settings or Settings(quiet=0.1), told.append).run() == 0
    finally:
        timer.join()


def test_it_plans_and_then_works_on_what_is_due(script: Script) -> None:
    script.plans = [{"next": JOB, "jobs": []}, {}]
    told: list[str] = []
    run(told)
    assert script.started[:3] == [["plan"], ["work", "7"], ["plan"]]
    assert "begins: tune p" in told
    assert places.read_json(places.status_file())["state"] == "stopped"
    assert places.used_file().read_text().count('"runs": 3') == 1


def test_once_ends_when_nothing_is_due(script: Script) -> None:
    script.plans = [{"next": JOB}, {"next": JOB}, {}]
    assert Service(Settings(), lambda _text: None, once=True).run() == 0
    assert [words[0] for words in script.started] == ["plan", "work", "plan", "work", "plan"]


def test_it_gives_way_when_a_build_begins_and_says_so_to_the_next_plan(script: Script) -> None:
    switch_on()
    script.plans = [{"next": JOB}, {}]
    seen: list[float] = []

    def work(child: Fake) -> int | None:
        if not seen:
            seen.append(time.monotonic())
            with journal_path().open("a") as journal:
                journal.write("{}\n")
        return 0 if child.stopping else None

    script.work = work
    told: list[str] = []
    run(told, settings=Settings(quiet=0.1))
    assert script.stopped == ["a build has begun"]
    assert any(words == ["plan", "--stopped", "7"] for words in script.started)
    assert any(text.startswith("gave way") for text in told)


def test_it_gives_way_to_a_command_that_wants_the_store(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    script.plans = [{"next": JOB}, {}]
    wanted = [False]
    monkeypatch.setattr(turns, "others_wait", lambda: wanted[0])

    def work(child: Fake) -> int | None:
        wanted[0] = not child.stopping
        return 0 if child.stopping else None

    script.work = work
    run([])
    assert script.stopped == ["another autopass wants the store"]


def test_a_pause_ends_the_work_and_nothing_begins_until_it_is_over(script: Script) -> None:
    script.plans = [{"next": JOB}]

    def work(child: Fake) -> int | None:
        control.pause(None)
        return 0 if child.stopping else None

    script.work = work
    run([])
    assert script.stopped == ["paused"]
    assert script.started == [["plan"], ["work", "7"]]
    assert watch.paused()


def test_a_worker_that_dies_is_told_to_the_next_plan_and_the_service_goes_on(script: Script) -> None:
    script.plans = [{"next": JOB}, {}]
    script.work = lambda _child: -11
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "RETRY", 0.05)
        run(told)
    assert ["plan", "--crashed", "7"] in script.started
    assert "the worker at tune p ended with signal 11" in told


def test_the_places_of_config_toml_are_asked_now_and_then(script: Script) -> None:
    script.plans = [{"caches": 1}]
    run([], settings=Settings(quiet=0.1, pull=0.25))
    assert script.started[:3] == [["plan"], ["pull"], ["plan"]]
    assert 2 <= script.started.count(["pull"]) <= 4


def test_nobody_is_asked_where_nothing_is_configured_or_pulling_is_off(script: Script) -> None:
    script.plans = [{"caches": 0}]
    run([], 0.3)
    script.plans = [{"caches": 1}]
    run([], 0.3, settings=Settings(pull=0.0))
    assert ["pull"] not in script.started


def test_a_days_budget_ends_the_work_and_only_planning_goes_on(script: Script) -> None:
    today = time.strftime("%Y-%m-%d", time.gmtime())
    script.plans = [{"next": JOB, "day": today, "spent": {"seconds": 10.0, "runs": 0.0}}]
    run([], settings=Settings(quiet=0.1, a_day=10.0))
    assert script.started == [["plan"]]


def test_work_ends_in_the_middle_where_the_budget_does(script: Script) -> None:
    today = time.strftime("%Y-%m-%d", time.gmtime())
    script.plans = [
        {"next": JOB, "day": today, "spent": {"seconds": 9.9, "runs": 0.0}},
        {"day": today, "spent": {"seconds": 11.0}},
    ]
    script.work = lambda child: 0 if child.stopping else None
    run([], settings=Settings(quiet=0.1, a_day=10.0))
    assert script.stopped == ["today's 10 s are used up"]


def test_a_busy_machine_makes_it_wait(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Service, "_busy", lambda _self: "cc1plus is running")
    script.plans = [{"next": JOB}]
    states: list[dict[str, Any]] = []
    monkeypatch.setattr(places, "write_json", lambda path, data: states.append(data) if path == places.status_file() else None)
    run([])
    assert script.started == [["plan"]]
    assert ("waiting", "tune p is due; cc1plus is running") in {(each["state"], each["detail"]) for each in states}


def test_planning_that_fails_is_tried_again_later_and_no_work_begins(script: Script) -> None:
    script.plans = [None]  # type: ignore[list-item]
    told: list[str] = []
    run(told)
    assert script.started == [["plan"]]
    assert "planning ended" in told[0]


def test_a_clock_that_jumps_changes_nothing(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    script.plans = [{"next": JOB}, {}]
    real = time.time
    jumps = iter([0.0, -1e8, 1e8, -1e6] * 1000)
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    run([])
    assert [words[0] for words in script.started[:2]] == ["plan", "work"]


def test_the_files_of_the_service_are_private(script: Script, home: Path) -> None:
    assert script is not None
    run([], 0.2)
    for path in (home / "daemon").iterdir():
        assert path.stat().st_mode & 0o077 == 0
