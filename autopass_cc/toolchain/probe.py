"""What one clang really has: its passes, its knobs, and the pipeline that it runs for one compile."""

from __future__ import annotations

import functools
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from autopass_cc.errors import ToolchainError
from autopass_cc.recipe.allowlist import KnobSpec, load
from autopass_cc.recipe.words import KnobType
from autopass_cc.toolchain.describe import Toolchain

LIMIT = 600.0
# A line of -print-all-options: `  --inline-threshold   = 225   (default: 225)`.
_OPTION = re.compile(r"^\s+--?([A-Za-z0-9-]+)\s+= [^(\n]*?(?:\(default: ([^)\n]*)\))?$", re.MULTILINE)


@functools.cache
def passes(toolchain: Toolchain) -> frozenset[str]:
    """Return the allowed passes that this LLVM has (all allowed ones where its opt is missing; the gate notices the rest).

    The plugin brings its own ones along.
    """
    specs = load(toolchain.major).passes
    allowed, own = frozenset(specs), frozenset(name for name, spec in specs.items() if spec.own)
    opt = toolchain.find_tool("opt")
    if opt is None:
        return allowed
    names = re.findall(r"^  ([A-Za-z0-9-]+)", _run([str(opt), "--print-passes"]), re.MULTILINE)
    return allowed & frozenset(names) | own


@functools.cache
def knobs(toolchain: Toolchain) -> Mapping[str, str]:
    """Return the allowed knobs that this clang has, by its own list of options, each with its default.

    The default is "" where none is told: the pass or the target decides then.
    """

    def printed(option: str) -> str:
        return _run([str(toolchain.clang), "-mllvm", option, "-c", "-x", "c", "/dev/null", "-o", "/dev/null"])

    names = re.findall(r"^\s+-{1,2}([A-Za-z0-9-]+)(?:[ =]|$)", printed("-help-hidden"), re.MULTILINE)
    defaults = dict(_OPTION.findall(printed("-print-all-options")))
    allowed = load(toolchain.major).knobs
    return {name: _default(allowed[name], defaults.get(name, "")) for name in sorted({*names} & {*allowed})}


def _default(spec: KnobSpec, text: str) -> str:
    """Return a default as recipes write it; "" for one that is unknown."""
    if not text or "*" in text:  # *no default*, *unknown option value*
        return ""
    return ("false" if text == "0" else "true") if spec.type is KnobType.BOOL else text


def base_pipeline(toolchain: Toolchain, argv: Sequence[str], cwd: str | Path, level: str = "") -> str:
    """Return the pipeline text that clang uses for exactly this compile (argv: driver and arguments, without outputs).

    The driver of LLVM 16 prints none: its text is that of opt's default<LEVEL>, `level` being the compile's.
    Raises ToolchainError.
    """
    if toolchain.major == 16:
        return _from_opt(toolchain, level)
    with tempfile.TemporaryDirectory() as folder:
        done = _call([argv[0], "-mllvm", "-print-pipeline-passes", "-o", f"{folder}/x.o", *argv[1:]], cwd)
    lines = [line for line in done.stdout.decode("utf-8", "replace").splitlines() if "annotation2metadata" in line]
    if lines:
        return lines[0].strip()
    if done.returncode != 0:
        errors = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "error:" in line]
        raise ToolchainError(f"{argv[0]} does not compile this: {errors[0].strip() if errors else 'no message'}")
    raise ToolchainError(f"{argv[0]} does not print its pipeline.", "run `autopass doctor`")


def _from_opt(toolchain: Toolchain, level: str) -> str:
    argv = [str(toolchain.tool("opt")), f"-passes=default<{level}>", "-print-pipeline-passes", "-disable-output", "/dev/null"]
    lines = _run(argv).splitlines()
    if not lines:
        raise ToolchainError(f"{argv[0]} does not print the pipeline of -{level}.", "run `autopass doctor`")
    return lines[0].strip()


def _run(argv: list[str]) -> str:
    return _call(argv).stdout.decode("utf-8", "replace")


def _call(argv: list[str], cwd: str | Path | None = None) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(argv, cwd=cwd, capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolchainError(f"{argv[0]} could not be run: {error}", "run `autopass doctor`") from None
