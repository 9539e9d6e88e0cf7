"""Repeat one recorded compile with another output and, where wanted, another recipe. The user's tree is only read."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.background import gives_way
from autopass_cc.environment import without_ours
from autopass_cc.store.builds import CompileRecord, LinkRecord

# Options that only say where results go; the replay decides that. Value: does the next argument belong to it?
SIDE_OUTPUTS = {
    "-o": True,
    "--output": True,
    "-MD": False,
    "-MMD": False,
    "-MP": False,
    "-MG": False,
    "-MV": False,
    "-MF": True,
    "-MT": True,
    "-MQ": True,
    "--serialize-diagnostics": True,
    "-pipe": False,
}
SIDE_PREFIXES = (
    "-o",
    "--output=",
    "-MF",
    "-MT",
    "-MQ",
    "-Wp,-MD,",
    "-Wp,-MMD,",
    "-Wp,-MF,",
    "-Wp,-MT,",
    "-Wp,-MQ,",
    "-Wp,-MP",
)
OBJC_OPTIONS = ("-objcmt-", "-object")  # begin with -o, but are not outputs
TAKES_VALUE = frozenset(
    {"-D", "-U", "-I", "-L", "-l", "-F", "-B", "-x", "-z", "-T", "-u", "-e", "-isystem", "-iquote", "-idirafter", "-include"}
    | {"-imacros", "-isysroot", "-iprefix", "-iwithprefix", "-include-pch", "-target", "-arch", "--param", "-gcc-toolchain"}
    | {"-Xlinker", "-Xassembler", "-Xpreprocessor"}
)


@dataclass(frozen=True)
class Outcome:
    """What a compile or link came to: exit code (None: killed at the time limit), messages, wall seconds."""

    exit_code: int | None
    stderr: bytes
    seconds: float

    @property
    def ok(self) -> bool:
        """Return whether it succeeded."""
        return self.exit_code == 0


def without_outputs(argv: Sequence[str]) -> list[str]:
    """Return arguments (argv[0] left out) without those that name outputs and dependency files."""
    kept: list[str] = []
    rest = iter(argv[1:])
    for word in rest:
        if word in SIDE_OUTPUTS:
            if SIDE_OUTPUTS[word]:
                next(rest, None)
        elif word == "--":
            kept += [word, *rest]
        elif word.startswith(SIDE_PREFIXES) and not word.startswith(OBJC_OPTIONS):
            continue
        else:
            kept.append(word)
            if word in TAKES_VALUE:
                kept += [value for value in [next(rest, None)] if value is not None]
    return kept


def compile_argv(record: CompileRecord, out: Path, recipe_arguments: Sequence[str] = (), extra: Sequence[str] = ()) -> list[str]:
    """Return the recorded compile with output `out`, recipe arguments first as the launcher puts them, then `extra`."""
    return [record.argv[0], *recipe_arguments, *extra, "-o", str(out), *without_outputs(record.argv)]


def environment(record: CompileRecord | LinkRecord) -> dict[str, str]:
    """Return this process's environment with the recorded values of what affects a compile, and without autopass."""
    recorded = (
        "CPATH",
        "C_INCLUDE_PATH",
        "CPLUS_INCLUDE_PATH",
        "LIBRARY_PATH",
        "COMPILER_PATH",
        "GCC_EXEC_PREFIX",
        "SOURCE_DATE_EPOCH",
    )
    kept = {key: value for key, value in without_ours().items() if key not in recorded}
    return kept | dict(record.env)


def run(argv: Sequence[str], record: CompileRecord | LinkRecord, *, limit: float) -> Outcome:
    """Run a compile or link in the recorded directory, for at most `limit` seconds."""
    start = time.monotonic()
    try:
        done = subprocess.run(
            gives_way(list(argv)),
            cwd=record.cwd,
            env=environment(record),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as slow:
        return Outcome(None, slow.stderr or b"", time.monotonic() - start)
    except OSError as error:
        return Outcome(127, str(error).encode(), time.monotonic() - start)
    return Outcome(done.returncode, done.stdout + done.stderr, time.monotonic() - start)


def cpu_seconds(argv: Sequence[str], record: CompileRecord, *, limit: float = 600.0) -> float:
    """Return the CPU seconds of one compile. Counts all children of this process, so nothing else may be started meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(argv, record, limit=limit)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
