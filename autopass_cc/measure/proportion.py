"""How large a proportion may be that was seen a few times, or never: exact, and without scipy, whose import takes too long."""

from __future__ import annotations

import math

COVERAGE = 0.95


def upper_bound(hits: int, trials: int, coverage: float = COVERAGE) -> float:
    """Return the one-sided upper bound of Clopper and Pearson (1934) for the rate of `hits` among `trials`.

    That is the largest rate at which as few hits still have a chance of 1 - coverage; 1 where there were no trials. Raises
    ValueError for counts that cannot be.
    """
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} of {trials}")
    if hits == trials:
        return 1.0
    ways = [_log_ways(trials, count) for count in range(hits + 1)]
    low, high = hits / trials, 1.0
    while (middle := (low + high) / 2) not in (low, high):
        if _at_most(ways, trials, middle) > 1 - coverage:
            low = middle
        else:
            high = middle
    return high


def _log_ways(trials: int, count: int) -> float:
    return math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)


def _at_most(ways: list[float], trials: int, rate: float) -> float:
    """Return the chance of fewer hits than `ways` has members; `rate` is neither 0 nor 1."""
    hit, miss = math.log(rate), math.log1p(-rate)
    return math.fsum(math.exp(way + count * hit + (trials - count) * miss) for count, way in enumerate(ways))
