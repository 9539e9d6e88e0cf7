"""Make a build system compile an object again: give the object an old time stamp, or remove it.

An old time stamp is enough for Make (also where objects are intermediate files, whose absence it does not mind) and for
Ninja, and it keeps the object: whoever links meanwhile still finds it. Removing is for build systems that judge by
content. The source is never touched: it may belong to several builds, and its time stamp is the user's.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from autopass_cc.project.outdated import Outdated

BEFORE = 1_000_000_000  # ns that an object gets older than its source: coarse file systems count whole seconds
RELOCATABLE = 1  # e_type of an ELF object file
LIBTOOL_LIMIT = 4096  # bytes; a .lo file is a few lines of shell


def age(each: Outdated, root: Path) -> str | None:
    """Make an outdated object older than its source; return why it was left alone, or None."""
    return _each(each, root, lambda path: _make_older(path, each.record.src))


def remove(each: Outdated, root: Path) -> str | None:
    """Remove an outdated object; return why it was left alone, or None."""
    return _each(each, root, Path.unlink)


def _each(each: Outdated, root: Path, action: Callable[[Path], None]) -> str | None:
    path = Path(each.record.out)
    try:
        problem = _objection(path, [root, Path(each.record.cwd)])
        if problem is None:
            for one in (path, *_libtool_object(path)):
                action(one)
    except OSError as error:
        return error.strerror or str(error)
    return problem


def _objection(path: Path, folders: list[Path]) -> str | None:
    """Return why a file is not one to touch: it must be the user's own object, inside the project or its build folder."""
    if not _is_own_file(path):
        return "it is not a regular file of yours"
    if not any(path.parent.resolve().is_relative_to(folder.resolve()) for folder in folders):
        return "it lies outside the project and the folder it was compiled in"
    with path.open("rb") as stream:
        head = stream.read(18)
    kind = int.from_bytes(head[16:18], "big" if head[5:6] == b"\2" else "little")
    if not head.startswith(b"\x7fELF") or kind != RELOCATABLE:
        return "it is not an object file"
    return None


def _is_own_file(path: Path) -> bool:
    info = path.lstat()
    return stat.S_ISREG(info.st_mode) and info.st_uid == os.geteuid()


def _libtool_object(path: Path) -> list[Path]:
    """Return the libtool object that names this one: it is what the rule makes, and what Make looks at."""
    folder = path.parent.parent if path.parent.name in (".libs", "_libs") else path.parent
    script = folder / f"{path.stem}.lo"
    if not os.path.lexists(script) or not _is_own_file(script) or script.stat().st_size > LIBTOOL_LIMIT:
        return []
    text = script.read_text("utf-8", "surrogateescape")
    named = re.findall(r"^(?:non_)?pic_object='(.+)'$", text, re.MULTILINE)
    return [script] if "libtool object file" in text and path in [folder / name for name in named] else []


def _make_older(path: Path, source: str) -> None:
    info = path.lstat()
    if info.st_nlink > 1:  # shared with a compiler cache, or another build: theirs must keep its time stamp
        _unshare(path)
    older = Path(source).stat().st_mtime_ns - BEFORE
    os.utime(path, ns=(info.st_atime_ns, min(info.st_mtime_ns, older)), follow_symlinks=False)


def _unshare(path: Path) -> None:
    copy = path.with_name(f".{path.name}.{os.getpid()}.autopass")
    try:
        shutil.copy2(path, copy)
        copy.replace(path)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
