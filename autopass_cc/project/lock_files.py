"""The files of a project's lock: read without trust, written so that whoever dies when leaves a lock that can be used.

They belong into a repository: mode 0644, and git merges them line by line (`.gitattributes`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.errors import LockError, RecipeError
from autopass_cc.recipe.recipe import MAX_FILE, Recipe
from autopass_cc.store.lock import FOLDER, NAME

ATTRIBUTES = f"{NAME} merge=union linguist-generated=false"
LARGEST = 64 << 20  # bytes of a lock: nobody has so many modules


def place(root: Path, name: str) -> Path:
    """Return where a file or folder of the lock really is; raises LockError for a symbolic link out of the project."""
    path = Path(os.path.realpath(root / name))
    if not path.is_relative_to(os.path.realpath(root)):
        raise LockError(f"{name} is a symbolic link out of the project.", "put the file itself there")
    return path


def read_lock(root: Path) -> bytes | None:
    """Return the bytes of the project's lock, None where it has none. Raises LockError."""
    return _read(place(root, NAME), NAME, LARGEST)


def read_recipe(root: Path, digest: str) -> bytes | None:
    """Return the bytes of a recipe beside the lock, None where it is not there. Raises LockError."""
    name = f"{FOLDER}/{digest}.recipe"
    return _read(place(root, name), name, MAX_FILE)


def _read(path: Path, name: str, largest: int) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # what is no file must not block
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise LockError(f"{name} is not a file.", "put the file itself there")
            data = stream.read(largest + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LockError(f"{name} cannot be read ({error.strerror}).", "look at its permissions") from None
    if len(data) > largest:
        raise LockError(f"{name} is larger than {largest} bytes.", "restore it from the repository")
    return data


def sound_recipe(data: bytes, digest: str) -> Recipe:
    """Return the recipe in `data`; raises LockError unless it is the one of this digest, in the grammar."""
    name = f"{FOLDER}/{digest}.recipe"
    if digest_of(data) != digest:
        raise LockError(f"{name}: its bytes are not those that its name says.", "restore it from the repository")
    try:
        return Recipe.parse(data)
    except RecipeError as error:
        raise LockError(
            f"{name}: {error.sentence}", "take the lines that name it out, then run `autopass lock --update`"
        ) from None


def listing(root: Path) -> list[str]:
    """Return the names of what is in the folder of recipes. Raises LockError."""
    try:
        return sorted(each.name for each in place(root, FOLDER).iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LockError(f"{FOLDER} cannot be read ({error.strerror}).", "put a folder there") from None


def unnamed(root: Path, named: set[str]) -> list[str]:
    """Return the recipe files, and leftovers of a killed writer, that no line of the lock needs."""
    return [
        name
        for name in listing(root)
        if (name.endswith(".recipe") and name.removesuffix(".recipe") not in named)
        or (name.startswith(".") and name.endswith(".tmp"))
    ]


def remove(root: Path, names: list[str]) -> None:
    """Remove files of the folder of recipes."""
    for name in names:
        (place(root, FOLDER) / name).unlink(missing_ok=True)


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keep other writers of this project's lock out meanwhile."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write(root: Path, data: bytes, recipes: Mapping[str, bytes]) -> None:
    """Write recipes (text by digest) that are not there, then the lock, in one rename. Raises LockError."""
    folder = place(root, FOLDER)
    try:
        if recipes:
            folder.mkdir(mode=0o755, exist_ok=True)
        for digest, text in sorted(recipes.items()):
            path = folder / f"{digest}.recipe"
            if path.is_symlink() or not path.exists() or path.read_bytes() != text:
                _replace(path, text)
        _replace(place(root, NAME), data)
    except OSError as error:
        raise LockError(f"{error.filename or root} cannot be written ({error.strerror}).", "look at its permissions") from None


def _replace(path: Path, data: bytes) -> None:
    """Replace `path` atomically by a file of mode 0644, on disk before it becomes visible."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), 0o644)  # whatever the umask
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def merge_by_union(root: Path) -> bool:
    """Let git merge the lock line by line: add the line to `.gitattributes` where a git work tree has none; return if so."""
    folders = [root, *root.parents]
    top = next((folder for folder in folders if (folder / ".git").exists()), None)
    if top is None:
        return False
    if any(_has_merge(folder / ".gitattributes") for folder in folders[: folders.index(top) + 1]):
        return False
    path = root / ".gitattributes"
    if path.is_symlink():  # git does not follow one
        return False
    former = path.read_bytes() if path.exists() else b""
    with path.open("ab") as stream:
        stream.write((b"\n" if former and not former.endswith(b"\n") else b"") + ATTRIBUTES.encode() + b"\n")
    return True


def _has_merge(path: Path) -> bool:
    """Return whether attributes say how the lock is merged; a project may have its reasons for another way."""
    try:
        rows = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    words = (row.split() for row in rows)
    return any(
        each and fnmatchcase(NAME, each[0].rpartition("/")[2]) and any(word.lstrip("-!").startswith("merge") for word in each[1:])
        for each in words
    )
