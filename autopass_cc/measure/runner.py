"""Run a command once (or a few times), and say what it cost: the seam between the protocol and the machine.

Everything above this file sees time only through `Runner`, so scheduling and statistics are tested with a virtual clock.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from autopass_cc.digest import digest_of
from autopass_cc.errors import TooShortError

SHORTEST_RUN_S = 0.001
"""Below this, process start is all that one times; such workloads are refused."""
SHORT_RUN_S = 0.1
"""Runs shorter than this are repeated inside one sample, so that a sample lasts about this long."""
MAX_RUNS_PER_SAMPLE = 100


class StoppedError(Exception):
    """Somebody asked to stop; the unfinished block or round is lost, everything before is stored."""


class Clock(enum.Enum):
    """Which time is compared. Both are always kept."""

    WALL = "wall"
    """Elapsed time, what the user waits for. The only fair one for programs that wait or run threads."""
    CPU = "cpu"
    """user + sys. Leaves out the time in which another process had the core; for one thread that computes, else like `WALL`."""


@dataclass(frozen=True)
class Command:
    """What to run: `argv` without a shell, in `cwd`, with exactly the environment `env`; killed after `timeout_s` seconds."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: Path | None = None
    timeout_s: float = 60.0


@dataclass(frozen=True)
class Sample:
    """What one sample cost, in seconds per run (a sample is the mean of `runs` consecutive runs), and what its last run said.

    `exit_code` is negative for a signal. `waited_s` is how long the main thread was runnable but without a core (None where
    the kernel does not say). `max_rss_kib` is an upper bound: Linux counts the parent's pages at the moment of exec too.
    `overflowed`: the run was killed since it wrote more than the runner's bound.
    """

    wall_s: float
    user_s: float = 0.0
    sys_s: float = 0.0
    waited_s: float | None = None
    voluntary: int = 0
    involuntary: int = 0
    exit_code: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    max_rss_kib: int = 0
    timed_out: bool = False
    overflowed: bool = False
    runs: int = 1

    @property
    def cpu_s(self) -> float:
        """Seconds on a core, user and kernel together, all threads and awaited children."""
        return self.user_s + self.sys_s

    @property
    def digest(self) -> str:
        """BLAKE2b-128 of stdout, 32 hex digits."""
        return digest_of(self.stdout)

    def seconds(self, clock: Clock) -> float:
        """Seconds per run by `clock`."""
        return self.wall_s if clock is Clock.WALL else self.cpu_s


@dataclass(frozen=True)
class Conditions:
    """Counters of the machine at one moment, in seconds; only differences mean something."""

    at_s: float
    steal_s: float = 0.0
    """Time the hypervisor gave to others: of the one CPU asked for, or the mean over all."""
    pressure_s: float = 0.0
    """Time in which some task of the machine waited for a CPU (PSI `total`). Not avg10: that is a 10 s average which would
    blame the timed runs for our own multi-threaded linking just before them."""


class Runner(Protocol):
    """The machine, as the protocol sees it."""

    def cpus(self) -> tuple[int, ...]:
        """Give the CPUs that runs may be pinned to, at least one."""
        ...

    def now(self) -> float:
        """Give seconds on a clock that never goes back."""
        ...

    def conditions(self, cpu: int | None) -> Conditions:
        """Give the counters now, of `cpu` or (None) of the whole machine."""
        ...

    def run(self, command: Command, *, cpu: int | None, pads: Sequence[int] = (0,)) -> Sample:
        """Run `command` len(pads) times on `cpu` (None: unpinned), each with AUTOPASS_PAD of the given length in bytes.

        Stops early at a run that times out, overflows, or exits differently from the first one.
        """
        ...


def runs_per_sample(run_s: float) -> int:
    """How many runs of `run_s` seconds make one sample; raises TooShortError below 1 ms."""
    if run_s < SHORTEST_RUN_S:
        raise TooShortError(
            f"One run of the workload takes {run_s * 1000:.2f} ms: too short to time.",
            "give the workload more to do (a larger input, more iterations), so that a run takes 0.1 s to 2 s",
        )
    return max(1, min(MAX_RUNS_PER_SAMPLE, math.ceil(SHORT_RUN_S / run_s)))
