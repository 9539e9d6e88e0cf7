"""perf: training runs under it, and whether this machine keeps records of the branches that it takes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from autopass_cc.bench.contest import Contest
from autopass_cc.bench.instrumented import train

FREQUENCY = 4999  # samples a second; a prime, so that it keeps no step with a loop
EVENT = "cycles:u"  # that branch records come with
STACK = re.compile(r"^ 0x[0-9a-f]+/0x", re.MULTILINE)  # one line a sample
TRY_LIMIT = 60.0  # seconds for /bin/true


def recorded(contest: Contest, folder: Path, perf: str, *options: str) -> tuple[list[Path], float]:
    """Run the training commands in `folder`, each under `perf record`; return what it wrote, and the seconds of the runs."""
    written = [folder / f"{number}.data" for number in range(len(contest.program.train))]
    words = (perf, "record", "-q", *options, "-F", str(FREQUENCY), "-o")
    return written, train(contest, folder, {}, lambda number: (*words, str(written[number]), "--"))


def has_branch_records(perf: str, data: Path) -> bool:
    """Return whether `perf record -b` works here; most virtual machines keep no branch records. `data` may be written."""
    argv = [perf, "record", "-q", "-b", "-e", EVENT, "-o", str(data), "--", "true"]
    return subprocess.run(argv, capture_output=True, timeout=TRY_LIMIT, check=False).returncode == 0


def branches(contest: Contest, folder: Path, perf: str, text: Path, *options: str) -> float:
    """Record the branches of the training commands, and print all samples into `text`; return the seconds of the runs."""
    written, seconds = recorded(contest, folder, perf, "-b", "-e", EVENT, *options)
    for data in written:
        # as llvm-profgen asks perf
        argv = [perf, "script", "-i", str(data), "-F", "ip,brstack", "--show-mmap-events"]
        with text.open("ab") as out:
            subprocess.run(argv, stdout=out, stderr=subprocess.DEVNULL, check=False)
    return seconds


def count(text: Path) -> int:
    """Return how many samples of branches are in a file."""
    return sum(1 for _ in STACK.finditer(text.read_text()))
