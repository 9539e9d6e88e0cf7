"""Which model is asked, from `[model]` in config.toml and from the environment, and with which key.

A key belongs to the server that it was configured with: one from the file goes to the file's `base_url` only (same
scheme, host and port), one from AUTOPASS_MODEL_KEY to the URL in force. OPENAI_API_KEY is never read: the `openai`
library would send it to any host.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from autopass_cc import user_config
from autopass_cc.errors import ConfigError
from autopass_cc.paths import config_file
from autopass_cc.share import Share
from autopass_cc.trust import why_readable

URL, MODEL, KEY, SHARE = "AUTOPASS_MODEL_URL", "AUTOPASS_MODEL", "AUTOPASS_MODEL_KEY", "AUTOPASS_MODEL_SHARE"
OFF = "off"  # as AUTOPASS_MODEL: no model, whatever the file says


@dataclass(frozen=True)
class Settings:
    """An endpoint and its bounds. Prices are per million tokens, in the user's currency; limits of 0 are none."""

    base_url: str
    model: str
    key: str = field(default="", repr=False)
    share: Share = Share.REMARKS
    timeout: float = 120.0  # seconds for one answer
    temperature: float = 0.7
    requests: int = 60  # in one run
    tokens: int = 500_000  # in one run, prompts and answers
    tokens_a_day: int = 2_000_000
    price_in: float = 0.0
    price_out: float = 0.0
    price: float = 0.0  # in one run
    context: int = 0  # tokens that the server can take, where that is less than a prompt needs

    @property
    def host(self) -> str:
        """Return the server as people name it: host, and port where one is given."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def is_near(self) -> bool:
        """Return whether the server is this machine or in a private network."""
        name = urlsplit(self.base_url).hostname or ""
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name == "localhost"
        return address.is_private or address.is_loopback


def load(environment: Mapping[str, str] = os.environ) -> Settings | None:
    """Return the settings in force, None without a model; raises ConfigError for a file that says nonsense."""
    if environment.get(MODEL) == OFF:
        return None
    path = config_file()
    table = _table(path)
    url = environment.get(URL) or str(table.get("base_url", ""))
    if not url:
        return None
    if not _is_url(url):
        raise ConfigError(path, f"{url!r} is not the URL of a model", "write [model] base_url as http://HOST:PORT/v1")
    key = environment.get(KEY, "")
    if not key and table.get("key"):
        _check_private(path)
        owner = str(table.get("base_url", ""))
        key = str(table["key"]) if _is_url(owner) and _origin(url) == _origin(owner) else ""
    if not key.isascii() or not key.isprintable():
        raise ConfigError(path, "the model's key has other characters than keys have", "copy it once more")
    chosen = {name: value for name, value in table.items() if name not in ("base_url", "model", "key", "share")}
    share = environment.get(SHARE) or table.get("share", Share.REMARKS.value)
    if share not in [each.value for each in Share]:
        raise ConfigError(path, f"share = {share!r} is unknown", f"choose {', '.join(each.value for each in Share)}")
    return Settings(url, environment.get(MODEL) or str(table.get("model", "default")), key, Share(share), **chosen)


def _table(path: Path) -> dict[str, Any]:
    table = user_config.read().get("model", {})
    known = {each.name: each for each in fields(Settings)}
    if not isinstance(table, dict):
        raise ConfigError(path, "[model] is a table", "write [model] on a line of its own")
    for name, value in table.items():
        if name not in known:
            raise ConfigError(path, f"[model] has no {name}", f"it may have {', '.join(known)}")
        kind = str(known[name].type)
        number = isinstance(value, int | (float if kind == "float" else int)) and not isinstance(value, bool)
        if not (number and value >= 0 if kind in ("int", "float") else isinstance(value, str)):
            raise ConfigError(path, f"[model] {name} is not a {kind}", "correct it")
    return table


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an address or a port that is none
        return False


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _check_private(path: Path) -> None:
    if why_readable(path.stat()):
        raise ConfigError(path, "it holds a key, but others may read it", f"chmod 600 {path}")
