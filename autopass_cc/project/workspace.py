"""Private places to run in: one copy of the project's folder, and light views of it in which built files are replaced.

A view is a folder of links into the copy; only the folders on the way to a replaced file are real. So baseline and
candidate run in the same surroundings, and nothing that they write reaches the user's files.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from autopass_cc.paths import private_dir

OUTSIDE = ".autopass-bin"  # where a view keeps replaced files that do not lie in the project


class Workspace:
    """The working place of one tuning run: `tree` is the copy, `views` are made in slots and reused."""

    def __init__(self, root: Path, place: Path, ignore: Sequence[str] = (".git",)) -> None:
        self.root, self.place = root, private_dir(place)
        self.tree = place / "tree"
        self._ignore = ignore

    def copy_tree(self) -> None:
        """Copy the project anew, file times kept (make looks at them)."""
        shutil.rmtree(self.tree, ignore_errors=True)
        shutil.copytree(
            self.root,
            self.tree,
            symlinks=True,
            ignore=shutil.ignore_patterns(*self._ignore),
            ignore_dangling_symlinks=True,
        )

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
