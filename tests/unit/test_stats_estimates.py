"""Estimates and corrections: numbers that can be checked by hand or against published tables."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopass_cc.measure.stats import (
    COVERAGE,
    Aggregate,
    block_score,
    clopper_pearson,
    e_benjamini_hochberg,
    estimate,
    null_sd,
    order_coverage,
)

seconds = st.lists(st.floats(0.001, 100.0), min_size=1, max_size=6)


def test_the_interval_of_12_blocks_is_the_3rd_and_the_10th_and_covers_96_percent() -> None:
    found = estimate([0.12, 0.01, 0.11, 0.02, 0.10, 0.03, 0.09, 0.04, 0.08, 0.05, 0.07, 0.06])
    assert (found.low, found.median, found.high, found.n) == pytest.approx((0.03, 0.065, 0.10, 12))
    assert found.coverage == pytest.approx(0.9614, abs=1e-4)


def test_six_blocks_are_the_fewest_with_an_interval_of_95_percent() -> None:
    assert estimate(range(6)).coverage >= COVERAGE
    five = estimate(range(5))
    assert (five.low, five.high, five.coverage) == pytest.approx((0, 4, 0.9375))


def test_one_block_has_a_median_and_no_coverage() -> None:
    found = estimate([-0.03])
    assert (found.median, found.low, found.high, found.coverage) == (-0.03, -0.03, -0.03, 0.0)


def test_no_block_has_no_estimate() -> None:
    with pytest.raises(ValueError, match="no scores"):
        estimate([])


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=48))
def test_any_interval_holds_the_median_and_covers_what_it_says(scores: list[float]) -> None:
    found = estimate(scores)
    assert found.low <= found.median <= found.high
    assert COVERAGE <= found.coverage <= 1


@given(st.integers(6, 60))
def test_the_next_narrower_pair_would_cover_too_little(n: int) -> None:
    found = estimate([float(i) for i in range(n)])
    j = round(found.low) + 1
    assert found.coverage == order_coverage(j, n)
    assert order_coverage(j + 1, n) < COVERAGE


def test_a_gain_is_how_much_longer_the_baseline_takes() -> None:
    found = estimate([-math.log(1.03)] * 12)
    assert found.gain == pytest.approx(0.03)
    assert found.gain_interval == pytest.approx((0.03, 0.03))


def test_the_gain_interval_names_the_smaller_gain_first() -> None:
    low, high = estimate([-0.01 * i for i in range(12)]).gain_interval
    assert low < high


@pytest.mark.parametrize(("scores", "evidence"), [([-0.02] * 12, True), ([0.02] * 12, True), ([-0.02, 0.02] * 6, False)])
def test_an_interval_around_zero_is_no_evidence(scores: list[float], evidence: bool) -> None:
    assert estimate(scores).is_evidence is evidence


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (1, 20, 0.0013, 0.2487), (2, 100, 0.0024, 0.0704)],
)
def test_clopper_pearson_gives_the_tabled_intervals(successes: int, n: int, low: float, high: float) -> None:
    assert clopper_pearson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_clopper_pearson_of_nothing_is_everything() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)


def test_clopper_pearson_widens_with_confidence() -> None:
    narrow, wide = clopper_pearson(3, 40, 0.90), clopper_pearson(3, 40, 0.99)
    assert wide[0] < narrow[0] < 3 / 40 < narrow[1] < wide[1]


def test_e_bh_asks_of_the_kth_best_m_over_k_alpha() -> None:
    log_e = [math.log(e) for e in (250.0, 10.0, 190.0, 1.0)]
    # m = 4, alpha = 0.02: the best needs 200, the two best need 100 each, three 66.7.
    assert e_benjamini_hochberg(log_e, 0.02) == {0, 2}
    assert e_benjamini_hochberg([math.log(199.0), 0.0, 0.0, 0.0], 0.02) == frozenset()


def test_e_bh_lets_several_carry_one_that_alone_would_fail() -> None:
    hundred = math.log(100.5)
    assert e_benjamini_hochberg([hundred, 0.0], 0.01) == frozenset()
    assert e_benjamini_hochberg([hundred, hundred], 0.01) == {0, 1}


def test_e_bh_of_nothing_claims_nothing() -> None:
    assert e_benjamini_hochberg([], 0.01) == frozenset()


@given(st.lists(st.floats(-5, 12), min_size=1, max_size=12), st.floats(0.001, 0.2))
def test_e_bh_claims_the_best_ones_and_grows_with_alpha(log_e: list[float], alpha: float) -> None:
    claimed = e_benjamini_hochberg(log_e, alpha)
    rest = [value for i, value in enumerate(log_e) if i not in claimed]
    if claimed and rest:
        assert min(log_e[i] for i in claimed) >= max(rest)
    assert claimed <= e_benjamini_hochberg(log_e, min(1.0, 2 * alpha))


def test_the_minimum_forgets_a_delay_and_the_mean_does_not() -> None:
    a, b = [1.0, 1.0], [0.9, 3.0]
    assert block_score(a, b, Aggregate.MIN) == pytest.approx(math.log(0.9))
    assert block_score(a, b, Aggregate.MEAN) == pytest.approx(math.log(0.9 * 3.0) / 2)


@pytest.mark.parametrize("aggregate", list(Aggregate))
@given(a=seconds, b=seconds, unit=st.floats(0.01, 100.0))
def test_a_score_is_antisymmetric_and_has_no_unit(aggregate: Aggregate, a: list[float], b: list[float], unit: float) -> None:
    score = block_score(a, b, aggregate)
    assert block_score(b, a, aggregate) == pytest.approx(-score, abs=1e-9)
    assert block_score([unit * s for s in a], [unit * s for s in b], aggregate) == pytest.approx(score, abs=1e-9)


def test_the_null_sd_is_taken_around_zero_not_around_the_mean() -> None:
    assert null_sd([0.03, 0.03]) == pytest.approx(0.03)
    assert null_sd([-0.03, 0.03, 0.0, 0.0]) == pytest.approx(0.03 / math.sqrt(2))
