"""What the machine is doing besides us: who compiles, how long tasks wait for a CPU, where its power comes from."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

PROC = Path("/proc")
AFRESH = 30  # looks after which all processes are read again
# Names as the kernel cuts them (15 bytes). Those that work and end: what drives builds may also serve, watch and wait for days.
COMPILERS = (
    *("cc1", "cc1plus", "cc1obj", "lto1", "clang", "clang++", "cc", "c++", "gcc", "g++", "rustc", "swiftc", "ghc", "javac"),
    *("ld", "ld.lld", "ld.bfd", "ld.gold", "ld.mold", "mold", "lld", "as", "collect2", "nvcc", "ispc", "opt", "llc"),
)


def pressure() -> float | None:
    """Return the share of the last 10 s (percent) in which some task waited for a CPU; None where the kernel does not tell."""
    try:
        text = (PROC / "pressure" / "cpu").read_text()
        return float(text.split("avg10=")[1].split()[0])
    except (OSError, IndexError, ValueError):
        return None


def load() -> float:
    """Return the load average of the last minute over the number of CPUs."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def on_battery(supplies: Path = Path("/sys/class/power_supply")) -> bool:
    """Return whether the machine has mains supplies and none of them is on; False where it does not say."""
    online = []
    try:
        for supply in supplies.iterdir():
            if (supply / "type").read_text().strip() == "Mains":
                online += [(supply / "online").read_text().strip()]
    except OSError:
        return False
    return bool(online) and all(value == "0" for value in online)


class Compilers:
    """Looks for compilers that are not ours. A process is read once, so that to look again costs almost nothing."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, int]] = {}
        self._looks = 0

    def running(self, own_sessions: frozenset[int]) -> str:
        """Return the name of a compiler that runs in none of `own_sessions`, "" for none."""
        names = [name for name in os.listdir(PROC) if name.isdecimal()]  # noqa: PTH208 - once a second beside timed runs
        self._looks += 1
        if self._looks % AFRESH == 1:  # numbers are given again, and old processes become others
            self._known = {}
        self._known = {name: self._known.get(name) or _look(name) for name in names}
        # A process changes its name when it becomes another program; those that might are young, and read again.
        for name, (command, session) in self._known.items():
            if _is_compiler(command) and session not in own_sessions:
                command, session = self._known[name] = _look(name)
                if _is_compiler(command) and session not in own_sessions:
                    return command
        youngest = sorted(names, key=int)[-20:]
        for name in youngest:
            self._known[name] = command, session = _look(name)
            if _is_compiler(command) and session not in own_sessions:
                return command
        return ""


def _look(pid: str) -> tuple[str, int]:
    """Return name and session of a process; a zombie has no name any more."""
    try:
        head, _, rest = (PROC / pid / "stat").read_bytes().rpartition(b") ")
        fields = rest.split()
        name = "" if fields[0] in (b"Z", b"X") else head.partition(b" (")[2].decode("utf-8", "replace")
        return name, int(fields[3])
    except (OSError, IndexError, ValueError):
        return "", 0


def _is_compiler(name: str) -> bool:
    return name in COMPILERS or name.rstrip("0123456789.-") in COMPILERS


def end_session(session: int, *, spare: int = 0) -> None:
    """End every process of a session by SIGKILL, but `spare`."""
    for _ in range(3):  # they may be starting others
        names = [name for name in os.listdir(PROC) if name.isdecimal()]  # noqa: PTH208 - as above
        members = [int(name) for name in names if _look(name)[1] == session and int(name) != spare]
        for pid in members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not members:
            return
        time.sleep(0.01)
