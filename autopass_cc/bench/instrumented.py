"""Instrumented profile-guided optimisation, as clang's users do it: build with counters, run, merge, build with the profile.

Context-sensitive (clang's User's Manual, "Profile Guided Optimization"): a second instrumented build, made with the first
profile, counts after inlining; both profiles are merged.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from autopass_cc.bench.contest import Contest
from autopass_cc.bench.flavours import Flavour
from autopass_cc.bench.results import Entrant
from autopass_cc.environment import without_ours
from autopass_cc.errors import BenchError

# A profile of one input misses functions, and a mismatch is no news; neither may change what the compile says.
QUIET = ("-Wno-profile-instr-unprofiled", "-Wno-profile-instr-out-of-date", "-Wno-profile-instr-missing")


def pgo(contest: Contest, method: str) -> Entrant:
    """Return the program built with an instrumented profile of its training run."""
    began = time.monotonic()
    profile, seconds = _counted(contest, "pgo-train", ("-fprofile-generate",), ())
    return _entrant(contest, method, "pgo", profile, began, seconds)


def context_sensitive(contest: Contest, method: str) -> Entrant:
    """Return the program built with an instrumented and a context-sensitive profile of its training run."""
    began = time.monotonic()
    first, seconds = _counted(contest, "cspgo-first", ("-fprofile-generate",), ())
    flags = (f"-fprofile-use={first}", "-fcs-profile-generate", *QUIET)
    both, more = _counted(contest, "cspgo-second", flags, (first,))
    return _entrant(contest, method, "cspgo", both, began, seconds + more)


def _entrant(contest: Contest, method: str, name: str, profile: Path, began: float, trained_s: float) -> Entrant:
    flavour = Flavour(name, (f"-fprofile-use={profile}", *QUIET))
    facts = {"search_s": time.monotonic() - began, "trained_s": trained_s}
    return Entrant(contest.program.name, method, flavour, facts=facts)


def _counted(contest: Contest, name: str, flags: tuple[str, ...], others: tuple[Path, ...]) -> tuple[Path, float]:
    """Build with counters, run the training commands, merge; return the profile and the seconds of the runs."""
    site = contest.site
    folder = site.copy(name)
    site.build(folder, contest.compilers, flags)
    raw = folder / "raw"
    raw.mkdir()
    seconds = train(contest, folder, {"LLVM_PROFILE_FILE": str(raw / "%p-%m.profraw")})
    found = sorted(raw.glob("*.profraw"))
    if not found:
        raise BenchError(f"{contest.program.name}: the instrumented program wrote no profile (does it end by a signal?).")
    profile = site.place / f"{name}.profdata"
    merge(contest, profile, [*others, *found])
    shutil.rmtree(folder, ignore_errors=True)
    return profile, seconds


def merge(contest: Contest, profile: Path, parts: list[Path], *options: str) -> None:
    """Merge profiles by llvm-profdata. Raises BenchError."""
    argv = [str(contest.toolchain.tool("llvm-profdata")), "merge", *options, "-o", str(profile), *map(str, parts)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{contest.program.name}: llvm-profdata: {done.stderr.strip()[:200]}")


def train(contest: Contest, folder: Path, env: dict[str, str], before: Callable[[int], Sequence[str]] = lambda _: ()) -> float:
    """Run the training commands in `folder`; return their seconds. `before(N)` are the words of a tool before the Nth, from 0."""
    program = contest.program
    began = time.monotonic()
    for number, argv in enumerate(program.train):
        stdin = program.stdin
        with (folder / stdin).open("rb") if stdin else open("/dev/null", "rb") as stream:  # noqa: PTH123
            done = subprocess.run(
                [*before(number), *argv],
                cwd=folder,
                env=without_ours() | program.env | env,
                stdin=stream,
                capture_output=True,
                timeout=20 * program.time_limit,
                check=False,
            )
        if done.returncode < 0:
            raise BenchError(f"{program.name}: the training run `{' '.join(argv)}` ended by signal {-done.returncode}.")
    return time.monotonic() - began
