"""What one clang really has: its passes, its knobs, and the pipeline that it runs for one compile."""

from __future__ import annotations

import functools
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autopass_cc.errors import ToolchainError
from autopass_cc.recipe.allowlist import load
from autopass_cc.toolchain.describe import Toolchain

LIMIT = 600.0


@functools.cache
def passes(toolchain: Toolchain) -> frozenset[str]:
    """Return the allowed passes that this LLVM has (all allowed ones where its opt is missing; the gate notices the rest)."""
    allowed = frozenset(load(toolchain.major).passes)
    opt = toolchain.find_tool("opt")
    if opt is None:
        return allowed
    names = re.findall(r"^  ([A-Za-z0-9-]+)", _run([str(opt), "--print-passes"]), re.MULTILINE)
    return allowed & frozenset(names)


@functools.cache
def knobs(toolchain: Toolchain) -> frozenset[str]:
    """Return the allowed knobs that this clang has, by its own list of options."""
    text = _run([str(toolchain.clang), "-mllvm", "-help-hidden", "-c", "-x", "c", "/dev/null", "-o", "/dev/null"])
    names = re.findall(r"^\s+-{1,2}([A-Za-z0-9-]+)(?:[ =]|$)", text, re.MULTILINE)
    return frozenset(load(toolchain.major).knobs) & frozenset(names)


def base_pipeline(toolchain: Toolchain, argv: Sequence[str], cwd: str | Path, level: str = "") -> str:
    """Return the pipeline text that clang uses for exactly this compile (argv: driver and arguments, without outputs).

    The driver of LLVM 16 prints none: its text is that of opt's default<LEVEL>, `level` being the compile's.
    Raises ToolchainError.
    """
    if toolchain.major == 16:
        return _from_opt(toolchain, level)
    with tempfile.TemporaryDirectory() as folder:
        text = _run([argv[0], "-mllvm", "-print-pipeline-passes", "-o", f"{folder}/x.o", *argv[1:]], cwd)
    lines = [line for line in text.splitlines() if "annotation2metadata" in line]
    if not lines:
        raise ToolchainError(f"{toolchain.clang} does not print its pipeline.", "run `autopass doctor`")
    return lines[0].strip()


def _from_opt(toolchain: Toolchain, level: str) -> str:
    argv = [str(toolchain.tool("opt")), f"-passes=default<{level}>", "-print-pipeline-passes", "-disable-output", "/dev/null"]
    return _run(argv).splitlines()[0].strip()


def _run(argv: list[str], cwd: str | Path | None = None) -> str:
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolchainError(f"{argv[0]} could not be run: {error}", "run `autopass doctor`") from None
    return done.stdout.decode("utf-8", "replace")
