"""The masquerade directory: links to the launcher under the names of the compilers that are on PATH."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from autopass_cc.errors import LauncherMissingError, MasqueradeError
from autopass_cc.toolchain.find import is_ourselves

GENERIC = ("cc", "c++", "clang", "clang++")  # become the default clang, or the next `clang` on PATH
VERSIONED = re.compile(r"clang(\+\+)?-\d+(\.\d+)?")


def native(name: str) -> Path:
    """Return the path of a native program of autopass: beside the running `autopass`, else on PATH.

    Raises LauncherMissingError.
    """
    beside = Path(sys.argv[0]).absolute().with_name(name)
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(name)
    if found is None:
        raise LauncherMissingError(name)
    return Path(found)


def update(directory: Path) -> list[str]:
    """Make `directory` hold one link for each name and nothing else that is ours; return the names.

    A name of a version that is not there would mislead configure scripts that look for the newest one. Raises
    MasqueradeError where something else stands in the way, LauncherMissingError.
    """
    launcher = native("autopass-cc")
    names = sorted({*GENERIC, *_versions(directory)})
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path in directory.iterdir():
            if not path.is_symlink():
                raise MasqueradeError(directory, f"{path.name} in it is not a link of autopass's")
            if path.name not in names or path.readlink() != launcher:
                path.unlink()
        for name in names:
            if not (directory / name).is_symlink():
                (directory / name).symlink_to(launcher)
    except OSError as error:
        raise MasqueradeError(directory, error.strerror or str(error)) from None
    return names


def _versions(directory: Path) -> set[str]:
    found: set[str] = set()
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        place = Path(folder or ".")
        try:
            names = [name for name in os.listdir(place) if VERSIONED.fullmatch(name)]  # noqa: PTH208 - names are enough
        except OSError:
            continue
        if place.absolute() != directory:
            found.update(name for name in names if os.access(place / name, os.X_OK) and not is_ourselves(place / name))
    return found
