"""Start the service, stop it, pause it, ask what it does. By its lock, its files and signals: there is no socket."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from autopass_cc.daemon import places, settings
from autopass_cc.errors import AutopassError
from autopass_cc.paths import private_dir, write_private
from autopass_cc.store import turns

STARTS_IN, STOPS_IN = 10.0, 8.0  # seconds: an interpreter on a busy machine; a run that ends, and a store that is closed


class ServiceError(AutopassError):
    """The service cannot be started or stopped."""

    exit_code = 33


class NotRunningError(AutopassError):
    """There is no service to talk to."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__("The service is not running.", "autopass daemon start")


@dataclass(frozen=True)
class Known:
    """The running service: its process and what it last said of itself."""

    pid: int
    status: dict[str, Any]


def running() -> Known | None:
    """Return the running service, None where there is none. Raises UntrustedError where others may say which it is."""
    places.require_private()
    try:
        name = places.lock_file().with_suffix(".pid").read_text()
    except (OSError, UnicodeDecodeError):
        return None
    if not turns.is_alive(name):
        return None
    status = places.read_json(places.status_file())
    pid = int(name.partition("-")[0])
    return Known(pid, status if status.get("pid") == pid else {})


def start() -> int:
    """Start the service in the background; return its process. Raises ServiceError where one runs, or it does not come up."""
    if (found := running()) is not None:
        raise ServiceError(f"The service is running already (process {found.pid}).", "autopass daemon status")
    settings.load()  # what is wrong with them is said here, not in a log
    places.make_folder()
    child = subprocess.Popen(
        [sys.executable, "-m", "autopass_cc.daemon"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        close_fds=True,
        cwd="/",
        env=_environment(),
    )
    deadline = time.monotonic() + STARTS_IN
    while time.monotonic() < deadline:
        found = running()
        if found is not None and found.pid == child.pid:
            return child.pid
        if child.poll() is not None:
            break
        time.sleep(0.05)
    raise ServiceError("The service did not come up.", f"see {places.log_file()}, or run `autopass daemon run` to watch it")


def _environment() -> dict[str, str]:
    """Return this environment without what belongs to a build: a jobserver, and switches of the launcher."""
    return {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "AUTOPASS", "AUTOPASS_LOG")}


def stop() -> None:
    """Stop the service: it ends its run and goes; by force after a while. Raises NotRunningError, ServiceError."""
    found = running()
    if found is None:
        raise NotRunningError
    _signal(found.pid, signal.SIGTERM)
    for force, seconds in ((False, STOPS_IN), (True, 2.0)):
        if force:
            _signal(found.pid, signal.SIGKILL)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if running() is None:
                return
            time.sleep(0.05)
    raise ServiceError(f"The service (process {found.pid}) does not stop.", "try again")


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it has just ended
        os.kill(pid, number)


def pause(seconds: float | None) -> None:
    """Let the service pause, for ever or for some seconds; it need not run."""
    private_dir(places.folder())
    until = 0 if seconds is None else time.time_ns() + int(seconds * 10**9)
    write_private(places.pause_file(), str(until).encode())


def resume() -> bool:
    """End the pause; return whether there was one."""
    there = places.pause_file().exists()
    places.pause_file().unlink(missing_ok=True)
    return there


def replan() -> None:
    """Tell a running service that there may be something new to do."""
    if (found := running()) is not None:
        _signal(found.pid, signal.SIGHUP)
