"""One method against another on the same heats, and means with their intervals. Times are made up."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from bench_kit import EFFECTS, entrants, race, raced

from autopass_cc.bench.comparison import Pair, compared, fresh, track
from autopass_cc.bench.results import Results
from autopass_cc.bench.standings import Placing, Standing, placings
from autopass_cc.measure.stats import bootstrap_mean


def by_method(results: Results, program: str = "p") -> dict[str, Placing]:
    return {each.entrant.method: each for each in placings(results, program)}


def pairs(results: Results, program: str, subject: str) -> list[Pair]:
    return compared({program: fresh(results, program)}, {program: placings(results, program)}, subject)


def leads(results: Results, program: str, subject: str) -> list[Pair]:
    return [each for each in pairs(results, program, subject) if each.is_lead]


def test_rivals_are_compared_within_each_heat(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    found = by_method(results)
    heats = fresh(results, "p")
    ahead = heats.paired(found["quick"], found["slow"])
    assert ahead is not None
    assert ahead.n == 12
    assert ahead.median == pytest.approx(-0.27, abs=0.02)
    against_base = heats.paired(found["quick"], found["copy"])
    assert against_base == found["quick"].estimate
    assert heats.paired(found["quick"], found["broken"]) == against_base  # what failed leaves the program as it was
    assert heats.paired(found["broken"], found["quick"]) is None


def test_who_is_ahead_is_told_where_the_whole_interval_is_beyond_the_margin(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    ahead = leads(results, "p", "slow")
    assert ahead[0].rival.entrant.method == "quick"
    assert {each.rival.entrant.method for each in ahead} == {"quick", "same", "copy"}
    assert [each.ahead.median for each in ahead] == sorted(each.ahead.median for each in ahead)
    assert leads(results, "p", "quick") == []
    assert leads(results, "p", "nobody") == []
    race(results, entrants("narrow"), EFFECTS | {"quick": -0.012, "same": 0.0})
    assert leads(results, "narrow", "same") == []  # ahead, but not by more than the margin


def test_all_that_were_measured_beside_the_subject_are_compared_and_no_others(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    for subject, others in {
        "same": ["quick", "copy", "slow"],  # what failed has no time
        "quick": ["same", "copy", "slow"],
        "broken": ["quick", "same", "copy", "slow"],  # it leaves the program as it was
    }.items():
        found = pairs(results, "p", subject)
        assert {each.rival.entrant.method for each in found} == set(others)
        assert [each.ahead.median for each in found] == sorted(each.ahead.median for each in found)
        assert {(each.program, each.subject.entrant.method) for each in found} == {("p", subject)}


def test_of_an_unfinished_race_nothing_is_said(tmp_path: Path) -> None:
    results = raced(tmp_path / "r", heats=5)
    found = by_method(results)
    assert found["quick"].standing is Standing.UNFINISHED
    assert fresh(results, "p").paired(found["quick"], found["slow"]) is None
    assert pairs(results, "p", "slow") == []
    assert len(track(results, "p", "quick")) == 10  # what was measured is there to be looked at


def test_a_track_has_the_heats_of_both_stages_in_order(tmp_path: Path) -> None:
    points = track(raced(tmp_path / "r"), "p", "quick")
    assert [each.fresh for each in points] == [False] * 12 + [True] * 12
    assert {each.dropped for each in points} == {""}
    assert track(Results(tmp_path / "none"), "p", "quick") == []


def test_the_interval_of_a_mean_of_medians_is_that_of_its_groups() -> None:
    groups = [[-0.1, -0.11, -0.09, -0.1, -0.12, -0.08], [0.0]]
    low, high = bootstrap_mean(groups)
    assert (low, high) == bootstrap_mean(groups)  # nothing about it is a matter of luck
    assert -0.06 <= low < -0.05 < high <= -0.04
    assert bootstrap_mean([[0.0], [0.0]]) == (0.0, 0.0)
    assert bootstrap_mean([[math.log(1.1)]]) == (math.log(1.1), math.log(1.1))
    wrong: list[list[list[float]]] = [[], [[]], [[0.1], []]]
    for groups in wrong:
        with pytest.raises(ValueError, match="no scores"):
            bootstrap_mean(groups)


def test_the_interval_of_a_mean_covers_it() -> None:
    """Twelve scores of ten programs: the mean of their true medians is within the interval at least about as often as said."""
    import random

    rng = random.Random(3)
    trials = 200
    covered = 0
    for trial in range(trials):
        groups = [[rng.gauss(-0.05, 0.02) for _ in range(12)] for _ in range(10)]
        low, high = bootstrap_mean(groups, resamples=200, seed=trial)
        covered += low <= -0.05 <= high
    assert covered / trials > 0.9
