"""Screening orders candidates and claims nothing: who goes on, who is dropped, and when it ends."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from autopass_cc.errors import NotDeterministicError, WorkloadFailedError
from autopass_cc.measure.screening import Pace, Standing, race
from autopass_cc.measure.stats import Aggregate
from autopass_cc.measure.verdict import Verdict


@dataclass
class Track:
    """A virtual race track: true seconds by candidate (None: the baseline, 1 s), noise, and who fails how."""

    speeds: Mapping[str, float]
    sd: float = 0.0
    failures: Mapping[str | None, Verdict] = field(default_factory=dict)
    drift: float = 0.0
    runs: list[tuple[str | None, int]] = field(default_factory=list)
    noise: random.Random = field(default_factory=lambda: random.Random(5))
    delayed: float = 0.0  # share of the runs that take half as long again

    def __call__(self, name: str | None, number: int) -> tuple[float, Verdict | None, str]:
        self.runs.append((name, number))
        if name in self.failures:
            return 0.0, self.failures[name], "broken"
        seconds = self.speeds[name] if name else 1.0
        if self.noise.random() < self.delayed:
            seconds *= 1.5
        return seconds * math.exp(self.noise.gauss(0.0, self.sd) + self.drift * number), None, ""

    def field_of(self, number: int) -> set[str]:
        """Who ran in round `number`."""
        return {name for name, each in self.runs if each == number and name is not None}


def go(track: Track, rounds: int = 4, *, halving: bool = True, seed: int = 1) -> Mapping[str, Standing]:
    """Race everyone on the track."""
    pace = Pace(rounds) if halving else Pace(rounds).even(rounds)
    return race(list(track.speeds), track, pace=pace, rng=random.Random(seed))


MANY = {f"c{i:02}": 0.90 + 0.01 * i for i in range(16)}


def test_the_field_is_halved_from_the_second_round_on_down_to_four() -> None:
    track = Track(MANY)
    go(track, rounds=5)
    assert [len(track.field_of(number)) for number in range(1, 6)] == [16, 16, 8, 4, Pace(5).least]


def test_the_fastest_stay() -> None:
    track = Track(MANY)
    go(track, rounds=5)
    assert track.field_of(5) == {"c00", "c01", "c02", "c03"}


def test_without_halving_everybody_runs_every_round() -> None:
    track = Track(MANY)
    standings = go(track, rounds=6, halving=False)
    assert {len(standing.times) for standing in standings.values()} == {6}


def test_a_candidate_ten_percent_behind_is_dropped_after_one_round() -> None:
    track = Track({"hopeless": 1.11, "slow": 1.09})
    standings = go(track)
    assert (len(standings["hopeless"].times), len(standings["slow"].times)) == (1, 4)
    assert standings["hopeless"].verdict is None


def test_who_was_delayed_in_the_first_round_gets_a_second_run_and_stays() -> None:
    late = iter([1.5])
    track = Track({"good": 0.95})
    standings = race(
        ["good"],
        lambda name, number: (next(late, 0.95), None, "") if name else track(name, number),
        pace=Pace(3),
        rng=random.Random(1),
    )
    assert len(standings["good"].times) == 3
    assert standings["good"].score == pytest.approx(math.log(0.95))


def test_where_noise_is_symmetric_the_typical_round_counts() -> None:
    times = iter([0.5, 0.9, 0.9])
    standings = race(
        ["a"],
        lambda name, _number: (next(times) if name else 1.0, None, ""),
        pace=Pace(3),
        rng=random.Random(1),
        aggregate=Aggregate.MEAN,
    )
    assert standings["a"].score == pytest.approx(math.log(0.9))


@pytest.mark.parametrize("verdict", [Verdict.CRASHED, Verdict.WRONG_OUTPUT, Verdict.TIMED_OUT, Verdict.FAILED_TO_LINK])
def test_a_candidate_that_fails_is_out_with_its_verdict(verdict: Verdict) -> None:
    track = Track({"good": 0.95, "bad": 0.5}, failures={"bad": verdict})
    standings = go(track)
    assert (standings["bad"].verdict, standings["bad"].detail, standings["bad"].score) == (verdict, "broken", None)
    assert track.field_of(2) == {"good"}
    assert standings["good"].verdict is None


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (Verdict.FAILED_TO_LINK, WorkloadFailedError),
        (Verdict.TIMED_OUT, WorkloadFailedError),
        (Verdict.WRONG_OUTPUT, NotDeterministicError),
    ],
)
def test_a_baseline_that_fails_is_an_error_and_no_reference(verdict: Verdict, error: type[Exception]) -> None:
    with pytest.raises(error, match="unchanged program failed: broken"):
        go(Track({"good": 0.95}, failures={None: verdict}))


def test_each_round_runs_the_baseline_three_times_in_random_places() -> None:
    track = Track(dict.fromkeys("abcde", 1.0))
    go(track, rounds=2)
    first = [name for name, number in track.runs if number == 1]
    second = [name for name, number in track.runs if number == 2]
    assert first.count(None) == second.count(None) == Pace(2).baselines
    assert first != second


def test_scores_are_log_ratios_to_the_baseline_of_the_same_round() -> None:
    standings = go(Track({"a": 0.9}, drift=0.2), rounds=3)
    assert len(standings["a"].times) == 3
    assert standings["a"].score == pytest.approx(math.log(0.9))


def test_a_stop_ends_the_race_and_keeps_finished_rounds_only() -> None:
    track = Track({"a": 0.9, "b": 0.95})
    standings = race(["a", "b"], track, pace=Pace(9), rng=random.Random(1), stop=lambda: len(track.runs) >= 2 * 5 + 2)
    assert len(track.runs) == 12
    assert [len(standing.times) for standing in standings.values()] == [2, 2]


def test_a_race_is_a_function_of_its_random_state() -> None:
    one, same, other = Track(MANY, 0.02), Track(MANY, 0.02), Track(MANY, 0.02)
    first = go(one, seed=3)
    assert first == go(same, seed=3)
    assert one.runs == same.runs
    go(other, seed=4)
    assert one.runs != other.runs


def test_nobody_in_the_race_is_no_race() -> None:
    assert go(Track({})) == {}
    track = Track({"bad": 1.0}, failures={"bad": Verdict.CRASHED})
    go(track)
    assert {number for _, number in track.runs} == {1}


@pytest.mark.parametrize("delayed", [0.0, 0.25])
def test_positive_control_a_candidate_8_percent_faster_wins_most_noisy_races(delayed: float) -> None:
    won = 0
    for seed in range(40):
        speeds = {"fast": 0.92, **{f"null{i}": 1.0 for i in range(11)}}
        track = Track(speeds, 0.03, noise=random.Random(seed), delayed=delayed)
        standings = go(track, seed=seed)
        lasted = [name for name, standing in standings.items() if len(standing.times) == 4]
        won += min(lasted, key=lambda name: standings[name].score or 0.0) == "fast"
    assert won >= 36
