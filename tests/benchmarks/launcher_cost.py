"""What the launcher adds to a compile and to a build, beside plain clang, ccache and sccache.

    python tests/benchmarks/launcher_cost.py [LAUNCHER] [--plugin autopass.so] [--rounds 200]
        [--build NAME FOLDER CLEAN MAKE]    for example: --build lua lua/src 'make clean' 'make -j2 linux CC={cc}'

Every arm compiles the same file once in each round, in an order that is shuffled anew; what is summarised are a round's
differences to the plain arm. The hits' recipe asks for what clang does anyhow, so that they show the look-up alone.
Exits with 1 when an interval lies wholly above --limit. Use a quiet machine, and nothing beside it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import paired_times
import whole_builds
from launcher_arms import Bench
from paired_times import Arm

SIZES = (10, 1_000, 100_000, 1_000_000)
FUNCTION = "int f{n}(const int *x, int i) {{\n  int s = x[i] * {n};\n  if (s > i)\n    s -= x[i + 1] ^ i;\n  return s; }}\n"
PARTS = ("own", "empty", "long", "crowd", "builds")


def long_source() -> str:
    """Return a C file of 5,000 lines: a thousand small functions."""
    return "".join(FUNCTION.format(n=number) for number in range(1000))


def print_added(title: str, times: dict[str, list[float]], unit: str = "ms") -> list[paired_times.Added]:
    """Print a table of what the arms add to the first; return its rows."""
    name, base = next(iter(times.items()))
    rows = paired_times.added(times)
    print(f"\n{title}\n  {name:<34} p50 {paired_times.percentile(base, 0.5):9.3f} {unit}   ({len(base)} calls)", flush=True)
    for row in rows:
        interval = f"[{row.low:+.3f}, {row.high:+.3f}]"
        print(f"  {row.name:<34} p50 {row.median:+9.3f} {unit}   {interval:<20} p99 {row.p99:+.3f}")
    return rows


def stub(base: Path) -> Path:
    """Build a compiler that does nothing, without the C library, so that the launcher's own time stands out."""
    program = base / "stub-clang"
    code = b"void _start(void) { __builtin_trap(); }"
    if os.uname().machine == "x86_64":
        code = b'void _start(void) { __asm__("xor %edi, %edi; mov $231, %eax; syscall"); }'
    elif os.uname().machine == "aarch64":
        code = b'void _start(void) { __asm__("mov x0, #0; mov x8, #94; svc #0"); }'
    subprocess.run(["cc", "-O1", "-nostdlib", "-static", "-x", "c", "-", "-o", str(program)], input=code, check=True)
    return program


PEAK = b"""
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct rusage used;
  (void)argc;
  if (fork() == 0) { execv(argv[1], argv + 1); _exit(127); }
  wait(NULL);
  getrusage(RUSAGE_CHILDREN, &used);
  printf("%ld\\n", used.ru_maxrss);
}
"""


def peak_memory(arm: Arm, base: Path, cwd: Path) -> int:
    """Return the peak resident memory in KiB of one call; a small program starts it, as its parent's memory counts too."""
    program = base / "peak"
    subprocess.run(["cc", "-O1", "-static", "-w", "-x", "c", "-", "-o", str(program)], input=PEAK, check=True)
    argv = [str(program), *(word.replace("{cwd}", str(cwd)) for word in arm.argv)]
    return int(subprocess.run(argv, env=arm.env, capture_output=True, check=True).stdout)


def compiles(bench: Bench, options: argparse.Namespace, title: str, rounds: int) -> list[paired_times.Added]:
    """Measure all arms on the bench's source, alone and two at a time; return the launcher's rows when alone."""
    arms = bench.own_arms(bench.clang)
    if options.plugin:
        arms.append(bench.pipeline_arm(options.plugin.resolve(), base_pipeline(bench.clang, bench.folder / bench.source.name)))
    arms += bench.cache_arms()
    arms = [arms[0], *(arm for arm in arms[1:] if re.search(options.arms, arm.name))]
    rows = print_added(f"{title}, {bench.clang}, alone:", paired_times.measure(arms, bench.folder, rounds))
    print_added(f"{title}, two at a time:", paired_times.measure(arms, bench.folder, max(6, rounds // 2), jobs=2))
    if sccache := shutil.which("sccache"):
        for arm in arms:
            if arm.name.startswith("sccache"):
                subprocess.run([sccache, "--stop-server"], env=arm.env, capture_output=True, check=False)
    return [row for row in rows if row.name in ("autopass-cc, miss", "autopass-cc, hit")]


def base_pipeline(clang: Path, source: Path) -> str:
    """Return the -O2 pipeline as clang prints it, with what follows the optimiser left out."""
    from autopass_cc.toolchain import describe, probe

    return probe.base_pipeline(describe.describe(clang), [str(clang), "-O2", "-c", str(source)], "/", "O2")


def own_time(base: Path, options: argparse.Namespace, source: Path) -> None:
    """Print the launcher's own time, how it grows with the publication, and its memory."""
    compiler = stub(base)
    bench = Bench(base / "own", options.launcher, compiler, source, llvm=22)
    arms = bench.own_arms(compiler)
    print_added(
        "A compiler that does nothing (the launcher's own time):", paired_times.measure(arms, bench.folder, options.rounds)
    )
    sizes = [arms[0]]
    for size in SIZES:
        env = bench.home(f"size-{size}", compiler)
        bench.publish(env, size)
        sizes.append(bench.arm(f"hit among {size:,} modules", options.launcher, env=env))
    print_added("The same, by what is published:", paired_times.measure(sizes, bench.folder, options.rounds))
    peaks = [peak_memory(arm, base, bench.folder) for arm in (arms[0], sizes[-1])]
    print(f"\npeak memory: {peaks[1]} KiB on a hit among {SIZES[-1]:,} (a compiler that does nothing by itself: {peaks[0]} KiB)")


def crowd(bench: Bench) -> None:
    """Run 64 compiles at once, ten times; a failure would end the program."""
    hit = next(arm for arm in bench.own_arms(bench.clang, "crowd") if arm.name == "autopass-cc, hit")
    times = paired_times.measure([hit], bench.folder, 10, jobs=64)
    print(f"\n64 at a time: {len(times[hit.name])} compiles, 0 failed")


def builds(bench: Bench, options: argparse.Namespace) -> None:
    """Print what the arms add to whole builds, in per cent of the plain build."""
    projects = [whole_builds.Project(name, Path(folder), clean, make) for name, folder, clean, make in options.build]
    for project, times in whole_builds.measure(projects, bench, options.build_rounds, options.arms):
        plain = next(iter(times.values()))
        seconds = paired_times.percentile([each.wall for each in plain], 0.5) / 1000
        print(f"\nWhole build of {project.name}: {seconds:.2f} s with plain clang (median of {len(plain)}); wall time, CPU time")
        columns = []
        for what in ("wall", "cpu"):
            values = {arm: [getattr(each, what) for each in found] for arm, found in times.items()}
            base = next(iter(values.values()))
            shares = {
                arm: [100 * mine / its - 100 for mine, its in zip(its_times, base, strict=True)]
                for arm, its_times in values.items()
            }
            columns.append(paired_times.added(shares))
        for wall, cpu in zip(*columns, strict=True):
            texts = [f"{row.median:+6.2f} % {f'[{row.low:+.2f}, {row.high:+.2f}]':<18}" for row in (wall, cpu)]
            print(f"  {wall.name:<34} {'  '.join(texts)}", flush=True)


def verdict(rows: list[paired_times.Added], limit: float) -> str:
    """Say what the intervals show: all below the limit, one above it, or neither."""
    if not rows:
        return "not measured"
    if all(row.high <= limit for row in rows):
        return "ok"
    return "too slow" if any(row.low > limit for row in rows) else "undecided: raise --rounds, or use a quieter machine"


def main() -> int:
    """Run all parts and print their tables."""
    parser = argparse.ArgumentParser(description="Measure what the launcher adds to a compile and to a build.")
    parser.add_argument("launcher", type=Path, nargs="?", default=Path(shutil.which("autopass-cc") or "autopass-cc"))
    parser.add_argument("--clang", type=Path, default=Path(shutil.which("clang-22") or shutil.which("clang") or "clang"))
    parser.add_argument("--plugin", type=Path, help="the plugin for that clang: adds an arm with a pipeline")
    parser.add_argument("--rounds", type=int, default=200, help="rounds of the empty file")
    parser.add_argument("--long-rounds", type=int, default=20, help="rounds of the file of 5,000 lines")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--arms", default="", metavar="REGEX", help="measure compiles with these arms only, and plain clang")
    parser.add_argument("--limit", type=float, default=0.5, help="what a miss and a look-up may add, in ms")
    parser.add_argument("--build", nargs=4, action="append", default=[], metavar=("NAME", "FOLDER", "CLEAN", "MAKE"))
    parser.add_argument("--build-rounds", type=int, default=10)
    options = parser.parse_args()
    options.launcher = options.launcher.resolve()
    with tempfile.TemporaryDirectory(prefix="launcher-cost-") as name:
        base = Path(name)
        sources = {"empty.c": "", "long.c": long_source()}
        for source, text in sources.items():
            (base / source).write_text(text)
        rows: list[paired_times.Added] = []
        empty = Bench(base / "empty", options.launcher, options.clang, base / "empty.c")
        if "own" in options.parts:
            own_time(base, options, base / "empty.c")
        if "empty" in options.parts:
            rows = compiles(empty, options, "An empty file", options.rounds)
        if "long" in options.parts:
            long = Bench(base / "long", options.launcher, options.clang, base / "long.c")
            compiles(long, options, "5,000 lines", options.long_rounds)
        if "crowd" in options.parts:
            crowd(empty)
        if options.build and "builds" in options.parts:
            builds(empty, options)
    print(f"\na miss and a look-up on an empty file: {verdict(rows, options.limit)} (limit {options.limit} ms)")
    return int(verdict(rows, options.limit) == "too slow")


if __name__ == "__main__":
    sys.exit(main())
