"""How the store behaves when it is large: ingest, publish, look at, with 100,000 modules and a million blocks.

    python tests/benchmarks/store_scale.py [--modules 100000] [--blocks 1000000] [--lines 100000]

Works in a temporary AUTOPASS_HOME. Prints a table of medians; nothing is asserted, because speed is the machine's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    """Fill a store and time what people wait for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", type=int, default=100_000)
    parser.add_argument("--blocks", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=100_000, help="lines of the journal")
    parser.add_argument("--recipes", type=int, default=1_000, help="different recipes among the modules")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="autopass-scale-") as place:
        os.environ["AUTOPASS_HOME"] = place
        project = Path(place) / "project"
        project.mkdir()
        (project / "autopass.toml").write_text(f'id = "{"7" * 32}"\nrun = ["./a"]\n')
        measure(project, chosen.modules, chosen.blocks, chosen.lines, chosen.recipes)


def measure(project: Path, modules: int, blocks: int, lines: int, recipes: int) -> None:
    """Print one line for each thing that was timed."""
    from autopass_cc.project.intake import ingest
    from autopass_cc.store import entries as store
    from autopass_cc.store import publishing
    from autopass_cc.store.database import database_path, writer
    from autopass_cc.store.states import DEMOTED

    write_journal(project, lines)
    with writer() as db:
        seconds = timed(lambda: ingest(db))
        show(f"ingest of {lines:,} journal lines", seconds, f"{lines / seconds:,.0f} lines/s")
        fill(db, modules, blocks, recipes, str(project))
        show("size of the store", None, f"{database_path().stat().st_size / 2**20:,.0f} MiB")
        show(f"publish {modules:,} entries (new recipes: {recipes:,})", timed(lambda: publishing.publish(db)))
        show(f"publish {modules:,} entries again", timed(lambda: publishing.publish(db)))
        chosen = store.entries(db, "6" * 32)[:20]
        times = [timed(lambda one=one: store.accept(db, [one])) for one in chosen]  # type: ignore[misc]
        show("accept one entry and publish it", statistics.median(times), f"most {max(times) * 1e3:.0f} ms")
        times = [timed(lambda one=one: store.take_back(db, [one], DEMOTED)) for one in chosen]  # type: ignore[misc]
        show("demote one entry and publish that", statistics.median(times), f"most {max(times) * 1e3:.0f} ms")
    for words in (["status"], ["status", "--json"], ["daemon", "status"], ["stats"], ["cache", "stats"], ["--help"]):
        argv = [sys.executable, "-m", "autopass_cc.cli.main", *words]
        times = [timed(lambda argv=argv: run(argv, project)) for _ in range(7)]  # type: ignore[misc]
        show(f"autopass {' '.join(words)}", statistics.median(times), f"most {max(times) * 1e3:.0f} ms")


def write_journal(project: Path, lines: int) -> None:
    """Write lines such as the launcher writes for a project of a tenth as many objects, compiled again and again."""
    from autopass_cc.project.journal import journal_path, switch_on

    switch_on()
    objects = max(1, lines // 10)
    with journal_path().open("w") as stream:
        for number in range(lines):
            stream.write(json.dumps(line(project, number % objects, number)) + "\n")


def line(project: Path, place: int, number: int) -> dict[str, Any]:
    """Return one compile as the journal has it: about a kilobyte."""
    source = f"src/part{place % 100}/module{place}.c"
    flags = ["-O2", "-g", "-Wall", "-Wextra", "-Iinclude", "-I../include", "-DNDEBUG", '-DVERSION="1.2.3"', "-fPIC"]
    return {
        "v": 1, "t": 1_790_000_000_000_000_000 + number * 1000, "kind": "compile",
        "decision": "hit" if number % 3 == 0 else "miss", "reason": "exact" if number % 3 == 0 else "no-recipe",
        "root": str(project), "cwd": f"{project}/build", "argv": ["/usr/lib/llvm-22/bin/clang", *flags, "-c", f"../{source}"],
        "out": f"obj/module{place}.o", "src": f"../{source}", "lang": "c", "level": "O2", "exact": f"{place:032x}",
        "inherited": f"{place + 10**9:032x}", "portable_exact": f"{place + 2 * 10**9:032x}",
        "portable_inherited": f"{place + 3 * 10**9:032x}", "digest": f"{place:032x}", "recipe": None, "env": {},
    }  # fmt: skip


def fill(db: Any, modules: int, blocks: int, recipes: int, root: str) -> None:
    """Put entries, runs and measurements into the store, as a year of tuning would."""
    from autopass_cc.digest import digest_of
    from autopass_cc.store.database import transaction

    texts = [f"autopass-recipe 1\nllvm 22\nlevel O2\nknob inline-threshold {n + 1}\n".encode() for n in range(recipes)]
    digests = [digest_of(text) for text in texts]
    run = Path(root)
    block = json.dumps({"index": 0, "cpu": 1, "runs": [{"side": "A", "wall_s": 0.1}] * 8, "seed_a": 1, "seed_b": 2})
    with transaction(db):
        db.conn.executemany("insert into recipe values (?, ?)", list(zip(digests, texts, strict=True)))
        columns = [row["name"] for row in db.query("pragma table_info(entry)")]
        rows = []
        for n in range(modules):
            values = {
                "project": f"{n // 1000 % 100 + 6:032x}" if n >= 1000 else "6" * 32, "module": f"src/module{n}.c", "root": root,
                "recipe": digests[n % recipes], "exact": f"{n:032x}", "inherited": f"{n + 10**9:032x}", "toolchain": "5" * 32,
                "digest": f"{n:032x}", "edits": '[{"op": "knob", "name": "inline-threshold", "value": "500"}]',
                "median": -0.05 - n % 7 / 100, "low": -0.2, "high": -0.01, "log_e": 5.0, "share": 0.2, "run": 1,
                "state": "active", "at": n, "variant": f"{n + 10**9:032x}", "exact_only": "", "portable_exact": "",
                "portable_inherited": "", "origin": "", "provenance": "{}", "checked": n,
            }  # fmt: skip
            rows.append(tuple(values[column] for column in columns))
        db.conn.executemany(f"insert into entry values ({', '.join('?' * len(columns))})", rows)
        db.conn.executemany(
            "insert into run (project, root, fingerprint, toolchain, seed, state, started, facts) values (?,?,?,?,?,?,?,?)",
            [(f"{n:032x}", str(run), f"{n}", "5" * 32, 1, "done", n, "{}") for n in range(5000)],
        )
        db.conn.executemany(
            "insert into measurement (run, stage, subject, seq, data, at) values (?, ?, ?, ?, ?, ?)",
            ((n // 200 + 1, "confirmation", f"m{n // 20 % 10}", n % 20, block, n) for n in range(blocks)),
        )


def run(argv: list[str], cwd: Path) -> None:
    """Run a command as a user would; what it says does not matter here."""
    subprocess.run(argv, cwd=cwd, capture_output=True, check=False)


def timed(call: Callable[[], object]) -> float:
    """Return how many seconds a call took."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def show(what: str, seconds: float | None, remark: str = "") -> None:
    """Print one row."""
    print(f"{what:55} {'' if seconds is None else f'{seconds * 1e3:9.1f} ms'}  {remark}", flush=True)


if __name__ == "__main__":
    main()
