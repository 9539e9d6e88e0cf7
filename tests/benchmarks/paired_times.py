"""Commands timed in shuffled rounds, and what one costs more than another of the same round.

Slow phases of a machine take whole rounds, so they cancel in the differences. The interval of a median is
distribution-free: the order statistics that hold it with at least 95 % (the binomial argument, e.g. Conover, Practical
Nonparametric Statistics, 3.2).
"""

from __future__ import annotations

import math
import os
import random
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Arm:
    """One way to compile: a name for the table, the command, its environment, and where it runs."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str]


@dataclass(frozen=True)
class Added:
    """What an arm costs more than the first one, in the unit of the times: median with its interval, and p99."""

    name: str
    median: float
    low: float
    high: float
    p99: float


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
        raise ValueError("too few calls for an interval; take six or more")
    return statistics.median(ordered), ordered[rank - 1], ordered[count - rank]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def call(arm: Arm, cwd: Path) -> float:
    """Run the arm once; return the wall time in milliseconds. Ends the program when it fails."""
    argv = [word.replace("{cwd}", str(cwd)) for word in arm.argv]
    start = time.perf_counter_ns()
    pid = os.posix_spawn(argv[0], argv, arm.env)
    _, status = os.waitpid(pid, 0)
    elapsed = (time.perf_counter_ns() - start) / 1e6
    if status != 0:
        raise SystemExit(f"{arm.name}: failed ({status}): {' '.join(argv)}")
    return elapsed


def measure(arms: Sequence[Arm], cwd: Path, rounds: int, jobs: int = 1) -> dict[str, list[float]]:
    """Run every arm in each of `rounds`, in an order that is shuffled anew; return times in milliseconds by arm.

    With `jobs` above 1 an arm's turn is that many calls at once, in folders `cwd`/1, `cwd`/2, …; all of their times count.
    """
    shuffle = random.Random(0)  # the same orders in every run
    folders = [cwd] if jobs == 1 else [cwd / str(number) for number in range(1, jobs + 1)]
    times: dict[str, list[float]] = {arm.name: [] for arm in arms}
    with ThreadPoolExecutor(jobs) as pool:
        for arm in arms:
            for folder in folders:
                call(arm, folder)  # file caches, and the compiler caches of those arms that have one
        for _ in range(rounds):
            for arm in shuffle.sample(list(arms), len(arms)):
                if jobs == 1:
                    times[arm.name].append(call(arm, cwd))
                else:
                    times[arm.name].extend(pool.map(lambda folder, arm=arm: call(arm, folder), folders))
    return times


def added(times: dict[str, list[float]]) -> list[Added]:
    """Return what each arm but the first adds to the first; p99 is the difference of the two 99th percentiles."""
    (_, base), *others = times.items()
    found = []
    for name, values in others:
        median, low, high = median_interval([mine - its for mine, its in zip(values, base, strict=True)])
        found.append(Added(name, median, low, high, percentile(values, 0.99) - percentile(base, 0.99)))
    return found
