"""One GET of a file from a web server that is not believed: its redirects, sizes, encodings and pauses are all bounded."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import httpx2

from autopass_cc import __version__
from autopass_cc.errors import RemoteError
from autopass_cc.sharing.location import Location

HOPS = 5
PORTS = {"http": 80, "https": 443}
# raw bytes only: a compressed answer could be a thousand times what was sent
HEADERS = {"Accept-Encoding": "identity", "User-Agent": f"autopass-cc/{__version__}"}


def get(location: Location, name: str, sink: Callable[[bytes], None], seconds: float, idle: float) -> bool:
    """Give the file's bytes to `sink` and return True, False where the server has no such file. Raises RemoteError."""
    end = time.monotonic() + seconds
    url = location.file(name)
    timeout = httpx2.Timeout(idle, connect=min(idle, 10.0))
    is_near = location.scheme == "http" and not location.is_plain_http  # this machine: never by way of a proxy
    try:
        with httpx2.Client(timeout=timeout, headers=HEADERS, follow_redirects=False, trust_env=not is_near) as client:
            for _ in range(HOPS):
                with client.stream("GET", url) as answer:
                    if answer.is_redirect and "location" in answer.headers:
                        url = _next(location, url, answer.headers["location"])
                        continue
                    if answer.status_code in (404, 410):
                        return False
                    _check(location, answer)
                    for data in answer.iter_raw():
                        sink(data)
                        if time.monotonic() > end:
                            raise _late(location, seconds)
                    return True
    except httpx2.TimeoutException:
        raise _late(location, idle) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise RemoteError(
            f"{location.shown} cannot be read ({location.hide(str(error)) or type(error).__name__}).",
            "check the url in config.toml, and the network",
        ) from None
    raise RemoteError(f"{location.shown} redirects without end.", "write the place where the file is")


def _check(location: Location, answer: httpx2.Response) -> None:
    if answer.status_code != 200:
        raise RemoteError(f"{location.shown} answers with status {answer.status_code}.", "check the url in config.toml")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise RemoteError(f"{location.shown} sends encoded bytes, which were not asked for.", "switch compression off there")


def _late(location: Location, seconds: float) -> RemoteError:
    return RemoteError(f"{location.shown} did not send the file within {seconds:g} s.", "try again later")


def _next(location: Location, url: str, target: str) -> str:
    """Return where a redirect leads: on the same server only, or from http to https of the same host."""
    found = urljoin(url, target)
    here, there = urlsplit(url), urlsplit(found)
    same = here.hostname == there.hostname and there.scheme in PORTS
    upgrade = (here.scheme, there.scheme) == ("http", "https")
    ports = [parts.port or PORTS.get(parts.scheme) for parts in (here, there)]
    if not same or not (upgrade or (here.scheme == there.scheme and ports[0] == ports[1])):
        shown = Location(f"{there.scheme}://{there.hostname}").shown if there.hostname else "nowhere"
        raise RemoteError(
            f"{location.shown} redirects to another server ({location.hide(shown)}), which was not asked for.",
            "write the url of that server in config.toml if it is the right one",
        )
    # our password is for this server, and this it is; any other that the answer brings is not used
    user, host = here.netloc.rpartition("@")[0], there.netloc.rpartition("@")[2]
    return there._replace(netloc=f"{user}@{host}" if user else host).geturl()
