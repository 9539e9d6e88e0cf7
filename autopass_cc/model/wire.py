"""One request to a server through the `openai` client: bounded in time and size, without redirects, errors in our words."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autopass_cc.model.errors import ModelError, Reason
from autopass_cc.model.settings import Settings

if TYPE_CHECKING:
    import httpx2
    import openai

LARGEST = 4 * 1024 * 1024  # bytes of a response; an answer has at most a sixteenth of it
PLACEHOLDER = "none"  # as key where none is configured: without one the library would look for OPENAI_API_KEY
# What is sent, with the library's own x-stainless-*, which it needs. It would add what the user's environment holds for one
# server (OPENAI_CUSTOM_HEADERS, OPENAI_ORG_ID, …), keys perhaps.
_HEADERS = ("host", "accept", "accept-encoding", "connection", "content-length", "content-type", "user-agent")


@dataclass(frozen=True)
class Written:
    """What a server wrote: the text, whether it was cut off, and tokens (None: not told)."""

    text: str
    cut_off: bool
    prompt_tokens: int | None
    completion_tokens: int | None


@dataclass
class RejectedError(Exception):
    """The server answered with a status that is no answer."""

    status: int
    complaint: str
    wait: float | None = None  # seconds that it asks to wait


def client(settings: Settings, timeout: float) -> openai.OpenAI:
    """Return a client that follows no redirects: one to another host would otherwise be sent prompts, and perhaps the key.

    `timeout` (seconds) bounds each of its steps.
    """
    import openai

    key = settings.key or PLACEHOLDER

    def only(request: httpx2.Request) -> None:
        for name in [name for name in request.headers if name not in _HEADERS and not name.startswith("x-stainless-")]:
            del request.headers[name]
        request.headers["authorization"] = f"Bearer {key}"

    hooks = {"request": [only]}
    return openai.OpenAI(
        base_url=settings.base_url,
        api_key=key,
        timeout=timeout,
        max_retries=0,
        http_client=openai.DefaultHttpx2Client(follow_redirects=False, trust_env=False, event_hooks=hooks),
    )


def post(settings: Settings, body: Mapping[str, Any]) -> Written:
    """Send one request. Raises RejectedError, or ModelError where no whole response came."""
    import httpx2
    import openai

    deadline = time.monotonic() + settings.timeout
    try:
        # a connection a call: minutes of measuring lie between two, and nothing stays open meanwhile
        with client(settings, settings.timeout) as one, one.chat.completions.with_streaming_response.create(**body) as response:
            data = bytearray()
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > LARGEST:
                    raise ModelError(Reason.TOO_LARGE, f"{settings.host} sent more than {LARGEST} bytes.")
                if time.monotonic() > deadline:
                    raise _late(settings)
    except (openai.APITimeoutError, httpx2.TimeoutException):
        raise _late(settings) from None
    except openai.APIStatusError as error:
        raise RejectedError(error.status_code, _complaint(error), _wait(error.response.headers.get("retry-after"))) from None
    except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise ModelError(Reason.UNREACHABLE, f"{settings.host} did not answer ({type(error).__name__}).") from None
    return _read(bytes(data), settings)


def _late(settings: Settings) -> ModelError:
    return ModelError(Reason.TIMED_OUT, f"{settings.host} did not answer within {settings.timeout:g} s.")


def _complaint(error: openai.APIStatusError) -> str:
    """Return what the server said, bounded, in one line."""
    return " ".join(str(error.message).split())[:300]


def _wait(header: str | None) -> float | None:
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return None


def _read(data: bytes, settings: Settings) -> Written:
    """Read a chat completion; only the parts that are used are looked at."""
    try:
        body = json.loads(data)
        choice = body["choices"][0]
        text = choice["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise ModelError(Reason.SERVER_ERROR, f"{settings.host} sent something else than a chat completion.") from None
    usage = body.get("usage")
    told = [usage.get(name) if isinstance(usage, dict) else None for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (value if isinstance(value, int) and 0 <= value < 10**9 else None for value in told)
    text = text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""  # half of a pair cannot be kept
    return Written(text, choice.get("finish_reason") == "length", prompt, completion)
