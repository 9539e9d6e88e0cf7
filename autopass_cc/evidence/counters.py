"""Hardware counters of a run, where the machine has them (`perf stat`): why a program waits, not only that it does.

Virtual machines often have none; that is said in a sentence, and nothing else depends on them.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Generic events of perf, which the kernel maps to the CPU's own (man perf-list).
EVENTS = (
    "instructions",
    "cycles",
    "branch-misses",
    "L1-dcache-load-misses",
    "cache-misses",
    "stalled-cycles-frontend",
)
PER = "instructions"  # events are told for a thousand of these


@dataclass(frozen=True)
class Counters:
    """Counts by event of a whole run; where there are none, `missing` says why."""

    counts: Mapping[str, float] = field(default_factory=dict)
    missing: str = ""

    def rates(self) -> dict[str, float]:
        """Return instructions per cycle, and the other events for a thousand instructions."""
        instructions, cycles = self.counts.get(PER, 0.0), self.counts.get("cycles", 0.0)
        if not instructions:
            return {}
        found = {"instructions per cycle": round(instructions / cycles, 2)} if cycles else {}
        others = {name: count for name, count in self.counts.items() if name not in (PER, "cycles")}
        return found | {f"{name} per 1000": round(1000 * count / instructions, 3) for name, count in others.items()}

    def changes(self, before: Counters) -> list[str]:
        """Return how the counts differ from those of another run, in words: `branch-misses +41 %`."""
        pairs = [(name, before.counts[name], count) for name, count in self.counts.items() if before.counts.get(name)]
        return [f"{name} {(now / was - 1) * 100:+.0f} %" for name, was, now in pairs if abs(now / was - 1) >= 0.01]


def take(commands: Iterable[Sequence[str]], *, cwd: Path, env: Mapping[str, str], stdin: Path | None, limit: float) -> Counters:
    """Count the events of some commands together, user mode only; `limit` bounds each in seconds."""
    tool = shutil.which("perf")
    if tool is None:
        return Counters(missing="perf is not installed")
    total: dict[str, float] = {}
    for command in commands:
        events = ",".join(f"{event}:u" for event in EVENTS)
        try:
            with (stdin or Path("/dev/null")).open("rb") as source:
                done = subprocess.run(
                    [tool, "stat", "-x", ",", "-e", events, "--", *command],
                    cwd=cwd,
                    env={**env, "LC_ALL": "C"},
                    stdin=source,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    timeout=limit,
                    check=False,
                )
        except (OSError, subprocess.TimeoutExpired):
            return Counters(missing="perf stat could not run the program")
        for name, count in read(done.stderr.decode("utf-8", "replace")).items():
            total[name] = total.get(name, 0.0) + count
    return Counters(total) if total else Counters(missing="this machine counts no hardware events, or perf may not read them")


def read(text: str) -> dict[str, float]:
    """Read `perf stat -x,` (value, unit, event, …); events that are not counted are left out."""
    found = {}
    for line in text.splitlines():
        fields = line.split(",")
        name = fields[2].partition(":")[0] if len(fields) > 3 else ""
        if name in EVENTS and fields[0].replace(".", "", 1).isdigit():
            found[name] = float(fields[0])
    return found
