"""What the service watches without waking anybody: the build record, and the pause file."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from autopass_cc.daemon.places import pause_file
from autopass_cc.paths import data_dir


class Builds:
    """Sees that compiles are recorded, by the journal's size and time. Times are by a clock that never jumps."""

    def __init__(self) -> None:
        self._seen = self._look_now()
        self._changed = float("-inf")
        self.unread = True

    @property
    def since(self) -> float:
        """Return how many seconds ago the last compile was seen to be recorded; infinite where none was."""
        return time.monotonic() - self._changed

    def look(self) -> None:
        """Look whether something was recorded since the last look."""
        now = self._look_now()
        if now != self._seen:
            grown = now[1] > self._seen[1] or now[0] not in (0, self._seen[0]) or now[2] != self._seen[2]
            self._seen = now
            if grown:
                self._changed, self.unread = time.monotonic(), True

    def read(self) -> None:
        """Take note that all that is recorded now is being read."""
        self.look()
        self.unread = False

    @staticmethod
    def _look_now() -> tuple[int, int, int]:
        inode = size = 0
        with contextlib.suppress(OSError):
            info = (data_dir() / "journal").stat()
            inode, size = info.st_ino, info.st_size
        spool = 0
        with contextlib.suppress(OSError):
            spool = (data_dir() / "journal.d").stat().st_mtime_ns
        return inode, size, spool


def paused(file: Path | None = None) -> bool:
    """Return whether the service is paused; a pause that is over is forgotten."""
    path = file or pause_file()
    try:
        until = int(path.read_text().strip() or 0)
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    if until and time.time_ns() >= until:
        path.unlink(missing_ok=True)
        return False
    return True
