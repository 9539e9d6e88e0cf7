"""Ask a model over an OpenAI-compatible endpoint: cached, within budget, in the manner that the server takes, patiently."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from autopass_cc.digest import digest_of
from autopass_cc.model import manner, parse, wire
from autopass_cc.model.asking import Answer, Message, Where
from autopass_cc.model.budget import Budget
from autopass_cc.model.errors import ModelError, Reason
from autopass_cc.model.manner import Manner
from autopass_cc.model.settings import Settings
from autopass_cc.model.transcript import Transcript
from autopass_cc.store.database import transaction
from autopass_cc.tokens import tokens_of

RETRIES = 2  # after a failure that may pass
PAUSE, LONGEST_PAUSE = 2.0, 30.0  # seconds before the first retry (the next one waits twice as long); at most
CUT = 0.5  # of the estimate: a server that counts fewer tokens than this has dropped a part of the prompt
_PASSING = {Reason.UNREACHABLE, Reason.TIMED_OUT, Reason.SERVER_ERROR, Reason.RATE_LIMITED}


class Endpoint:
    """An `Asker` over HTTP. `sleep` waits between retries (seconds)."""

    def __init__(
        self, db: Database, settings: Settings, run: int, transcript: Transcript, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._db, self._settings, self._transcript, self._sleep = db, settings, transcript, sleep
        self._budget = Budget(db, settings, run)
        self._manner = manner.remembered(db, settings)

    def ask(self, where: Where, messages: Sequence[Message], schema: Mapping[str, Any], most: int) -> Answer:
        """Return the answer of at most `most` tokens; a question that was answered before costs nothing. Raises ModelError."""
        digest = self._digest(messages, schema, most)
        try:
            answer = self._cached(digest) or self._asked(where, digest, messages, schema, most)
        except ModelError as error:
            self._transcript.failed(where, messages, error)
            raise
        self._transcript.answered(where, messages, answer)
        return answer

    @property
    def manner(self) -> Manner:
        """Return how the server is asked now."""
        return self._manner

    def _digest(self, messages: Sequence[Message], schema: Mapping[str, Any], most: int) -> str:
        asked = [self._settings.base_url, self._settings.model, self._settings.temperature, most, schema, list(messages)]
        return digest_of(json.dumps(asked, sort_keys=True).encode())

    def _cached(self, digest: str) -> Answer | None:
        for row in self._db.query("select * from model_reply where digest = ?", [digest]):
            return Answer(parse.parse(row["text"]), row["text"], row["prompt_tokens"], row["completion_tokens"], "cache")
        return None

    def _asked(self, where: Where, digest: str, messages: Sequence[Message], schema: Mapping[str, Any], most: int) -> Answer:
        estimate = tokens_of(json.dumps([list(messages), schema]))
        for attempt in range(RETRIES + 1):
            try:
                written = self._once(where, digest, messages, schema, most, estimate)
                break
            except _PassingError as passing:
                if attempt == RETRIES:
                    raise passing.error from None
                self._sleep(min(LONGEST_PAUSE, passing.wait if passing.wait is not None else PAUSE * 2**attempt))
        return self._usable(written, digest, messages)

    def _once(
        self,
        where: Where,
        digest: str,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        most: int,
        estimate: int,
    ) -> wire.Written:
        """Make one call, more where the server wants to be asked in a plainer manner. Raises ModelError or _PassingError."""
        tried = self._manner
        while True:
            number = self._budget.book(where, digest, estimate, most)
            try:
                written = wire.post(self._settings, tried.arguments(self._settings, messages, schema, most))
            except wire.RejectedError as rejected:
                self._budget.settle(number, str(rejected.status), 0, 0)
                plainer = tried.plainer(rejected.complaint) if rejected.status in (400, 422) else None
                if plainer is None:
                    raise _failure(rejected, self._settings) from None
                tried = plainer
            except ModelError as error:
                self._budget.settle(number, error.reason.value)
                if error.reason in _PASSING:
                    raise _PassingError(error) from None
                raise
            else:
                self._budget.settle(number, "answered", written.prompt_tokens, written.completion_tokens)
                self._manner = tried  # what no manner could answer says nothing about the server
                manner.remember(self._db, self._settings, tried)
                return written

    def _usable(self, written: wire.Written, digest: str, messages: Sequence[Message]) -> Answer:
        try:
            data = parse.parse(written.text)
        except ModelError as error:
            if written.cut_off and error.reason is not Reason.TOO_LARGE:
                raise ModelError(Reason.TRUNCATED, "The answer was cut off at its limit of tokens.") from None
            if error.reason is Reason.MALFORMED and (plainer := self._manner.plainer("")) is not None:
                self._manner = plainer  # it takes the format, but does not keep it
            raise
        estimate = tokens_of("".join(message["content"] for message in messages))
        told = written.prompt_tokens
        cut = told is not None and told < CUT * estimate * 3 / 5  # five bytes a token at most
        answer = Answer(
            data,
            written.text,
            told if told is not None else estimate,
            written.completion_tokens if written.completion_tokens is not None else tokens_of(written.text),
            "model",
            f"{self._settings.host} saw {told} tokens of about {estimate}: its context may be too small" if cut else "",
        )
        row = {
            "digest": digest,
            "text": answer.text,
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "at": time.time_ns(),
        }
        with transaction(self._db):
            self._db.table("model_reply").upsert(row, pk="digest")
        return answer


class _PassingError(Exception):
    """A failure that may be gone at the next try, and how long the server asks to wait."""

    def __init__(self, error: ModelError, wait: float | None = None) -> None:
        super().__init__(error.sentence)
        self.error, self.wait = error, wait


def _failure(rejected: wire.RejectedError, settings: Settings) -> ModelError | _PassingError:
    said = f"{settings.host} answers {rejected.status}: {rejected.complaint}".rstrip(".") + "."
    if rejected.status in (401, 403):
        return ModelError(Reason.REFUSED, f"{settings.host} refuses the key ({rejected.status}).")
    if rejected.status == 429:
        return _PassingError(ModelError(Reason.RATE_LIMITED, said), rejected.wait)
    if rejected.status in (408, 409) or rejected.status >= 500:
        return _PassingError(ModelError(Reason.SERVER_ERROR, said), rejected.wait)
    if 300 <= rejected.status < 400:
        return ModelError(Reason.BAD_REQUEST, f"{settings.host} redirects elsewhere, which is not followed.")
    return ModelError(Reason.BAD_REQUEST, said)
