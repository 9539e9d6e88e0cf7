"""Results and standings: lines that survive a cut, and who is said to have won on which heats. Times are made up."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from bench_kit import PLAN, entrants, raced

from autopass_cc.bench.flavours import PLAIN
from autopass_cc.bench.results import Entrant, Results, race_of
from autopass_cc.bench.standings import Placing, Stage, Standing, is_complete, placings, racing, runners, summary
from autopass_cc.errors import BenchError


def test_what_is_faster_wins_what_is_slower_loses_and_what_is_neither_is_neither(tmp_path: Path) -> None:
    found = {each.entrant.method: each for each in placings(raced(tmp_path / "r"), "p")}
    assert {name: each.standing for name, each in found.items()} == {
        "quick": Standing.WIN,
        "slow": Standing.LOSS,
        "same": Standing.EVEN,
        "copy": Standing.SAME_CODE,
        "broken": Standing.FAILED,
    }
    assert found["quick"].raw == pytest.approx(-0.15, abs=0.02)
    assert found["quick"].kept == found["quick"].raw
    assert (found["slow"].kept, found["copy"].raw) == (0.0, 0.0)  # given back; the base's own code
    assert found["slow"].raw == pytest.approx(0.12, abs=0.02)


def test_before_the_twelfth_heat_nothing_is_said(tmp_path: Path) -> None:
    found = placings(raced(tmp_path / "r", heats=11), "p")
    assert {each.standing for each in found} == {Standing.UNFINISHED, Standing.SAME_CODE, Standing.FAILED}


def test_a_gain_that_only_the_estimate_shows_is_no_win(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    lines = [line for line in results.path.read_text().splitlines() if Stage.CONFIRMATION.value not in line]
    results.path.write_text("\n".join(lines) + "\n")
    assert {each.entrant.method: each.standing for each in placings(Results(results.path), "p")}["quick"] is Standing.EVEN


def test_the_results_file_gives_back_what_was_written_and_a_torn_line_is_lost_alone(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    again = Results(results.path)
    assert again.entrants == results.entrants
    assert placings(again, "p") == placings(results, "p")
    whole = results.path.read_bytes()
    torn = whole + b'{"entrant": {"prog'
    results.path.write_bytes(torn)
    reader = Results(results.path)
    assert reader.entrants == results.entrants
    assert results.path.read_bytes() == torn  # who only reads changes nothing
    reader.add_entrant(entrants()[0])
    assert results.path.read_bytes().startswith(whole + b'{"entrant":{"program":"p"')
    assert Results(results.path).entrants == results.entrants


@pytest.mark.parametrize("text", ["dear diary\n", "dear diary", "dear diary\nunfinished"])
def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "notes").write_text(text)
    with pytest.raises(BenchError, match="no results file"):
        Results(tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == text


def test_results_of_other_conditions_are_not_mixed(tmp_path: Path) -> None:
    Results(tmp_path / "r").begin(suite="s", budget=40)
    Results(tmp_path / "r").begin(suite="s", budget=40)
    with pytest.raises(BenchError, match="begun with budget 40, and this is 400"):
        Results(tmp_path / "r").begin(suite="s", budget=400)


def test_a_race_is_another_when_an_entrant_is_another() -> None:
    one, other = Entrant("p", "m", PLAIN, {"a.c": "x"}), Entrant("p", "m", PLAIN, {"a.c": "y"})
    assert race_of([one]) != race_of([other])
    assert race_of([one]) == race_of([Entrant("p", "m", PLAIN, {"a.c": "x"}, facts={"search_s": 5})])


def test_confirmation_goes_on_until_every_rival_is_decided(tmp_path: Path) -> None:
    results = raced(tmp_path / "r", heats=9)
    heats = results.heats("p", race_of(runners(entrants())), Stage.CONFIRMATION.value)
    assert is_complete(heats, Stage.CONFIRMATION, ["quick"], PLAN)
    assert not is_complete(heats, Stage.CONFIRMATION, ["quick", "same"], PLAN)
    assert racing(heats, Stage.CONFIRMATION, ["quick", "same"], PLAN) == ["same"]  # the others run in no further heat


def test_a_summary_has_geometric_means_with_and_without_rollback(tmp_path: Path) -> None:
    found = {each.entrant.method: each for each in placings(raced(tmp_path / "r"), "p")}
    row = summary("m", [found["quick"], found["slow"]])
    assert row.tokens is None  # neither asks a model
    assert (row.programs, row.wins, row.losses, row.failed) == (2, 1, 1, 0)
    assert row.mean == pytest.approx(math.exp(-found["quick"].raw / 2))
    assert row.raw_mean == pytest.approx(math.exp(-(found["quick"].raw + found["slow"].raw) / 2))
    assert [row.compile, row.size] == pytest.approx([1.1, 0.9])
    assert row.best > 1 > row.worst


def test_tokens_are_told_where_a_method_asked_a_model() -> None:
    asked = [Placing(Entrant("p", "m", PLAIN, facts={"tokens": count}), Standing.EVEN) for count in (1000, 3000)]
    assert summary("m", [*asked, Placing(Entrant("p", "m", PLAIN), Standing.EVEN)]).tokens == 2000


def test_a_method_that_entered_nothing_has_a_summary() -> None:
    nothing: list[Placing] = []
    assert summary("m", nothing).mean == 1.0
