"""Taking in what others have proven: from shared places (`pull`), or from a file. Nothing of it is used unmeasured, but by trust.

What is fetched is checked and read before the store is opened for writing: a slow server holds nobody up.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from autopass_cc import __version__
from autopass_cc.errors import AutopassError, ImportRefusedError, RemoteError, SignatureError
from autopass_cc.sharing import fetch as remote
from autopass_cc.sharing.config import Cache
from autopass_cc.sharing.location import SIGNATURE, Location
from autopass_cc.sharing.signature import verify
from autopass_cc.store import imports
from autopass_cc.store.database import Rows, reader, writer
from autopass_cc.store.exchange import Found, read, strongest
from autopass_cc.store.publishing import publish
from autopass_cc.store.settings import get_setting, put_setting
from autopass_cc.trust import why_not_private

if TYPE_CHECKING:
    from sqlite_utils import Database

MARK = "cache:"  # settings: what was last taken from a source
WAIT = 0.5  # seconds; recipes and their signature are two files, and somebody may be between the two


@dataclass(frozen=True)
class Fetched:
    """What a source has: its file's digest, who signed it ("": nobody was asked for), and what is in it (None: as before)."""

    cache: Cache
    digest: str
    signer: str
    found: Found | None


@dataclass(frozen=True)
class Taken:
    """What became of a source: entries in all and new ones; `unchanged` since it was last taken; skipped lines, and why."""

    name: str
    where: str
    entries: int
    fresh: int = 0
    unchanged: bool = False
    trusted: bool = False
    signer: str = ""
    skipped: int = 0
    reasons: tuple[tuple[int, str], ...] = ()
    error: AutopassError | None = None


def get(cache: Cache, known: str = "") -> Fetched:
    """Fetch, check and read what a source has; without reading it where its mark is `known`.

    Raises RemoteError, SignatureError, ImportRefusedError.
    """
    if cache.trust and cache.signers is None:
        _check_makers(cache)
    file, signer = signed_copy(cache)
    if file is None:
        raise RemoteError(f"There is no {cache.shown}.", "correct the place, or let somebody push there first")
    with file:
        digest = remote.digest(file)
        if mark(cache, digest, signer) == known:
            return Fetched(cache, digest, signer, None)
        file.seek(0)
        return Fetched(cache, digest, signer, read(file))


def signed_copy(cache: Cache) -> tuple[IO[bytes] | None, str]:
    """Return a copy of a source's file and its signer ("" where no signers are named); None where there is no file.

    Raises RemoteError, SignatureError.
    """
    try:
        return _signed_copy(cache)
    except SignatureError:
        time.sleep(WAIT)
        return _signed_copy(cache)


def _signed_copy(cache: Cache) -> tuple[IO[bytes] | None, str]:
    file = remote.fetch(cache.location, cache.file)
    if file is None or cache.signers is None:
        return file, ""
    try:
        signature = remote.fetch(cache.location, cache.file + SIGNATURE)
        if signature is None:
            raise SignatureError(
                f"{cache.shown} is not signed, and only what certain people signed is taken ({cache.signers}).",
                "whoever makes that file must sign it: `autopass cache push NAME --sign KEY`, `autopass cache export --sign KEY`",
            )
        with signature:
            return file, verify(file, signature.read(), cache.signers, cache.shown)
    except BaseException:
        file.close()
        raise


def _check_makers(cache: Cache) -> None:
    try:
        why = why_not_private(cache.location.folder / cache.file)
    except OSError as error:
        raise RemoteError(f"{cache.shown} cannot be read ({error.strerror}).", "check that it is there") from None
    if why:
        raise ImportRefusedError(
            f"{cache.name} is to be trusted, but others than you and root could have made what is there: {why}.",
            "name those whose signatures are taken (signers); or do without trust: what comes is then measured here first",
        )


def mark(cache: Cache, digest: str, signer: str) -> str:
    """Return what must be the same for a source to count as unchanged: its bytes, our trust, and our rules."""
    return json.dumps([digest, cache.trust, signer, __version__])


def take(db: Database, fetched: Fetched) -> Taken:
    """Put what was fetched in the place of all that its source had given before; the caller publishes."""
    cache, found = fetched.cache, fetched.found
    if found is None:
        return _unchanged(db, fetched)
    state = imports.TRUSTED if cache.trust else imports.UNVERIFIED
    chosen = [replace(entry, source=cache.name, state=state) for entry in strongest(found.entries)]
    used = {entry.recipe for entry in chosen}
    fresh = imports.take(db, cache.name, chosen, {digest: text for digest, text in found.texts.items() if digest in used})
    put_setting(db, MARK + cache.name, mark(cache, fetched.digest, fetched.signer))
    return Taken(
        cache.name,
        cache.shown,
        len(chosen),
        fresh,
        trusted=cache.trust,
        signer=fetched.signer,
        skipped=found.skipped,
        reasons=tuple(found.reasons),
    )


def _unchanged(db: Rows, fetched: Fetched) -> Taken:
    cache = fetched.cache
    count = sum(imports.counts(db).get(cache.name, {}).values())
    return Taken(cache.name, cache.shown, count, unchanged=True, trusted=cache.trust, signer=fetched.signer)


def pull(caches: Sequence[Cache], warn: Callable[[str], None]) -> list[Taken]:
    """Take in what some sources have, and publish; return what became of each, in order, with its error where it failed."""
    with reader() as db:
        known = {cache.name: get_setting(db, MARK + cache.name) if db is not None else "" for cache in caches}
        held = imports.counts(db) if db is not None else {}
    fetched = [_get(cache, known[cache.name]) for cache in caches]
    suspect = [cache.name for cache in caches if not cache.trust and imports.TRUSTED in held.get(cache.name, {})]
    if not suspect and not any(isinstance(each, Fetched) and each.found is not None for each in fetched):
        with reader() as db:  # nothing is written: a `tune` may hold the store
            return [each if isinstance(each, Taken) or db is None else _unchanged(db, each) for each in fetched]  # type: ignore[misc]
    with writer(warn=warn) as db:
        for name in suspect:  # it is not trusted any more; that must not wait until it can be reached
            imports.distrust(db, name)
        taken = [each if isinstance(each, Taken) else take(db, each) for each in fetched]
        publish(db)
    return taken


def _get(cache: Cache, known: str) -> Fetched | Taken:
    try:
        return get(cache, known)
    except AutopassError as error:  # one that fails does not stop the others
        return Taken(cache.name, cache.shown, 0, error=error)


def from_file(path: Path, name: str, *, trust: bool, signers: Path | None, warn: Callable[[str], None]) -> Taken:
    """Take in one file (signed in FILE.sig where signers are named) as a source of the given name, and publish.

    Raises ImportRefusedError, SignatureError, RemoteError where it cannot be read.
    """
    place = path.absolute()
    fetched = get(Cache(name, Location(str(place.parent)), trust, signers, place.name))
    with writer(warn=warn) as db:
        taken = take(db, fetched)
        publish(db)
    return taken


def forget(name: str, warn: Callable[[str], None]) -> int | None:
    """Forget a source and all that came from it, and publish; return how many imports that were, None if it was unknown."""
    with writer(warn=warn) as db:
        known = get_setting(db, MARK + name)
        count = imports.drop(db, name)
        if not count and not known:
            return None
        db.execute("delete from setting where name = ?", [MARK + name])
        publish(db)
    return count
