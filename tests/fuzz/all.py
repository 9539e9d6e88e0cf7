"""Run all fuzzers, one after the other, and print one table.

    python tests/fuzz/all.py --minutes 60 [--keep FOLDER]

| target | what is fed | to what | needs |
|---|---|---|---|
| command, lookup, recipe | bytes, guided by coverage, under sanitizers | the launcher's parsers | clang-19, libclang-rt-19-dev |
| exchange | bytes, guided by coverage | the reader of recipes from others | pip install '.[fuzz]' |
| database | damaged files, random rows | the store, and all that reads it | nothing |

Each gets the same share of the time. One alone: `run.py TARGET`, `fuzz_exchange.py`, `fuzz_database.py`, which say how. What
failed is printed, and is in FOLDER (seeds of `database` are printed). Exit code 1: something failed; 2: something could not run.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import run

HERE = Path(__file__).resolve().parent
SAID = {
    "exchange": re.compile(r"(?m)^([\d,]+) executions in \d+ s, ([\d,]+) a second"),
    "database": re.compile(r"(?m)^database\s+([\d,]+) executions\s+([\d,]+)/s"),
}


@dataclass(frozen=True)
class Row:
    """What became of a target; `missing` says what it would have needed."""

    target: str
    executions: int = 0
    rate: float = 0.0
    failures: int = 0
    missing: str = ""

    def render(self) -> str:
        """Return the line of the table."""
        if self.missing:
            return f"{self.target:<10} not run: {self.missing}"
        return f"{self.target:<10} {self.executions:14,} {self.rate:14,.0f} {self.failures:9}"


def rows(seconds: float, keep: Path) -> Iterator[Row]:
    """Yield a row for each target, when it is done; each runs for so many seconds."""
    native = run.targets()
    if shutil.which(run.COMPILER) is None:
        yield from (Row(name, missing=f"{run.COMPILER} is not installed") for name in native)
    else:
        limits = [f"-max_total_time={max(1, int(seconds))}"]
        for outcome in run.run(native, limits, folder=keep, corpus=keep / "corpus"):
            print(outcome.crash, file=sys.stderr, end="")
            yield Row(outcome.target, outcome.executions, outcome.rate, int(bool(outcome.crash)))
    if importlib.util.find_spec("atheris") is None:
        yield Row("exchange", missing="atheris is not installed (pip install '.[fuzz]')")
    else:
        yield _script("exchange", seconds, keep)
    yield _script("database", seconds, keep)


def _script(name: str, seconds: float, keep: Path) -> Row:
    argv = [sys.executable, str(HERE / f"fuzz_{name}.py"), "--seconds", str(max(1, int(seconds)))]
    done = subprocess.run(argv, cwd=keep, capture_output=True, text=True, errors="replace", check=False)
    found = SAID[name].search(done.stdout)
    counts = [int(each.replace(",", "")) for each in found.groups()] if found else [0, 0]
    if done.returncode or found is None:
        print(done.stdout, done.stderr[-10_000:], sep="\n", file=sys.stderr)
    return Row(name, counts[0], counts[1], int(done.returncode != 0 or found is None))


def main() -> int:
    """Run them, and print the table while it grows."""
    parser = argparse.ArgumentParser(description="Run all fuzzers.")
    parser.add_argument("--minutes", type=float, default=60, help="for all of them together")
    parser.add_argument("--keep", type=Path, help="folder of builds, corpora and failures; without it a temporary one")
    options = parser.parse_args()
    keep = (options.keep or Path(tempfile.mkdtemp(prefix="autopass-fuzz-"))).resolve()
    keep.mkdir(parents=True, exist_ok=True)
    share = options.minutes * 60 / (len(run.targets()) + len(SAID))
    print(f"{'target':<10} {'executions':>14} {'executions/s':>14} {'failures':>9}", flush=True)
    found = []
    for row in rows(share, keep):
        print(row.render(), flush=True)
        found.append(row)
    if any(row.failures for row in found):
        print(f"what failed is in {keep}", file=sys.stderr)
        return 1
    if options.keep is None:
        shutil.rmtree(keep)
    return 2 if any(row.missing for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
