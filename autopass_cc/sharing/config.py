"""The tables `[cache.NAME]` of config.toml: where recipes are pulled from, and how far each place is trusted."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autopass_cc import user_config
from autopass_cc.errors import ConfigError
from autopass_cc.paths import config_file
from autopass_cc.sharing.location import RECIPES, Kind, Location, why_unusable
from autopass_cc.trust import why_readable

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
KNOWN = {"url": str, "trust": bool, "signers": str}
EXAMPLE = '[cache.team]\n        url = "https://host/recipes"   # or a folder, s3://…'


@dataclass(frozen=True)
class Cache:
    """A place to share recipes at, or a file to import (`file` in the folder `location`).

    `trust`: what comes from it is used before it was measured here; `signers`: who may have signed it (an allowed-signers
    file of ssh-keygen, see ALLOWED SIGNERS in its manual), None: nobody must have.
    """

    name: str
    location: Location
    trust: bool = False
    signers: Path | None = None
    file: str = RECIPES

    @property
    def shown(self) -> str:
        """Return the file's place as it may be shown."""
        return f"{self.location.shown.rstrip('/')}/{self.file}"


def load() -> dict[str, Cache]:
    """Return the configured caches by name; raises ConfigError for a table that is not right in every respect."""
    path = config_file()
    tables = user_config.read().get("cache", {})
    if not isinstance(tables, dict):
        raise ConfigError(path, "cache is not a set of tables", f"write\n        {EXAMPLE}")
    found = {name: _cache(path, name, table) for name, table in tables.items()}
    if any(cache.location.has_secret for cache in found.values()):
        _check_private(path)
    return found


def chosen(names: Sequence[str]) -> list[Cache]:
    """Return the caches of some names, all without any; raises ConfigError for a name that is not configured."""
    found = load()
    for name in names:
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1)
            hint = f"; did you mean {near[0]}?" if near else f" (there is {', '.join(found) or 'none'})"
            raise ConfigError(config_file(), f"there is no [cache.{name}]{hint}", f"write\n        {EXAMPLE}")
    return [found[name] for name in dict.fromkeys(names)] if names else list(found.values())


def none_configured() -> ConfigError:
    """Return the error for a config.toml without any cache."""
    return ConfigError(config_file(), "no place to share recipes at is configured", f"write\n        {EXAMPLE}")


def _cache(path: Path, name: str, table: Any) -> Cache:
    title = f"[cache.{name}]"
    if not NAME.fullmatch(name):
        raise ConfigError(path, f"{title[:80]!r} is not a name for a cache", "use up to 64 letters, digits and . _ -")
    if not isinstance(table, dict):
        raise ConfigError(path, f"{title} is not a table", f"write\n        {EXAMPLE}")
    for key, value in table.items():
        if key not in KNOWN:
            near = difflib.get_close_matches(key, KNOWN, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else f" (known: {', '.join(KNOWN)})"
            raise ConfigError(path, f"{title} has an unknown key `{key}`{hint}", "correct it")
        if type(value) is not KNOWN[key]:
            wanted = "true or false" if KNOWN[key] is bool else "a string"
            raise ConfigError(path, f"{title} `{key}` must be {wanted}", "correct it")
    if why := why_unusable(table.get("url", "")):
        raise ConfigError(path, f"{title} has no usable url: {why}", f"write\n        {EXAMPLE}")
    cache = Cache(name, Location(table["url"]), table.get("trust", False), _signers(path, title, table))
    _check_way(path, title, cache)
    return cache


def _signers(path: Path, title: str, table: dict[str, Any]) -> Path | None:
    if "signers" not in table:
        return None
    signers = Path(table["signers"]).expanduser()
    if not table["signers"] or not signers.is_absolute():
        raise ConfigError(path, f"{title} `signers` must be the absolute path of an allowed-signers file", "correct it")
    return signers


def _check_way(path: Path, title: str, cache: Cache) -> None:
    if cache.signers is not None:
        return
    if cache.location.is_plain_http:
        raise ConfigError(
            path,
            f"{title} is http to another machine: whoever is on the way could change what comes",
            'use https, or name the signers whose signatures are taken: signers = "/path/allowed_signers"',
        )
    if cache.trust and cache.location.kind is not Kind.FOLDER:
        raise ConfigError(
            path,
            f"{title} has `trust = true`, but nothing says who wrote what is at {cache.location.shown}",
            'name those whose signatures are taken: signers = "/path/allowed_signers"; without trust, what comes is '
            "measured here before it is used",
        )


def _check_private(path: Path) -> None:
    if why_readable(path.stat()):
        raise ConfigError(path, "it holds a URL with a password or key, but others may read it", f"chmod 600 {path}")
