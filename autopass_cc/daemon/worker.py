"""The worker: a process of its own session for each plan and each job, so that the service itself stays small and whole.

`python -m autopass_cc.daemon.worker plan [--stopped N] [--crashed N]`, `work N`, or `pull`. It writes one JSON object a
line to stdout: {"line": …} for the log, {"progress": …} for the status, {"plan": …} as the result of a plan. SIGTERM asks it to
stop: the program that it times is ended at once, and everything finished is in the store.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autopass_cc.background import BACKGROUND, IDLE_NICE
from autopass_cc.daemon import machine, places
from autopass_cc.durations import utc_day
from autopass_cc.store import turns

if TYPE_CHECKING:
    from sqlite_utils import Database

PR_SET_PDEATHSIG = 1  # prctl(2)
REFRESH = 1.0  # seconds between two messages about progress
NOT_NOW = 75  # EX_TEMPFAIL of sysexits.h


class Pipe:
    """A listener that tells the service."""

    def __init__(self, runs: Callable[[], int]) -> None:
        self._told, self._runs = 0.0, runs

    def line(self, text: str) -> None:
        """Tell a line for the log."""
        _say(line=text)

    def progress(self, text: str) -> None:
        """Tell what is going on, at most once a second."""
        now = time.monotonic()
        if now - self._told >= REFRESH:
            self._told = now
            _say(progress=text, runs=self._runs())


def _say(**message: Any) -> None:
    with contextlib.suppress(OSError):  # the service is gone, and we are about to be
        os.write(1, json.dumps(message).encode() + b"\n")


class Stop:
    """Whether to stop: asked to, or somebody else wants the store."""

    def __init__(self) -> None:
        self._asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _ask(self, _number: int, _frame: object) -> None:
        self._asked = True

    def __call__(self) -> bool:
        """Return it; cheap enough to be asked four times a second. Once it is true it stays so."""
        self._asked = self._asked or turns.others_wait()
        return self._asked


def main() -> None:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="autopass-worker")
    parser.add_argument("what", choices=["plan", "work", "pull"])
    parser.add_argument("job", nargs="?", type=int)
    parser.add_argument("--stopped", type=int)
    parser.add_argument("--crashed", type=int)
    chosen = parser.parse_args()
    _die_with(os.getppid())
    stop = Stop()
    os.environ[BACKGROUND] = "1"
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")  # rather us than what the user runs
    from autopass_cc.failures import explained
    from autopass_cc.store.database import writer

    if chosen.what == "pull":
        _pull()
        return
    try:
        with writer(warn=lambda text: _say(line=f"warning: {text}")) as db, turns.held_by_service():
            if chosen.what == "plan":
                os.nice(IDLE_NICE)
                _plan(db, chosen.stopped, chosen.crashed)
            else:
                _work(db, chosen.job, stop)
    except Exception as error:
        if (told := explained(error)) is None:
            raise
        _say(line=told.sentence)
        sys.exit(NOT_NOW)


def _die_with(parent: int) -> None:
    """Let the kernel tell us when the service ends, however it does; then we end, with all that we started."""
    signal.signal(signal.SIGUSR1, _end_all)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _end_all(_number: int, _frame: object) -> None:
    """End our session: a program that is timed would else run on for as long as it likes, and nobody would know."""
    machine.end_session(os.getsid(0), spare=os.getpid())
    os._exit(1)


def _plan(db: Database, stopped: int | None, crashed: int | None) -> None:
    from autopass_cc.daemon import planning
    from autopass_cc.project.intake import ingest
    from autopass_cc.store import jobs
    from autopass_cc.store.publishing import publish_if_due

    publish_if_due(db)
    for text in jobs.recover(db, stopped, crashed):
        _say(line=text)
    _book(db)
    bad = ingest(db)
    if bad:
        _say(line=f"warning: {bad} lines of the build record could not be read and were skipped")
    skipped = planning.plan(db)
    _say(plan=planning.summary(db, skipped, utc_day()) | {"caches": _caches()})


def _pull() -> None:
    """Take in what the configured places have; one that fails is told, and tried again the next time."""
    os.nice(IDLE_NICE)
    from autopass_cc.errors import AutopassError
    from autopass_cc.sharing import config, take_in

    try:
        taken = take_in.pull(list(config.load().values()), lambda text: _say(line=f"warning: {text}"))
    except AutopassError as error:
        _say(line=f"pull: {error.sentence}")
        return
    for each in taken:
        if each.error is not None:
            _say(line=f"pull: {each.name}: {each.error.sentence}")
        elif not each.unchanged:
            _say(line=f"pull: {each.name}: {each.entries} entries, {each.fresh} new or changed")


def _caches() -> int:
    from autopass_cc.errors import ConfigError
    from autopass_cc.sharing import config

    try:
        return len(config.load())
    except ConfigError as error:
        _say(line=error.sentence)
        return 0


def _book(db: Database) -> None:
    """Take what work took into the store; a line that is torn is lost."""
    from autopass_cc.store import jobs

    path = places.used_file()
    taken = path.with_suffix(".taken")
    with contextlib.suppress(FileNotFoundError):
        if not taken.exists():  # else a plan was killed while it booked: that first
            path.replace(taken)
        for line in taken.read_text("ascii", "replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                data = json.loads(line)
                jobs.spend(db, str(data["day"])[:10], seconds=float(data.get("seconds", 0)), runs=float(data.get("runs", 0)))
        taken.unlink()


def _work(db: Database, number: int, stop: Stop) -> None:
    from autopass_cc.daemon import settings
    from autopass_cc.daemon.work import Worker, do
    from autopass_cc.measure.steps import StepsRunner

    try:
        do(Worker(db, settings.load(), Pipe(lambda: StepsRunner.total), stop), number)
    finally:
        _say(runs=StepsRunner.total)


if __name__ == "__main__":
    main()
