"""Where the time goes: shares of the workload's time by module and function.

Three sources, in this order: `perf record -e cpu-clock` (timer samples; works in VMs without counters), valgrind's
callgrind (instruction counts, about 50 times slower), and equal shares where neither is there. The source is part of
the result, because a share means something else in each.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FREQUENCY = 1999  # samples a second; a prime, so that periodic programs are not sampled in step
ENOUGH = 50  # samples; fewer say nothing about shares


@dataclass(frozen=True)
class Hot:
    """A function and its share (0 to 1) of the time of the whole workload."""

    module: str
    function: str
    share: float


@dataclass(frozen=True)
class Profile:
    """Hot functions, hottest first, and where the shares come from: perf, callgrind or equal."""

    source: str
    functions: tuple[Hot, ...]

    def share(self, module: str) -> float:
        """Return a module's share of the time."""
        return sum(hot.share for hot in self.functions if hot.module == module)

    def of(self, module: str) -> tuple[Hot, ...]:
        """Return the hot functions of a module."""
        return tuple(hot for hot in self.functions if hot.module == module)


def take(
    commands: Iterable[Sequence[str]],
    *,
    cwd: Path,
    env: Mapping[str, str],
    place: Path,
    stdin: Path | None,
    owners: Mapping[str, Sequence[str]],
    modules: Sequence[str],
    limit: float,
) -> Profile:
    """Profile the workload's commands; `owners` gives the modules that define each symbol.

    A symbol with several owners (a template, a static function of a common name) is credited to the first. `limit`
    bounds each command in seconds (tenfold under callgrind, which is slow).
    """
    commands = [tuple(command) for command in commands]
    for source in (_Perf(place), _Callgrind(place)):
        if not source.usable():
            continue
        counts: Counter[str] = Counter()
        for command in commands:
            counts.update(source.count(command, cwd, env, stdin, limit))
        if sum(counts.values()) >= ENOUGH:
            return _credit(source.name, counts, owners)
    share = 1.0 / max(1, len(modules))
    return Profile("equal", tuple(Hot(module, "", share) for module in modules))


def _credit(source: str, counts: Counter[str], owners: Mapping[str, Sequence[str]]) -> Profile:
    total = sum(counts.values())
    hot = [Hot(owners[name][0], name, count / total) for name, count in counts.most_common() if owners.get(name)]
    return Profile(source, tuple(hot))


class _Perf:
    name = "perf"

    def __init__(self, place: Path) -> None:
        self.tool, self.data = shutil.which("perf"), place / "perf.data"

    def usable(self) -> bool:
        return self.tool is not None and bool(self._record(["true"], Path(), None, None, 10))

    def _record(self, command: Sequence[str], cwd: Path, env: Mapping[str, str] | None, stdin: Path | None, limit: float) -> bool:
        argv = [
            str(self.tool),
            "record",
            "-q",
            "-e",
            "cpu-clock",
            "-F",
            str(FREQUENCY),
            "-o",
            str(self.data),
            "--",
            *command,
        ]
        return _run(argv, cwd, env, stdin, limit) is not None and self.data.exists()

    def count(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: Path | None, limit: float) -> Counter[str]:
        if not self._record(command, cwd, env, stdin, limit):
            return Counter()
        script = [str(self.tool), "script", "-i", str(self.data), "--no-demangle", "-F", "ip,sym"]
        text = _run(script, Path(), None, None, 120) or b""
        names = re.findall(rb"^\s*[0-9a-f]+ (.+?)\s*$", text, re.MULTILINE)
        return Counter(name.decode("utf-8", "replace") for name in names)


class _Callgrind:
    name = "callgrind"

    def __init__(self, place: Path) -> None:
        self.tool, self.data = shutil.which("valgrind"), place / "callgrind.out"

    def usable(self) -> bool:
        return self.tool is not None

    def count(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: Path | None, limit: float) -> Counter[str]:
        argv = [str(self.tool), "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={self.data}", *command]
        if _run(argv, cwd, env, stdin, 10 * limit) is None or not self.data.exists():
            return Counter()
        return count_callgrind(self.data.read_text("utf-8", "replace"))


def count_callgrind(text: str) -> Counter[str]:
    """Return self cost (instructions) by function name from the text of a callgrind.out file.

    Names are compressed: `fn=(3) main` defines 3, `fn=(3)` refers to it. The line after `calls=` is the inclusive cost
    of the call and is not the function's own. Format: valgrind's manual, "Callgrind Format Specification".
    """
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    current, skip = "", False
    for line in text.splitlines():
        if match := re.match(r"^(c?fn)=\((\d+)\)(?: (.*))?$", line):
            kind, number, name = match.groups()
            if name:
                names[number] = name
            if kind == "fn":
                current = names.get(number, "")
        elif line.startswith("calls="):
            skip = True
        elif line[:1] in "0123456789+-*" and (fields := line.split()):
            if not skip and len(fields) > 1 and fields[1].isdigit():
                counts[re.sub(r"'\d+$", "", current)] += int(fields[1])
            skip = False
    return counts


def _run(argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None, stdin: Path | None, limit: float) -> bytes | None:
    try:
        with (stdin or Path("/dev/null")).open("rb") as source:
            done = subprocess.run(argv, cwd=cwd, env=env, stdin=source, capture_output=True, timeout=limit + 30, check=False)
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout


def owners(symbols: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Invert module → defined symbols into symbol → modules, in the order of the modules (link order decides ties)."""
    found: dict[str, list[str]] = {}
    for module, names in symbols.items():
        for name in names:
            found.setdefault(name, []).append(module)
    return found
