"""What SQLite and the system say, in words for a user: one mapping, for the command line and for the service's worker."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from autopass_cc.errors import AutopassError, DiskFullError, FolderError, StoreBusyError
from autopass_cc.paths import cache_dir, config_file, data_dir
from autopass_cc.store.database import damaged, database_path

FULL = (errno.ENOSPC, errno.EDQUOT)
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
UNUSABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR)
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_ERROR)


def explained(error: BaseException | None) -> AutopassError | None:
    """Return the error that a user is shown for an exception, None for one that should not happen."""
    if isinstance(error, AutopassError):
        return error
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    return _of_system(error) if isinstance(error, OSError) else None


def _of_sqlite(error: sqlite3.Error) -> AutopassError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError(database_path())
    if code in BUSY:
        return StoreBusyError(
            f"Another program holds {database_path()}.", "wait until it is done (`sqlite3` left open, say), then run it again"
        )
    if code in UNUSABLE:
        return FolderError(database_path(), str(error))
    return damaged(error) if code in DAMAGED else None


def _of_system(error: OSError) -> AutopassError | None:
    """Return what is said of a file of our own; other files are their commands' business."""
    name = next((each for each in (error.filename, error.filename2) if isinstance(each, str | bytes)), None)
    if error.errno in FULL:
        return DiskFullError(Path(os.fsdecode(name)) if name is not None else data_dir())
    if name is None:
        return None
    path = Path(os.fsdecode(name))
    ours = (data_dir(), cache_dir(), config_file().parent)
    return FolderError(path, error.strerror or str(error)) if any(path.is_relative_to(folder) for folder in ours) else None
