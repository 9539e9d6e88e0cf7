"""Open the store: one writer under a file lock, readers without; a newer schema is refused, a damaged file set aside."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from filelock import FileLock, Timeout

from autopass_cc.errors import StoreBusyError, StoreDamagedError, StoreNewerError
from autopass_cc.paths import data_dir, private_dir
from autopass_cc.store import turns

if TYPE_CHECKING:
    # Imported where the store is written only: it takes a third of a second, in which `status` is long done.
    from sqlite_utils import Database

KEPT_BACKUPS = 3
SCHEMA_VERSION = 7  # how many migrations there are, known without importing them
PUBLISH_DUE = "publish_due"  # the setting that says that the publication does not have the store's last changes


class Rows(Protocol):
    """What can be asked for rows: the store open for writing (sqlite-utils), or for reading."""

    def query(self, sql: str, params: Sequence[Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query as dictionaries."""
        ...

    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> sqlite3.Cursor:
        """Run a statement; its cursor gives tuples."""
        ...


class Reader:
    """The store open for reading."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def query(self, sql: str, params: Sequence[Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query as dictionaries."""
        cursor = self.execute(sql, params)
        names = [column[0] for column in cursor.description]
        for row in cursor:
            yield dict(zip(names, row, strict=True))

    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> sqlite3.Cursor:
        """Run a statement; its cursor gives tuples."""
        return self._connection.execute(sql, tuple(parameters or ()))


def database_path() -> Path:
    """Return the path of the database file."""
    return data_dir() / "autopass.db"


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    connection = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None)
    # WAL is avoided on purpose: SQLite before 3.51.3 can corrupt a WAL database when two connections checkpoint at once,
    # and with one writer and few commits a rollback journal costs nothing that a user could notice.
    if not read_only:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=FULL")
    return connection


def _version(db: Rows | sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _refuse_newer(db: Rows | sqlite3.Connection, path: Path) -> None:
    found = _version(db)
    if found > SCHEMA_VERSION:
        raise StoreNewerError(
            f"{path} was written by a newer autopass (schema {found}, this one knows {SCHEMA_VERSION}); it was left untouched.",
            "upgrade autopass-cc, or point AUTOPASS_HOME at another directory",
        )


def _healthy(connection: sqlite3.Connection) -> bool:
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.DatabaseError:
        return False


def _quarantine(path: Path, warn: Callable[[str], None]) -> None:
    """Move a damaged database aside, with its journal, and put the newest good backup in its place."""
    place = private_dir(path.parent / "quarantine" / str(time.time_ns()))
    for suffix in ("", "-journal", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(place / part.name)
    for backup in sorted((path.parent / "backups").glob("*.db"), reverse=True):
        db = _connect(backup, read_only=True)
        healthy = _healthy(db)
        db.close()
        if healthy:
            path.write_bytes(backup.read_bytes())
            path.chmod(0o600)
            warn(f"the database was damaged; it is kept in {place}, and the backup {backup.name} took its place")
            return
    warn(f"the database was damaged; it is kept in {place}, and a new one was begun (what is published stays)")


@contextlib.contextmanager
def writer(*, warn: Callable[[str], None] = lambda _text: None) -> Iterator[Database]:
    """Hold the store for writing.

    Waits for the service, which gives way; raises StoreBusyError where another process holds it, StoreNewerError for a
    schema from the future. A damaged file is set aside and replaced by the newest good backup or by an empty store; `warn`
    gets the sentence for the user.
    """
    path = database_path()
    private_dir(path.parent)
    lock = FileLock(path.with_suffix(".lock"), timeout=0, mode=0o600)
    with contextlib.ExitStack() as stack:
        try:
            lock.acquire()
        except Timeout:
            if not turns.service_holds():
                raise _busy(path) from None
            stack.enter_context(turns.wanted())
            _wait_for_service(lock, path)
        with _opened(lock, path, warn) as db:
            yield db


def _busy(path: Path) -> StoreBusyError:
    return StoreBusyError(f"Another autopass is using {path.parent}.", "wait until it is done, or stop it (Ctrl-C loses nothing)")


def _wait_for_service(lock: FileLock, path: Path) -> None:
    try:
        lock.acquire(timeout=turns.PATIENCE, poll_interval=0.1)
    except Timeout:
        raise _busy(path) from None


@contextlib.contextmanager
def _opened(lock: FileLock, path: Path, warn: Callable[[str], None]) -> Iterator[Database]:
    try:
        if not path.exists():
            path.touch(mode=0o600)
        connection = _connect_or_none(path)
        if connection is None:
            _quarantine(path, warn)
            connection = _connect(path, read_only=False)
        try:
            _refuse_newer(connection, path)
            db = _database(connection)
            _migrate(db)
            yield db
        finally:
            connection.close()
    finally:
        lock.release()


def _database(connection: sqlite3.Connection) -> Database:
    from sqlite_utils import Database

    return Database(connection, execute_plugins=False)


def _connect_or_none(path: Path) -> sqlite3.Connection | None:
    try:
        db = _connect(path, read_only=False)
    except sqlite3.DatabaseError:
        return None
    if _healthy(db):
        return db
    db.close()
    return None


def _migrate(db: Database) -> None:
    if _version(db) == SCHEMA_VERSION:
        return
    from autopass_cc.store.schema import APPLICATION_ID, MIGRATIONS

    db.execute("BEGIN IMMEDIATE")  # a deferred transaction that turns into a writer may fail whatever the timeout
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: db.conn.in_transaction and db.execute("ROLLBACK"))
        MIGRATIONS.apply(db)
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        db.execute("COMMIT")


@contextlib.contextmanager
def reader() -> Iterator[Reader | None]:
    """Open the store for reading beside a writer; yields None where there is no store of this version yet."""
    path = database_path()
    if not path.exists():
        yield None
        return
    try:
        db = _connect(path, read_only=True)
        _refuse_newer(db, path)
    except sqlite3.DatabaseError as error:
        raise StoreDamagedError(
            f"{path} cannot be read ({error}).",
            "run `autopass tune`: it sets the damaged file aside and restores a backup",
        ) from None
    try:
        yield Reader(db) if _version(db) == SCHEMA_VERSION else None
    finally:
        db.close()


@contextlib.contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Run the body as one immediate transaction: all of it or, after an exception or kill -9, none of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.conn.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def backup(db: Database) -> Path:
    """Write a compact copy beside the store (`VACUUM INTO`), keep the newest three, and return its path."""
    place = private_dir(database_path().parent / "backups")
    path = place / f"{time.time_ns()}.db"
    db.execute("VACUUM INTO ?", [str(path)])
    path.chmod(0o600)
    for old in sorted(place.glob("*.db"))[:-KEPT_BACKUPS]:
        old.unlink()
    return path
