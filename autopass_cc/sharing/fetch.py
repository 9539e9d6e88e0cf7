"""Getting a file from a shared place, and putting one there; bounded in size and time, whatever the other side does.

A folder is read and written by system calls alone: its files are looked at before they are trusted, and take their place
in one rename. http and https go through httpx2, which is here for models already: it shows redirects and raw bytes, over
which fsspec's own http (and the aiohttp that it needs) would decide alone. All else is fsspec's: s3, gcs, sftp, smb …
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, TypeVar

from autopass_cc.errors import RemoteError
from autopass_cc.sharing import web
from autopass_cc.sharing.location import SIGNATURE, Kind, Location
from autopass_cc.store.exchange import MAX_FILE

CHUNK = 1 << 20
T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """How long is waited for a file in all, and for its next bytes (seconds)."""

    seconds: float = 300.0
    idle: float = 20.0


LIMITS = Limits()
MAX_SIGNATURE = 64 << 10  # bytes


def fetch(location: Location, name: str, limits: Limits = LIMITS) -> IO[bytes] | None:
    """Return a private, nameless copy of a file of a shared place, from its start; None where there is no such file.

    Raises RemoteError where the place cannot be reached or read, or the file is larger than it may be.
    """
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - it is what is returned
    try:
        sink = _sink(copy, location, MAX_SIGNATURE if name.endswith(SIGNATURE) else MAX_FILE)
        match location.kind:
            case Kind.FOLDER:
                there = _from_folder(location, name, sink)
            case Kind.HTTP:
                there = web.get(location, name, sink, limits.seconds, limits.idle)
            case Kind.OTHER:
                there = _within(limits.seconds, location, lambda: _from_other(location, name, sink))
        if there:
            copy.seek(0)
            return copy
    except BaseException:
        copy.close()
        raise
    copy.close()
    return None


def put(location: Location, name: str, data: IO[bytes], limits: Limits = LIMITS) -> None:
    """Put the bytes of `data` (from its start) under a name at a shared place; readers see the former or the new ones.

    Raises RemoteError where that cannot be; nothing is put on an http server.
    """
    data.seek(0)
    match location.kind:
        case Kind.FOLDER:
            _to_folder(location, name, data)
        case Kind.HTTP:
            raise RemoteError(
                f"Nothing can be put at {location.shown}: web servers are for reading.",
                "push to the folder or bucket that the server shows",
            )
        case Kind.OTHER:
            _within(limits.seconds, location, lambda: _to_other(location, name, data))


def digest(file: IO[bytes]) -> str:
    """Return the digest of a file's bytes, all of them; leaves it at its end."""
    file.seek(0)
    hasher = hashlib.blake2b(digest_size=16)
    while data := file.read(CHUNK):
        hasher.update(data)
    return hasher.hexdigest()


def _sink(copy: IO[bytes], location: Location, most: int) -> Callable[[bytes], None]:
    got = 0

    def take(data: bytes) -> None:
        nonlocal got
        got += len(data)
        if got > most:
            raise RemoteError(
                f"What is at {location.shown} is larger than {most >> 10} KiB, which such a file never is.",
                "ask whoever looks after that place",
            )
        copy.write(data)

    return take


# ---- folders


def _from_folder(location: Location, name: str, sink: Callable[[bytes], None]) -> bool:
    path = location.folder / name
    try:
        if not location.folder.is_dir():
            raise RemoteError(f"{location.shown} is not a folder that can be read here.", "check that it is there (mounted)")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not hold us up
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable(location, error) from None
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise RemoteError(f"{path} is not a file.", "ask whoever looks after that place")
        try:
            while data := stream.read(CHUNK):
                sink(data)
        except OSError as error:
            raise _unreadable(location, error) from None
    return True


def _unreadable(location: Location, error: Exception) -> RemoteError:
    return RemoteError(
        f"{location.shown} cannot be read ({_told(location, error)}).", "check the url in config.toml, and your rights"
    )


def _unwritable(location: Location, error: Exception) -> RemoteError:
    return RemoteError(
        f"{location.shown} cannot be written ({_told(location, error)}).", "check your rights there; to pull needs none to write"
    )


def _told(location: Location, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return location.hide(error.strerror)
    return location.hide(f"{type(error).__name__}: {error}")


def _to_folder(location: Location, name: str, data: IO[bytes]) -> None:
    temporary = location.folder / f".{name}.{secrets.token_hex(8)}.tmp"
    try:
        # readable for those it is shared with, as the umask has it; never writable for others
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                while part := data.read(CHUNK):
                    stream.write(part)
                stream.flush()
                os.fsync(descriptor)
            temporary.replace(location.folder / name)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(location, error) from None


# ---- what fsspec knows


def _file_system(location: Location, name: str) -> tuple[Any, str]:
    import fsspec

    if location.scheme not in fsspec.available_protocols():
        raise RemoteError(f"Nothing here knows {location.scheme}:// (at {location.shown}).", "use a folder, https or s3")
    try:
        fs, path = fsspec.core.url_to_fs(location.file(name))
    except ImportError as error:
        raise RemoteError(
            f"{location.scheme}:// needs a package that is not installed ({location.hide(str(error))}).",
            "pip install 'autopass-cc[remote]' for s3; for others the package that is named",
        ) from None
    fs.invalidate_cache()  # what was listed a while ago says nothing
    return fs, str(path)


def _from_other(location: Location, name: str, sink: Callable[[bytes], None]) -> bool:
    try:
        fs, path = _file_system(location, name)
        with fs.open(path, "rb") as stream:
            while data := stream.read(CHUNK):
                sink(data)
    except FileNotFoundError:
        return False
    except RemoteError:
        raise
    except Exception as error:  # whatever a file system's library raises
        raise _unreadable(location, error) from None
    return True


def _to_other(location: Location, name: str, data: IO[bytes]) -> None:
    try:
        fs, path = _file_system(location, name)
        temporary = f"{path}.{secrets.token_hex(8)}.tmp"
        content = data.read()
        fs.pipe_file(temporary, content)
        try:
            fs.mv(temporary, path)
        except Exception:  # it cannot move, or not onto a file
            fs.pipe_file(path, content)
            with contextlib.suppress(Exception):
                fs.rm_file(temporary)
    except RemoteError:
        raise
    except Exception as error:  # as above
        raise _unwritable(location, error) from None


def _within(seconds: float, location: Location, work: Callable[[], T]) -> T:
    """Return what `work` gives, or give up: file systems of fsspec have no limit in time that all of them know."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # it is raised again below
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise RemoteError(f"{location.shown} did not answer within {seconds:g} s.", "try again later")
    return results[0]
