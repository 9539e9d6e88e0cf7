"""When the service may work, what it may use up, and what it sees of the machine."""

from __future__ import annotations

import math
import os
import subprocess
import time
from pathlib import Path

import pytest

from autopass_cc.daemon import gate, machine, places, settings
from autopass_cc.daemon.gate import Readings
from autopass_cc.daemon.settings import Settings
from autopass_cc.daemon.watch import Builds, paused
from autopass_cc.errors import ConfigError
from autopass_cc.paths import config_file
from autopass_cc.project.journal import journal_path, switch_on

QUIET = Readings(since_build=math.inf, pressure=0.0, load=0.0)


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        (QUIET, ""),
        (Readings(math.inf, 0.0, 0.0, compiler="cc1plus"), "cc1plus is running"),
        (Readings(5.0, 0.0, 0.0), "a build was under way 5 s ago"),
        (Readings(math.inf, 7.0, 0.0), "the machine is busy (CPU pressure 7 %)"),
        (Readings(math.inf, 4.9, 9.0), ""),  # the kernel knows better than the load
        (Readings(math.inf, None, 0.9), "the machine is busy (load 0.9 a CPU)"),
        (Readings(math.inf, None, 0.2), ""),
        (Readings(math.inf, 0.0, 0.0, on_battery=True), "the machine runs on its battery"),
    ],
)
def test_work_waits_for_a_quiet_machine(readings: Readings, why: str) -> None:
    assert gate.busy(readings, Settings()) == why


def test_a_user_may_allow_the_battery() -> None:
    assert gate.busy(Readings(math.inf, 0.0, 0.0, on_battery=True), Settings(on_battery=True)) == ""


def test_who_had_to_give_way_stays_away_longer_each_time() -> None:
    times = [gate.backoff(count, Settings(quiet=30.0)) for count in range(9)]
    assert times == [0.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1800.0, 1800.0, 1800.0]
    assert gate.backoff(10**9, Settings()) == 1800.0


def test_a_days_budget_ends_the_work() -> None:
    bounds = Settings(a_day=7200.0, runs_a_day=100)
    assert gate.spent_out({"seconds": 7199.0, "runs": 99.0}, bounds) == ""
    assert gate.spent_out({"seconds": 7200.0}, bounds) == "today's 2 h are used up"
    assert gate.spent_out({"runs": 100.0}, bounds) == "today's 100 runs are used up"


def configure(text: str) -> None:
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text(text)


def test_settings_are_times_and_numbers() -> None:
    assert settings.load() == Settings()
    configure('[service]\na_day = "90m"\nquiet = "5s"\nruns_a_day = 7\npressure = 2.5\non_battery = true\nmind = "both"\n')
    assert settings.load() == Settings(a_day=5400.0, quiet=5.0, runs_a_day=7, pressure=2.5, on_battery=True, mind="both")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[service]\nbudgets = 1\n", "did you mean `budget`"),
        ('[service]\nquiet = "soon"\n', "not a time"),
        ("[service]\nquiet = 5\n", "not a time"),
        ("[service]\nruns_a_day = -1\n", "negative"),
        ("[service]\nruns_a_day = true\n", "not a int"),
        ('[service]\nmind = "crystal"\n', "unknown"),
        ("service = 3\n", "is a table"),
        ("[service\n", "cannot be read"),
    ],
)
def test_settings_that_say_nonsense_are_refused(text: str, said: str) -> None:
    configure(text)
    with pytest.raises(ConfigError, match=said):
        settings.load()


def test_a_recorded_compile_is_seen_and_reading_it_is_noted() -> None:
    switch_on()
    builds = Builds()
    assert builds.unread  # what was recorded before the service began
    builds.read()
    builds.look()
    assert not builds.unread
    assert builds.since == math.inf
    with journal_path().open("a") as journal:
        journal.write("{}\n")
    builds.look()
    assert builds.unread
    assert builds.since < 5


def test_a_journal_that_goes_is_no_build() -> None:
    switch_on()
    builds = Builds()
    builds.read()
    journal_path().unlink()
    builds.look()
    assert (builds.since, builds.unread) == (math.inf, False)


def test_a_pause_ends_by_itself_or_by_hand() -> None:
    assert not paused()
    file = places.pause_file()
    file.parent.mkdir(parents=True)
    file.write_text("0")
    assert paused()
    file.write_text(str(time.time_ns() + 10**12))
    assert paused()
    file.write_text(str(time.time_ns() - 1))
    assert not paused()
    assert not file.exists()
    file.write_text("for a while")  # damaged: the user wanted a pause
    assert paused()


def test_somebody_elses_compiler_is_seen_and_ours_is_not(tmp_path: Path) -> None:
    compiler = tmp_path / "cc1plus"
    compiler.symlink_to("/bin/sleep")
    compilers = machine.Compilers()
    with subprocess.Popen([compiler, "30"], start_new_session=True) as process:
        try:
            everybody = frozenset(_sessions()) - {process.pid}
            assert compilers.running(everybody) == "cc1plus"
            assert compilers.running(everybody | {process.pid}) == ""
        finally:
            process.kill()
    assert compilers.running(everybody) == ""


def _sessions() -> list[int]:
    return [os.getsid(int(name)) for name in os.listdir("/proc") if name.isdecimal() and _is_there(int(name))]  # noqa: PTH208


def _is_there(pid: int) -> bool:
    try:
        os.getsid(pid)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("supplies", "on_battery"),
    [
        ({}, False),
        ({"AC": ("Mains", "1"), "BAT0": ("Battery", "")}, False),
        ({"AC": ("Mains", "0"), "BAT0": ("Battery", "")}, True),
        ({"BAT0": ("Battery", "")}, False),
    ],
)
def test_where_power_comes_from(tmp_path: Path, supplies: dict[str, tuple[str, str]], on_battery: bool) -> None:
    for name, (kind, online) in supplies.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "type").write_text(kind + "\n")
        if online:
            (tmp_path / name / "online").write_text(online + "\n")
    assert machine.on_battery(tmp_path) is on_battery
