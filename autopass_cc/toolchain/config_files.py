"""The configuration files of a clang: options from `clang.cfg` and its like, which no command line shows.

clang looks for `<driver>.cfg`, `<triple>.cfg` and `<triple>-<driver>.cfg` in the folder of its own binary and in two folders
that may be fixed when it is built (Clang manual, "Configuration files"); the triple may be a command's own. So all `*.cfg` of
these folders decide what a clang does. They stand in the toolchains file: `folder <id> <path> <mtime>` says when a folder was
last looked into, `config <id> <path> <mtime> <size>` which files it had.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.digest import digest_of

FOLDER = re.compile(r"^(?:InstalledDir|(?:System|User) configuration file directory): (.+)$", re.MULTILINE)
ABSENT = "-"


@dataclass(frozen=True)
class ConfigFile:
    """One file: its mtime in ns and size, by which the launcher sees a change, and its content."""

    path: Path
    mtime: int
    size: int
    content: bytes


@dataclass(frozen=True)
class ConfigFiles:
    """The folders that a clang looks into (with their mtimes in ns, "-" where there is no such folder), and the files there."""

    folders: tuple[tuple[Path, str], ...] = ()
    files: tuple[ConfigFile, ...] = ()

    @property
    def digest(self) -> str:
        """Return the digest of all names and contents; "" without files."""
        parts = [part for each in self.files for part in (os.fsencode(each.path), each.content)]
        return digest_of(b"".join(b"%d:%s" % (len(part), part) for part in parts)) if parts else ""

    @property
    def nesting(self) -> Path | None:
        """Return a file that names a further one, if there is any."""
        return next((each.path for each in self.files if re.search(rb"(?m)(^|\s)(@|--config)", each.content)), None)

    def render(self, toolchain: str) -> tuple[str, ...]:
        """Return the lines of the toolchains file, without newlines, for the toolchain of this id."""
        folders = [("folder", toolchain, str(path), mtime) for path, mtime in self.folders]
        files = [("config", toolchain, str(each.path), str(each.mtime), str(each.size)) for each in self.files]
        return tuple("\t".join(words) for words in (*folders, *files))


def find(clang: Path, verbose: str) -> ConfigFiles:
    """Find the configuration files of a clang that prints `verbose` for `-v`. Raises OSError for one that cannot be read."""
    folders, files = [], []
    named = [Path(name).resolve() for name in FOLDER.findall(verbose)]
    for folder in dict.fromkeys([clang.resolve().parent, *named]):  # LLVM 16 names another than the one that it looks into
        folders.append((folder, _mtime(folder)))  # before its files: one that comes meanwhile makes the folder newer
        for path in sorted(folder.glob("*.cfg")):
            info = path.stat()
            files.append(ConfigFile(path, info.st_mtime_ns, info.st_size, path.read_bytes()))
    return ConfigFiles(tuple(folders), tuple(files))


def _mtime(folder: Path) -> str:
    try:
        return str(folder.stat().st_mtime_ns)
    except FileNotFoundError:
        return ABSENT
