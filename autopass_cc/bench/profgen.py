"""llvm-profgen: from samples of branches, as `perf script` prints them, to a sample profile."""

from __future__ import annotations

import subprocess
from pathlib import Path

from autopass_cc.bench.contest import Contest
from autopass_cc.errors import BenchError


def profiled(contest: Contest, built: Path, branches: Path, profile: Path, *options: str) -> str:
    """Write the profile of the program `built`; return llvm-profgen's warnings. Raises BenchError."""
    argv = [
        str(contest.toolchain.tool("llvm-profgen")),
        *options,
        f"--perfscript={branches}",
        f"--binary={built}",
        f"--output={profile}",
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not profile.is_file():
        raise BenchError(f"{contest.program.name}: llvm-profgen: {done.stderr.strip()[:200]}")
    return done.stderr
