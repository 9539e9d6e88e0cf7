"""Whose turn it is with the store: the service works in the background and lets everybody else in between two blocks.

Whoever wants to write while the service does leaves a file named by his process in `turns/`; the service sees it, stops
after the run that it is in, and stays away while there is one. Files of processes that are gone count for nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from autopass_cc.paths import data_dir, private_dir, write_private

PATIENCE = 60.0  # seconds that a command waits for the service: a compile with a bad recipe may take that long


def _turns() -> Path:
    return data_dir() / "turns"


def process_start(pid: int) -> int:
    """Return when a process began, in clock ticks since boot, 0 where there is none: with the pid it names the process.

    One that is dead and was not waited for is none: where the first process of a container reaps nobody, it stays for ever.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
        return 0 if state in (b"Z", b"X") else int(fields[18])
    except (OSError, IndexError, ValueError):
        return 0


def is_alive(name: str) -> bool:
    """Return whether the process `<pid>-<start>` is there."""
    pid, _, start = name.partition("-")
    return pid.isdecimal() and start.isdecimal() and process_start(int(pid)) == int(start) != 0


def myself() -> str:
    """Return this process as `<pid>-<start>`."""
    return f"{os.getpid()}-{process_start(os.getpid())}"


@contextlib.contextmanager
def wanted() -> Iterator[None]:
    """Ask the service for the store while the body runs."""
    file = private_dir(_turns()) / myself()
    write_private(file, b"", durable=False)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def others_wait() -> bool:
    """Return whether somebody waits for the store."""
    try:
        names = os.listdir(_turns())  # noqa: PTH208 - four times a second, while a program is timed
    except OSError:
        return False
    mine = str(os.getpid())
    return any(not name.startswith(".") and name.partition("-")[0] != mine and is_alive(name) for name in names)


@contextlib.contextmanager
def held_by_service() -> Iterator[None]:
    """Say that the store is in the service's hands while the body runs."""
    file = private_dir(data_dir()) / "service-holds"
    write_private(file, myself().encode(), durable=False)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def service_holds() -> bool:
    """Return whether the store is in the service's hands."""
    try:
        return is_alive((data_dir() / "service-holds").read_text())
    except (OSError, UnicodeDecodeError):
        return False
