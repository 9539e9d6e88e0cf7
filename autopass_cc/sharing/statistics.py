"""How much there is: entries, imports, and what the files take. Read in milliseconds, however large the store."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from autopass_cc.paths import cache_dir, data_dir
from autopass_cc.sharing import config
from autopass_cc.store import imports
from autopass_cc.store.database import database_path, reader
from autopass_cc.store.publication import publication_dir
from autopass_cc.store.rows import sound_texts


def collect() -> dict[str, Any]:
    """Return the statistics as JSON values; raises ConfigError for a config.toml that cannot be read."""
    entries: dict[str, dict[str, int]] = {}
    held: dict[str, dict[str, int]] = {}
    with reader() as db:
        if db is not None:
            named = "typeof(state) = 'text' and typeof(origin) = 'text'"
            chosen = f"select state, origin, count(*) from entry where {named} group by 1, 2 order by 1, 2"  # noqa: S608 - ours
            for state, origin, count in sound_texts(db.execute(chosen)):
                entries.setdefault(state, {})[origin] = count
            held = imports.counts(db)
    caches = config.load()
    sources = {
        name: {
            "states": held.get(name, {}),
            "from": caches[name].shown if name in caches else None,
            "trusted": caches[name].trust if name in caches else None,
        }
        for name in sorted({*held, *caches})
    }
    return {"data": str(data_dir()), "entries": entries, "imports": sources, "bytes": sizes()}


def sizes() -> dict[str, int]:
    """Return how many bytes the parts take."""
    data = data_dir()
    journal = [data / "journal", data / "journal.1", data / "journal.d"]
    return {
        "store": sum(map(size_of, (database_path(), data / "backups", data / "quarantine"))),
        "publication": size_of(publication_dir()),
        "journal": sum(map(size_of, journal)),
        "plugins": size_of(cache_dir() / "plugins"),
    }


def size_of(path: Path) -> int:
    """Return how many bytes a file takes, or all files in a folder; 0 for nothing. Links are not followed."""
    try:
        info = path.lstat()
    except OSError:
        return 0
    if not stat.S_ISDIR(info.st_mode):
        return info.st_size
    total = 0
    try:
        with os.scandir(path) as each:
            for entry in each:
                total += (
                    size_of(Path(entry)) if entry.is_dir(follow_symlinks=False) else entry.stat(follow_symlinks=False).st_size
                )
    except OSError:  # it goes while we look
        pass
    return total
