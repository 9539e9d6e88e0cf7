"""The worker: a process of its own session for each plan and each job, so that the service itself stays small and whole.

`python -m autopass_cc.daemon.worker plan [--stopped N] [--crashed N]`, or `work N`. It writes one JSON object a line to
stdout: {"line": …} for the log, {"progress": …} for the status, {"plan": …} as the result of a plan. SIGTERM asks it to
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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autopass_cc.daemon import places
from autopass_cc.project.replay import BACKGROUND, IDLE_NICE
from autopass_cc.store import turns

if TYPE_CHECKING:
    from sqlite_utils import Database

PR_SET_PDEATHSIG = 1  # prctl(2)
REFRESH = 1.0  # seconds between two messages about progress
FULL_DISK = 75  # EX_TEMPFAIL of sysexits.h


class Pipe:
    """A listener that tells the service."""

    def __init__(self) -> None:
        self._told = 0.0

    def line(self, text: str) -> None:
        """Tell a line for the log."""
        _say(line=text)

    def progress(self, text: str) -> None:
        """Tell what is going on, at most once a second."""
        now = time.monotonic()
        if now - self._told >= REFRESH:
            self._told = now
            _say(progress=text)


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
        """Return it; cheap enough to be asked four times a second."""
        return self._asked or turns.others_wait()


def main() -> None:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="autopass-worker")
    parser.add_argument("what", choices=["plan", "work"])
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
        sys.exit(FULL_DISK)


def _die_with(parent: int) -> None:
    """Let the kernel end us when the service ends, however it does."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _plan(db: Database, stopped: int | None, crashed: int | None) -> None:
    from autopass_cc.daemon import planning
    from autopass_cc.project.recorded import ingest
    from autopass_cc.store import jobs
    from autopass_cc.store.entries import publish_if_due

    publish_if_due(db)
    for text in jobs.recover(db, stopped, crashed):
        _say(line=text)
    _book(db)
    bad = ingest(db)
    if bad:
        _say(line=f"warning: {bad} lines of the build record could not be read and were skipped")
    skipped = planning.plan(db)
    _say(plan=planning.summary(db, skipped, today()))


def _book(db: Database) -> None:
    """Take what work took into the store; a line that is torn is lost."""
    from autopass_cc.store import jobs

    path = places.used_file()
    with contextlib.suppress(FileNotFoundError):
        taken = path.with_suffix(".taken")
        path.replace(taken)
        for line in taken.read_text("ascii", "replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                data = json.loads(line)
                jobs.spend(db, str(data["day"])[:10], seconds=float(data.get("seconds", 0)), runs=float(data.get("runs", 0)))
        taken.unlink()


def today() -> str:
    """Return the date (UTC)."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def _work(db: Database, number: int, stop: Stop) -> None:
    from autopass_cc.daemon import settings
    from autopass_cc.daemon.work import Worker, do
    from autopass_cc.measure.steps import StepsRunner

    try:
        do(Worker(db, settings.load(), Pipe(), stop), number)
    finally:
        _say(runs=StepsRunner.total)


if __name__ == "__main__":
    main()
