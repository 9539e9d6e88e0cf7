"""Pulling from web servers, good and bad ones: real requests to a server on this machine."""

from __future__ import annotations

import contextlib
import gzip
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sharing_kit import autopass, configure, exported, published, recipe, shared

from autopass_cc.errors import RemoteError
from autopass_cc.sharing import fetch
from autopass_cc.sharing.fetch import Limits
from autopass_cc.sharing.location import Location
from autopass_cc.store.database import reader
from autopass_cc.store.entries import recipe_text

GOOD = exported(shared(1), shared(2))
SHORT = Limits(5, 2)
Answer = Callable[[BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve by `answer`; give the URL of a folder."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):  # some tests hang up
                answer(self)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/shared"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(data: bytes, *, status: int = 200, length: int | None = None, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        if not request.path.startswith("/shared/recipes.jsonl"):
            request.send_error(404)
            return
        request.send_response(status)
        request.send_header("Content-Length", str(len(data) if length is None else length))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(data)

    return answer


def fetched(url: str, limits: Limits = SHORT) -> bytes | None:
    file = fetch.fetch(Location(url), "recipes.jsonl", limits)
    if file is None:
        return None
    with file:
        return file.read()


def test_what_a_web_server_has_is_pulled_and_waits_to_be_measured() -> None:
    with serving(send(GOOD)) as url:
        configure(f'[cache.web]\nurl = "{url}"\n')
        said = autopass("cache", "pull")
        assert said.code == 0, said.text
        assert "web: 2 entries, 2 new or changed; to be measured here before they are used" in said.text
        assert published() == {}
        assert "web: unchanged, 2 entries" in autopass("cache", "pull", "web").text


def test_the_query_of_the_url_is_sent_and_not_shown() -> None:
    paths: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        paths.append(request.path)
        send(b"", status=403)(request)

    with serving(answer) as url:
        configure(f'[cache.web]\nurl = "{url}?token=s3cr3t"\n')
        said = autopass("cache", "pull")
    assert paths == ["/shared/recipes.jsonl?token=s3cr3t"]
    assert said.code == 50
    assert "status 403" in said.text
    assert "s3cr3t" not in said.text


def test_a_file_that_is_not_there_is_none() -> None:
    with serving(lambda request: request.send_error(404)) as url:
        assert fetched(url) is None
        configure(f'[cache.web]\nurl = "{url}"\n')
        said = autopass("cache", "pull")
    assert said.code == 50
    assert "There is no http://127.0.0.1" in said.text


def test_an_answer_that_is_cut_off_is_not_taken() -> None:
    with serving(send(GOOD[:-100], length=len(GOOD))) as url, pytest.raises(RemoteError, match="cannot be read"):
        fetched(url)


def test_an_answer_that_never_ends_is_left() -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(b" " * 65536)

    with serving(endless) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetch, "MAX_FILE", 1 << 20)
        with pytest.raises(RemoteError, match="larger than 1024 KiB"):
            fetched(url)


def test_a_silent_server_is_waited_for_a_bounded_time() -> None:
    waits = threading.Event()

    def silent(request: BaseHTTPRequestHandler) -> None:
        waits.wait(10)
        assert request

    with serving(silent) as url:
        start = time.monotonic()
        with pytest.raises(RemoteError, match=r"within 0\.3 s"):
            fetched(url, Limits(5, 0.3))
        waits.set()
    assert time.monotonic() - start < 5


def test_a_server_that_drips_is_left_after_the_time_for_all() -> None:
    stop = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not stop.wait(0.05):
            request.wfile.write(b" ")
            request.wfile.flush()

    with serving(drip) as url:
        with pytest.raises(RemoteError, match=r"within 0\.5 s"):
            fetched(url, Limits(0.5, 2))
        stop.set()


@pytest.mark.parametrize("target", ["http://127.0.0.2:1/shared/x", "http://localhost/x", "file:///etc/passwd", "//evil/x"])
def test_a_redirect_to_another_server_is_refused(target: str) -> None:
    with serving(send(b"", status=302, Location=target)) as url, pytest.raises(RemoteError, match="redirects to another server"):
        fetched(url)


def test_a_redirect_on_the_same_server_is_followed() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        if request.path == "/shared/recipes.jsonl":
            send(b"", status=301, Location="/shared/recipes.jsonl.v2")(request)
        else:
            send(GOOD)(request)

    with serving(answer) as url:
        assert fetched(url) == GOOD


def test_redirects_without_end_are_left() -> None:
    with (
        serving(send(b"", status=302, Location="/shared/recipes.jsonl")) as url,
        pytest.raises(RemoteError, match="redirects without end"),
    ):
        fetched(url)


def test_bytes_that_were_packed_without_being_asked_for_are_refused() -> None:
    with serving(send(gzip.compress(GOOD), Content_Encoding="gzip")) as url, pytest.raises(RemoteError, match="encoded"):
        fetched(url)


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serving(send(GOOD)) as url:
        assert fetched(url) == GOOD


def test_a_server_that_is_not_there_is_told_with_the_next_step() -> None:
    configure('[cache.web]\nurl = "http://127.0.0.1:9/x"\n')
    said = autopass("cache", "pull")
    assert said.code == 50
    assert "http://127.0.0.1:9/x cannot be read" in said.text
    assert "next: check the url" in said.text


def test_something_else_than_recipes_is_refused_as_a_whole() -> None:
    with serving(send(b"<html>\n")) as url:
        configure(f'[cache.web]\nurl = "{url}"\n')
        said = autopass("cache", "pull")
    assert said.code == 51
    assert "not a file of recipes" in said.text


def test_one_source_that_fails_does_not_stop_the_others() -> None:
    with serving(send(GOOD)) as url, serving(send(b"<html>\n")) as bad:
        configure(f'[cache.bad]\nurl = "{bad}"\n[cache.gone]\nurl = "http://127.0.0.1:9/"\n[cache.web]\nurl = "{url}"\n')
        said = autopass("cache", "pull")
    assert said.code == 51
    assert "web: 2 entries, 2 new" in said.text


def test_skipped_lines_are_told_with_their_numbers() -> None:
    with serving(send(GOOD + b"{\n")) as url:
        configure(f'[cache.web]\nurl = "{url}"\n')
        said = autopass("cache", "pull")
    assert said.code == 0
    assert "1 lines skipped" in said.text
    assert "line 6: not JSON" in said.text


def test_nothing_is_pushed_to_a_web_server() -> None:
    with serving(send(GOOD)) as url:
        configure(f'[cache.web]\nurl = "{url}"\n')
        said = autopass("cache", "push", "web")
    assert said.code == 50
    assert "web servers are for reading" in said.text


def test_the_recipe_of_a_pulled_entry_is_in_the_store() -> None:
    with serving(send(GOOD)) as url:
        configure(f'[cache.web]\nurl = "{url}"\n')
        assert autopass("cache", "pull", "--json").code == 0
    with reader() as db:
        assert db is not None
        assert recipe_text(db, recipe(1)[0]) == recipe(1)[1]
