"""Whole builds of a project, once with each compiler in each round."""

from __future__ import annotations

import os
import random
import re
import resource
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher_arms import Bench


@dataclass(frozen=True)
class Project:
    """A source tree and two commands run in it; `{cc}` in the second stands for the compiler."""

    name: str
    folder: Path
    clean: str
    make: str


@dataclass(frozen=True)
class Timing:
    """What one build took, in milliseconds: on the wall, and of CPU time, which waiting for a busy machine is no part of."""

    wall: float
    cpu: float


def compilers(bench: Bench) -> dict[str, tuple[str, dict[str, str]]]:
    """Return name, compiler command and environment of each arm; plain clang comes first."""
    nothing, miss = bench.home("build-nothing", bench.clang), bench.home("build-miss", bench.clang)
    bench.publish(miss, 2000, ours=False)
    found = {
        "plain clang": (str(bench.clang), dict(os.environ)),
        "autopass-cc, nothing published": (str(bench.launcher), nothing),
        "autopass-cc, miss": (str(bench.launcher), miss),
    }
    if ccache := shutil.which("ccache"):
        env = dict(os.environ) | {"CCACHE_DIR": str(bench.base / "build-ccache"), "CCACHE_RECACHE": "1"}
        found["ccache, miss"] = (f"{ccache} {bench.clang}", env)
    return found


def build(project: Project, compiler: str, env: dict[str, str]) -> Timing:
    """Build from clean; return what the build alone took. Ends the program when it fails."""
    command = [word.replace("{cc}", compiler) for word in shlex.split(project.make)]
    subprocess.run(shlex.split(project.clean), cwd=project.folder, env=env, stdout=subprocess.DEVNULL, check=True)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter_ns()
    done = subprocess.run(command, cwd=project.folder, env=env, capture_output=True, text=True, check=False)
    elapsed, after = (time.perf_counter_ns() - start) / 1e6, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{project.name}: {shlex.join(command)} failed\n{done.stderr[-2000:]}")
    return Timing(elapsed, 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))


def measure(
    projects: Sequence[Project], bench: Bench, rounds: int, chosen: str
) -> Iterator[tuple[Project, dict[str, list[Timing]]]]:
    """Yield timings by arm for each project; the order within a round is shuffled. `chosen`: a pattern of arms' names."""
    shuffle, every = random.Random(0), compilers(bench)
    plain = next(iter(every))
    arms = {name: arm for name, arm in every.items() if name == plain or re.search(chosen, name)}
    for project in projects:
        times: dict[str, list[Timing]] = {name: [] for name in arms}
        build(project, *arms[plain])  # file caches
        for _ in range(rounds):
            for name in shuffle.sample(list(arms), len(arms)):
                times[name].append(build(project, *arms[name]))
        yield project, times
