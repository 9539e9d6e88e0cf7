"""Lines for people: one live progress line on a terminal, plain lines elsewhere; no colour, nothing to strip."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

REFRESH = 0.1  # seconds between two updates of the live line


class Terminal:
    """Writes plain lines that stay, and on a terminal one line that is rewritten in place."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty() and not quiet
        self._quiet = quiet
        self._shown = 0.0
        self._dirty = False

    def line(self, text: str) -> None:
        """Write a line that stays."""
        if self._quiet:
            return
        self.clear()
        self._stream.write(text + "\n")
        self._stream.flush()

    def progress(self, text: str) -> None:
        """Show what is going on just now; nothing off a terminal."""
        now = time.monotonic()
        if not self._live or now - self._shown < REFRESH:
            return
        width = shutil.get_terminal_size().columns - 1
        self._stream.write("\r\x1b[K" + text[:width])
        self._stream.flush()
        self._shown, self._dirty = now, True

    def clear(self) -> None:
        """Take the live line away."""
        if self._dirty:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._dirty = False
