"""What the service starts gives way to everything else, but for the program that is timed."""

from __future__ import annotations

import os

BACKGROUND = "AUTOPASS_BACKGROUND"  # in the environment of the service's work
IDLE_NICE = 19


def gives_way(argv: list[str]) -> list[str]:
    """Return the arguments by which a compiler is run: at the least priority where it is the service that asks."""
    return ["nice", "-n", str(IDLE_NICE), *argv] if BACKGROUND in os.environ else argv
