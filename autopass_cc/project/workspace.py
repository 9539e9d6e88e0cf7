"""Private places to run in: one copy of the project's folder, and light views of it in which built files are replaced.

A view is a folder of links into the copy; only the folders on the way to a replaced file are real. So baseline and
candidate run in the same surroundings, and nothing that they write reaches the user's files.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from autopass_cc.errors import WorkspaceError
from autopass_cc.paths import private_dir

ROOM = 64 << 20  # bytes that must be left on the disk beside a copy of the project: for objects, links, and others
OUTSIDE = ".autopass-bin"  # where a view keeps replaced files that do not lie in the project


def _is_ordinary(path: str) -> bool:
    """Return whether a file can be copied: a file, a folder, a link; and not a pipe, a socket, a device."""
    mode = os.lstat(path).st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)


class Workspace:
    """The working place of one tuning run: `tree` is the copy, `views` are made in slots and reused."""

    def __init__(self, root: Path, place: Path, ignore: Sequence[str] = (".git",)) -> None:
        self.root, self.place = root, private_dir(place)
        self.tree = place / "tree"
        self._ignore = ignore

    def copy_tree(self) -> None:
        """Copy the project anew, file times kept (make looks at them); what is no ordinary file is left out.

        Raises WorkspaceError where it cannot be copied, or would fill the disk, and leaves nothing behind then.
        """
        shutil.rmtree(self.tree, ignore_errors=True)
        try:
            self._check_room()
            shutil.copytree(self.root, self.tree, symlinks=True, ignore=self._left_out, ignore_dangling_symlinks=True)
        except OSError as error:  # shutil.Error, too
            shutil.rmtree(self.tree, ignore_errors=True)
            raise WorkspaceError(self.root, self.tree, error) from None

    def _left_out(self, folder: str, names: list[str]) -> set[str]:
        special = {name for name in names if not _is_ordinary(os.path.join(folder, name))}  # noqa: PTH118 - many files
        return special | shutil.ignore_patterns(*self._ignore)(folder, names)

    def _check_room(self) -> None:
        size = 0
        for folder, folders, files in os.walk(self.root):
            left_out = self._left_out(folder, [*folders, *files])
            folders[:] = [name for name in folders if name not in left_out]
            kept = (os.lstat(os.path.join(folder, name)) for name in files if name not in left_out)  # noqa: PTH118
            size += sum(info.st_size for info in kept)
        if shutil.disk_usage(self.place).free < size + ROOM:
            raise OSError(errno.ENOSPC, "there is not enough room for it")

    def view(self, slot: str, replaced: Mapping[Path, Path], real: Sequence[str] = ()) -> Path:
        """Make the view `slot`: each original path in `replaced` is a copy of the given file; return the view's folder.

        `real` names paths below the root whose folders must be real because the workload writes there.
        """
        view = self.place / f"view-{slot}"
        shutil.rmtree(view, ignore_errors=True)
        inside = {self.relative(original): built for original, built in replaced.items()}
        folders = {Path()} | {parent for path in (*inside, *map(Path, real)) for parent in path.parents}
        for folder in sorted(folders):
            (view / folder).mkdir(mode=0o700, exist_ok=True)
            source = self.tree / folder
            for entry in sorted(source.iterdir()) if source.is_dir() else ():
                path = folder / entry.name
                if path not in folders and path not in inside and str(path) not in real:
                    # a link such as libx.so → libx.so.1 must lead to the view's own file
                    relative = entry.is_symlink() and not entry.readlink().is_absolute()
                    (view / path).symlink_to(entry.readlink() if relative else entry)
        for path, built in inside.items():
            # A hard link is instant and shares the page cache; the built file is never written again.
            os.link(built, view / path)
        return view

    def relative(self, original: Path) -> Path:
        """Return where a view keeps an original file: at the same place below the root, or in a folder of its own."""
        try:
            return original.relative_to(self.root)
        except ValueError:
            return Path(OUTSIDE) / str(original).strip("/").replace("/", "_")

    def command(self, argv: Sequence[str], view: Path, replaced: Mapping[Path, Path]) -> tuple[str, ...]:
        """Return a command whose words that name files of the project, or replaced files, name those of the view."""
        return tuple(self._word(word, view, replaced) for word in argv)

    def _word(self, word: str, view: Path, replaced: Mapping[Path, Path]) -> str:
        absolute = Path(os.path.normpath(self.root / word))
        if absolute in replaced:
            path = view / self.relative(absolute)
        elif word.startswith("/") and absolute.is_relative_to(self.root):
            path = view / absolute.relative_to(self.root)
        else:
            return word
        return str(path) if word.startswith("/") or not absolute.is_relative_to(self.root) else word
