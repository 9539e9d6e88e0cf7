"""The bench's methods with a language model: a real client against a real server on loopback; times are made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_suite import bench
from proposals import LARGER, SMALLER
from sample_project import autopass
from scripted_server import Act, error, in_turn, says, serving

from autopass_cc.model.settings import Settings

BUDGET = 90  # program runs: a sample of this short program takes three
IN_TURN: tuple[Act, ...] = (says({"queries": [], "proposals": [LARGER]}), says({"queries": [], "proposals": [SMALLER]}))


def test_a_model_enters_with_what_it_proposed_and_its_tokens_are_counted(suite: Path) -> None:
    with serving(in_turn(*IN_TURN)) as server:
        results, problems, _ = bench(suite, "model3", model=Settings(server.url, "scripted"), budget=BUDGET)
        assert "unroll-count=8: time +" in server.requests[1].body["messages"][1]["content"]
    assert problems == []
    entrant = results.entrants["prog", "model3"]
    assert "knob unroll-runtime false" in entrant.recipes["kernel.c"]
    assert entrant.facts["tokens"] == len(server.requests) * 2300
    assert 0 < entrant.facts["runs"] <= BUDGET


def test_in_one_round_a_model_is_asked_once_about_a_module(suite: Path) -> None:
    with serving(in_turn(*IN_TURN)) as server:
        results, _, _ = bench(suite, "model1", model=Settings(server.url, "scripted"))
    entrant = results.entrants["prog", "model1"]
    assert len(server.requests) == entrant.facts["modules"]
    assert entrant.facts["proposals"] == entrant.facts["modules"]


@pytest.mark.parametrize(
    ("url", "words"),
    [("", "No model is configured"), ("http://model.invalid/v1", "may not be asked")],
    ids=["no model", "a far one that nobody allowed"],
)
def test_without_a_model_that_may_be_asked_the_method_fails_and_says_why(suite: Path, url: str, words: str) -> None:
    results, problems, _ = bench(suite, "model1", model=Settings(url, "far") if url else None)
    assert problems == []
    assert words in results.entrants["prog", "model1"].failed


def test_what_the_rules_find_where_the_model_says_nothing_is_not_the_models(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autopass_cc.model.client.PAUSE", 0.0)
    with serving(in_turn(error(500))) as server:
        results, _, _ = bench(suite, "model3", model=Settings(server.url, "scripted"))
    assert "proposed nothing" in results.entrants["prog", "model3"].failed


def test_the_command_says_at_once_that_there_is_no_model(suite: Path) -> None:
    said = autopass("bench", "run", str(suite), "--method", "model1", cwd=suite.parent, code=40).stderr
    assert "No model is configured" in said
    assert "AUTOPASS_MODEL_URL" in said
    assert not (suite.parent / "bench-work").exists()
