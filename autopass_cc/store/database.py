"""Open the store: one writer under a file lock, readers without; a newer schema is refused, a damaged file set aside."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from autopass_cc.errors import StoreBusyError, StoreDamagedError, StoreNewerError
from autopass_cc.paths import data_dir, private_dir, write_private
from autopass_cc.store import turns
from autopass_cc.store.rows import told
from autopass_cc.store.shape import SCHEMA_VERSION, SIDECARS, connect, has_programs, is_fit, is_store, version_of
from autopass_cc.trust import require_ours

if TYPE_CHECKING:
    # Imported where the store is written only: they take a third of a second, in which `status` is long done.
    from filelock import FileLock
    from sqlite_utils import Database

KEPT_BACKUPS = 3
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


def _refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    found = version_of(connection)
    if found > SCHEMA_VERSION:
        raise StoreNewerError(
            f"{path} was written by a newer autopass (schema {found}, this one knows {SCHEMA_VERSION}); it was left untouched.",
            "upgrade autopass-cc, or point AUTOPASS_HOME at another directory",
        )


def damaged(why: object) -> StoreDamagedError:
    """Return the error for a store that cannot be read."""
    return StoreDamagedError(
        f"{database_path()} cannot be read ({why}).",
        "run `autopass cache verify --repair`: it sets the damaged file aside and restores a backup, or what can be read",
    )


def _suspect(path: Path) -> Path:
    """Return the file that says: this store was found damaged while it was in use, so look at all of it."""
    return path.with_name(f"{path.name}.suspect")


@contextlib.contextmanager
def writer(*, warn: Callable[[str], None] = lambda _text: None, thorough: bool = False) -> Iterator[Database]:
    """Hold the store for writing.

    Waits for the service, which gives way; raises StoreBusyError where another process holds it, StoreNewerError for a
    schema from the future, UntrustedError where others can write it. A damaged file is set aside and replaced by the newest
    good backup, by what can be read of it, or by an empty store; `warn` gets the sentence for the user. `thorough` looks for
    damage in indices, too.
    """
    from filelock import FileLock, Timeout

    path = database_path()
    private_dir(path.parent)
    for part in (path.parent, path, *(path.with_name(path.name + suffix) for suffix in SIDECARS)):
        require_ours(part)
    lock = FileLock(path.with_suffix(".lock"), timeout=0, mode=0o600)
    with contextlib.ExitStack() as stack:
        try:
            lock.acquire()
        except Timeout:
            if not turns.service_holds():
                raise _busy(path) from None
            stack.enter_context(turns.wanted())
            _wait_for_service(lock, path)
        stack.callback(lock.release)
        with _opened(path, warn, thorough=thorough) as db, told(warn):
            yield db


def _busy(path: Path) -> StoreBusyError:
    return StoreBusyError(f"Another autopass is using {path.parent}.", "wait until it is done, or stop it (Ctrl-C loses nothing)")


def _wait_for_service(lock: FileLock, path: Path) -> None:
    from filelock import Timeout

    try:
        lock.acquire(timeout=turns.PATIENCE, poll_interval=0.1)
    except Timeout:
        raise _busy(path) from None


@contextlib.contextmanager
def _opened(path: Path, warn: Callable[[str], None], *, thorough: bool) -> Iterator[Database]:
    mark = _suspect(path)
    db = _sound(path, thorough=thorough or mark.exists()) or _instead(path, warn)
    mark.unlink(missing_ok=True)
    try:
        yield db
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            write_private(mark, b"", durable=False)
        raise
    finally:
        db.conn.close()


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether SQLite found the file damaged."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _sound(path: Path, *, thorough: bool = False) -> Database | None:
    """Open a store for writing, of this version then, or a new one; None for a file that is damaged or no store."""
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # and not where a link leads to
    connection = None
    try:
        connection = connect(path, read_only=False)
        _refuse_newer(connection, path)
        if is_fit(connection, thorough=thorough):
            db = _database(connection)
            _migrate(db)
            if is_store(connection, SCHEMA_VERSION):
                return db
    except sqlite3.DatabaseError as error:
        # locked, a full disk, no permission: nothing is wrong with the file. It is where a statement makes no sense.
        if not is_damage(error) and getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_ERROR:
            _close(connection)
            raise
    except UnicodeDecodeError:  # Python cannot read what SQLite says of a damaged schema
        pass
    except BaseException:
        _close(connection)
        raise
    _close(connection)
    return None


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        connection.close()


def _database(connection: sqlite3.Connection) -> Database:
    from sqlite_utils import Database

    return Database(connection, execute_plugins=False)


def _instead(path: Path, warn: Callable[[str], None]) -> Database:
    """Set a damaged file aside, and open what takes its place: the newest good backup, or a store of what can be read of it."""
    from autopass_cc.store import rescue

    place = rescue.set_aside(path)
    kept_in = f"the database was damaged; it is kept in {place}"
    backup = rescue.restore(path)
    db = _sound(path)
    if db is None:  # the backup is no store
        rescue.set_aside(path)
        backup, db = "", _sound(path)
    if db is None:
        raise damaged("a new one cannot be made")
    with transaction(db):
        kept = {} if backup else rescue.salvage(place / path.name, db)
        if backup or kept["entry"]:  # what was published since is not in it
            db.execute("insert or replace into setting values (?, 'all')", [PUBLISH_DUE])
    if backup:
        warn(f"{kept_in}, and the backup {backup} took its place")
    elif any(kept.values()):
        what = f"{kept['entry']} recipes of modules and {kept['history']} events"
        warn(f"{kept_in}, and a new one was begun with what could be read of it: {what}")
    else:
        warn(f"{kept_in}, and a new one was begun (what is published stays)")
    return db


def _migrate(db: Database) -> None:
    if version_of(db.conn) == SCHEMA_VERSION:
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
    """Open the store for reading beside a writer; yields None where there is no store of this version yet.

    Raises StoreDamagedError, StoreNewerError, and UntrustedError where others can write it.
    """
    path = database_path()
    if not path.exists():
        yield None
        return
    require_ours(path.parent)
    require_ours(path)
    db = None
    try:
        db = connect(path, read_only=True)
        _refuse_newer(db, path)
        version = version_of(db)
        known = not has_programs(db)
    except sqlite3.DatabaseError as error:
        if db is not None:
            db.close()
        if not is_damage(error):
            raise
        raise damaged(error) from None
    except UnicodeDecodeError:  # Python cannot read what SQLite says of a damaged schema
        if db is not None:
            db.close()
        raise damaged("its schema is damaged") from None
    except StoreNewerError:
        if db is not None:
            db.close()
        raise
    try:
        if not known:
            raise damaged("its tables are not those of a store")
        yield Reader(db) if version == SCHEMA_VERSION else None
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
