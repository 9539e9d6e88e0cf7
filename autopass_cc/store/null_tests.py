"""The hidden A/A ledger as numbers: how often the unchanged program was accepted, of how many tests."""

from __future__ import annotations

import math
from typing import Any

from autopass_cc.store.database import Rows

CONFIDENCE = 0.95


def ledger(db: Rows) -> dict[str, Any]:
    """Return tests, acceptances and the upper confidence bound of the rate, by the stage that was tested."""
    rows = db.query("select stage, count(*) as tests, sum(accepted) as accepted from null_test group by stage order by stage")
    return {row["stage"]: _counts(int(row["accepted"] or 0), int(row["tests"])) for row in rows}


def _counts(accepted: int, tests: int) -> dict[str, Any]:
    return {"tests": tests, "accepted": accepted, "upper": upper_bound(accepted, tests)}


def upper_bound(successes: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided upper bound of a proportion (Clopper and Pearson 1934), by bisection of the binomial's tail."""
    if successes >= trials:
        return 1.0
    low, high = successes / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        tail = math.fsum(_binomial(count, trials, middle) for count in range(successes + 1))
        low, high = (middle, high) if tail > 1 - confidence else (low, middle)
    return high


def _binomial(count: int, trials: int, rate: float) -> float:
    if rate in (0.0, 1.0):
        return float(count == (trials if rate else 0))
    ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return math.exp(ways + count * math.log(rate) + (trials - count) * math.log1p(-rate))
