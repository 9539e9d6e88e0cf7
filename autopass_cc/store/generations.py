"""Generations of a publication: what lets a build see one of them to its end, whatever is published meanwhile.

A generation is named by the time it was published at, in ns since 1970, which is the mtime of its index. When the next
takes its place it stays for a day as `index.<ns>`, and a compile reads the newest that was there when its build began
(`shims/generations.c`). `callers` says which processes ran the publisher, so that a shell that becomes `make` after
`autopass tune` is known to have begun its build after it: lines `<ns> <process> <start in clock ticks> <name>`.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from autopass_cc.paths import write_private

KEPT = 24 * 3600 * 10**9
TICK = 10**7  # ns: the start of a process is known no better
LEAD = 30 * 10**6  # ns between the stamping of an index and the time it then bears
ATTEMPTS = 5
DEEPEST = 64
CALLERS_KEPT = 1000
GENERATION = re.compile(r"^index\.([0-9]{1,19})$")


def replace_index(place: Path, data: bytes) -> None:
    """Make `data` the index of the publication in `place`; keep the one it replaces. Takes at least LEAD.

    The index is there all the while. It bears a time more than a clock tick after it became visible: a build that begins
    after that time sees it from the first compile, one that began before never does. The first that begins after this
    returns sees it.
    """
    index = place / "index"
    fresh = place / f".index.{os.getpid()}.new"
    write_private(fresh, data)
    try:
        _keep(index)
        for _ in range(ATTEMPTS):  # a slow disk may use up the lead
            published = _stamp(fresh, after=_published(index))
            _write_callers(place, published)
            if time.time_ns() + 2 * TICK < published:
                break
        fresh.replace(index)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _prune(place, published)
    time.sleep(max(0, min(published - time.time_ns(), 2 * LEAD)) / 10**9)


def generations(place: Path) -> list[int]:
    """Return the times of the generations kept beside the index, ascending."""
    return sorted(int(match[1]) for path in place.iterdir() if (match := GENERATION.match(path.name)))


def callers() -> Iterator[tuple[int, int, bytes]]:
    """Yield process id, start in clock ticks since boot, and name of this process and those above it (Linux only)."""
    process: int | str = "self"
    for _ in range(DEEPEST):
        try:
            text = Path(f"/proc/{process}/stat").read_bytes()
        except OSError:
            return
        number, _, rest = text.partition(b" (")
        name, _, rest = rest.rpartition(b") ")  # a name may hold blanks and parentheses
        fields = rest.split()
        yield int(number), int(fields[19]), name
        process = int(fields[1])
        if process <= 0:
            return


def _published(index: Path) -> int:
    try:
        return index.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _stamp(fresh: Path, *, after: int) -> int:
    """Give `fresh` the time it will be visible at, later than `after` (but not if the clock was set back); return it."""
    now = time.time_ns()
    published = now + LEAD if after > now + 10**9 else max(now + LEAD, after + 1)
    os.utime(fresh, ns=(published, published))
    return fresh.stat().st_mtime_ns  # as the file system keeps it


def _keep(index: Path) -> None:
    try:
        status = index.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        return
    kept = index.with_name(f"index.{status.st_mtime_ns}")
    try:
        kept.hardlink_to(index)
    except FileExistsError:  # a publisher died between this and the rename
        return
    except OSError:  # no hard links here
        write_private(kept, index.read_bytes())


def _write_callers(place: Path, published: int) -> None:
    """Put the processes above us before those of earlier generations; a process under one name counts once."""
    file = place / "callers"
    lines = [f"{published} {process} {ticks} ".encode() + _word(name) for process, ticks, name in callers()]
    known = {line.partition(b" ")[2] for line in lines}
    try:
        before = file.read_bytes().splitlines()
    except OSError:
        before = []
    oldest = published - KEPT
    for line in before:
        when, _, process = line.partition(b" ")
        if when.isdigit() and int(when) > oldest and process not in known:
            known.add(process)
            lines.append(line)
    write_private(file, b"".join(line + b"\n" for line in lines[:CALLERS_KEPT]))


def _word(name: bytes) -> bytes:
    return name if re.fullmatch(rb"[!-~]+", name) else b"?"


def _prune(place: Path, current: int) -> None:
    """Remove what was replaced more than a day ago: no build that may still need it is looked for any more."""
    for generation, successor in pairwise([*generations(place), current]):
        if successor < current - KEPT:
            (place / f"index.{generation}").unlink(missing_ok=True)
