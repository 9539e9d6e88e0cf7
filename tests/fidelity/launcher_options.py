"""What the launcher's option table says, by the launcher's own code."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher_kit import REPOSITORY

PROBE = Path(__file__).with_name("option_probe.c")


@dataclass(frozen=True)
class Meaning:
    """What one argument is to the launcher: the table's text ("-": unknown), further words, class, and reason."""

    text: str
    words: int
    meaning: str
    reason: str


@functools.cache
def _probe() -> bytes:
    shims = REPOSITORY / "shims"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "probe"
        sources = [PROBE, shims / "options.c", shims / "reasons.c"]
        subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Werror", "-I", shims, *sources, "-o", program], check=True)
        return program.read_bytes()


def meanings(arguments: Sequence[str]) -> list[Meaning]:
    """Ask for each argument."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "probe"
        program.write_bytes(_probe())
        program.chmod(0o700)
        text = "".join(f"{argument}\n" for argument in arguments)
        lines = subprocess.run([program], input=text, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == len(arguments)
    rows = [line.split("\t") for line in lines]
    return [Meaning(text, int(words), meaning, reason) for text, words, meaning, reason in rows]
