"""Whether files are of the user's own or root's making: the launcher's rule (`shims/files.c`), for all that decides what is run.

What another user of the machine can write could name commands to be run, or recipes to be used. So store, journal,
toolchains and settings are read only where nobody else can have written them: the file and its folder.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from autopass_cc.errors import UntrustedError

OTHERS = stat.S_IWGRP | stat.S_IWOTH


def why_writable(info: os.stat_result, *, owner: int | None = None) -> str:
    """Return why others can write a file or folder; "" where only the user and root can.

    With `owner` (of the project's folder) the rule is that of a project's files: they may be its owner's, and as writable
    for the group as the sources beside them.
    """
    if info.st_uid not in (os.geteuid(), 0, owner):
        return f"belongs to user {info.st_uid}"
    forbidden = OTHERS if owner is None else stat.S_IWOTH
    return f"can be written by others (mode {stat.S_IMODE(info.st_mode):o})" if info.st_mode & forbidden else ""


def why_readable(info: os.stat_result) -> str:
    """Return why others can read (or write) a file that holds a secret; "" where only the user and root can."""
    if info.st_uid not in (os.geteuid(), 0):
        return f"belongs to user {info.st_uid}"
    return f"can be read by others (mode {stat.S_IMODE(info.st_mode):o})" if info.st_mode & 0o077 else ""


def is_trusted(path: Path, *, shared: bool) -> bool:
    """Return whether nobody else can have written a file (`shared`: of a project). Raises OSError."""
    info = path.stat()
    owner = path.parent.stat().st_uid if shared else None
    return stat.S_ISREG(info.st_mode) and not why_writable(info, owner=owner)


def why_not_private(path: Path) -> str:
    """Return why others than the user and root could have made what `path` names; "" where they could not. Raises OSError.

    Looks at the folders on the way too: who may rename in one of them may put something else there. In a folder with the
    sticky bit (/tmp) nobody renames what belongs to us.
    """
    absolute, real = path.absolute(), path.resolve()
    if absolute != real:
        return f"{absolute} leads through a link; write {real}"
    for each in (real, *real.parents):
        info = each.stat()
        if reason := why_writable(info):
            if each != real and info.st_mode & stat.S_ISVTX and info.st_uid in (os.geteuid(), 0):
                continue
            return f"{each} {reason}"
    return ""


def require_ours(path: Path) -> None:
    """Raise UntrustedError where others can write a file or folder of ours; links are followed. One that is absent is fine."""
    try:
        info = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    _require(path, info)


def _require(path: Path, info: os.stat_result) -> None:
    if why := why_writable(info):
        raise UntrustedError(path, why)


def open_ours(path: Path) -> int:
    """Open a file of ours for reading, if it is a regular one that nobody else can write, nor its folder; return the descriptor.

    The file itself is asked, not its name: that could be given to another one meanwhile. Raises UntrustedError, OSError.
    """
    require_ours(path.parent)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)  # a FIFO must make nobody wait
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(errno.EINVAL, "not a file", str(path))
        _require(path, info)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_ours(path: Path) -> bytes:
    """Return the bytes of a file as `open_ours` opens it. Raises UntrustedError, OSError."""
    with os.fdopen(open_ours(path), "rb") as stream:
        return stream.read()
