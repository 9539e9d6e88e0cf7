"""An OpenAI-compatible server on 127.0.0.1 that does what a script says, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Act:
    """What the server does with one request: wait, then answer with these bytes, and perhaps break off before their end."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    broken_off: bool = False
    dripping: float = 0.0  # seconds between bytes


@dataclass(frozen=True)
class Request:
    """What the server was sent."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


def says(text: object, *, finish: str = "stop", prompt_tokens: object = 2000, completion_tokens: object = 300) -> Act:
    """Return a chat completion with this text (JSON of anything that is no text)."""
    content = text if isinstance(text, str) or text is None else json.dumps(text)
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content}}
    whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "scripted", "choices": [choice], "usage": usage}
    return Act(json.dumps(whole).encode())


def error(status: int, message: str = "no", **headers: str) -> Act:
    """Return an error as OpenAI-compatible servers send it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Act(json.dumps({"error": {"message": message, "type": "test"}}).encode(), status, named)


Script = Callable[[Request], Act]


@dataclass
class Server:
    """A running server."""

    url: str
    requests: list[Request]


@contextlib.contextmanager
def serving(script: Script) -> Iterator[Server]:
    """Run a server; `script` is called with each request."""
    requests: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(data or b"{}"))
            requests.append(request)
            self.perform(script(request))

        def perform(self, act: Act) -> None:
            time.sleep(act.wait)
            with contextlib.suppress(OSError):
                self.send_response(act.status)
                for name, value in {"Content-Type": "application/json", **act.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(act.body)))
                self.end_headers()
                if act.broken_off:
                    self.wfile.write(act.body[: len(act.body) // 2])
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                elif act.dripping:
                    for place in range(len(act.body)):
                        self.wfile.write(act.body[place : place + 1])
                        self.wfile.flush()
                        time.sleep(act.dripping)
                else:
                    self.wfile.write(act.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_address[1]}/v1", requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def in_turn(*acts: Act) -> Script:
    """Return a script that does one after the other, the last for ever."""
    left = list(acts)

    def script(_request: Request) -> Act:
        return left.pop(0) if len(left) > 1 else left[0]

    return script
