"""Half an hour of everything at once: builds, edits, kill -9, clock jumps, a full disk. Counts what was lost and what failed.

    python tests/benchmarks/soak.py [--minutes 30] [--kills 100]

A small project is built and edited all the while, as a user does; beside it the service tunes it, and is killed (or its
worker is) at random moments and started again. Where we are root, autopass's data lies on a small file system that is
filled up now and then; and the service's clock jumps by hours and days (clock.c beside this file). What had been finished
(rows of measurements, candidates, entries, history) is counted before each blow and must be there after it; every build
must succeed and its program print what it should; the publication must be readable at any moment.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

import sample_project

from autopass_cc.store.publication import read_index

TABLES = ("measurement", "candidate", "entry", "history", "run", "null_test")
DISK = "96m"  # of the file system that is filled up


@dataclass
class Soak:
    """One soak: where it works, what was seen so far, and what went wrong."""

    place: Path
    rng: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    version: int = 0

    @property
    def home(self) -> Path:
        """Autopass's data."""
        return self.place / "disk" / "home"

    @property
    def project(self) -> Path:
        """The user's project, on another file system than autopass's data."""
        return self.place / "project"

    def environment(self) -> dict[str, str]:
        """Return the environment of builds and of the service."""
        return sample_project.environment() | {"AUTOPASS_HOME": str(self.home), "CC": "autopass-cc"}

    def problem(self, text: str) -> None:
        """Note what must not happen."""
        self.problems.append(f"{time.strftime('%H:%M:%S')} {text}")
        print(f"PROBLEM {self.problems[-1]}", flush=True)

    # ---- the user

    def build(self) -> None:
        """Build, and look whether the program does what it should."""
        kind = self.rng.choice(["as it is", "from clean", "edited", "edited", "broken clock"])
        if kind == "from clean":
            self.make("clean")
        elif kind == "edited":
            self.version += 1
            source = self.project / "kernel.c"
            source.write_text(sample_project.SOURCES["kernel.c"] + f"/* version {self.version} */\n")
        elif kind == "broken clock":
            jump = time.time() + self.rng.choice([-1, 1]) * self.rng.uniform(1, 1e7)
            os.utime(self.project / "main.c", (jump, jump))
        done = self.make()
        self.counts["builds"] += 1
        strange = [line for line in done.stderr.splitlines() if not line.startswith(b"make: ")]  # of clocks that jumped
        if done.returncode != 0 or strange:
            self.problem(f"a build failed ({kind}): {done.returncode} {done.stderr[-200:]!r}")
            return
        said = subprocess.run(["./prog", "3"], cwd=self.project, capture_output=True, check=False)
        if said.stdout != self.expected:
            self.problem(f"the program prints {said.stdout!r}")

    def make(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Run make as the user does."""
        return subprocess.run(["make", "-s", *words], cwd=self.project, env=self.environment(), capture_output=True, check=False)

    expected: bytes = b""

    # ---- the service

    def start(self) -> None:
        """Start the service, some of the time with a clock that is off."""
        env = self.environment()
        env |= {"LD_PRELOAD": str(self.place / "clock.so"), "SOAK_CLOCK": str(self.place / "clock")}
        with (self.place / "service.err").open("ab") as errors:
            subprocess.Popen(
                [sys.executable, "-m", "autopass_cc.daemon"],
                env=env, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True,
            )  # fmt: skip

    def processes(self) -> tuple[list[int], list[int]]:
        """Return the services and the workers that run for this home."""
        services, workers = [], []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                ours = f"AUTOPASS_HOME={self.home}".encode() in (folder / "environ").read_bytes().split(b"\0")
                if ours and b"autopass_cc.daemon" in words:
                    services.append(int(folder.name))
                elif ours and b"autopass_cc.daemon.worker" in words:
                    workers.append(int(folder.name))
        return services, workers

    def kill(self) -> None:
        """Kill the service or its worker, whatever it is at."""
        services, workers = self.processes()
        victims = workers if workers and self.rng.random() < 0.5 else services
        for pid in victims[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.counts["kills of a worker" if pid in workers else "kills of the service"] += 1
        if victims is services and services:
            time.sleep(self.rng.uniform(0, 1.0))
            self.start()
        elif not services:
            self.counts["services that were not there"] += 1
            self.start()

    def jump(self) -> None:
        """Set the service's clock forwards or back."""
        seconds = self.rng.choice([-1, 1]) * int(self.rng.choice([60, 3600, 86400, 30 * 86400]))
        (self.place / "clock").write_text(f"{seconds:+d}")
        self.counts["clock jumps"] += 1

    def fill(self) -> None:
        """Fill the disk, build meanwhile, and make room again."""
        ballast = self.place / "disk" / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb") as stream:
            while True:
                stream.write(b"x" * (1 << 16))
                stream.flush()
        self.counts["full disks"] += 1
        for _ in range(self.rng.randint(1, 3)):
            self.build()
            time.sleep(self.rng.uniform(0, 3))
        ballast.unlink(missing_ok=True)

    # ---- what must hold

    def look(self) -> None:
        """Count what is finished; nothing that was there may be gone."""
        database = self.home / "autopass.db"
        if database.exists():
            try:
                connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)
                try:
                    for table in TABLES:
                        found = connection.execute(f"select count(*) from {table}").fetchone()[0]
                        if found < self.seen.get(table, 0):
                            self.problem(f"{table}: {self.seen[table]} rows before, {found} now")
                        self.seen[table] = found
                finally:
                    connection.close()
            except sqlite3.OperationalError as error:
                self.counts[f"looks that had to be put off ({error})"] += 1
        index = self.home / "publication" / "index"
        try:
            for line in read_index(index):
                if not (index.parent / "recipes" / f"{line.recipe}.recipe").exists():
                    self.problem(f"{line.recipe} is published and not there")
        except ValueError as error:
            self.problem(f"the publication cannot be read: {error}")
        if list((self.home / "quarantine").glob("*")):
            self.problem("the database was damaged and set aside")
        self.counts["looks"] += 1


def main() -> None:
    """Soak, and print the counts; exit code 1 when something was lost or failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    chosen = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="autopass-soak-"))
    soak = Soak(place, random.Random(chosen.seed))
    (place / "disk").mkdir()
    small = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "tmpfs", place / "disk"], check=False
    ).returncode == 0  # fmt: skip
    try:
        prepare(soak)
        go_on(soak, chosen.minutes * 60, chosen.kills, small=small)
        report(soak, chosen.seed, small=small)
    finally:
        for pids in soak.processes():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if small:
            time.sleep(1)
            subprocess.run(["umount", "-l", place / "disk"], check=False)
        shutil.rmtree(place, ignore_errors=True)
    raise SystemExit(bool(soak.problems))


def prepare(soak: Soak) -> None:
    """Make the project, look at the compiler, build once."""
    soak.home.mkdir(mode=0o700)
    library: list[str | Path] = [
        "cc",
        "-shared",
        "-fPIC",
        "-O1",
        "-o",
        soak.place / "clock.so",
        Path(__file__).with_name("clock.c"),
        "-ldl",
    ]
    subprocess.run(library, check=True)
    (soak.home / "config.toml").write_text('[service]\nbudget = "20s"\nquiet = "1s"\npressure = 100.0\na_day = "10h"\n')
    sample_project.create(soak.project)
    sample_project.autopass("init", cwd=soak.project, env={"AUTOPASS_HOME": str(soak.home)})
    soak.make()
    soak.expected = subprocess.run(["./prog", "3"], cwd=soak.project, capture_output=True, check=True).stdout


def go_on(soak: Soak, seconds: float, kills: int, *, small: bool) -> None:
    """Do everything at random moments until the time is over."""
    soak.start()
    ends = time.monotonic() + seconds
    times = sorted(soak.rng.uniform(5, seconds - 5) for _ in range(kills))
    blows = [(when, soak.kill) for when in times]
    blows += [(soak.rng.uniform(5, seconds - 5), soak.jump) for _ in range(max(2, kills // 10))]
    if small:
        blows += [(soak.rng.uniform(5, seconds - 5), soak.fill) for _ in range(max(2, kills // 15))]
    began, following = time.monotonic(), 0.0
    for when, blow in sorted(blows, key=lambda pair: pair[0]):
        while (left := began + when - time.monotonic()) > 0:
            if time.monotonic() >= following:
                soak.build()
                following = time.monotonic() + soak.rng.expovariate(1 / 25)
            time.sleep(min(left, 0.2))
        soak.look()
        blow()
        soak.look()
    while time.monotonic() < ends:
        time.sleep(0.5)
    soak.look()


def report(soak: Soak, seed: int, *, small: bool) -> None:
    """Print what happened."""
    print(f"seed {seed}; small disk: {small}")
    for name, count in sorted(soak.counts.items()):
        print(f"{count:8} {name}")
    print("finished at the end: " + ", ".join(f"{count} {table}" for table, count in soak.seen.items()))
    log = soak.home / "log" / "daemon.log"
    if log.exists():
        lines = log.read_text("utf-8", "replace").splitlines()
        told = Counter(line.split(" ", 1)[1].split(" after")[0].split(" (process")[0] for line in lines if " " in line)
        for text, count in told.most_common(12):
            print(f"{count:8} times in the log: {text[:100]}")
    print(f"lost or failed: {len(soak.problems)}")
    for text in soak.problems:
        print(f"  {text}")


if __name__ == "__main__":
    main()
