"""What `autopass doctor` looks at: each finding says what is, whether that is good, and the exact command that mends it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.errors import AutopassError
from autopass_cc.paths import data_dir
from autopass_cc.toolchain import registry
from autopass_cc.toolchain.describe import Status, Toolchain
from autopass_cc.trust import why_writable

PLAIN_SQLITE = (3, 37)  # STRICT tables and RETURNING, which the library may use


@dataclass(frozen=True)
class Finding:
    """One line of the report; `good` None means: works, but less well than it could."""

    name: str
    good: bool | None
    text: str
    fix: str = ""


def run_all(progress: Callable[[str], None]) -> Iterator[Finding]:
    """Yield all findings; the toolchain is prepared on the way, as `init` would."""
    try:
        toolchain = registry.ensure(progress=progress)
    except AutopassError as error:
        yield Finding("clang", good=False, text=error.sentence, fix=error.next_step)
    else:
        yield from _toolchain(toolchain)
    yield from _profilers()
    yield from _machine()
    yield from _storage()


def _toolchain(toolchain: Toolchain) -> Iterator[Finding]:
    yield Finding(
        "clang", good=True, text=f"{toolchain.clang}: {toolchain.version}, {toolchain.target}, host CPU {toolchain.cpu}"
    )
    missing = [name for name in ("opt", "llvm-nm", "llvm-ar") if toolchain.find_tool(name) is None]
    package = f"apt-get install llvm-{toolchain.major}"
    text = f"missing: {', '.join(missing)}" if missing else f"those of LLVM {toolchain.major}, in {toolchain.bin}"
    yield Finding("LLVM tools", good=not missing, text=text, fix=package if missing else "")
    headers = toolchain.find_tool("llvm-config") is not None
    yield Finding(
        "headers",
        good=True if headers else None,
        text="installed" if headers else "not installed: recipes are limited to knobs",
        fix="" if headers else f"apt-get install llvm-{toolchain.major}-dev",
    )
    ok = toolchain.status is Status.OK
    other = (
        "set AUTOPASS_CLANG to another clang to tune pipelines too" if headers else f"apt-get install llvm-{toolchain.major}-dev"
    )
    yield Finding(
        "plugin",
        good=True if toolchain.plugin else None,
        text=str(toolchain.plugin or toolchain.reason),
        fix="" if toolchain.plugin else other,
    )
    text = "base pipelines through the plugin give the same objects" if ok else toolchain.reason
    yield Finding("identity", good=True if ok else None, text=text, fix="" if ok else other)
    yield _lld(toolchain)


def _lld(toolchain: Toolchain) -> Finding:
    lld = toolchain.lld
    install = f"apt-get install lld-{toolchain.major}"
    if lld is None:
        return Finding("lld", good=None, text="not installed: layouts vary by object order only", fix=install)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "a.c"
        source.write_text("int f(void) { return 1; }\nint main(void) { return f() - 1; }\n")
        argv = [str(toolchain.clang), "-O1", "-ffunction-sections", str(source), "-o", f"{folder}/a", f"--ld-path={lld}"]
        done = subprocess.run([*argv, "-Wl,--shuffle-sections=.text*=7"], capture_output=True, check=False)
    good = done.returncode == 0
    text = f"{lld}, sections can be shuffled" if good else f"{lld} cannot shuffle sections"
    return Finding("lld", good=True if good else None, text=text, fix="" if good else f"{install} --reinstall")


def _profilers() -> Iterator[Finding]:
    perf = shutil.which("perf")
    works = False
    if perf:
        with tempfile.TemporaryDirectory() as folder:
            argv = [perf, "record", "-q", "-e", "cpu-clock", "-o", f"{folder}/p", "--", "true"]
            works = subprocess.run(argv, capture_output=True, check=False).returncode == 0
    if works:
        yield Finding("profiler", good=True, text=f"{perf} can sample (cpu-clock)")
        return
    why = "perf may not sample here (kernel.perf_event_paranoid)" if perf else "perf is not installed"
    valgrind = shutil.which("valgrind")
    fix = "sysctl kernel.perf_event_paranoid=1" if perf else "apt-get install linux-perf"
    text = f"{why}; valgrind is used, which is slow" if valgrind else f"{why}, nor is valgrind: all modules count as equally hot"
    yield Finding("profiler", good=None, text=text, fix=fix)


def _machine() -> Iterator[Finding]:
    aslr = _read("/proc/sys/kernel/randomize_va_space")
    yield Finding(
        "ASLR",
        good=aslr != "0",
        text="on" if aslr != "0" else "off: every run has the same addresses",
        fix="" if aslr != "0" else "sysctl kernel.randomize_va_space=2",
    )
    governor = _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor:
        good = governor == "performance"
        yield Finding(
            "governor", good=True if good else None, text=governor, fix="" if good else "cpupower frequency-set -g performance"
        )
    pressure = _read("/proc/pressure/cpu")
    if pressure:
        share = float(pressure.split("avg10=")[1].split()[0])
        text = f"processes wait for a CPU {share:.0f} % of the time"
        yield Finding(
            "load", good=True if share < 10 else None, text=text, fix="" if share < 10 else "measure when the machine does less"
        )
    count = len(os.sched_getaffinity(0))
    fix = "" if count > 1 else "give it a second CPU: measuring then has one to itself"
    yield Finding("CPUs", good=True if count > 1 else None, text=f"{count} may be used", fix=fix)


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _storage() -> Iterator[Finding]:
    recent = sqlite3.sqlite_version_info >= PLAIN_SQLITE
    wanted = ".".join(map(str, PLAIN_SQLITE))
    fix = "" if recent else f"use a Python with SQLite {wanted} or newer"
    yield Finding("SQLite", good=recent, text=sqlite3.sqlite_version, fix=fix)
    place = data_dir()
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    writable = os.access(existing, os.W_OK)
    why = why_writable(place.stat()) if place.exists() else ""
    private = not why
    text = f"{place} {why + ': nothing in it is used' if why else 'is private'}" if writable else f"{place} cannot be written"
    fix = "set AUTOPASS_HOME to a directory of your own" if not writable else "" if private else f"chmod 700 {place}"
    yield Finding("data", good=writable and private, text=text, fix=fix)
    launcher = shutil.which("autopass-cc")
    yield Finding(
        "launcher",
        good=launcher is not None,
        text=launcher or "autopass-cc is not on PATH",
        fix="" if launcher else "put the folder of `autopass` on PATH",
    )
