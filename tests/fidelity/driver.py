"""Asking the real driver, many options in one call."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")


def steps(clang: Path, arguments: Sequence[str]) -> tuple[int, list[str]]:
    """Return the exit code and the lines of `clang -### ARGUMENTS`, in a fresh folder that has a.c and b.cpp alone."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.c", "b.cpp"):
            (Path(folder) / name).write_text("int x;\n")
        # even under -### some options make their file (--serialize-diagnostics), there or in TMPDIR (-gen-reproducer)
        done = subprocess.run(
            [clang, "-###", *arguments],
            cwd=folder,
            env=os.environ | {"TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    return done.returncode, done.stderr.splitlines()


def words_of_job(line: str) -> list[str]:
    """Split one job's line as -### prints it."""
    return [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r'"((?:[^"\\]|\\.)*)"', line)]


def those_that_fail(items: Sequence[Item], fails: Callable[[Sequence[Item]], Sequence[Item]], batch: int) -> list[Item]:
    """Find the items that fail on their own, by asking for many at once; one item may spoil the answer for others.

    `fails` returns those of its items for which the answer was not the wanted one.
    """
    queue = [items[at : at + batch] for at in range(0, len(items), batch)]
    alone: list[Item] = []
    while queue:
        chunk = queue.pop()
        failed = fails(chunk)
        if failed and len(chunk) == 1:
            alone += failed
        elif failed:
            again = failed if len(failed) < len(chunk) else chunk
            middle = (len(again) + 1) // 2
            queue += [part for part in (again[:middle], again[middle:]) if part]
    return alone
