"""Branch stacks of a training run: the last taken branches and the callers, sampled, as `perf script` prints them.

From hardware where it keeps branch records (`perf record -b`; that way is tested with a stand-in for perf, and was never measured
on such a machine). Most virtual machines do not pass them on; there `autopass-branch-stacks` (`shims/branch_stacks.c`) takes
them in software: it stops the running program every 0.3 ms, single-steps it through some five hundred instructions, and notes
the branches. Between samples it runs at full speed, so they are of its real time, and whatever the CPU has can be run. valgrind
and qemu-user would see everything, but must be installed, know the CPU's newer instructions, and make up a time of their own.
Format: LLVM, `llvm/tools/llvm-profgen/PerfReader.h`.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.agents.prepare import launcher
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.instrumented import train
from autopass_cc.bench.perf import TRY_LIMIT, branches, count, has_branch_records
from autopass_cc.errors import BenchError

TRACER = "autopass-branch-stacks"
LEAST = 50  # samples that make a profile; each is of dozens of branches
SOFTWARE, HARDWARE = "branch stacks from software (single steps)", "branch stacks from hardware (perf record -b)"


@dataclass(frozen=True)
class Stacks:
    """A file of samples, how many they are, the seconds of the runs they are of, and a remark on where they come from."""

    text: Path
    samples: int
    seconds: float
    remark: str


def record(contest: Contest, folder: Path, built: Path) -> Stacks:
    """Run the training commands in `folder` and sample the program `built`. Raises BenchError where that cannot be done.

    It must have frame pointers. Software sees the first thread of the commands, and no children of theirs.
    """
    text = folder / "stacks.txt"
    text.unlink(missing_ok=True)  # the tracer adds to it
    perf = shutil.which("perf")
    if perf is not None and has_branch_records(perf, folder / "tried"):
        seconds, remark = branches(contest, folder, perf, text, "--call-graph", "fp"), HARDWARE
    else:
        words = (_tracer(contest), str(text), str(built))
        seconds, remark = train(contest, folder, {}, lambda _: words), SOFTWARE
    samples = count(text)
    if samples < LEAST:
        why = f"{contest.program.name}: {samples} branch stacks of the training run are too few for a profile."
        raise BenchError(why, "give it a longer `train` in suite.toml")
    return Stacks(text, samples, seconds, remark)


def _tracer(contest: Contest) -> str:
    """Return the path of the tracer. Raises BenchError where it was not built, or may not trace."""
    beside = launcher().with_name(TRACER)
    if not beside.exists():
        raise BenchError(f"{contest.program.name}: branch stacks in software need Linux on x86-64.")
    argv = [str(beside), "/dev/null", "/bin/true", "true"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=TRY_LIMIT, check=False)
    if done.returncode != 0:
        raise BenchError(f"{contest.program.name}: {done.stderr.strip()[:200]}", "allow ptrace here (in a container: SYS_PTRACE)")
    return str(beside)
