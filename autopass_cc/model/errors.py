"""Why a model gave no usable answer: a closed set, each with what it means for the rounds to come."""

from __future__ import annotations

import enum

from autopass_cc.errors import AutopassError


class Reason(enum.Enum):
    """A kind of failure."""

    NOT_CONFIGURED = "not-configured"
    NO_CONSENT = "no-consent"
    OVER_BUDGET = "over-budget"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"
    REFUSED = "refused"
    BAD_REQUEST = "bad-request"
    RATE_LIMITED = "rate-limited"
    SERVER_ERROR = "server-error"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    TOO_LARGE = "too-large"
    NOT_RECORDED = "not-recorded"

    @property
    def is_final(self) -> bool:
        """Whether asking again in the same run is no use."""
        return self in _FINAL

    @property
    def is_about_the_answer(self) -> bool:
        """Whether the model answered, and can be told what was wrong with it."""
        return self in _ANSWERED


_FINAL = {Reason.NOT_CONFIGURED, Reason.NO_CONSENT, Reason.OVER_BUDGET, Reason.REFUSED, Reason.BAD_REQUEST, Reason.NOT_RECORDED}
_ANSWERED = {Reason.MALFORMED, Reason.TRUNCATED, Reason.EMPTY, Reason.TOO_LARGE}

# What a person can do about it.
_NEXT = {
    Reason.NOT_CONFIGURED: "name one in config.toml ([model] base_url, model), or set AUTOPASS_MODEL_URL and AUTOPASS_MODEL",
    Reason.NO_CONSENT: "run `autopass model consent`, or point [model] base_url at a server of this machine or network",
    Reason.OVER_BUDGET: "raise [model] requests, tokens or price, or wait until tomorrow",
    Reason.UNREACHABLE: "start the server, or correct [model] base_url; `autopass model test` asks it one question",
    Reason.TIMED_OUT: "raise [model] timeout, or use a faster model",
    Reason.REFUSED: "check the key ([model] key, or AUTOPASS_MODEL_KEY)",
    Reason.BAD_REQUEST: "check [model] model; `autopass model test` shows what the server says",
    Reason.NOT_RECORDED: "use the transcript of a run with the same modules and rounds",
}


class ModelError(AutopassError):
    """No usable answer; `reason` says which kind, the sentence what happened."""

    exit_code = 40

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence, _NEXT.get(reason, "run `autopass model test`"))
        self.reason = reason
