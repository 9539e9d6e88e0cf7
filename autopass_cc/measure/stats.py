"""All statistics of this project: pure functions of numbers, no clock, no machine, and no randomness but that of a fixed seed.

Scores are natural logs of time ratios, candidate over baseline: negative is faster. Percentages are for people only.
"""

from __future__ import annotations

import enum
import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autopass_cc.measure.eprocess import EProcess, Test
from autopass_cc.measure.proportion import upper_bound

MARGIN = math.log(1.01)
"""What a candidate must win by: 1 %."""
COVERAGE = 0.95
"""Intervals are the narrowest pair of order statistics that covers at least this, where there is one."""

_GAIN_PER_SD = {Test.SIGNS: 0.845, Test.SIGNS_AND_RANKS: 0.705}
"""(gain - margin) / sd that is accepted 9 times in 10 within 48 blocks at E >= 100, normal noise; from simulation, and
test_stats_confirmation.py simulates them again. For other thresholds it goes with sqrt(log threshold), as growth does."""


class Aggregate(enum.Enum):
    """How the runs of one side of a block become one time. Symmetric in the labels, so either keeps the test valid."""

    MIN = "min"
    """Delays only add time: little is left of a disturbance that did not last through all runs of a side."""
    MEAN = "mean"
    """Mean of logs; better where noise is symmetric."""


def block_score(a: Sequence[float], b: Sequence[float], aggregate: Aggregate = Aggregate.MIN) -> float:
    """Log time ratio of one block: `b` (candidate) over `a` (baseline), seconds of each run of a side, at least one each."""
    if aggregate is Aggregate.MIN:
        return math.log(min(b)) - math.log(min(a))
    return statistics.fmean(map(math.log, b)) - statistics.fmean(map(math.log, a))


class State(enum.Enum):
    """Where a confirmation stands."""

    RUNNING = "running"
    CONFIRMED = "confirmed"
    FUTILE = "futile"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True)
class Rule:
    """When a confirmation ends. `finalists` (K) candidates of one module share `alpha` (Bonferroni: E >= K / alpha).

    It gives up after `max_blocks`, or from `min_blocks` on when E < `futile`; giving up needs no correction. 0.2 rather than
    0.05: with signs 0.05 comes after 46 blocks for a candidate with no effect, 0.2 after 17 (13 with ranks); no power is lost.
    """

    alpha: float = 0.01
    finalists: int = 1
    margin: float = MARGIN
    max_blocks: int = 48
    min_blocks: int = 12
    futile: float = 0.2
    test: Test = Test.SIGNS

    @property
    def log_threshold(self) -> float:
        """Natural log of the E that is enough."""
        return math.log(self.finalists / self.alpha)


class Confirmation:
    """The sequential decision on one candidate. A pure function of the scores so far, so it resumes from a stored list."""

    def __init__(self, rule: Rule | None = None, scores: Sequence[float] = ()) -> None:
        self.rule = rule or Rule()
        self.evidence = EProcess(self.rule.margin, self.rule.test)
        self.state = State.RUNNING
        for score in scores:
            self.add(score)

    def add(self, score: float) -> State:
        """Take the score of the next block; raises ValueError once decided, as looking further would change nothing."""
        if self.state is not State.RUNNING:
            raise ValueError(f"this confirmation is {self.state.value} after {self.evidence.n} blocks")
        self.evidence.add(score)
        log_e, n = self.evidence.log_e, self.evidence.n
        if log_e >= self.rule.log_threshold:
            self.state = State.CONFIRMED
        elif n >= self.rule.max_blocks:
            self.state = State.EXHAUSTED
        elif n >= self.rule.min_blocks and self.e_value < self.rule.futile:
            self.state = State.FUTILE
        return self.state

    @property
    def e_value(self) -> float:
        """The evidence so far, 1 before the first block."""
        return math.exp(self.evidence.log_e)


@dataclass(frozen=True)
class Estimate:
    """Median score of `n` blocks with a distribution-free interval [low, high] of exact `coverage` for the median."""

    median: float
    low: float
    high: float
    coverage: float
    n: int

    @property
    def gain(self) -> float:
        """How much faster, as a fraction: 0.03 means the baseline takes 1.03 times as long."""
        return math.expm1(-self.median)

    @property
    def gain_interval(self) -> tuple[float, float]:
        """The interval as fractions, smaller gain first."""
        return math.expm1(-self.high), math.expm1(-self.low)

    @property
    def is_evidence(self) -> bool:
        """Whether the interval excludes zero; if not, tables print `~`."""
        return self.low > 0 or self.high < 0


def estimate(scores: Sequence[float]) -> Estimate:
    """Estimate the median by order statistics j and n+1-j (3 and 10 of 12: 96 %), the innermost pair covering >= 95 %.

    Below 6 scores no pair does; then it is the range, with its true coverage. Raises ValueError without scores.
    """
    ordered, n = sorted(scores), len(scores)
    if not n:
        raise ValueError("no scores")
    j = 1
    while j + 1 <= n // 2 and order_coverage(j + 1, n) >= COVERAGE:
        j += 1
    return Estimate(statistics.median(ordered), ordered[j - 1], ordered[n - j], order_coverage(j, n), n)


def order_coverage(j: int, n: int) -> float:
    """Probability that the population's median lies between order statistics j and n+1-j of n: P(j <= Bin(n, 1/2) <= n-j)."""
    return float(sum(math.comb(n, i) for i in range(j, n - j + 1)) / 2**n)


def bootstrap_mean(groups: Sequence[Sequence[float]], *, resamples: int = 1000, seed: int = 1) -> tuple[float, float]:
    """Interval of COVERAGE for the mean of the groups' medians: percentile bootstrap (Efron & Tibshirani 1993, chapter 13).

    Scores are drawn anew within each group, and the groups stay: it speaks of these programs, and of no others. Equal groups
    give equal intervals. Raises ValueError without groups, or for one without scores.
    """
    if not groups or not all(groups):
        raise ValueError("no scores")
    rng = random.Random(seed)  # noqa: S311 - resampling, not a secret
    drawn = [
        [group[0]] * resamples if len(group) == 1 else [_median_of(rng.choices(group, k=len(group))) for _ in range(resamples)]
        for group in groups
    ]
    means = sorted(statistics.fmean(column) for column in zip(*drawn, strict=True))
    tail = round((1 - COVERAGE) / 2 * resamples)
    return means[tail], means[-1 - tail]


def _median_of(scores: list[float]) -> float:
    """Median of a list, which it sorts: statistics.median copies it, and is called a million times here."""
    scores.sort()
    half = len(scores) // 2
    return scores[half] if len(scores) % 2 else (scores[half - 1] + scores[half]) / 2


def null_sd(scores: Sequence[float]) -> float:
    """Sd of A/A block scores. Their mean is zero by design (exchangeable labels), so no degree of freedom is spent on it."""
    return math.sqrt(statistics.fmean(score * score for score in scores))


def smallest_confirmable(sd: float, rule: Rule | None = None) -> float:
    """Smallest gain, as a fraction, that `rule` accepts 9 times in 10 when the block sd (log units) is `sd`."""
    rule = rule or Rule()
    per_sd = _GAIN_PER_SD[rule.test] * math.sqrt(rule.log_threshold / math.log(100))
    return math.expm1(rule.margin + per_sd * sd)


def expected_blocks(gain: float, sd: float, rule: Rule | None = None) -> float:
    """Roughly how many blocks it takes to accept a true `gain` (fraction); for planning only, infinite at or below the margin.

    Growth of about z^2 / 2 per block, z = (gain - margin) / sd, plus what learning the stakes costs; fitted to simulation
    (z = 0.58 / 0.86 / 1.14: 41 / 21 / 14 blocks). Never under 9, about what winning every block takes.
    """
    rule = rule or Rule()
    z = (math.log1p(gain) - rule.margin) / sd if sd else math.inf
    return max(9.0, 4 + 2 * (rule.log_threshold + 2.3) / (z * z)) if z > 0 else math.inf


def clopper_pearson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of a proportion (Clopper & Pearson 1934); (0, 1) when n is 0."""
    tail = (1 - confidence) / 2
    return 1 - upper_bound(n - successes, n, 1 - tail), upper_bound(successes, n, 1 - tail)


def e_benjamini_hochberg(log_e_values: Sequence[float], alpha: float) -> frozenset[int]:
    """Indices that may be claimed with false discovery rate <= alpha under any dependence (Wang & Ramdas 2022)."""
    m = len(log_e_values)
    order = sorted(range(m), key=lambda i: -log_e_values[i])
    kept = 0
    for k, i in enumerate(order, start=1):
        if log_e_values[i] >= math.log(m / (k * alpha)):
            kept = k
    return frozenset(order[:kept])
