"""OpenTuner is who chooses, its database is who remembers, and what ends a run halfway costs nothing of what was measured."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from situations import KERNEL, situation

from autopass_cc.bench import asktell
from autopass_cc.bench.asktell import Tuner
from autopass_cc.bench.evaluations import Evaluate, Log, Outcome, tune
from autopass_cc.bench.space import AS_IS, Configuration, Space
from autopass_cc.errors import BenchError
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import Knob

needs_opentuner = pytest.mark.usefixtures("opentuner")


def space() -> Space:
    known = situation(KERNEL)
    return Space(known.base, known.menu, pipelines=True)


GOOD = {"unroll-count", "slp-threshold", "inline-threshold", "enable-misched", "unroll-threshold", "disable-lsr"}


def ratio(of: Space, configuration: Configuration) -> float:
    """A made-up time: some knobs gain 3 % each, and everything else costs 1 %."""
    edits = of.edits(configuration)
    gains = sum(isinstance(edit, Knob) and edit.name in GOOD for edit in edits)
    return float(1 - 0.03 * gains + 0.01 * (len(edits) - gains))


def judged(of: Space, calls: list[Configuration] | None = None) -> Evaluate:
    def evaluate(configuration: Configuration, limit: float) -> Outcome:
        assert limit > 0
        if calls is not None:
            calls.append(configuration)
        return Outcome(
            Verdict.SCREENED_OUT, ratio(of, configuration), code=json.dumps(configuration, sort_keys=True), runs=2.0, seconds=1.5
        )

    return evaluate


def run(place: Path, evaluations: int, evaluate: Evaluate, seed: str = "1") -> list[tuple[Configuration, Outcome]]:
    place.mkdir(exist_ok=True)
    with contextlib.closing(Tuner(space(), place / "opentuner.db", seed)) as tuner:
        return tune(tuner, evaluations, Log(place / "log"), evaluate)


@needs_opentuner
def test_it_learns_and_what_it_has_learnt_is_in_its_own_database(tmp_path: Path) -> None:
    of = space()
    found = run(tmp_path, 200, judged(of))
    assert found[0] == (of.base(), found[0][1])
    ratios = [outcome.ratio or 0.0 for _, outcome in found]
    assert min(ratios) < min(ratios[:11]) - 0.05
    rng = random.Random(1)
    chance = [ratio(of, {each.name: rng.choice(each.weighted()) for each in of.choices}) for _ in range(200)]
    assert min(ratios) < min(chance) - 0.03  # not the luck of many draws
    with contextlib.closing(sqlite3.connect(tmp_path / "opentuner.db")) as db:
        times = [time for (time,) in db.execute("select time from result order by id")]
        assert times == ratios
        assert db.execute("select state from tuning_run").fetchall() == [("COMPLETE",)]
        (best,) = db.execute(
            "select min(time) from result join tuning_run on result.configuration_id = tuning_run.final_config_id"
        ).fetchone()
        assert best == min(ratios)
        bandit = {name for (name,) in db.execute("select name from bandit_sub_technique")}
        assert bandit == {"DifferentialEvolutionAlt", "UniformGreedyMutation", "NormalGreedyMutation", "RandomNelderMead"}
        asked = {name for (name,) in db.execute("select distinct requestor from desired_result")}
        assert asked == {"seed", *(bandit - {"RandomNelderMead"})}
        (requests,) = db.execute("select count(*) from desired_result").fetchone()
        assert requests == 201  # the seed does not count, and what it has asked before does
    by = [json.loads(line)["by"] for line in (tmp_path / "log").read_text().splitlines()]
    assert set(by) == asked


@needs_opentuner
def test_the_same_seed_asks_the_same_in_another_process_whatever_else_draws_random_numbers(tmp_path: Path) -> None:
    of = space()

    def busy(configuration: Configuration, limit: float) -> Outcome:
        random.seed(len(configuration) + random.randrange(1000))
        return judged(of)(configuration, limit)

    here = [configuration for configuration, _ in run(tmp_path / "here", 60, busy)]
    program = (
        "import json, sys\nfrom pathlib import Path\nfrom test_bench_opentuner import judged, run, space\n"
        "print(json.dumps([c for c, _ in run(Path(sys.argv[1]), 60, judged(space()))]))\n"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1]), *sys.path]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(folders), "PYTHONHASHSEED": "7"}
    argv = [sys.executable, "-c", program, str(tmp_path / "there")]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == here
    assert done.stderr == ""
    other = [configuration for configuration, _ in run(tmp_path / "other", 10, judged(of), seed="2")]
    assert other != here[: len(other)]


@needs_opentuner
def test_its_differential_evolution_draws_from_a_set_that_has_one_order_in_every_process() -> None:
    asktell.version()
    from opentuner.search.differentialevolution import PopulationMember

    orders, rng = set(), random.Random(3)
    for _ in range(5):
        somewhere = [PopulationMember(0) for _ in range(200)]  # anywhere in memory
        members = rng.sample(somewhere, 31)
        orders.add(tuple(members.index(each) for each in set(members) - {members[4]}))
    assert len(orders) == 1


@needs_opentuner
@pytest.mark.parametrize("finished", [1, 25])
def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path, finished: int) -> None:
    of = space()
    whole = run(tmp_path / "whole", 40, judged(of))
    calls: list[Configuration] = []

    def interrupted(configuration: Configuration, limit: float) -> Outcome:
        if len(calls) == finished:
            raise KeyboardInterrupt
        return judged(of, calls)(configuration, limit)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", 40, interrupted)
    log = tmp_path / "cut" / "log"
    lines = log.read_bytes()
    assert lines.count(b"\n") == finished
    log.write_bytes(lines + b'{"configuration":"9f')  # a kill in the middle of a line
    again = run(tmp_path / "cut", 40, judged(of, calls))
    assert again == whole
    asked = [configuration for configuration, _ in whole]
    assert calls == [each for place, each in enumerate(asked) if each not in asked[:place]]  # nothing was measured twice
    assert log.read_bytes() == (tmp_path / "whole" / "log").read_bytes()
    with contextlib.closing(sqlite3.connect(tmp_path / "cut" / "opentuner.db")) as db:
        assert db.execute("select count(*) from tuning_run").fetchone() == (1,)
        assert [time for (time,) in db.execute("select time from result order by id")] == [each.ratio for _, each in whole]


@needs_opentuner
def test_questions_that_are_new_after_an_interruption_are_measured_and_counted(tmp_path: Path) -> None:
    of = space()
    first = run(tmp_path, 20, judged(of))
    log = tmp_path / "log"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([*lines[:5], *lines[9:]]))  # as if it had asked otherwise
    calls: list[Configuration] = []
    again = run(tmp_path, 20, judged(of, calls))
    assert again == first
    assert calls == [configuration for configuration, _ in first[5:9]]


@needs_opentuner
def test_what_fails_is_an_error_and_never_the_best(tmp_path: Path) -> None:
    of = space()

    def evaluate(configuration: Configuration, limit: float) -> Outcome:
        if any(value != AS_IS for name, value in configuration.items() if name.startswith("-unroll")):
            return Outcome(Verdict.WRONG_OUTPUT, None, "it printed 7")
        if any(value != AS_IS for name, value in configuration.items() if name.startswith("-slp")):
            return Outcome(Verdict.TIMED_OUT)
        return judged(of)(configuration, limit)

    found = run(tmp_path, 60, evaluate)
    assert {outcome.state for _, outcome in found} == {"OK", "ERROR", "TIMEOUT"}
    with contextlib.closing(sqlite3.connect(tmp_path / "opentuner.db")) as db:
        states = db.execute("select state, time from result order by id").fetchall()
        assert [state for state, _ in states] == [outcome.state for _, outcome in found]
        assert {time for state, time in states if state != "OK"} == {asktell.FAILED}
        query = "select result.state from result join tuning_run on result.configuration_id = tuning_run.final_config_id"
        assert db.execute(query).fetchall() == [("OK",)]
    assert {outcome.detail for outcome in Log(tmp_path / "log").known.values()} == {"", "it printed 7"}


@needs_opentuner
def test_nothing_outside_of_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before = random.getstate(), logging.Formatter, list(logging.getLogger().handlers)
    run(tmp_path / "place", 20, judged(space()))
    assert (random.getstate(), logging.Formatter, list(logging.getLogger().handlers)) == before
    assert list((tmp_path / "here").iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_a_log_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_text('{"dear": "diary"}\n')
    with pytest.raises(BenchError, match="log:1"):
        Log(tmp_path / "log")


def test_without_the_package_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asktell._package.cache_clear()
    monkeypatch.setitem(sys.modules, "opentuner", None)
    monkeypatch.setitem(sys.modules, "opentuner.api", None)
    with pytest.raises(BenchError) as caught:
        Tuner(space(), tmp_path / "opentuner.db", "1")
    assert "autopass-cc[opentuner]" in caught.value.next_step
