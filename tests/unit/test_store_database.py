"""The store: one writer, named migrations, newer schemas refused, damage set aside, nothing half-written."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlite_utils import Database

from autopass_cc.errors import StoreBusyError, StoreDamagedError, StoreNewerError
from autopass_cc.store.database import backup, database_path, reader, transaction, writer
from autopass_cc.store.schema import APPLICATION_ID, MIGRATIONS
from autopass_cc.store.shape import SCHEMA_VERSION


def test_a_new_store_is_private_and_knows_its_version(home: Path) -> None:
    with writer() as db:
        assert {"compile", "link", "run", "candidate", "measurement", "entry"} <= set(db.table_names())
        assert db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        assert db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION == len(MIGRATIONS._migrations)
    assert database_path().stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_second_writer_is_told_so() -> None:
    with writer(), pytest.raises(StoreBusyError, match="Another autopass"), writer():
        pass


def test_a_reader_works_beside_the_writer() -> None:
    with writer() as db:
        db.table("avoid").insert({"toolchain": "t", "module": "m", "recipe": "r", "verdict": "crashed", "detail": "", "at": 1})
        with reader() as other:
            assert other is not None
            assert [row["module"] for row in other.query("select * from avoid")] == ["m"]


def test_without_a_store_a_reader_sees_none() -> None:
    with reader() as db:
        assert db is None


def test_a_store_from_the_future_is_left_alone() -> None:
    with writer():
        pass
    connection = sqlite3.connect(database_path())
    connection.execute("PRAGMA user_version=99")
    connection.close()
    before = database_path().read_bytes()
    with pytest.raises(StoreNewerError, match="newer autopass"), writer():
        pass
    with pytest.raises(StoreNewerError), reader():
        pass
    assert database_path().read_bytes() == before


def test_a_damaged_store_is_set_aside_and_the_backup_restored(home: Path) -> None:
    with writer() as db:
        db.table("recipe").insert({"digest": "d", "text": b"kept"})
        backup(db)
    database_path().write_bytes(b"SQLite format 3\0" + os.urandom(8192))
    warnings: list[str] = []
    with writer(warn=warnings.append) as db:
        assert bytes(db.table("recipe").get("d")["text"]) == b"kept"
    assert "backup" in warnings[0]
    assert list((home / "quarantine").glob("*/autopass.db"))


def test_damage_without_a_backup_begins_anew_and_says_so() -> None:
    database_path().parent.mkdir(parents=True)
    database_path().write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreDamagedError, match="cannot be read"), reader():
        pass
    warnings: list[str] = []
    with writer(warn=warnings.append) as db:
        assert db.table("entry").count == 0
    assert "a new one was begun" in warnings[0]


def test_only_three_backups_are_kept(home: Path) -> None:
    with writer() as db:
        newest = [backup(db) for _ in range(5)][-1]
    kept = sorted((home / "backups").glob("*.db"))
    assert len(kept) == 3
    assert kept[-1] == newest


def _insert_and_fail(db: Database) -> None:
    with transaction(db):
        db.table("recipe").insert({"digest": "d", "text": b""})
        raise RuntimeError


def test_an_exception_undoes_the_whole_transaction() -> None:
    with writer() as db:
        with pytest.raises(RuntimeError):
            _insert_and_fail(db)
        assert db.table("recipe").count == 0


WRITE_FOREVER = """
import itertools
from autopass_cc.store.database import transaction, writer
with writer() as db:
    for n in itertools.count():
        with transaction(db):
            db.table("recipe").insert({"digest": f"{n}a", "text": b"x" * 5000})
            db.table("recipe").insert({"digest": f"{n}b", "text": b"y" * 5000})
        print(n, flush=True)
"""


def test_kill_9_while_writing_leaves_whole_transactions() -> None:
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITE_FOREVER], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.02)
            child.send_signal(signal.SIGKILL)
            acknowledged = child.stdout.read().split()
        with writer() as db:
            names = {row["digest"] for row in db.table("recipe").rows}
            numbers = {name[:-1] for name in names}
            assert all({f"{n}a", f"{n}b"} <= names for n in numbers)
            assert {n.decode() for n in acknowledged} <= numbers
            db.execute("DELETE FROM recipe")
