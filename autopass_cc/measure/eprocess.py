"""Evidence that may be looked at after every block: e-processes for "the candidate is faster by more than the margin".

An e-process starts at 1 and cannot be expected to grow while the null hypothesis holds, so by Ville's inequality (1939; see
Howard, Ramdas, McAuliffe & Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences") it ever reaches
1/alpha with probability <= alpha, whenever one stops and for whatever reason.

Write x = d + margin for the block score d; x < 0 is a *win*. A bettor who stakes the share g of the wealth on "win" multiplies
it by 1 - g * sign(x). That is fair, or worse than fair, whenever E[g * sign(x) | past] >= 0.

- `signs` (default): the stake depends on the past only. Valid if P(win | past) <= 1/2, whatever else is true of d. Stakes are
  mixed over every win probability in (1/2, 1] with a uniform prior, which gives the closed form of `log_e_value`.
- `signs+ranks`: 1/4 signs, 3/4 a bettor who stakes tanh(kappa * z), z = the half-normal score of the rank of |x|
  among the |x| seen so far; three kappas, mixed equally. The signed stake h(x) = sign(x) * tanh(kappa * z(|x|)) is then
  odd and non-decreasing in x, given the past. Null: given the past, d is distributed as s + c (or stochastically above that), s
  symmetric about 0 and c >= -margin. Then x = s + (c + margin) >= s, hence E[h(x)] >= E[h(s)] = 0, and the wealth is a
  non-negative supermartingale; so is a mixture of the two, since this null implies that of signs. (Betting on a sign after
  seeing the magnitude: Efron 1969, de la Pena 1999; sequential ranks of magnitudes: Reynolds 1975; betting: Waudby-Smith &
  Ramdas 2024.)

The symmetry is made by us, not assumed of the machine: A and B of a block are linked with independent layout seeds and a
coin decides which label goes first, so for a candidate that is no faster the two labels are exchangeable given everything that
went before, drift, spikes and order effects included. What only signs excludes is a candidate whose distribution over
layouts has another *shape* (rarely much faster, mostly a little slower); there re-validation's median is the guard.

Why not signs alone: simulated at block sd 3.4 %, normal noise, for true gains of 3 / 4 / 5 %, signs accepts 50 / 92 / 99.6 %
after 38 / 25 / 17 blocks, this 72 / 99 / 100 % after 31 / 20 / 15; with bimodal noise of the same sd 2 / 35 / 99.6 %
against 56 / 91 / 100 %; with contaminated noise they are equal.
"""

from __future__ import annotations

import bisect
import enum
import functools
import math
from statistics import NormalDist

_KAPPAS = (0.5, 1.0, 2.0)
_LOG_SIGNS_SHARE = math.log(0.25)
_LOG_RANKS_SHARE = math.log(0.75 / len(_KAPPAS))
_NORMAL = NormalDist()


class Test(enum.Enum):
    """Which e-process weighs the scores."""

    __test__ = False  # pytest: not a test class
    SIGNS = "signs"
    SIGNS_AND_RANKS = "signs+ranks"


@functools.lru_cache(maxsize=4096)
def log_e_value(wins: int, n: int) -> float:
    """Natural log of the sign e-process after `wins` wins in `n` blocks, uniform prior on the win probability in (1/2, 1].

    E = 2^(n+1) * integral from 1/2 to 1 of p^wins (1-p)^(n-wins) dp; log E is 0 at n = 0.
    """
    from scipy.special import betaincc, betaln  # scipy takes 0.1 s to import

    if not 0 <= wins <= n:
        raise ValueError(f"{wins} wins of {n}")
    upper = float(betaincc(wins + 1, n - wins + 1, 0.5))
    return (n + 1) * math.log(2) + float(betaln(wins + 1, n - wins + 1)) + math.log(upper)


class EProcess:
    """The running evidence: `add` block scores (log time ratios, negative = faster) in the order in which they came."""

    def __init__(self, margin: float, test: Test = Test.SIGNS) -> None:
        self.margin = margin
        self.test = test
        self.n = 0
        self.wins = 0
        self._magnitudes: list[float] = []
        self._log_wealth = [0.0] * len(_KAPPAS)

    def add(self, score: float) -> None:
        """Take one more block score."""
        if not math.isfinite(score):
            raise ValueError(f"block score {score}")
        x = score + self.margin
        self.n += 1
        self.wins += x < 0
        if self.test is Test.SIGNS:
            return
        below = bisect.bisect_left(self._magnitudes, abs(x))
        self._magnitudes.insert(below, abs(x))
        z = _half_normal_score(below, self.n)
        sign = (x > 0) - (x < 0)
        for i, kappa in enumerate(_KAPPAS):
            self._log_wealth[i] += math.log1p(-sign * math.tanh(kappa * z))

    @property
    def log_e(self) -> float:
        """Natural log of the evidence so far."""
        signs = log_e_value(self.wins, self.n)
        if self.test is Test.SIGNS:
            return signs
        terms = [_LOG_SIGNS_SHARE + signs, *(_LOG_RANKS_SHARE + wealth for wealth in self._log_wealth)]
        top = max(terms)
        return top + math.log(sum(math.exp(term - top) for term in terms))


@functools.lru_cache(maxsize=8192)
def _half_normal_score(below: int, n: int) -> float:
    """Score of a magnitude with `below` of the `n` seen (itself included) under it: quantile (below + 1/2) / n of |N(0, 1)|."""
    return _NORMAL.inv_cdf((1 + (below + 0.5) / n) / 2)
