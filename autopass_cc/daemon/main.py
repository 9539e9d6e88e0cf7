"""One service at a time: it holds a lock for life, and says who it is."""

from __future__ import annotations

import os
from typing import IO

from filelock import FileLock, Timeout

from autopass_cc.daemon import places, settings
from autopass_cc.daemon.control import ServiceError, running
from autopass_cc.daemon.log import open_log
from autopass_cc.daemon.service import Service
from autopass_cc.paths import write_private
from autopass_cc.store import turns


def serve(*, once: bool = False, to_stderr: bool = False) -> int:
    """Be the service until asked to stop, or (`once`) until nothing is due. Raises ServiceError where one runs already."""
    os.umask(0o077)
    places.make_folder()
    chosen = settings.load()
    lock = FileLock(places.lock_file(), timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        found = running()
        who = f"process {found.pid}" if found else "another process"
        raise ServiceError(f"The service is running already ({who}).", "autopass daemon status") from None
    name = places.lock_file().with_suffix(".pid")
    try:
        write_private(name, turns.myself().encode(), durable=False)
        tell = open_log(to_stderr=to_stderr)
        tell(f"begins (process {os.getpid()})")
        with _errors() as errors:
            code = Service(chosen, tell, errors, once=once).run()
        tell("ends")
        return code
    finally:
        name.unlink(missing_ok=True)
        lock.release()


def _errors() -> IO[bytes]:
    """Open the log for what workers say when they crash; where there can be none, that is lost, and not the service."""
    try:
        return places.log_file().open("ab")
    except OSError:
        return open(os.devnull, "ab")  # noqa: PTH123 - a name, not a path of ours
