"""Damage a store, or fill one with anything, and use it as every command does.

    python tests/fuzz/fuzz_database.py [--seconds 60 | --runs N] [--seed N]

Half of the inputs are a real store's file with bytes, pages, its end or its journal changed; half are fresh stores whose tables
hold random rows: texts, blobs, numbers, nothing, huge strings, paths, line breaks. Then the store is read, opened for writing,
published, planned from, counted and verified. Wrong is any exception but an AutopassError (and what the command line explains), a
published recipe outside the grammar or not under its right name, an index that is none, and a file made or changed outside
AUTOPASS_HOME.
Prints executions and executions a second; exit code 1 on a finding, whose seed is printed: `--seed N --runs 1` does it again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autopass_cc.cli import stats, status
from autopass_cc.daemon import planning
from autopass_cc.digest import digest_of
from autopass_cc.errors import AutopassError, RecipeError, StoreNewerError
from autopass_cc.failures import explained
from autopass_cc.project import config as project_config
from autopass_cc.project.intake import ingest
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.sharing import check, give, prune
from autopass_cc.sharing import statistics as sizes
from autopass_cc.store import entries, generations, history, imports, jobs, publishing, traits
from autopass_cc.store.database import backup, database_path, reader, transaction, writer
from autopass_cc.store.publication import LINE, publication_dir, read_index, read_layer
from autopass_cc.store.runs import RunReader
from autopass_cc.store.shape import TABLES
from autopass_cc.store.states import REVERTED
from autopass_cc.store.statistics import Scope

PROJECT = "7" * 32
TEXTS = [f"autopass-recipe 1\nllvm 22\nlevel O2\nknob inline-threshold {n}\n".encode() for n in range(1, 6)]
OUTSIDE = b"autopass-recipe 1\nllvm 22\nlevel O2\nknob load /tmp/evil.so\n"
DIGESTS = [digest_of(text) for text in (*TEXTS, OUTSIDE)]
PAGE = 4096


@dataclass
class Place:
    """Where an input is tried: the home that it lies in, a project, and a tree that nothing may touch."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def project(self) -> Path:
        return self.folder / "outside" / "project"

    def outside(self) -> dict[str, tuple[int, int, bytes]]:
        """Return what there is outside the home."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            if not path.is_relative_to(self.home):
                info = path.lstat()
                data = path.read_bytes() if path.is_file() else b""
                found[str(path.relative_to(self.folder))] = (info.st_mode, info.st_mtime_ns, data)
        return found


# ---- inputs


def fill(db: Any, place: Place) -> None:
    """Put sound rows of every kind into a store, as tuning does."""
    for text in TEXTS:
        db.execute("insert or replace into recipe values (?, ?)", [digest_of(text), text])
    values = {
        "project": PROJECT, "root": str(place.project), "exact": "", "inherited": "", "portable_exact": "3" * 32,
        "portable_inherited": "4" * 32, "toolchain": "5" * 32, "digest": "6" * 32, "level": "O2", "edits": "[]", "median": -0.1,
        "low": -0.2, "high": -0.05, "log_e": 5.0, "share": 0.5, "run": 1, "at": 1, "exact_only": "", "origin": "",
        "provenance": "{}", "checked": 1, "cwd": str(place.project), "argv": '["/usr/bin/clang", "-c"]', "env": "{}", "lang": "c",
        "decision": "miss", "reason": "no-recipe", "facts": "{}", "created": 1, "updated": 1, "owner": "", "due": 0, "kills": 0,
        "failures": 0, "priority": 1.0, "event": "accepted", "detail": "", "stage": "confirmation", "data": '{"index": 0}',
        "evidence": "[]", "mind": "rules", "hypothesis": "", "verdict": "accepted", "screened": None, "fingerprint": "f",
        "seed": 1, "started": 1, "finished": 2, "source": "team", "day": "2026-11-01", "count": 3, "what": "seconds",
        "amount": 1.5,
        "blocks": 12, "e_value": 1.0, "accepted": 0, "vector": '{"loops": 1.0}', "cpu": "znver3", "inode": 1, "offset": 0,
    }  # fmt: skip
    for number in range(40):
        own = {
            "id": number, "module": f"src/{number}.c", "variant": f"{number:032x}", "recipe": DIGESTS[number % len(TEXTS)],
            "out": f"{place.project}/{number}.o", "src": f"{place.project}/src/{number}.c", "rel": f"src/{number}.c",
            "exact": f"{number:032x}", "inherited": f"{number + 1000:032x}", "seq": number, "subject": f"s{number}",
        }  # fmt: skip
        rows: dict[str, dict[str, Any]] = {
            "entry": {"state": "active"}, "imported": {"state": "trusted", "exact": f"{number + 500:032x}"}, "compile": {},
            "link": {}, "candidate": {}, "history": {}, "measurement": {}, "traits": {}, "null_test": {},
            "job": {"kind": "tune" if number else "module", "state": "queued", "reason": ""}, "run": {"state": "done"},
            "tally": {"reason": f"r{number}"}, "spent": {"day": f"day{number}"}, "journal": {"inode": number},
            "avoid": {}, "setting": {"name": f"n{number}", "value": "1"},
        }  # fmt: skip
        for table, special in rows.items():
            columns = [column.split("*")[0] for column in TABLES[table].split()]
            row = {column: {**values, **own, **special}.get(column) for column in columns}
            if table == "job":
                row["module"] = f"m{number}"
            insert(db, table, row)


def insert(db: Any, table: str, row: dict[str, Any]) -> None:
    """Insert a row as it is."""
    names = ", ".join(f"[{name}]" for name in row)
    db.execute(f"insert or replace into [{table}] ({names}) values ({', '.join('?' * len(row))})", list(row.values()))


@contextlib.contextmanager
def at_home(place: Place) -> Iterator[None]:
    """Let autopass live in a place, and stand in its project."""
    before, here = os.environ.get("AUTOPASS_HOME"), Path.cwd()
    os.environ["AUTOPASS_HOME"] = str(place.home)
    os.chdir(place.project)
    try:
        yield
    finally:
        os.chdir(here)
        if before is None:
            del os.environ["AUTOPASS_HOME"]
        else:
            os.environ["AUTOPASS_HOME"] = before


def templates(place: Place) -> dict[str, bytes]:
    """Return a store without rows, and one with sound ones."""
    place.project.mkdir(parents=True, mode=0o700)
    (place.project / "autopass.toml").write_text(f'id = "{PROJECT}"\nrun = ["./a"]\n')
    (place.project / "0.o").write_bytes(b"object")
    (place.folder / "outside" / "sentinel").write_text("untouched")
    with at_home(place):
        with writer() as db:
            pass
        empty = database_path().read_bytes()
        with writer() as db, transaction(db):
            fill(db, place)
        return {"empty": empty, "full": database_path().read_bytes()}


def damage(rng: random.Random, data: bytes) -> bytes:
    """Return a file with something changed in it."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(found))
        match rng.randrange(6):
            case 0:
                found[at] ^= 1 << rng.randrange(8)
            case 1:
                found[at] = rng.randrange(256)
            case 2:
                found[at : at + 16] = rng.randbytes(min(16, len(found) - at))
            case 3:
                page = at // PAGE * PAGE
                found[page : page + PAGE] = rng.choice((bytes(PAGE), rng.randbytes(PAGE)))
            case 4:
                other = rng.randrange(len(found)) // PAGE * PAGE
                page = at // PAGE * PAGE
                found[page : page + PAGE] = found[other : other + PAGE]
            case _:
                if rng.randrange(8) == 0:
                    del found[max(1, at) :]
                else:
                    found[at // PAGE * PAGE :][:8] = rng.randbytes(8)
                    found[at // PAGE * PAGE] = rng.choice((2, 5, 10, 13))
    return bytes(found)


PATHLIKE = ("../../evil", "/etc/passwd", "..", "a/../../b", "recipes/../index", "\0", "x\0y", "/" + "d/" * 3000, "/" + "n" * 300)
WORDS = (
    "active",
    "trusted",
    "queued",
    "tune",
    "module",
    "done",
    "running",
    "hit",
    "miss",
    "accepted",
    "{}",
    "[]",
    "[1]",
    "null",
    "",
)
LINES = ("a\nb", "x" + "1" * 32 + " " + "2" * 32 + " z\n", "\r\x1b[31m", "\u2028\x85", "\ud7ff\ue000")
JSON = (
    '{"a": {"b": []}}', '["a", 1, null]', '[{"op": "knob"}]', "{", '"\\ud800"', "[" * 2000, '{"program": 5}', '{"program": {}}',
    '{"program": {"verdict": 1, "estimate": {}}}', '{"modules": [1], "program": {"verdict": "accepted", "estimate": null, '
    '"baseline_s": 1, "tuned_s": null}}', '{"spent": "x"}', '{"looked": 5}', '{"looked": {"src/0.c": 1}}', '{"tried": {"m": []}}',
    '{"settled": 1, "rows": "x"}', "1e999", "NaN",
)  # fmt: skip


STATES = {
    "state": ("active", "active", "trusted", "queued", "done", "running"),
    "kind": ("tune", "recheck", "module"),
    "decision": ("hit", "miss"),
    "event": ("accepted", "verified"),
    "verdict": ("accepted", "rejected"),
    "exact_only": ("", "", "why"),
    "origin": ("", "team"),
}


def value(rng: random.Random, column: str) -> Any:
    """Return anything, often such as the column may have."""
    match rng.randrange(12):
        case 0:
            return None
        case 1:
            return rng.randbytes(rng.randrange(40))
        case 2:
            return rng.choice((0, 1, -1, 2**31, 2**62, 2**63 - 1, -(2**63), rng.randrange(1000)))
        case 3:
            return rng.choice((0.0, -0.1, 1e308, -1e308, float("inf"), float("-inf"), 5e-324))
        case 4:
            return rng.choice(PATHLIKE)
        case 5:
            return rng.choice(LINES)
        case 6:
            return rng.choice(JSON)
        case 7:
            return "".join(chr(rng.choice((rng.randrange(128), rng.randrange(0xD800)))) for _ in range(rng.randrange(60)))
        case 8:
            return (
                rng.choice("aé€") * rng.choice((100, 5000, 100_000))
                if rng.randrange(4) == 0
                else "1" * 32 + rng.choice(("", "\0"))
            )
        case 9:
            return rng.choice(WORDS)
        case _:
            return likely(rng, column)


def likely(rng: random.Random, column: str) -> Any:
    """Return what a column may have."""
    if column in ("recipe", "digest"):
        return rng.choice((*DIGESTS, "0" * 32, DIGESTS[0].upper()))
    if column in ("exact", "inherited", "portable_exact", "portable_inherited", "toolchain", "variant"):
        return rng.choice((*(f"{rng.randrange(9):032x}" for _ in range(6)), "", "A" * 32, "g" * 32))
    if column == "project":
        return PROJECT
    if column in ("root", "cwd"):
        return rng.choice((os.getcwd(), "/nonexistent"))  # noqa: PTH109 - as a text
    if column in ("edits", "evidence", "argv", "data", "env", "facts", "provenance", "vector"):
        return rng.choice(("[]", "{}", '["a"]', '[{"op": "knob", "name": "inline-threshold", "value": "5"}]', '{"a": 1.0}'))
    if column in ("out", "src"):
        return rng.choice((f"{os.getcwd()}/0.o", "/x/y.o"))  # noqa: PTH109
    if column in ("median", "low", "high", "log_e", "share", "priority", "amount", "e_value", "screened"):
        return rng.choice((-0.1, 0, 5.5))
    if column in STATES:
        return rng.choice(STATES[column])
    if column == "text":
        return rng.choice((*TEXTS, OUTSIDE))
    return rng.choice(("src/0.c", "x", 0, 1, 7))


def random_rows(rng: random.Random, path: Path) -> None:
    """Put random rows into every table of a store, and now and then something that runs by itself."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("pragma synchronous=off")
        db.execute("pragma journal_mode=off")
        db.execute("begin")
        for text in TEXTS if rng.randrange(2) else ():
            db.execute("insert or replace into recipe values (?, ?)", [digest_of(text), text])
        if rng.randrange(2):
            db.execute("insert or replace into recipe values (?, ?)", [digest_of(OUTSIDE), OUTSIDE])
        for table, columns in TABLES.items():
            names = [column.split("*")[0] for column in columns.split()]
            for _ in range(rng.choice((0, 1, 3, 8))):
                wild = rng.choice((0.0, 0.0, 0.1, 1.0))  # how much of the row may be anything
                row = {name: value(rng, name) if rng.random() < wild else likely(rng, name) for name in names}
                with contextlib.suppress(sqlite3.IntegrityError):
                    insert(db, table, row)
        if rng.randrange(4) == 0:  # texts that are not UTF-8
            table = rng.choice(("entry", "job", "history", "compile", "tally", "imported"))
            column = rng.choice([each.split("*")[0] for each in TABLES[table].split()])
            with contextlib.suppress(sqlite3.IntegrityError):
                db.execute(f"update [{table}] set [{column}] = cast(x'ff41fe' as text)")
        if rng.randrange(8) == 0:
            with contextlib.suppress(sqlite3.IntegrityError):
                db.execute(rng.choice(PROGRAMS))
        if rng.randrange(20) == 0:
            db.execute(f"pragma user_version={rng.choice((0, 3, 6, 8, -1))}")
        db.execute("commit")


PROGRAMS = (
    "create trigger evil after insert on setting begin delete from entry; end",
    "create view evil as with recursive n(i) as (select 1 union all select i + 1 from n) select i from n",
    "drop table entry",
    "alter table job rename column facts to other",
    "create unique index evil on setting (value)",
    "create table evil (a check (a > 5))",
)

# ---- use


def use(place: Place) -> Iterator[Callable[[], object]]:
    """Yield what commands do with a store, one after the other."""
    scopes = [Scope(), Scope(PROJECT, str(place.project), "2026-01-01")]

    def read() -> None:
        with reader() as db:
            if db is not None:
                entries.entries(db)
                entries.proven(db)
                jobs.jobs(db)
                jobs.spent(db, "2026-11-01")
                imports.imported(db)
                imports.counts(db)
                history.history(db, PROJECT)
                traits.traits(db)
                run = RunReader(db).latest(PROJECT)
                if run is not None:
                    RunReader(db).candidates(run.id)

    def write() -> None:
        with writer() as db:
            ingest(db)
            jobs.recover(db)
            skipped = planning.plan(db)
            planning.summary(db, skipped, "2026-11-01")
            publishing.publish_if_due(db)
            publishing.left_out(db)
            mine = entries.entries(db)
            entries.take_back(db, mine[:1], REVERTED)
            entries.accept(db, mine[-1:])
            imports.distrust(db, "team")
            publishing.publish(db)
            prune.find(db)
            backup(db)

    def verify() -> None:
        problems, _ = check.check()
        if problems:
            check.repair(problems, lambda _text: None)
            check.check()

    yield read
    yield lambda: status.collect(project_config.load(place.project))
    for scope in scopes:
        yield lambda scope=scope: stats.collect(scope)  # type: ignore[misc]
    yield sizes.collect
    yield give.ours
    yield write
    yield verify
    yield read
    yield lambda: usable(write)
    yield lambda: sound(place)


def usable(write: Callable[[], None]) -> None:
    """Assert that whatever was wrong with a store is mended by whoever meets it, at the second time at the latest."""
    with contextlib.suppress(AutopassError, sqlite3.Error):
        write()
        return
    try:
        write()
    except StoreNewerError:
        return
    except AutopassError as error:
        raise AssertionError(error) from error


def is_recipe(data: bytes) -> bool:
    """Return whether a file is in the grammar."""
    try:
        Recipe.parse(data)
    except RecipeError:
        return False
    return True


def sound(place: Place) -> None:
    """Assert what is promised of everything that is published."""
    folder = publication_dir()
    for path in sorted((folder / "recipes").glob("*")) if folder.exists() else ():
        data = path.read_bytes()
        assert is_recipe(data), data[:200]
        assert path.name == f"{digest_of(data)}.recipe", path.name
    if (folder / "index").exists():
        raw = (folder / "index").read_bytes()
        assert raw.split(b"\n")[1:-1] == sorted(raw.split(b"\n")[1:-1])
        assert all(len(line) < PAGE and LINE.match(line) for line in raw.split(b"\n")[1:-1])
        lines = read_index(folder / "index")
        assert len(lines) == len(read_layer(folder / "index").lines)
        for line in lines:
            assert (folder / "recipes" / f"{line.recipe}.recipe").exists(), line
    assert place.home.exists()


def one(place: Place, data: dict[str, bytes], seed: int) -> str:
    """Try one input; return what went wrong, "" for nothing."""
    rng = random.Random(seed)
    shutil.rmtree(place.home, ignore_errors=True)
    place.home.mkdir(mode=0o700)
    path = place.home / "autopass.db"
    with at_home(place):
        if rng.randrange(2):
            path.write_bytes(damage(rng, data["full"]))
            if rng.randrange(6) == 0:
                (place.home / "autopass.db-journal").write_bytes(damage(rng, data["full"])[:20000])
            if rng.randrange(4) == 0:
                (place.home / "backups").mkdir(mode=0o700)
                (place.home / "backups" / "1.db").write_bytes(data["full"] if rng.randrange(2) else damage(rng, data["full"]))
        else:
            path.write_bytes(data["empty"])
            random_rows(rng, path)
        path.chmod(0o600)
        before = place.outside()
        for step in use(place):
            try:
                step()
            except AutopassError:
                continue
            except Exception as error:
                if isinstance(error, AssertionError) or explained(error) is None:
                    return traceback.format_exc()
        if place.outside() != before:
            return "something was made or changed outside AUTOPASS_HOME"
    return ""


def main() -> int:
    """Try inputs until the limit, and say how many there were."""
    parser = argparse.ArgumentParser(description="Fuzz the store.")
    parser.add_argument("--runs", type=int, help="inputs to try")
    parser.add_argument("--seconds", type=float, default=60, help="time, without --runs")
    parser.add_argument("--seed", type=int, default=None, help="of the first input")
    chosen = parser.parse_args()
    first = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(2**40)
    memory = Path("/dev/shm")
    os.umask(0o077)
    generations.LEAD, generations.ATTEMPTS = 0, 1  # no build is under way that would have to be waited for
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        place = Place(Path(folder))
        data = templates(place)
        begin, count, failures = time.monotonic(), 0, 0
        while count < chosen.runs if chosen.runs is not None else time.monotonic() - begin < chosen.seconds:
            if wrong := one(place, data, first + count):
                failures += 1
                print(f"seed {first + count}:\n{wrong}", file=sys.stderr, flush=True)
            count += 1
        seconds = time.monotonic() - begin
    print(f"database   {count:11,} executions {count / seconds:9,.0f}/s {failures} failures")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
