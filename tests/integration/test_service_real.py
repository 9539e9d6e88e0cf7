"""The service as a process of its own: it starts, stops and gives way whatever happens around it, and leaves nothing behind.

What it works on is a program that sleeps for minutes, so that it is at work whenever a test looks, on any machine.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from published import publish, recorded
from sample_project import autopass, create, environment, make

from autopass_cc.daemon import control, places
from autopass_cc.recipe import Knob
from autopass_cc.store import turns

PATIENCE = 120.0  # seconds for what a busy machine may be slow at
FEW = 5.0  # seconds in which what nobody watches any more is gone
PROMISE = 2.0  # seconds in which the service gives way to a build
SLEEPER = """#include <stdio.h>
#include <unistd.h>
int main(void) { sleep(600); return puts("rested") < 0; }
"""
# On a machine of its own: whoever else compiles or computes is not seen. It ends with the tests, should they be killed.
ALONE = """
import ctypes, signal
from autopass_cc.daemon import machine
from autopass_cc.daemon.main import serve
ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
machine.Compilers.running = lambda *_: ""
machine.pressure = lambda: 0.0
raise SystemExit(serve(once=%s))
"""
SERVICE, ONCE = ([sys.executable, "-c", ALONE % once] for once in (False, True))


@pytest.fixture(autouse=True)
def nothing_left(home: Path) -> Iterator[None]:
    """End the service that a test has started."""
    yield
    assert os.environ["AUTOPASS_HOME"] == str(home)
    if control.running() is not None:
        control.stop()


def until(what: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Wait until something is so; return how long that took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.02)
    return time.monotonic() - began


def status(*, running: bool) -> dict[str, object]:
    data: dict[str, object] = json.loads(autopass("daemon", "status", "--json", cwd=Path("/"), code=0 if running else 3).stdout)
    return data


def daemon(*words: str, code: int = 0) -> str:
    """Call `autopass daemon`; return what it says."""
    done = autopass("daemon", *words, cwd=Path("/"), code=code)
    return done.stdout + done.stderr


def pid() -> int:
    found = control.running()
    assert found is not None
    return found.pid


# ---- from start to stop


def test_it_starts_says_what_it_does_pauses_goes_on_and_stops(home: Path) -> None:
    assert status(running=False)["state"] == "stopped"
    assert "process" in daemon("start")
    until(lambda: status(running=True)["state"] == "idle")
    assert daemon("pause") == "paused\n"
    control.replan()
    assert status(running=True)["paused"] is True
    assert daemon("resume") == "goes on\n"
    assert "begins (process" in daemon("logs")
    daemon("stop")
    assert status(running=False)["state"] == "stopped"
    assert daemon("logs", "-n", "1").endswith(" ends\n")
    assert "not running" in daemon("stop", code=3)
    assert not list(home.rglob("*.tmp"))


def test_there_is_one_service_at_a_time() -> None:
    daemon("start")
    first = pid()
    assert f"running already (process {first})" in daemon("start", code=33)
    assert f"running already (process {first})" in daemon("run", code=33)
    assert pid() == first


def test_after_kill_9_it_can_be_started_at_once() -> None:
    daemon("start")
    first = pid()
    os.kill(first, signal.SIGKILL)
    until(lambda: first not in processes(), FEW)
    status(running=False)
    daemon("start")
    assert pid() != first


def test_a_process_that_died_is_gone_whether_or_not_somebody_waited_for_it() -> None:
    """In a container nobody may: a service that was killed would run there for ever, and with it the leases of its worker."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        name = f"{child.pid}-{turns.process_start(child.pid)}"
        assert turns.is_alive(name)
        child.kill()
        until(lambda: child.pid not in processes())
        assert Path(f"/proc/{child.pid}").exists()
        assert not turns.is_alive(name)


def test_a_disk_that_is_full_costs_its_words_and_not_the_service() -> None:
    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))  # its name fits; no status, no plan, two lines of the log

    argv = [sys.executable, "-m", "autopass_cc.cli.main", "daemon", "start"]
    subprocess.run(argv, env=environment(), check=True, capture_output=True, preexec_fn=full)
    until(lambda: places.log_file().stat().st_size == 64)
    assert not places.status_file().exists()
    status(running=True)
    daemon("stop")


def test_without_a_log_it_works_all_the_same(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "log").write_text("a file where the log's folder would be")
    daemon("start")
    until(lambda: status(running=True)["state"] == "idle")
    daemon("stop")


def test_who_started_it_is_not_held_up_by_what_it_inherited() -> None:
    """A build's captured output must end, and its jobserver's tokens must not be kept open, while the service runs."""
    read, write = os.pipe()
    env = environment() | {"MAKEFLAGS": f" -j2 --jobserver-auth={read},{write}"}
    argv = [sys.executable, "-m", "autopass_cc.cli.main", "daemon", "start"]
    done = subprocess.run(argv, env=env, capture_output=True, check=True, pass_fds=(read, write), timeout=PATIENCE)
    assert done.stdout
    until(lambda: status(running=True)["state"] == "idle")  # a worker was there, too
    os.close(write)
    os.set_blocking(read, False)
    assert os.read(read, 1) == b""  # else: BlockingIOError, somebody holds the other end
    os.close(read)
    assert b"MAKEFLAGS" not in Path(f"/proc/{pid()}/environ").read_bytes()


# ---- at work


@pytest.fixture
def project(tmp_path: Path, ready: Path) -> Path:
    """Give a recorded project whose workload sleeps, and a service that needs a second of quiet."""
    root = create(tmp_path / "project")
    (root / "main.c").write_text(SLEEPER)
    (root / "autopass.toml").write_text('run = ["./prog"]\ntime_limit = 1000\n')
    (ready / "config.toml").write_text('[service]\nquiet = "1s"\n')
    autopass("init", cwd=root)
    make(root)
    return root


def processes() -> dict[int, tuple[str, int, int]]:
    """Return name, parent and session of each process that is not dead."""
    found = {}
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            head, _, rest = (place / "stat").read_bytes().rpartition(b") ")
            state, parent, _, session, *_ = rest.split()
            if state not in (b"Z", b"X"):
                found[int(place.name)] = head.partition(b" (")[2].decode("utf-8", "replace"), int(parent), int(session)
    return found


def members(session: int) -> list[str]:
    """Return the names of a session's processes."""
    return [name for name, _, of in processes().values() if of == session]


def is_gone(session: int) -> bool:
    return members(session) == []


def worker() -> int:
    """Return the session of the worker that is running the program; 0: none is."""
    for pid, (name, _, session) in processes().items():
        with contextlib.suppress(OSError):
            is_ours = Path(f"/proc/{pid}/cwd").readlink().is_relative_to(os.environ["AUTOPASS_HOME"])
            if name == "prog" and is_ours and b"daemon.worker" in Path(f"/proc/{session}/cmdline").read_bytes():
                return session
    return 0


@contextlib.contextmanager
def working(argv: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Be with a service whose worker is running the program."""
    with subprocess.Popen(argv, env=environment(), stderr=subprocess.DEVNULL) as service:
        try:
            until(worker)
            yield service
        finally:
            if service.poll() is None:
                service.terminate()


@pytest.mark.usefixtures("project")
def test_asked_to_stop_it_ends_the_program_and_the_job_goes_on_another_time() -> None:
    with working(SERVICE) as service:
        session = worker()
        daemon("stop")
        assert service.wait(PATIENCE) == 0
    assert is_gone(session)
    with working(SERVICE):
        assert worker() != session


def test_a_command_gets_the_store_while_a_worker_holds_it(project: Path) -> None:
    publish(project, recorded(project)["kernel.o"], Knob("unroll-runtime", "false"))
    with working(ONCE):
        session = worker()
        assert "reverted" in autopass("revert", "kernel.c", cwd=project).stdout
        assert is_gone(session)
        until(worker)  # it goes on
        session = worker()
        argv = [sys.executable, "-m", "autopass_cc.cli.main", "tune", "--budget", "1s"]
        with subprocess.Popen(argv, cwd=project, env=environment(), stderr=subprocess.DEVNULL) as tune:
            until(lambda: ("prog", tune.pid) in {(name, parent) for name, parent, _ in processes().values()})
            assert is_gone(session)
            tune.send_signal(signal.SIGINT)
            assert tune.wait(PATIENCE) == 130
        until(worker)
    assert places.log_file().read_text().count(": another autopass wants the store") == 2


@pytest.mark.usefixtures("project")
def test_after_kill_9_of_the_service_its_worker_and_the_program_are_gone() -> None:
    with working(SERVICE) as service:
        session = worker()
        service.kill()
        service.wait()
        until(partial(is_gone, session), FEW)
    daemon("start")


@pytest.mark.slow
def test_it_gives_way_to_a_build(project: Path) -> None:
    took: list[float] = []
    with working(SERVICE):
        while len(took) < 3 and min(took, default=math.inf) > PROMISE:  # a machine that is busy may be late now and then
            until(worker)
            session = worker()
            (project / "kernel.o").unlink()
            make(project, "kernel.o")
            took.append(until(partial(is_gone, session)))
    assert min(took) <= PROMISE, took
    assert "a build has begun" in places.log_file().read_text()
