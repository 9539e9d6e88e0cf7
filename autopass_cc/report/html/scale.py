"""Scales: where a number stands on paper, and which numbers are written beside it. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PAD = 0.03  # of a scale's length, left free at either end
# Mantissas of ticks on a log scale, from many to few.
_DENSE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_SETS: tuple[tuple[float, ...], ...] = (_DENSE, (1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
_NARROW = 2.0  # a log scale over less than this factor looks even, and has evenly spaced numbers


@dataclass(frozen=True)
class Tick:
    """A number that is written at a scale: where (per cent of its length, or pixels), and as what."""

    at: float
    text: str


@dataclass(frozen=True)
class Scale:
    """A stretch of numbers from `low` to `high`; on a log scale both are above zero."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Return where a number stands, 0 to 1; what is beyond an end stands at it."""
        low, high, at = map(_log, (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return min(1.0, max(0.0, (at - low) / (high - low)))

    def at(self, value: float) -> float:
        """Return the same in per cent, as attributes of SVG have it."""
        return round(100 * self.share(value), 2)

    def holds(self, value: float) -> bool:
        """Return whether a number is not beyond an end."""
        return self.low <= value <= self.high

    def values(self, most: int = 7) -> list[float]:
        """Return up to about `most` round numbers within the scale, evenly spread."""
        return _log_values(self.low, self.high, most) if self.log else _even_values(self.low, self.high, most)

    def ticks(self, most: int = 7) -> list[Tick]:
        """Return the same with their places in per cent."""
        return [Tick(self.at(value), number(value)) for value in self.values(most)]


def _log(value: float) -> float:
    return math.log(max(value, 1e-300))


def log_around(values: Iterable[float], *, always: Sequence[float], widest: float = 64.0) -> Scale:
    """Return a log scale that holds all values and `always`; beyond a factor of `widest` from 1, values are cut off."""
    found = [min(widest, max(1 / widest, value)) for value in values if value > 0 and math.isfinite(value)]
    low, high = (pick([*always, *found]) for pick in (min, max))
    room = (high / low) ** PAD
    return Scale(low / room, high * room, log=True)


def even_around(values: Iterable[float], *, always: Sequence[float]) -> Scale:
    """Return an even scale that holds all values and `always`."""
    found = [value for value in values if math.isfinite(value)]
    low, high = (pick([*always, *found]) for pick in (min, max))
    room = PAD * ((high - low) or 1.0)
    return Scale(low - room, high + room)


def _log_values(low: float, high: float, most: int) -> list[float]:
    if high / low < _NARROW:
        return _even_values(low, high, most)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    found: list[float] = []
    for mantissas in _SETS:
        found = [m * 10.0**e for e in range(first, last + 1) for m in mantissas if low <= m * 10.0**e <= high]
        if len(found) <= most:
            return found
    stride = -(-len(found) // most)
    return [each for place, each in enumerate(found) if (first + place) % stride == 0]


def _even_values(low: float, high: float, most: int) -> list[float]:
    step = _step((high - low) / most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def _step(least: float) -> float:
    """Return the next step of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    return next((m * power for m in (1.0, 2.0, 5.0) if m * power >= least * (1 - 1e-9)), 10 * power)


_TIMES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)  # seconds that people count in


def time_ticks(scale: Scale, most: int = 6) -> list[Tick]:
    """Return ticks of a scale of seconds from 0, as times for people."""
    step = next((each for each in _TIMES if scale.high / each <= most), math.ceil(scale.high / most / 86400) * 86400)
    return [Tick(scale.at(at), duration(at)) for at in range(0, int(scale.high) + 1, step)]


def duration(seconds: float) -> str:
    """Return a time as people say it: `45 s`, `12 min`, `1.5 h`."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(value: float) -> str:
    """Return a number as it is written at a scale: `1.05`, `10000`, `10⁶`."""
    if value and not 1e-4 < abs(value) < 1e5:
        mantissa, _, power = f"{value:.0e}".partition("e")
        raised = f"10{str(int(power)).translate(_RAISED)}"
        return raised if mantissa == "1" else f"{mantissa}·{raised}"
    text = f"{value:.6g}"
    return "0" if text == "-0" else text
