"""What the loop tells whoever watches: lines that stay, and what is going on just now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from autopass_cc.measure.verdict import Stage

Watch = Callable[[str, Stage], None]
"""Takes a module's name ("": the whole program) and the stage that it enters."""


class Listener(Protocol):
    """A watcher; `report.terminal.Terminal` is one."""

    def line(self, text: str) -> None:
        """Take a line that stays."""
        ...

    def progress(self, text: str) -> None:
        """Take what is going on just now; the next call replaces it."""
        ...
