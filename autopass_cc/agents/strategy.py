"""How a search spends what it has: candidates, rounds, and what is kept for a second look."""

from __future__ import annotations

from dataclasses import dataclass

from autopass_cc.measure.screening import Pace


@dataclass(frozen=True)
class Strategy:
    """How a search spends what it has.

    `first_wave` and `wave` are candidates that reach the stopwatch, at the pace of `race`: the first wave looks around, later
    ones follow what it saw. `for_waves` is their share; the rest is for looking again at the best, in `least_rounds` or more,
    and for making it minimal.
    """

    race: Pace
    first_wave: int
    first_share: float  # of what the waves may spend, for the first one
    wave: int
    for_waves: float
    patience: int  # waves without a better best before the search ends
    again: int  # of the best, that are looked at again
    least_rounds: int
    least_places: int  # in a later wave: for fewer it is not worth while


THOROUGH = Strategy(
    Pace(rounds=4, short=True),
    first_wave=28,
    first_share=1.0,
    wave=12,
    for_waves=0.55,
    patience=2,
    again=4,
    least_rounds=3,
    least_places=4,
)
# With few runs, a look at what pays most often, each lever once or twice, and then what follows from it in small waves.
FRUGAL = Strategy(
    Pace(rounds=2, halving=1, baselines=2, least=3, short=True),
    first_wave=16,
    first_share=0.35,
    wave=8,
    for_waves=0.6,
    patience=3,
    again=3,
    least_rounds=2,
    least_places=2,
)
FEW = 120  # runs, below which the search is frugal
