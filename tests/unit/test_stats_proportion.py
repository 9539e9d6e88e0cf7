"""The exact bound of a rate, which `autopass stats` works out without scipy, is scipy's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from autopass_cc.measure.proportion import upper_bound


@given(st.integers(1, 3000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))), st.floats(0.5, 0.999))
def test_it_is_the_quantile_of_a_beta_distribution(counts: tuple[int, int], coverage: float) -> None:
    hits, trials = counts
    wanted = 1.0 if hits == trials else float(beta.ppf(coverage, hits + 1, trials - hits))
    assert upper_bound(hits, trials, coverage) == pytest.approx(wanted, rel=1e-6)


def test_none_of_many_is_the_rule_of_three() -> None:
    assert upper_bound(0, 300) == pytest.approx(0.00993608, rel=1e-5)
    assert upper_bound(0, 1) == pytest.approx(0.95)


def test_nothing_seen_bounds_nothing() -> None:
    assert upper_bound(0, 0) == 1.0


@pytest.mark.parametrize(("hits", "trials"), [(-1, 3), (4, 3)])
def test_counts_that_cannot_be_are_refused(hits: int, trials: int) -> None:
    with pytest.raises(ValueError, match=f"{hits} of {trials}"):
        upper_bound(hits, trials)
