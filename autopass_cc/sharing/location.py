"""Where recipes are shared: the URL of a folder, how it may be shown, and which ways to it are safe enough."""

from __future__ import annotations

import enum
import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

RECIPES = "recipes.jsonl"
SIGNATURE = ".sig"  # what the name of a file's signature has more

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_CHAIN = re.compile(r"[A-Za-z0-9+.-]+::")


class Kind(enum.Enum):
    """How a place is reached."""

    FOLDER = "folder"
    HTTP = "http"
    OTHER = "other"  # by fsspec


@dataclass(frozen=True)
class Location:
    """A folder's URL. Only `shown` may reach a message or a log: the URL itself may hold a password or a signed query."""

    url: str = field(repr=False)

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def scheme(self) -> str:
        """Return the URL's scheme; "file" for a path."""
        found = _SCHEME.match(self.url)
        return found[1].lower() if found else "file"

    @property
    def kind(self) -> Kind:
        """Return how the place is reached."""
        return {"file": Kind.FOLDER, "http": Kind.HTTP, "https": Kind.HTTP}.get(self.scheme, Kind.OTHER)

    @property
    def folder(self) -> Path:
        """Return the path of a place of kind FOLDER."""
        return Path(unquote(self._parts.path)) if _SCHEME.match(self.url) else Path(self.url).expanduser()

    @property
    def shown(self) -> str:
        """Return the URL as it may be shown: without user, password, query and fragment."""
        if self.kind is Kind.FOLDER:
            return str(self.folder)
        parts = self._parts
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    @property
    def has_secret(self) -> bool:
        """Return whether the URL has parts that are not shown."""
        return self.kind is not Kind.FOLDER and ("@" in self._parts.netloc or bool(self._parts.query))

    @property
    def is_plain_http(self) -> bool:
        """Return whether anybody on the way could change what comes: http to another machine."""
        if self.scheme != "http":
            return False
        name = self._parts.hostname or ""
        try:
            return not ipaddress.ip_address(name).is_loopback
        except ValueError:
            return name != "localhost"

    def file(self, name: str) -> str:
        """Return the URL of a file in the folder (its query kept)."""
        parts = self._parts
        return urlunsplit((parts.scheme, parts.netloc, f"{parts.path.rstrip('/')}/{name}", parts.query, ""))

    def hide(self, text: str) -> str:
        """Return a foreign message as one short printable line, without what is secret in the URL."""
        if self.kind is not Kind.FOLDER:
            parts = self._parts
            text = text.replace(self.url, self.shown)
            secrets = {parts.query, parts.netloc.rpartition("@")[0], parts.password or "", parts.username or ""}
            secrets |= {value for _, value in parse_qsl(parts.query)} | {unquote(each) for each in secrets}
            for secret in sorted(filter(None, secrets), key=len, reverse=True):
                text = text.replace(secret, "…")
        line = " ".join(text.split())
        return "".join(c if c.isprintable() else "?" for c in line)[:200]


def why_unusable(url: str) -> str:
    """Return why a URL cannot be that of a shared folder; "" where it can. Does not look whether it is there."""
    if not url or not url.isprintable():
        return "it is empty or has control characters"
    location = Location(url)
    if _CHAIN.match(url) or (location.kind is Kind.OTHER and "::" in url):
        return "chains of file systems (`::`) are not followed"
    if location.kind is Kind.FOLDER:
        if _SCHEME.match(url) and urlsplit(url).netloc not in ("", "localhost"):
            return "a file:// URL of another host: write file:///path"
        return "" if location.folder.is_absolute() else "a folder's path must be absolute"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return str(error)
    if parts.fragment:
        return "a fragment (`#…`) has no meaning here"
    if location.kind is Kind.HTTP and (not parts.hostname or port == 0):
        return "it names no host"
    return ""
