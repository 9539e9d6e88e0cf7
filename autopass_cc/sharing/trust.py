"""Whether files are of the user's own or root's making: the launcher's rule, for what is to be used without being measured."""

from __future__ import annotations

import os
import stat
from pathlib import Path

OTHERS = stat.S_IWGRP | stat.S_IWOTH


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


def why_writable(info: os.stat_result) -> str:
    """Return why others can write a file or folder; "" where only the user and root can."""
    if info.st_uid not in (os.geteuid(), 0):
        return f"belongs to user {info.st_uid}"
    return f"can be written by others (mode {stat.S_IMODE(info.st_mode):o})" if info.st_mode & OTHERS else ""
