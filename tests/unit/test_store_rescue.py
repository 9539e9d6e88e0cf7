"""A damaged store: set aside whole, then the newest good backup, else what can be read of it, else a new one."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sharing_kit import autopass, proven, recipe

from autopass_cc.cli import main
from autopass_cc.errors import DiskFullError, FolderError, StoreBusyError, StoreDamagedError
from autopass_cc.failures import explained
from autopass_cc.sharing import check
from autopass_cc.store import entries, publishing
from autopass_cc.store.database import backup, database_path, reader, transaction, writer
from autopass_cc.store.history import history
from autopass_cc.store.publication import publication_dir, read_index

MODULES = 300
PAGE = 4096


def fill(first: int = 0, count: int = MODULES) -> None:
    """Accept many entries at once."""
    with writer() as db:
        with transaction(db):
            for number in range(first, first + count):
                db.execute("insert or replace into recipe values (?, ?)", list(recipe(number % 50 + 1)))
        found = [proven(number, recipe=recipe(number % 50 + 1)[0]) for number in range(first, first + count)]
        entries.accept(db, found)


def pages_of(table: str) -> list[int]:
    """Return the numbers (from 1) of the pages that hold a table's rows."""
    connection = sqlite3.connect(database_path())
    root = connection.execute("select rootpage from sqlite_schema where name = ?", [table]).fetchone()[0]
    connection.close()
    data = database_path().read_bytes()

    def under(page: int) -> list[int]:
        start = (page - 1) * PAGE
        if data[start] == 13:  # a leaf
            return [page]
        cells = int.from_bytes(data[start + 3 : start + 5])
        places = [int.from_bytes(data[start + 12 + 2 * n : start + 14 + 2 * n]) for n in range(cells)]
        children = [int.from_bytes(data[start + at : start + at + 4]) for at in places]
        return [leaf for child in [*children, int.from_bytes(data[start + 8 : start + 12])] for leaf in under(child)]

    return under(root)


def break_pages(*pages: int) -> None:
    data = bytearray(database_path().read_bytes())
    for page in pages:
        data[(page - 1) * PAGE : page * PAGE] = b"\xee" * PAGE
    database_path().write_bytes(data)


def indexed() -> set[str]:
    return {line.key for line in read_index(publication_dir() / "index") if line.kind == "x"}


def test_all_that_belongs_to_a_damaged_store_is_set_aside_together(home: Path) -> None:
    fill(count=3)
    database_path().write_bytes(b"SQLite format 3\0" + b"\xee" * 8000)
    for suffix in ("-journal", "-wal", "-shm"):
        (home / f"autopass.db{suffix}").write_bytes(b"left behind")
        (home / f"autopass.db{suffix}").chmod(0o600)
    with writer():
        pass
    (place,) = (home / "quarantine").iterdir()
    names = {path.name for path in place.iterdir()}
    assert "autopass.db" in names
    assert names <= {f"autopass.db{suffix}" for suffix in ("", "-journal", "-wal", "-shm")}
    assert not [path for path in home.glob("autopass.db-*") if path.read_bytes() == b"left behind"]


def test_without_a_backup_undamaged_rows_are_kept(home: Path) -> None:
    fill()
    leaves = pages_of("entry")
    assert len(leaves) > 10
    break_pages(leaves[1], leaves[5], leaves[-2])
    told: list[str] = []
    with writer(warn=told.append) as db:
        kept = entries.entries(db)
        assert MODULES * 0.6 < len(kept) < MODULES
        assert len(history(db, "7" * 32)) == MODULES
    assert f"what could be read of it: {len(kept)} recipes of modules and {MODULES} events" in told[0]
    assert {entry.key for entry in kept} <= {proven(n).key for n in range(MODULES)}
    assert list((home / "quarantine").glob("*/autopass.db"))


def test_what_was_salvaged_is_published_by_the_next_who_publishes() -> None:
    fill()
    leaves = pages_of("entry")
    break_pages(leaves[3])
    with writer() as db:
        kept = {entry.exact for entry in entries.entries(db)}
        publishing.publish_if_due(db)
    assert indexed() == kept


def test_entries_whose_recipes_are_lost_are_not_salvaged() -> None:
    fill()
    break_pages(*pages_of("recipe"))
    with writer() as db:
        assert entries.entries(db) == []
        assert len(history(db, "7" * 32)) == MODULES


def test_what_a_damaged_store_says_falsely_is_not_salvaged() -> None:
    fill(count=20)
    connection = sqlite3.connect(database_path())
    with connection:
        connection.execute("update recipe set text = 'autopass-recipe 1' where digest = ?", [recipe(1)[0]])
        connection.execute("update entry set exact = '../x' where module = 'src/5.c'")
        connection.execute("update entry set edits = '{' where module = 'src/6.c'")
    connection.close()
    break_pages(*pages_of("setting"))
    with writer() as db:
        names = {entry.module for entry in entries.entries(db)}
    assert names == {f"src/{n}.c" for n in range(20)} - {"src/0.c", "src/5.c", "src/6.c"}


def test_after_a_restored_backup_the_publication_is_that_of_the_store() -> None:
    fill(count=5)
    with writer() as db:
        backup(db)
    fill(first=5, count=5)
    assert len(indexed()) == 10
    database_path().write_bytes(b"\xee" * 9000)
    with writer() as db:
        assert len(entries.entries(db)) == 5
    assert any("does not have the last changes of the store" in each.what for each in check.check()[0])
    with writer() as db:
        publishing.publish_if_due(db)
    assert len(indexed()) == 5


def test_the_first_change_after_a_restored_backup_publishes_all() -> None:
    fill(count=5)
    with writer() as db:
        backup(db)
    fill(first=5, count=5)
    database_path().write_bytes(b"\xee" * 9000)
    fill(first=20, count=1)
    assert indexed() == {proven(n).exact for n in (0, 1, 2, 3, 4, 20)}


@pytest.mark.parametrize("bad", ["damaged", "writable", "strange", "newer"])
def test_a_backup_that_is_not_good_is_passed_over(home: Path, bad: str) -> None:
    fill(count=2)
    with writer() as db:
        good = backup(db)
    worse = home / "backups" / "9999999999999999999.db"
    worse.write_bytes(good.read_bytes())
    worse.chmod(0o666 if bad == "writable" else 0o600)
    connection = sqlite3.connect(worse)
    with connection:
        connection.execute("delete from entry")
        if bad == "strange":
            connection.execute("create view evil as select 1")
        if bad == "newer":
            connection.execute("pragma user_version=99")
    connection.close()
    if bad == "damaged":
        worse.write_bytes(worse.read_bytes()[:5000])
    database_path().write_bytes(b"\xee" * 9000)
    told: list[str] = []
    with writer(warn=told.append) as db:
        assert len(entries.entries(db)) == 2
    assert good.name in told[0]


def test_an_older_store_that_cannot_be_brought_up_to_date_is_set_aside(home: Path) -> None:
    fill(count=1)
    connection = sqlite3.connect(database_path())
    with connection:
        connection.execute("drop table _sqlite_migrations")
        connection.execute("pragma user_version=3")
    connection.close()
    told: list[str] = []
    with writer(warn=told.append) as db:
        assert [entry.module for entry in entries.entries(db)] == ["src/0.c"]
    assert "what could be read of it: 1 recipes" in told[0]
    assert len(list((home / "quarantine").iterdir())) == 1


def test_damage_that_is_found_in_use_is_mended_by_the_next_writer(home: Path) -> None:
    """An index that does not fit its table: a quick look does not see it."""
    fill(count=50)
    connection = sqlite3.connect(database_path())
    with connection:
        connection.execute("pragma writable_schema=on")
        one, other = (
            connection.execute("select rootpage from sqlite_schema where name = ?", [name]).fetchone()[0]
            for name in ("idx_entry_exact", "idx_history_project_module")
        )
        connection.execute("update sqlite_schema set rootpage = ? where name = 'idx_entry_exact'", [other])
        connection.execute("update sqlite_schema set rootpage = ? where name = 'idx_history_project_module'", [one])
    connection.close()
    (home / "autopass.db.suspect").touch()
    told: list[str] = []
    with writer(warn=told.append) as db:
        assert len(entries.entries(db)) == 50
    assert "the database was damaged" in told[0]
    assert not (home / "autopass.db.suspect").exists()


def test_what_is_found_damaged_in_use_is_looked_at_closely_the_next_time(home: Path) -> None:
    with pytest.raises(sqlite3.DatabaseError), writer():
        raise malformed()
    assert (home / "autopass.db.suspect").exists()


def malformed() -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def test_repair_mends_what_verify_finds_in_the_database(home: Path) -> None:
    fill()
    break_pages(pages_of("entry")[2])
    said = autopass("cache", "verify")
    assert said.code == 1
    assert "autopass.db is damaged" in said.text
    assert autopass("cache", "verify", "--repair").code == 0
    assert list((home / "quarantine").glob("*/autopass.db"))


def look() -> None:
    with reader() as db:
        if db is not None:
            entries.entries(db)


def publish() -> None:
    with writer() as db:
        publishing.publish(db)


def attempt(call: Callable[[], None]) -> Exception | None:
    """Return what a call raises."""
    try:
        call()
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize("seed", range(25))
def test_damage_at_random_pages_never_ends_in_a_traceback(seed: int) -> None:
    rng = random.Random(seed)
    fill(count=60)
    data = bytearray(database_path().read_bytes())
    for _ in range(rng.choice((1, 3, 10))):
        page = rng.randrange(len(data) // PAGE) * PAGE
        data[page : page + PAGE] = rng.choice((bytes(PAGE), rng.randbytes(PAGE)))
    database_path().write_bytes(data)
    assert isinstance(explained(attempt(look)), StoreDamagedError | None)
    failed = attempt(publish)
    assert isinstance(explained(failed), StoreDamagedError | None)
    if failed is not None:  # found damaged while it was in use
        publish()
    assert all(line.recipe in {recipe(n)[0] for n in range(1, 62)} for line in read_index(publication_dir() / "index"))


# ---- words for what SQLite and the system say


def full_disk(path: Path) -> sqlite3.Error:
    """Return what SQLite raises where nothing more can be written."""
    connection = sqlite3.connect(path)
    connection.execute("create table t (a)")
    connection.execute("pragma max_page_count=2")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("insert into t values (zeroblob(100000))")
    connection.close()
    return caught.value


def locked(path: Path) -> sqlite3.Error:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("begin exclusive")
    other = sqlite3.connect(path, timeout=0)
    with pytest.raises(sqlite3.OperationalError) as caught:
        other.execute("create table t (a)")
    holder.close()
    other.close()
    return caught.value


def test_each_failure_of_sqlite_has_its_sentence(tmp_path: Path, home: Path) -> None:
    full = explained(full_disk(tmp_path / "full.db"))
    assert isinstance(full, DiskFullError)
    assert full.exit_code == 35
    assert "autopass cache prune" in full.next_step
    assert isinstance(explained(locked(tmp_path / "locked.db")), StoreBusyError)
    assert isinstance(explained(malformed()), StoreDamagedError)
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(tmp_path / "no" / "where.db")
    assert isinstance(explained(caught.value), FolderError)
    with pytest.raises(sqlite3.ProgrammingError) as mistake, sqlite3.connect(":memory:") as db:
        db.execute("select ?", [1, 2])
    db.close()
    assert explained(mistake.value) is None
    assert explained(OSError(28, "No space left on device", str(home))) is not None
    ours, theirs = OSError(13, "Permission denied", str(home / "x")), OSError(13, "Permission denied", "/x")
    assert isinstance(explained(ours), FolderError)
    assert explained(theirs) is None


@pytest.mark.parametrize(("raised", "code"), [(full_disk, 35), (locked, 31), (lambda _path: malformed(), 32)])
def test_the_command_line_says_it_in_one_sentence(
    raised: object, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(raised)
    error = raised(tmp_path / "some.db")

    def fail(**_words: object) -> None:
        raise error

    monkeypatch.setattr(main, "cli", fail)
    monkeypatch.delenv("AUTOPASS_TRACEBACK", raising=False)
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == code
    said = capsys.readouterr().err
    assert said.startswith("autopass: ")
    assert "  next: " in said
    assert "Traceback" not in said


WORKER = """
import sqlite3, sys
from autopass_cc.daemon import planning, worker

def full(db):
    db.execute("pragma max_page_count=1")
    db.execute("insert into setting values ('x', zeroblob(10000000))")

planning.plan = full
sys.argv = ["worker", "plan"]
worker.main()
"""


def test_a_worker_on_a_full_disk_leaves_a_line_and_no_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=False)
    assert done.returncode == 75
    assert done.stderr == ""
    assert "is full" in done.stdout.splitlines()[-1]
