"""What the launcher adds to one compile, in milliseconds.

    python tests/benchmarks/launcher_cost.py LAUNCHER [--clang /usr/bin/clang-22] [--plugin autopass.so] [--calls 200]

An empty C file is compiled (an empty stub is called, for the second table) once per arm in each round, in an order that
is shuffled anew; a round's differences to the plain arm are what is summarised, so that slow phases of the machine cancel.
The interval is distribution-free: order statistics of the differences that hold the median with at least 95 %
(the binomial argument, e.g. Conover, Practical Nonparametric Statistics, 3.2). Exits with 1 when an interval lies
above --limit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LEVEL = "O2"
TOOLCHAIN_ID = "0" * 32


@dataclass(frozen=True)
class Arm:
    """One way to compile: a program, its arguments, and its environment."""

    name: str
    argv: list[str]
    env: dict[str, str]


def median_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float, float]:
    """Return the median and the order statistics that hold it with at least `confidence`; needs six values or more."""
    ordered, count = sorted(values), len(values)
    tail, rank = 0.0, 0
    while True:  # rank: how many values may lie below the lower end
        tail += math.comb(count, rank) / 2**count
        if tail > (1 - confidence) / 2:
            break
        rank += 1
    if rank == 0:
        raise ValueError("too few calls for an interval; use --calls 6 or more")
    return statistics.median(ordered), ordered[rank - 1], ordered[count - rank]


def call(arm: Arm, cwd: Path) -> float:
    """Run the arm once; return the wall time in milliseconds."""
    os.chdir(cwd)
    start = time.perf_counter_ns()
    pid = os.posix_spawn(arm.argv[0], arm.argv, arm.env)
    _, status = os.waitpid(pid, 0)
    elapsed = (time.perf_counter_ns() - start) / 1e6
    if status != 0:
        raise SystemExit(f"{arm.name}: the compile failed: {' '.join(arm.argv)}")
    return elapsed


def measure(arms: Sequence[Arm], cwd: Path, calls: int) -> dict[str, list[float]]:
    """Run every arm `calls` times, interleaved; return times in milliseconds by arm."""
    shuffle = random.Random(0)  # the same orders in every run of this script
    for arm in arms:
        call(arm, cwd)  # file caches
    times: dict[str, list[float]] = {arm.name: [] for arm in arms}
    for _ in range(calls):
        for arm in shuffle.sample(list(arms), len(arms)):
            times[arm.name].append(call(arm, cwd))
    return times


def report(title: str, times: Mapping[str, list[float]]) -> list[tuple[float, float]]:
    """Print a table; return the interval of what each arm adds."""
    (plain, base), *others = times.items()
    print(f"\n{title}\n  {plain:<34} {statistics.median(base):7.3f} ms   (median of {len(base)} calls)")
    intervals = []
    for name, values in others:
        added, low, high = median_interval([mine - its for mine, its in zip(values, base, strict=True)])
        intervals.append((low, high))
        print(f"  {name:<34} {added:+7.3f} ms   95 % interval {low:+.3f} … {high:+.3f}")
    return intervals


def verdict(intervals: Sequence[tuple[float, float]], limit: float) -> str:
    """Say what the intervals show: all below the limit, one above it, or neither."""
    if all(high <= limit for _, high in intervals):
        return "ok"
    return "too slow" if any(low > limit for low, _ in intervals) else "undecided: raise --calls, or use a quieter machine"


class Bench:
    """A home of autopass and a project with one empty source."""

    def __init__(self, base: Path, launcher: Path, clang: Path, plugin: Path | None) -> None:
        self.base, self.launcher, self.clang, self.plugin = base, launcher, clang, plugin
        self.project = base / "project"
        self.project.mkdir()
        (self.project / "empty.c").touch()
        (self.project / "autopass.toml").write_text('id = "00000000000000000000000000000000"\n')
        self.arguments = [f"-{LEVEL}", "-c", "empty.c", "-o", "empty.o"]

    def home(self, name: str, compiler: Path) -> Path:
        """Make a home that knows the compiler."""
        home = self.base / name
        (home / "publication" / "recipes").mkdir(parents=True)
        facts = compiler.stat()
        line = "\t".join(
            [
                *("clang", str(compiler), str(facts.st_mtime_ns), str(facts.st_size), str(facts.st_ino), TOOLCHAIN_ID),
                *(str(major(self.clang)), "ok", str(self.plugin or "-")),
            ]
        )
        self.private(home / "toolchains", f"autopass-toolchains 1\ndefault\t{compiler}\n{line}\n".encode())
        self.private(home / "publication" / "index", b"autopass-index 1\n")
        return home

    def publish(self, home: Path, compiler: Path, line: str) -> None:
        """Publish a recipe of one line for the empty source, among 2000 others."""
        text = f"autopass-recipe 1\nllvm {major(self.clang)}\nlevel {LEVEL}\n{line}\n".encode()
        name = digest(text)
        self.private(home / "publication" / "recipes" / f"{name}.recipe", text)
        self.private(home / "journal", b"")
        subprocess.run(self.arm("key", home, compiler).argv, env=self.environment(home, compiler), cwd=self.project, check=True)
        key = json.loads((home / "journal").read_bytes())["exact"]
        (home / "journal").unlink()
        lines = [f"x{digest(str(number).encode())} {name} +1.0% other.c\n" for number in range(2000)]
        index = "".join(["autopass-index 1\n", *sorted([*lines, f"x{key} {name} +1.0% empty.c\n"])])
        self.private(home / "publication" / "index", index.encode())

    @staticmethod
    def private(path: Path, data: bytes) -> None:
        path.write_bytes(data)
        path.chmod(0o600)

    @staticmethod
    def environment(home: Path, compiler: Path) -> dict[str, str]:
        return dict(os.environ) | {"AUTOPASS_HOME": str(home), "AUTOPASS_CLANG": str(compiler)}

    def arm(self, name: str, home: Path, compiler: Path, **env: str) -> Arm:
        return Arm(name, [str(self.launcher), *self.arguments], self.environment(home, compiler) | env)

    def arms(self, prefix: str, compiler: Path) -> list[Arm]:
        """Make all arms for a compiler; the plain one first."""
        empty, knobs = self.home(f"{prefix}-empty", compiler), self.home(f"{prefix}-knobs", compiler)
        miss = self.home(f"{prefix}-miss", compiler)
        recording = self.home(f"{prefix}-recording", compiler)
        self.publish(knobs, compiler, "knob inline-threshold 225")
        self.private(recording / "journal", b"")
        (empty / "publication" / "index").unlink()
        arms = [
            Arm("plain", [str(compiler), *self.arguments], dict(os.environ)),
            self.arm("AUTOPASS=off", empty, compiler, AUTOPASS="off"),
            self.arm("launcher, nothing published", empty, compiler),
            self.arm("launcher, miss", miss, compiler),
            self.arm("launcher, miss, recording", recording, compiler),
            self.arm("launcher, hit, knobs only", knobs, compiler),
        ]
        if self.plugin:
            pipeline = self.home(f"{prefix}-pipeline", compiler)
            self.publish(pipeline, compiler, "pipeline annotation2metadata,forceattrs,inferattrs")
            arms.append(self.arm("launcher, hit, pipeline", pipeline, compiler))
        return arms


def digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def major(clang: Path) -> int:
    """Return the LLVM major of a clang."""
    text = subprocess.run([clang, "-dumpversion"], capture_output=True, text=True, check=True).stdout
    return int(text.split(".")[0])


def stub(base: Path) -> Path:
    """Build a compiler that does nothing, so that the launcher's own time stands out."""
    program = base / "stub-clang"
    command = ["cc", "-O2", "-static", "-x", "c", "-", "-o", str(program)]
    subprocess.run(command, input=b"int main(void) { return 0; }", check=True)
    return program


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what the launcher adds to one compile.")
    parser.add_argument("launcher", type=Path)
    parser.add_argument("--clang", type=Path, default=Path(shutil.which("clang-22") or "clang"))
    parser.add_argument("--plugin", type=Path, help="the plugin for that clang: adds an arm with a pipeline")
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--limit", type=float, default=1.0, help="what one call may add, in ms")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="launcher-cost-") as name:
        base = Path(name)
        plugin = options.plugin.resolve() if options.plugin else None
        bench = Bench(base, options.launcher.resolve(), options.clang, plugin)
        real = measure(bench.arms("clang", options.clang), bench.project, options.calls)
        alone = measure(bench.arms("stub", stub(base)), bench.project, options.calls)
        os.chdir("/")
    found = report(f"An empty C file, {options.clang}:", {k: v for k, v in real.items() if "pipeline" not in k})
    if plugin:
        arms = ("plain", "launcher, hit, pipeline")
        report("The same with a pipeline (loading the plugin included):", {name: real[name] for name in arms})
    own = report("A compiler that does nothing (the launcher's own time):", alone)
    print(f"\nwith clang: {verdict(found, options.limit)}; by itself: {verdict(own, options.limit)} (limit {options.limit} ms)")
    return int("too slow" in (verdict(found, options.limit), verdict(own, options.limit)))


if __name__ == "__main__":
    sys.exit(main())
