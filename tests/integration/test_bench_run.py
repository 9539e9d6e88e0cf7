"""The bench on a small suite: real clang, real profiles, real gates; times are made up from the size of the code."""

from __future__ import annotations

import contextlib
import json
import platform
import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bench_suite import SUITE, bench
from page_kit import checked
from sample_project import autopass

from autopass_cc.bench import opentuned, sampled
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.methods import METHODS
from autopass_cc.bench.results import Entrant
from autopass_cc.bench.standings import Standing, placings
from autopass_cc.digest import digest_of
from autopass_cc.errors import InterruptedRunError
from autopass_cc.measure.confirm import REVALIDATION_BLOCKS
from autopass_cc.toolchain import registry


def test_every_rival_is_measured_beside_every_other_and_the_table_says_so(suite: Path) -> None:
    before = {path: path.read_bytes() for path in suite.iterdir()}
    results, problems, lines = bench(suite, "random", "bayes", "rules", "pgo+rules")
    assert problems == []
    found = {each.entrant.method: each for each in placings(results, "prog")}
    assert found.keys() == {"random", "bayes", "rules", "pgo+rules"}
    assert Standing.UNFINISHED not in {each.standing for each in found.values()}, lines
    rules = found["rules"]
    assert rules.standing is Standing.WIN, "\n".join(lines)  # smaller code is faster here, and there is some
    assert rules.entrant.facts["runs"] <= 2 * 31  # two modules, thirty each, and one on other inputs at most
    assert rules.entrant.facts["size"] < 1
    on_top = found["pgo+rules"].entrant
    assert any(flag.startswith("-fprofile-use=") for flag in on_top.flavour.flags)
    assert on_top.recipes  # found on top of the profile, not instead of it
    assert {path: path.read_bytes() for path in suite.iterdir()} == before
    told = autopass("bench", "report", str(results.path), cwd=suite).stdout
    assert "autopass, rules" in told
    data = json.loads(autopass("bench", "report", str(results.path), "--json", cwd=suite).stdout)
    assert data["programs"]["prog"]["rules"]["heats"] == REVALIDATION_BLOCKS
    for entrant in (each.entrant for each in found.values()):
        edited = {name for name, text in entrant.recipes.items() if "\npipeline " in text}
        assert entrant.bases.keys() == edited
    autopass("bench", "report", str(results.path), "--html", "bench.html", cwd=suite.parent)
    page = checked((suite.parent / "bench.html").read_text())
    assert "autopass, rules makes code" in page.text
    assert "cannot be shown" not in page.text


def test_profiles_are_of_the_training_run_and_are_used(suite: Path) -> None:
    results, _, _ = bench(suite, "pgo", "cspgo")
    profdata = registry.ensure().tool("llvm-profdata")
    for name, option in (("pgo", ""), ("cspgo", "--showcs")):
        entrant = results.entrants["prog", name]
        (flag,) = [word for word in entrant.flavour.flags if word.startswith("-fprofile-use=")]
        argv = [str(profdata), "show", "--counts", "--all-functions", *filter(None, [option]), flag.partition("=")[2]]
        told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        assert "kernel" in told
        assert "Maximum function count: 0" not in told
        assert not entrant.same_code


def evaluations(suite: Path, method: str) -> dict[str, list[dict[str, Any]]]:
    """Return what OpenTuner's evaluations came to, by module."""
    logs = (suite.parent / "work" / "programs" / "prog" / method).rglob("evaluations.jsonl")
    return {log.parent.name[:-13]: [json.loads(line) for line in log.read_text().splitlines()] for log in logs}


@pytest.mark.usefixtures("opentuner")
def test_opentuner_has_three_evaluations_a_module_and_races_like_everybody(suite: Path) -> None:
    results, problems, lines = bench(suite, "opentuner3", "random")
    assert problems == []
    entrant = results.entrants["prog", "opentuner3"]
    assert not entrant.failed, lines
    found = evaluations(suite, "opentuner3")
    assert len(found) == entrant.facts["modules"] >= 1
    assert all(each[0]["by"] == "seed" and each[0]["ratio"] == 1 for each in found.values())
    assert all(2 <= len(each) <= 4 for each in found.values())  # less where OpenTuner asks for what it has asked for before
    assert entrant.facts["candidates"] == sum(len(each) - 1 for each in found.values())
    for database in (suite.parent / "work").rglob("opentuner.db"):
        with contextlib.closing(sqlite3.connect(database)) as db:
            assert db.execute("select count(*) from desired_result").fetchone() == (4,)
    assert entrant.facts["runs"] >= sum(line["runs"] for each in found.values() for line in each) - 1e-6
    assert entrant.facts["search_s"] >= sum(line["seconds"] for each in found.values() for line in each)
    assert not {each.standing for each in placings(results, "prog")} & {Standing.UNFINISHED, Standing.FAILED}, lines


@pytest.mark.usefixtures("opentuner")
def test_opentuner_goes_on_where_it_was_ended(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def enter(contest: Contest, method: str) -> Entrant:
        return opentuned.tuned(contest, method, 12)

    monkeypatch.setitem(METHODS, "opentuner12", replace(METHODS["opentuner3"], name="opentuner12", enter=enter))

    def done() -> list[dict[str, Any]]:
        return [line for each in evaluations(suite, "opentuner12").values() for line in each]

    with pytest.raises(InterruptedRunError):
        bench(suite, "opentuner12", stop=lambda: len(done()) >= 6)
    before = done()
    assert len(before) == 6
    results, problems, lines = bench(suite, "opentuner12")
    assert problems == []
    assert any("going on after 6 evaluations" in line for line in lines)
    after = evaluations(suite, "opentuner12")
    assert all(len(each) <= 13 and len({line["configuration"] for line in each}) == len(each) for each in after.values())
    assert [line for line in done() if line in before] == before
    entrant = results.entrants["prog", "opentuner12"]
    assert entrant.facts["runs"] >= sum(line["runs"] for line in done()) - 1e-6  # of both sittings
    for database in (suite.parent / "work").rglob("opentuner.db"):
        told = len(after[database.parent.name[:-13]])
        with contextlib.closing(sqlite3.connect(database)) as db:
            assert db.execute("select count(*) from result").fetchone() == (told,)
    assert {line["recipe"] for line in done()} >= {digest_of(text.encode()) for text in entrant.recipes.values()}


def long_enough_to_sample(suite: Path, rounds: int = 60000) -> None:
    text = (suite / "suite.toml").read_text().replace('train = ["./prog", "200"]', f'train = ["./prog", "{rounds}"]')
    (suite / "suite.toml").write_text(text)


def test_a_sample_profile_knows_the_hot_function_and_is_used(suite: Path) -> None:
    long_enough_to_sample(suite)
    results, _, lines = bench(suite, "autofdo")
    entrant = results.entrants["prog", "autofdo"]
    assert not entrant.failed, lines
    (flag,) = entrant.flavour.flags
    argv = [str(registry.ensure().tool("llvm-profdata")), "show", "--sample", flag.partition("=")[2]]
    assert "kernel" in subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert not entrant.same_code
    assert "no branch records" in entrant.facts["remark"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="branch stacks in software need x86-64")
def test_a_context_sensitive_sample_profile_is_used_and_the_table_says_where_its_stacks_come_from(suite: Path) -> None:
    long_enough_to_sample(suite, 25000)
    results, _, lines = bench(suite, "csspgo")
    entrant = results.entrants["prog", "csspgo"]
    assert not entrant.failed, lines
    assert entrant.flavour.flags[0] == "-fpseudo-probe-for-profiling"
    argv = [str(registry.ensure().tool("llvm-profdata")), "show", "--sample", entrant.flavour.flags[1].partition("=")[2]]
    assert "kernel" in subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert not entrant.same_code
    (found,) = placings(results, "prog")
    assert found.standing not in (Standing.UNFINISHED, Standing.FAILED), lines
    told = autopass("bench", "report", str(results.path), cwd=suite).stdout
    assert f"CSSPGO: {entrant.facts['remark']}" in told.splitlines()


def test_an_interrupted_bench_goes_on_where_it_was(suite: Path) -> None:
    with pytest.raises(InterruptedRunError):
        bench(suite, "pgo", stop_after=60)
    results, _, _ = bench(suite, "pgo")
    lines = results.path.read_text().splitlines()
    again, _, _ = bench(suite, "pgo")
    assert again.path.read_text().splitlines() == lines  # nothing was left to do
    assert sum('"entrant"' in line for line in lines) == 1


def test_methods_that_come_later_race_with_those_that_are_there_and_a_failed_one_tries_again(
    suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_enough_to_sample(suite)
    with monkeypatch.context() as patch:
        patch.setattr(sampled, "shutil", SimpleNamespace(which=lambda _name: None))  # no perf
        results, _, _ = bench(suite, "autofdo", "pgo")
    assert "perf is not on PATH" in results.entrants["prog", "autofdo"].failed
    results, _, lines = bench(suite, "autofdo")
    found = {each.entrant.method: each.standing for each in placings(results, "prog")}
    assert found.keys() == {"autofdo", "pgo"}
    assert not {Standing.UNFINISHED, Standing.FAILED} & set(found.values()), lines


def test_a_program_that_does_not_compile_is_left_out_and_the_others_go_on(suite: Path) -> None:
    (suite / "broken.c").write_text("int main(void) { return nothing; }\n")
    text = '[program.broken]\nsources = ["broken.c"]\nrun = ["./broken"]\n'
    (suite / "suite.toml").write_text(SUITE.replace("[program.prog]", text + "[program.prog]"))
    results, problems, _ = bench(suite, "pgo")
    assert len(problems) == 1
    assert "broken" in problems[0]
    assert "undeclared" in problems[0]
    assert ("prog", "pgo") in results.entrants
