"""What was spent on a model, and whether one more call may be made: checked before, booked before, corrected after.

A call is booked with its estimate before it is made, so that a process that dies in it cannot spend the same twice.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from autopass_cc.model.asking import Where
from autopass_cc.model.errors import ModelError, Reason
from autopass_cc.model.settings import Settings
from autopass_cc.store.database import Rows, transaction

DAY = 86_400 * 10**9  # ns
_SUMS = "count(*) as requests, coalesce(sum(prompt_tokens + completion_tokens), 0) as tokens, coalesce(sum(price), 0) as price"


@dataclass(frozen=True)
class Spent:
    """Requests, tokens (prompts and answers) and price."""

    requests: int
    tokens: int
    price: float


class Budget:
    """The account of one run with one server."""

    def __init__(self, db: Database, settings: Settings, run: int) -> None:
        self._db, self._settings, self._run = db, settings, run

    def book(self, where: Where, digest: str, prompt: int, most: int) -> int:
        """Book a call of an estimated number of tokens; return its number. Raises ModelError where it would cost too much."""
        limits = self._settings
        run, day = spent_in_run(self._db, self._run), spent_today(self._db)
        price = self._price(prompt, most)
        for have, more, limit, what in (
            (run.requests, 1, limits.requests, "requests a run"),
            (run.tokens, prompt + most, limits.tokens, "tokens a run"),
            (day.tokens, prompt + most, limits.tokens_a_day, "tokens a day"),
            (run.price, price, limits.price, "price of a run"),
        ):
            if limit and have + more > limit:
                raise ModelError(Reason.OVER_BUDGET, f"The model's budget is spent: {limit:g} {what}.")
        row = {
            "at": time.time_ns(),
            "host": limits.host,
            "model": limits.model,
            **vars(where),
            "digest": digest,
            "prompt_tokens": prompt,
            "completion_tokens": most,
            "price": price,
            "outcome": "asked",
        }
        with transaction(self._db):
            return int(str(self._db.table("model_call").insert(row).last_pk))

    def settle(self, number: int, outcome: str, prompt: int | None = None, completion: int | None = None) -> None:
        """Write what a call came to. Tokens that the server did not tell stay as they were booked."""
        values: dict[str, Any] = {"outcome": outcome}
        if prompt is not None and completion is not None:
            values |= {"prompt_tokens": prompt, "completion_tokens": completion, "price": self._price(prompt, completion)}
        with transaction(self._db):
            self._db.table("model_call").update(number, values)

    def _price(self, prompt: int, completion: int) -> float:
        return (prompt * self._settings.price_in + completion * self._settings.price_out) / 1e6


def spent_in_run(db: Database, run: int) -> Spent:
    """Return what a run has spent; run 0 is all questions outside runs, of which the last 24 hours count."""
    return _spent(db, "run = ? and (run > 0 or at > ?)", run, time.time_ns() - DAY)


def spent_today(db: Rows) -> Spent:
    """Return what was spent in the last 24 hours, by all runs."""
    return _spent(db, "at > ?", time.time_ns() - DAY)


def _spent(db: Rows, where: str, *values: int) -> Spent:
    row = next(iter(db.query(f"select {_SUMS} from model_call where {where}", list(values))))  # noqa: S608 - constants of this file
    return Spent(int(row["requests"]), int(row["tokens"]), float(row["price"]))
