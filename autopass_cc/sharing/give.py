"""Giving what was proven here to others: into a file (`export`), or merged into what is at a shared place (`push`)."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from autopass_cc.errors import RecipeError, RemoteError, SignatureError
from autopass_cc.machine import machine_id
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.sharing import fetch as remote
from autopass_cc.sharing.config import Cache
from autopass_cc.sharing.location import SIGNATURE, Kind, Location
from autopass_cc.sharing.signature import sign, verify
from autopass_cc.sharing.take_in import signed_copy
from autopass_cc.store import entries as store
from autopass_cc.store.database import Rows, reader
from autopass_cc.store.entries import Entry, recipe_text
from autopass_cc.store.exchange import MAX_ENTRIES, MAX_FILE, Found, machine_of, merge, now, read, write
from autopass_cc.store.exchange_line import BadLineError, entry_of, line_of, parse
from autopass_cc.store.imports import Imported
from autopass_cc.store.states import ACTIVE

ATTEMPTS = 3
PATIENCE = 10.0  # seconds for another push into the same folder


@dataclass(frozen=True)
class Ours:
    """What this store gives: entries with their recipes' texts, the keys it took back, and why some entries stay here."""

    entries: list[Imported]
    texts: dict[str, bytes]
    withdrawn: frozenset[tuple[str, str, str]]  # exact and inherited key, recipe
    kept_back: list[str]


@dataclass(frozen=True)
class Pushed:
    """What is at a shared place after a push: entries in all, ours, those of others, and bad lines that were left out."""

    entries: int
    ours: int
    others: int
    withdrawn: int
    skipped: int
    kept_back: list[str]
    changed: bool


def ours(project: str | None = None) -> Ours:
    """Return what this store gives, of one project or of all."""
    with reader() as db:
        if db is None:
            return Ours([], {}, frozenset(), [])
        given, texts, kept_back = [], dict[str, bytes](), []
        levels: dict[str, str] = {}
        for entry in store.proven(db, project):
            try:
                given.append(_shared(db, entry, levels, texts))
            except (BadLineError, RecipeError, KeyError, ValueError) as error:  # ValueError: a number that JSON has not
                kept_back.append(f"{entry.module}: {getattr(error, 'sentence', error)}")
        back = [each for each in store.entries(db, project) if each.state != ACTIVE]
    return Ours(given, texts, frozenset((each.exact, each.inherited, each.recipe) for each in back), kept_back)


def _shared(db: Rows, entry: Entry, levels: dict[str, str], texts: dict[str, bytes]) -> Imported:
    """Return an entry as others get it: read back from its line, so that nothing leaves that nobody would take."""
    if entry.recipe not in texts:
        text = recipe_text(db, entry.recipe)
        levels[entry.recipe], texts[entry.recipe] = Recipe.parse(text).level, text
    names = ("project", "module", "exact", "inherited", "portable_exact", "portable_inherited", "toolchain", "recipe", "edits")
    numbers = ("median", "low", "high", "log_e", "share", "exact_only", "provenance")
    values = {name: getattr(entry, name) for name in (*names, *numbers)}
    return entry_of(parse(line_of(Imported(source="", level=levels[entry.recipe], **values))[:-1]), levels)


def export(stream: IO[bytes], found: Ours) -> int:
    """Write what this store gives; return how many entries."""
    return write(stream, found.entries, found.texts, now())


def export_file(path: Path, found: Ours, key: Path | None) -> int:
    """Write what this store gives into a file, and its signature beside it where a key is named. Returns how many entries.

    Both take their place in one rename each. Raises RemoteError where that cannot be, SignatureError.
    """
    place = path.absolute()
    with tempfile.TemporaryFile() as file:
        count = export(file, found)
        file.flush()
        _place(Location(str(place.parent)), place.name, file, sign(file, key) if key else None)
    return count


def _place(location: Location, name: str, file: IO[bytes], signature: bytes | None) -> None:
    remote.put(location, name, file)
    if signature is not None:
        remote.put(location, name + SIGNATURE, io.BytesIO(signature))


def push(cache: Cache, key: Path | None) -> Pushed:
    """Merge what this store gives with what is at a shared place, signed where a key is named; return what came of it.

    What other machines measured stays, and so does what this one did with a larger E; what was taken back here since is
    taken out. Raises RemoteError, SignatureError, and ImportRefusedError where something else than recipes is there.
    """
    if cache.location.kind is Kind.HTTP:
        raise RemoteError(
            f"Nothing can be put at {cache.location.shown}: web servers are for reading.",
            "push to the folder or bucket that the server shows, under a name of its own in config.toml",
        )
    if cache.signers is not None and key is None:
        raise SignatureError(f"[cache.{cache.name}] takes signed recipes only.", f"`autopass cache push {cache.name} --sign KEY`")
    found = ours()
    with _alone(cache):
        for _ in range(ATTEMPTS):
            with contextlib.ExitStack() as stack:
                file = _there(cache, key)
                there = read(stack.enter_context(file)) if file else Found("", "")
                result, merged = _merged(there, found)
                if not result.changed and file:
                    return result
                fresh = stack.enter_context(tempfile.TemporaryFile())
                write(fresh, merged, there.texts | found.texts, now())
                fresh.flush()
                if fresh.tell() > MAX_FILE or len(merged) > MAX_ENTRIES:
                    raise RemoteError(f"{cache.shown} would become larger than anybody would take.", "begin another place")
                signature = _signature(cache, key, fresh)
                if _is_still_there(cache, file):
                    _place(cache.location, cache.file, fresh, signature)
                    return result
    raise RemoteError(f"Others are pushing to {cache.shown} all the while.", "try again later")


def _there(cache: Cache, key: Path | None) -> IO[bytes] | None:
    """Return what is there, which must be signed as our config says; None for nothing."""
    if cache.signers is not None:
        return signed_copy(cache)[0]
    file = remote.fetch(cache.location, cache.file)
    if file is None:
        return None
    signature = remote.fetch(cache.location, cache.file + SIGNATURE)
    if signature is not None:
        signature.close()
    if key is None and signature is None:
        return file
    file.close()
    if key is None:
        raise SignatureError(
            f"{cache.shown} is signed; changed without a signature, nobody would take it any more.",
            f"name its signers in [cache.{cache.name}], and `autopass cache push {cache.name} --sign KEY`",
        )
    raise SignatureError(
        f"Your signature would stand under what others put at {cache.shown}, and nothing says who they are.",
        f"name those whose signatures are taken in [cache.{cache.name}] (signers), or begin in an empty place",
    )


def _merged(there: Found, found: Ours) -> tuple[Pushed, list[Imported]]:
    machine = machine_id()
    kept = [
        each
        for each in there.entries
        if not machine or machine_of(each) != machine or (each.exact, each.inherited, each.recipe) not in found.withdrawn
    ]
    merged = merge(kept, found.entries)
    before, after = set(map(line_of, there.entries)), set(map(line_of, merged))
    mine = len(after & set(map(line_of, found.entries)))
    result = Pushed(
        entries=len(after),
        ours=mine,
        others=len(after) - mine,
        withdrawn=len(there.entries) - len(kept),
        skipped=there.skipped,
        kept_back=found.kept_back,
        changed=before != after or there.skipped > 0,
    )
    return result, merged


def _signature(cache: Cache, key: Path | None, file: IO[bytes]) -> bytes | None:
    if key is None:
        return None
    signature = sign(file, key)
    if cache.signers is not None:
        verify(file, signature, cache.signers, f"what {key} signs")  # or nobody, we among them, would take it
    return signature


def _is_still_there(cache: Cache, file: IO[bytes] | None) -> bool:
    """Return whether nobody has pushed since `file` (None: nothing) was fetched."""
    again = remote.fetch(cache.location, cache.file)
    if again is None:
        return file is None
    with again:
        return file is not None and remote.digest(file) == remote.digest(again)


@contextlib.contextmanager
def _alone(cache: Cache) -> Iterator[None]:
    """Hold a lock on a shared folder, where its file system has such: two pushes at a time would lose one of them."""
    if cache.location.kind is not Kind.FOLDER:
        yield
        return
    try:
        descriptor = os.open(cache.location.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise RemoteError(
            f"{cache.location.shown} is not a folder that can be read here ({error.strerror}).",
            "check that it is there (mounted)",
        ) from None
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                # it is held, or (on some NFS) cannot be had; what is there is compared before it is replaced, in any case
                if error.errno == errno.EWOULDBLOCK and time.monotonic() < end:
                    time.sleep(0.05)
                    continue
            break
        yield
    finally:
        os.close(descriptor)
