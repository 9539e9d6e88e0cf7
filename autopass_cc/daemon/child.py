"""The service's hold on its worker: start it, hear it, end it with all that it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from typing import IO, Any

from autopass_cc.daemon import machine, places
from autopass_cc.store import jobs, turns

GRACE = 1.2  # seconds from SIGTERM to SIGKILL: a user who builds waits two seconds at most


class Child:
    """One running worker. `job` is what it works on (None: it plans), `label` how that is named."""

    def __init__(self, arguments: list[str], errors: IO[bytes] | None, job: int | None = None, label: str = "plan") -> None:
        self.job, self.label = job, label
        self.began = time.monotonic()
        self.progress, self.runs = "", 0
        self.plan: dict[str, Any] | None = None
        self.stopping = ""  # why it was asked to stop
        self._asked = 0.0
        self._text = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "autopass_cc.daemon.worker", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors or subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        os.set_blocking(self.fileno(), False)
        with contextlib.suppress(OSError):
            places.worker_file().write_text(f"{jobs.boot()}/{self._process.pid}-{turns.process_start(self._process.pid)}")

    def fileno(self) -> int:
        """Return the descriptor on which it speaks."""
        if self._process.stdout is None:
            raise ValueError("the worker has no stdout")
        return self._process.stdout.fileno()

    @property
    def session(self) -> int:
        """Return the session of the worker and of all that it starts."""
        return self._process.pid

    def hear(self) -> list[str]:
        """Read what it said; return the lines for the log."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.fileno(), 1 << 16):
                self._text += data
        *rows, self._text = self._text.split(b"\n")
        lines = []
        for row in rows:
            with contextlib.suppress(ValueError):
                message = json.loads(row)
                lines += [str(message["line"])] if "line" in message else []
                self.progress = message.get("progress", self.progress)
                self.runs = message.get("runs", self.runs)
                self.plan = message.get("plan", self.plan)
        return lines

    def ask_to_stop(self, why: str) -> None:
        """Ask it to end its run and to go."""
        if not self.stopping:
            self.stopping, self._asked = why, time.monotonic()
            self._process.send_signal(signal.SIGTERM)

    def poll(self) -> int | None:
        """Return its exit code once it has ended; ends it by force when it was asked to stop and does not."""
        if self.stopping and self._process.poll() is None and time.monotonic() - self._asked > GRACE:
            machine.end_session(self.session)
        code = self._process.poll()
        if code is not None:
            machine.end_session(self.session)  # what it left behind
            places.worker_file().unlink(missing_ok=True)
        return code


def sweep() -> None:
    """End what a service that was killed left behind: the session of its worker, and nobody else's.

    The number of a session is not given to another process while it has members; so where there is a process of that
    number which is not the worker, the session is a stranger's.
    """
    with contextlib.suppress(OSError, ValueError):
        boot, _, name = places.worker_file().read_text().rpartition("/")
        pid, _, start = name.partition("-")
        if boot == jobs.boot() and turns.process_start(int(pid)) in (0, int(start)):
            machine.end_session(int(pid))
    places.worker_file().unlink(missing_ok=True)
