"""What the loop tells whoever watches: lines that stay, and what is going on just now."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """A watcher; `report.terminal.Terminal` is one."""

    def line(self, text: str) -> None:
        """Take a line that stays."""
        ...

    def progress(self, text: str) -> None:
        """Take what is going on just now; the next call replaces it."""
        ...
