"""The sequential decision: what its evidence is worth, when it ends, and what it can see."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopass_cc.measure.eprocess import EProcess, Test, log_e_value
from autopass_cc.measure.stats import MARGIN, Confirmation, Rule, State, expected_blocks, smallest_confirmable

BLOCK_SD = 0.034
scores_lists = st.lists(st.floats(-0.5, 0.5), max_size=60)
by_either_test = pytest.mark.parametrize("test", list(Test))


def decided(draw: Callable[[], float], rule: Rule) -> Confirmation:
    """Draw scores until the rule is decided."""
    confirmation = Confirmation(rule)
    while confirmation.state is State.RUNNING:
        confirmation.add(draw())
    return confirmation


def accept_rate(gain: float, sd: float, rule: Rule, experiments: int = 800) -> float:
    """Share of candidates with a true `gain` (fraction) and normal block noise that `rule` accepts."""
    rng = random.Random(f"{gain}:{sd}:{rule}")
    log_ratio = -math.log1p(gain)
    accepts = sum(decided(lambda: rng.gauss(log_ratio, sd), rule).state is State.CONFIRMED for _ in range(experiments))
    return accepts / experiments


def symmetric_nulls(rng: random.Random) -> dict[str, Callable[[], float]]:
    """Block scores around minus the margin, in every shape that a machine was seen to give."""
    level = 0.03

    def regime() -> float:
        nonlocal level
        level *= math.exp(rng.gauss(0.0, 0.3))
        level = min(max(level, 0.001), 0.3)
        return rng.gauss(0.0, level)

    return {
        "normal": lambda: rng.gauss(0.0, BLOCK_SD),
        "spikes": lambda: rng.gauss(0.0, 0.01) + (rng.gauss(0.0, 0.3) if rng.random() < 0.2 else 0.0),
        "bimodal": lambda: rng.choice((-0.05, 0.05)) + rng.gauss(0.0, 0.005),
        "noise that comes and goes": regime,
        "no noise, ties": lambda: rng.choice((-0.02, 0.0, 0.02)),
    }


@by_either_test
@pytest.mark.parametrize("shape", symmetric_nulls(random.Random(0)))
def test_of_thousands_of_candidates_at_the_margin_at_most_alpha_are_accepted(shape: str, test: Test) -> None:
    rule, experiments = Rule(test=test), 3000
    draw = symmetric_nulls(random.Random(f"{shape}:{test}"))[shape]
    accepts = sum(decided(lambda: draw() - MARGIN, rule).state is State.CONFIRMED for _ in range(experiments))
    assert accepts / experiments <= rule.alpha + 3 * math.sqrt(rule.alpha * (1 - rule.alpha) / experiments)


def rarely_much_faster(rng: random.Random) -> float:
    """A candidate that loses most blocks by a little and wins 40 % of them by a lot: no shift of anything symmetric."""
    return (-0.06 if rng.random() < 0.4 else 0.005) + rng.gauss(0.0, 0.005)


def test_signs_keep_alpha_for_a_skewed_candidate_that_wins_less_than_half() -> None:
    rng, rule = random.Random(4), Rule(test=Test.SIGNS)
    accepts = sum(decided(lambda: rarely_much_faster(rng), rule).state is State.CONFIRMED for _ in range(1000))
    assert accepts / 1000 <= rule.alpha


def test_ranks_need_the_symmetry_that_they_assume_as_a_skewed_candidate_shows() -> None:
    rng, rule = random.Random(4), Rule(test=Test.SIGNS_AND_RANKS)
    accepts = sum(decided(lambda: rarely_much_faster(rng), rule).state is State.CONFIRMED for _ in range(1000))
    assert accepts / 1000 > rule.alpha


@given(n=st.integers(0, 300))
def test_the_sign_evidence_is_1_on_average_when_winning_is_a_coin_flip(n: int) -> None:
    average = math.fsum(math.comb(n, k) / 2**n * math.exp(log_e_value(k, n)) for k in range(n + 1))
    assert average == pytest.approx(1.0, rel=1e-9)


@by_either_test
@given(sizes=st.lists(st.floats(0.001, 1.0), min_size=1, max_size=8))
def test_the_evidence_is_1_on_average_over_the_signs_whatever_the_magnitudes(test: Test, sizes: list[float]) -> None:
    total = 0.0
    for signs in itertools.product((-1, 1), repeat=len(sizes)):
        evidence = EProcess(margin=0.0, test=test)
        for sign, size in zip(signs, sizes, strict=True):
            evidence.add(sign * size)
        total += math.exp(evidence.log_e)
    assert total / 2 ** len(sizes) == pytest.approx(1.0, rel=1e-9)


@by_either_test
@given(past=st.lists(st.floats(-1, 1), max_size=20), size=st.floats(0.001, 1.0))
def test_no_block_can_be_expected_to_add_evidence_under_the_null(test: Test, past: list[float], size: float) -> None:
    after = [EProcess(0.0, test), EProcess(0.0, test)]
    before = EProcess(0.0, test)
    for score in past:
        for process in (before, *after):
            process.add(score)
    after[0].add(-size)
    after[1].add(size)
    expected = (math.exp(after[0].log_e) + math.exp(after[1].log_e)) / 2
    assert expected <= math.exp(before.log_e) * (1 + 1e-9)


def test_the_exact_false_accept_rate_of_signs_is_half_a_percent() -> None:
    rule = Rule(test=Test.SIGNS, futile=0.0)
    alive, accepted = {0: 1.0}, 0.0
    for n in range(1, rule.max_blocks + 1):
        reached: dict[int, float] = {}
        for wins, probability in alive.items():
            for now in (wins, wins + 1):
                if log_e_value(now, n) >= rule.log_threshold:
                    accepted += probability / 2
                else:
                    reached[now] = reached.get(now, 0.0) + probability / 2
        alive = reached
    assert 0.004 < accepted < 0.006


@by_either_test
@given(past=st.lists(st.floats(-0.3, 0.3), max_size=20))
def test_a_tie_with_the_margin_is_not_a_win(test: Test, past: list[float]) -> None:
    process = EProcess(0.0, test)
    for each in past:
        process.add(each)
    before = process.wins, process.log_e
    process.add(0.0)
    assert process.wins == before[0]
    assert process.log_e <= before[1] + 1e-9


@by_either_test
def test_a_true_gain_of_5_percent_is_accepted_more_than_95_times_in_100(test: Test) -> None:
    assert accept_rate(0.05, BLOCK_SD, Rule(test=test)) > 0.95


def test_ranks_see_a_true_gain_of_3_percent_more_often_than_signs() -> None:
    seen = {test: accept_rate(0.03, BLOCK_SD, Rule(test=test)) for test in Test}
    assert seen[Test.SIGNS_AND_RANKS] > 0.65
    assert seen[Test.SIGNS_AND_RANKS] > seen[Test.SIGNS] + 0.1


@by_either_test
@pytest.mark.parametrize("finalists", [1, 2])
@pytest.mark.parametrize("sd", [0.01, 0.034])
def test_the_smallest_confirmable_gain_is_accepted_9_times_in_10(sd: float, finalists: int, test: Test) -> None:
    rule = Rule(finalists=finalists, test=test)
    assert accept_rate(smallest_confirmable(sd, rule), sd, rule) == pytest.approx(0.905, abs=0.035)


@pytest.mark.parametrize(("sd", "percent_over_margin"), [(0.01, 0.85), (0.02, 1.70), (0.03, 2.55), (0.05, 4.30)])
def test_the_smallest_gain_by_signs_is_what_the_protocol_announces(sd: float, percent_over_margin: float) -> None:
    over = smallest_confirmable(sd, Rule(test=Test.SIGNS)) - math.expm1(MARGIN)
    assert over == pytest.approx(percent_over_margin / 100, rel=0.05)
    assert smallest_confirmable(sd, Rule(test=Test.SIGNS_AND_RANKS)) < smallest_confirmable(sd, Rule(test=Test.SIGNS))


def test_a_quiet_machine_needs_few_blocks_and_the_margin_itself_forever() -> None:
    assert expected_blocks(0.05, 0.0) == expected_blocks(0.5, 0.01) == 9.0
    assert expected_blocks(math.expm1(MARGIN), 0.03) == math.inf
    assert expected_blocks(0.03, 0.02) < expected_blocks(0.03, 0.03) < expected_blocks(0.02, 0.03)


@given(scores=scores_lists, at=st.integers(0, 60))
def test_a_decision_that_is_resumed_equals_one_that_never_stopped(scores: list[float], at: int) -> None:
    def fed(confirmation: Confirmation, more: list[float]) -> Confirmation:
        for score in more:
            if confirmation.state is State.RUNNING:
                confirmation.add(score)
        return confirmation

    whole = fed(Confirmation(), scores)
    first = fed(Confirmation(), scores[:at])
    resumed = fed(Confirmation(scores=scores[: first.evidence.n]), scores[first.evidence.n :])
    assert (resumed.state, resumed.e_value, resumed.evidence.n) == (whole.state, whole.e_value, whole.evidence.n)


@given(scores=scores_lists)
def test_scores_below_the_margin_only_ever_add_wins(scores: list[float]) -> None:
    process = EProcess(MARGIN)
    for score in scores:
        process.add(score)
    assert (process.n, process.wins) == (len(scores), sum(score < -MARGIN for score in scores))


def test_evidence_starts_at_1_and_a_decided_confirmation_takes_no_more() -> None:
    confirmation = Confirmation()
    assert confirmation.e_value == pytest.approx(1.0)
    while confirmation.state is State.RUNNING:
        confirmation.add(-0.2)
    assert confirmation.state is State.CONFIRMED
    with pytest.raises(ValueError, match="confirmed after"):
        confirmation.add(-0.2)


def test_two_finalists_need_twice_the_evidence() -> None:
    assert Rule(finalists=2).log_threshold == pytest.approx(math.log(200))
    assert Rule().log_threshold == pytest.approx(math.log(100))


def test_a_candidate_that_loses_is_given_up_at_the_12th_block_and_not_before() -> None:
    confirmation = decided(lambda: 0.05, Rule())
    assert (confirmation.state, confirmation.evidence.n) == (State.FUTILE, 12)


def test_a_candidate_that_stays_in_doubt_is_given_up_at_the_48th_block() -> None:
    turns = itertools.cycle((-0.05, 0.05))
    confirmation = decided(lambda: next(turns), Rule(futile=0.0))
    assert (confirmation.state, confirmation.evidence.n) == (State.EXHAUSTED, 48)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="block score"):
        EProcess(MARGIN).add(score)


@pytest.mark.parametrize(("wins", "n"), [(-1, 3), (4, 3)])
def test_more_wins_than_blocks_are_refused(wins: int, n: int) -> None:
    with pytest.raises(ValueError, match="wins of"):
        log_e_value(wins, n)
