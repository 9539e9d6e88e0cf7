"""Where numbers stand on paper, and which are written there."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autopass_cc.report.html.scale import Scale, duration, even_around, log_around, number, time_ticks


def test_equal_ratios_are_equally_far_apart_on_a_log_scale() -> None:
    scale = Scale(0.5, 2.0, log=True)
    assert [scale.at(value) for value in (0.5, 1.0, 2.0)] == [0.0, 50.0, 100.0]
    assert scale.at(math.sqrt(2)) == 75.0


def test_what_is_beyond_an_end_stands_at_it_and_is_known_to() -> None:
    scale = Scale(0.5, 2.0, log=True)
    assert (scale.at(0.01), scale.at(100.0), scale.at(0.0)) == (0.0, 100.0, 0.0)
    assert scale.holds(1.0)
    assert not scale.holds(2.1)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.98, 1.06, ["0.98", "1", "1.02", "1.04", "1.06"]),
        (0.97, 1.33, ["1", "1.1", "1.2", "1.3"]),
        (0.6, 2.8, ["0.6", "0.8", "1", "1.2", "1.5", "2", "2.5"]),
        (0.2, 60, ["0.3", "1", "3", "10", "30"]),
        (0.5, 1e6, ["1", "10", "100", "1000", "10000", "10⁵", "10⁶"]),
    ],
)
def test_numbers_of_a_log_scale_are_round_and_few(low: float, high: float, texts: list[str]) -> None:
    assert [tick.text for tick in Scale(low, high, log=True).ticks()] == texts


@settings(deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(1.001, 1e12), st.integers(2, 9))
def test_whatever_the_scale_its_numbers_are_on_it_in_order_and_not_too_many(low: float, factor: float, most: int) -> None:
    for scale in (Scale(low, low * factor, log=True), Scale(-low, low * factor)):
        values = scale.values(most)
        assert len(values) <= most + 1
        assert values == sorted(set(values))
        lowest, highest = (end + side * 1e-9 * (abs(end) + 1) for end, side in ((scale.low, -1), (scale.high, 1)))
        assert all(lowest <= value <= highest for value in values)


def test_a_scale_around_values_holds_them_but_not_one_that_would_hide_all_others() -> None:
    scale = log_around([0.9, 1.4], always=(0.98, 1.02))
    assert scale.low < 0.9
    assert scale.high > 1.4
    wild = log_around([1e9, math.inf, -1.0, math.nan], always=(0.98, 1.02), widest=10.0)
    assert wild.high < 11
    assert even_around([], always=(-1.0, 1.0)).share(0.0) == 0.5


def test_times_are_counted_as_people_count_them() -> None:
    assert [tick.text for tick in time_ticks(Scale(0, 312))] == ["0 s", "60 s", "2 min", "3 min", "4 min", "5 min"]
    assert [tick.text for tick in time_ticks(Scale(0, 9000))] == ["0 s", "30 min", "60 min", "90 min", "2 h", "2.5 h"]
    assert (duration(45.2), duration(600), duration(5400), duration(9000)) == ("45.2 s", "10 min", "90 min", "2.5 h")


def test_numbers_are_written_short() -> None:
    assert [number(value) for value in (0.0, -0.0, 1.05, -10.0, 1e6, 3e-7)] == ["0", "0", "1.05", "-10", "10⁶", "3·10⁻⁷"]
