"""Ctrl-C and SIGTERM as a question for an end, looked at between two runs of a program."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from autopass_cc.report.terminal import Terminal


class Stop:
    """Whether the user asked to stop; a second signal ends at once."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal, self._asked = terminal, False

    def is_set(self) -> bool:
        """Return whether to stop."""
        return self._asked

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """Ask for an end; the second time end at once."""
        if self._asked:
            self._terminal.clear()
            sys.exit(130)
        self._asked = True
        self._terminal.line("stopping after the current run (once more: at once)")


@contextmanager
def stoppable(terminal: Terminal) -> Iterator[Stop]:
    """Let SIGINT and SIGTERM ask for an end while the body runs."""
    # A flag that is looked at between runs: an exception out of a handler could strike in the middle of a transaction.
    stop = Stop(terminal)
    former = {number: signal.signal(number, stop.ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
