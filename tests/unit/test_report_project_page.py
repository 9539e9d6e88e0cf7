"""The page of a tuning run: what is on it, whatever the store holds, and the command that writes it."""

from __future__ import annotations

import json
import math
import re
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from lock_kit import ID, project
from page_kit import EVIL, Page, checked
from run_kit import BASE, GAIN, Making, candidate, tuned

from autopass_cc.cli.report import PAGE, command
from autopass_cc.measure.stats import State
from autopass_cc.recipe.edits import Knob
from autopass_cc.report.html.project import project as drawn
from autopass_cc.report.pages.project import ProjectPage, gather
from autopass_cc.report.pages.recipes import Own, unknown
from autopass_cc.store.database import reader, transaction, writer
from autopass_cc.store.runs import Run, Runs


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = project(tmp_path / "project")
    monkeypatch.chdir(place)
    return place


NOTHING: dict[str, Any] = {"name": "a.c", "verdict": "base-level", "estimate": None, "edits": []}


def data_of(run: Run, own: Own = unknown) -> ProjectPage:
    with reader() as db:
        assert db is not None
        return gather(db, run, own)


def page_of(run: Run, own: Own = unknown) -> Page:
    return checked(drawn(data_of(run, own)))


def change(**facts: Any) -> Run:
    """Change facts of the first run."""
    with writer() as db:
        Runs(db).note(1, **facts)
        return Runs(db).get(1)


def test_what_was_measured_is_read_back(root: Path) -> None:
    data = data_of(tuned(str(root)))
    (module,) = data.modules
    assert [each.name for each in data.quiet] == ["main.c"]
    assert data.calibration is not None
    assert (len(data.calibration.scores), data.calibration.stage) == (12, "aa")
    (confirming,) = module.confirming
    assert confirming.state is State.CONFIRMED
    assert confirming.path[-1] >= math.log(200) > confirming.path[-2]  # two finalists of one module share the error rate
    (fresh,) = module.fresh
    assert fresh.estimate == module.result.estimate
    assert fresh.estimate is not None
    assert fresh.estimate.median == pytest.approx(GAIN, abs=0.02)
    assert [(each.mind, round(each.screened, 2)) for each in module.best] == [("rules", -0.2), ("rules", 0.05)]


def test_the_funnel_counts_every_candidate_once(root: Path) -> None:
    steps = {step.name: step for step in data_of(tuned(str(root))).steps}
    assert {name: step.count for name, step in steps.items()} == {
        "proposed": 7,
        "valid": 5,
        "compiled": 4,
        "new code": 3,
        "correct": 2,
        "screened": 2,
        "to confirmation": 1,
        "confirmed": 1,
        "published": 1,
    }
    assert steps["proposed"].lost == [("not in the grammar", 2)]
    assert steps["valid"].lost == [("failed-to-compile", 1)]
    assert steps["new code"].lost == [("wrong-output", 1)]
    assert steps["screened"].lost == [("others looked better", 1)]
    assert (steps["confirmed"].lost, steps["published"].lost) == ([], [])


def test_of_candidates_that_may_come_further_the_funnel_does_not_say_that_they_failed(root: Path) -> None:
    run = tuned(str(root), finished=False)
    lost = {step.name: step.lost for step in data_of(run).steps}
    assert lost["screened"] == [("not chosen so far", 1)]
    assert lost["confirmed"] == [("not proven so far", 1)]  # it waits for re-validation
    with writer() as db, transaction(db):
        db.execute("delete from measurement where stage = 'confirmation' and seq > 5")
    assert {step.name: step.lost for step in data_of(run).steps}["to confirmation"] == [("not confirmed so far", 1)]
    page = page_of(run).text
    assert "1 not confirmed so far" in page
    assert not [words for words in ("looked better", "not seen again") if words in page]


def test_the_page_tells_the_story_of_the_run(root: Path) -> None:
    page = page_of(tuned(str(root)))
    assert re.search(r"The whole program takes -1[78]\.\d % time \[-\d", page.text)
    assert "with recipes for 1 module: accepted" in page.text
    for text in (
        "Warning: one",
        "unroll-count=4",
        "- removed dse",
        "stores are dead anyway",
        "17 remarks",
        "Candidates: 2 screened-out",
    ):
        assert text in page.text
    assert "5 min were used of a budget of 10 min" in page.text
    assert "321 runs of the program" in page.text
    labels = [each["aria-label"] or "" for each in page.all("svg") if each.get("class") == "strip"]
    assert [label.split(":")[0] for label in labels] == ["a.c", "A/A before the run", "A/A among candidates", "whole program"]
    assert "a hidden A/A test: not accepted after 20 blocks" in page.text
    assert "the margin of 1 % that a recipe must beat in the confirmation" in page.text
    given_up = "gives up where that is not in sight (E below 0.2, from 12 blocks on), and after 48 blocks"
    assert f"confirmed when E reaches the dashed line, whenever that is. The test {given_up}." in page.text
    kinds = {each["class"] for each in page.all("path") if "dots" in (each.get("class") or "")}
    wanted = {"evidence", "first", "fresh", "null", "timed", "stopped", "confirmation", "revalidation", "aa"}
    assert kinds == {f"dots c-{kind}" for kind in wanted}


def test_a_program_that_did_not_hold_together_has_a_hollow_diamond(root: Path) -> None:
    run = tuned(str(root))
    for verdict, kind in (("accepted", "k-mean"), ("unconfirmed", "k-open")):
        page = page_of(change(program=run.facts["program"] | {"verdict": verdict}))
        marks = [each["class"] for each in page.all("use") if each["href"] == "#diamond" and each.get("x") != "9"]
        assert marks == [kind]


def test_what_the_model_was_asked_is_told_with_units(root: Path) -> None:
    tuned(str(root))
    asked = {"calls": 3, "prompt_tokens": 900, "completion_tokens": 80, "waited": 12.2, "proposals": 5, "invalid": 1}
    told = "language model: 3 calls, 900 prompt tokens, 80 completion tokens, 12 s of waiting, 5 proposals, 1 invalid"
    assert told in page_of(change(model=asked)).text


def test_hidden_tests_of_other_runs_are_counted_but_have_no_row(root: Path) -> None:
    first, second = tuned(str(root)), tuned(str(root))
    with writer() as db, transaction(db):
        db.execute("update null_test set accepted = 5 where run = ?", [second.id])
    for run, word in ((first, "not accepted"), (second, "accepted, which is false")):
        page = page_of(run)
        labels = [each["aria-label"] or "" for each in page.all("svg") if each.get("class") == "strip"]
        (hidden,) = [label for label in labels if label.startswith("A/A among candidates")]
        assert f"a hidden A/A test: {word} after" in hidden
        assert "1 of 2 tests of this project's program against itself were accepted" in page.text


def test_a_run_that_is_not_finished_claims_nothing(root: Path) -> None:
    page = page_of(tuned(str(root), finished=False))
    assert "This run is not finished" in page.text
    assert "accepted" not in page.text.split("Modules", 1)[1].split("What was changed")[0].replace("accepted not proven", "")
    assert "- removed dse" in page.text  # what is being confirmed


def test_a_run_that_found_nothing_says_so(root: Path) -> None:
    run = tuned(str(root))
    module = NOTHING | {"detail": "nothing looked faster in screening"}
    page = page_of(change(program=NOTHING | {"name": "whole program"}, modules=[module]))
    assert run.state == "done"
    assert "Nothing was proven faster; builds stay as they are." in page.text
    assert "nothing looked faster in screening" in page.text


def test_without_a_kept_base_the_compiler_is_asked(root: Path) -> None:
    tuned(str(root))
    run = change(**{"base:a.c": "0" * 32})
    assert "no comparison can be shown" in page_of(run).text
    assert "- removed dse" in page_of(run, {"O2": BASE}.get).text


def test_names_cannot_become_markup(root: Path) -> None:
    tuned(str(root) + EVIL, EVIL)
    text = drawn(data_of(change(machine=EVIL, cpu=EVIL, toolchain=EVIL, warnings=[EVIL], search_runs={EVIL: EVIL})))
    page = checked(text)
    assert EVIL not in text
    assert page.text.count("alert('&\"x')") > 10


@pytest.mark.parametrize(
    "facts",
    [
        {"probe": "x", "among": "x", "scores": 3, "warnings": 5, "spent": "x", "budget": [], "model": 5, "search_runs": 3},
        {"probe": {"clock": "sun"}, "modules": {"a": 1}, "program": "none", "scores": None, "spent": -1, "budget": True},
        {"modules": [5, {"name": "a.c"}, NOTHING | {"name": 5}], "among": -3},
        {"program": NOTHING | {"estimate": {"change": -5, "interval": [1], "coverage": 1, "blocks": 1}}},
        {"modules": [NOTHING | {"share": "much"}], "invalid:a.c": 10**30},
        {"modules": [NOTHING | {"estimate": {"change": 1e308, "interval": [1e307, 1e308], "coverage": 0.96, "blocks": 12}}]},
        {"probe": {"repeats": 1, "clock": "cpu", "aggregate": "min", "run_s": "x"}, "program_runs": 1e400, "machine": {}},
    ],
)
def test_strange_facts_leave_things_out_and_no_more(root: Path, facts: dict[str, Any]) -> None:
    tuned(str(root))
    assert "inf %" not in page_of(change(**facts)).text


@pytest.mark.parametrize(
    "data",
    ["[]", "{}", '{"runs": 5}', "nonsense", '{"index": 0, "cpu": null}', None],
)
def test_strange_blocks_are_left_out(root: Path, data: str | None) -> None:
    run = tuned(str(root))
    with writer() as db, transaction(db):
        db.execute("update measurement set data = ? where seq % 2 = 0", [data])
    (module,) = data_of(run).modules
    assert len(module.confirming[0].sitting.scores) == 6
    page_of(run)


def test_blocks_of_impossible_times_are_left_out(root: Path) -> None:
    run = tuned(str(root))
    with writer() as db, transaction(db):
        for row, text in list(db.execute("select id, data from measurement where stage = 'revalidation'")):
            block = json.loads(text)
            block["runs"][0]["user_s"] = block["runs"][0]["wall_s"] = -1 if row % 2 else 1e400
            block["warm_ups"] = []
            db.execute("update measurement set data = ? where id = ?", [json.dumps(block), row])
    (fresh,) = data_of(run).modules[0].fresh
    assert len(fresh.scores) == 6  # where one run took forever, the least time of its side is another run's
    assert all(map(math.isfinite, fresh.scores))
    page_of(run)


@pytest.mark.parametrize("times", [(1e308, 5e-324), (5e-324, 1e308)])
@pytest.mark.parametrize("stage", ["aa", "confirmation", "revalidation"])
def test_ratios_of_which_a_float_does_not_hold_the_exponential_are_left_out(
    root: Path, stage: str, times: tuple[float, float]
) -> None:
    tuned(str(root))
    with writer() as db, transaction(db):
        for row, text in list(db.execute("select id, data from measurement where stage = ?", [stage])):
            block = json.loads(text)
            for each in (*block["runs"], *block["warm_ups"]):
                each["user_s"], each["sys_s"] = times["AB".index(each["side"])], 0.0
                each["wall_s"] = each["user_s"]
            db.execute("update measurement set data = ? where id = ?", [json.dumps(block), row])
    run = change(modules=[])  # so that what the blocks say is shown
    data = data_of(run)
    confirming = [each.sitting for module in data.modules for each in module.confirming]
    fresh = [each for module in data.modules for each in module.fresh]
    for each in (*filter(None, [data.calibration]), *confirming, *fresh):
        assert max(each.scores) < 50
    page_of(run)


def test_thousands_of_candidates_make_no_heavy_page(root: Path) -> None:
    run = tuned(str(root))
    with writer() as db:
        making = Making(Runs(db), str(root))
        row, text = candidate("a.c", Knob("unroll-count", "3"), screened=-0.01)
        making.candidates((row, text))
        columns = "run, module, recipe, edits, mind, hypothesis, evidence, verdict, detail, screened, facts"
        values = "?, ?, ?, '[]', 'chance', ?, '[]', 'screened-out', '', -0.01, ?"
        with transaction(db):
            for number in range(5000):
                facts = json.dumps({"at": run.started + number * 10**8})
                row_of = [run.id, f"m{number % 30}.c", f"{number:032x}", "h" * 300, facts]
                db.execute(f"insert into candidate ({columns}) values ({values})", row_of)  # noqa: S608 - our own words
    text_of_page = drawn(data_of(run))
    assert len(text_of_page.encode()) < 2_000_000
    checked(text_of_page)


def invoke(*words: str) -> Result:
    return CliRunner().invoke(command, list(words), standalone_mode=False)


def test_the_command_writes_the_newest_run_or_the_one_that_is_named(root: Path) -> None:
    first = tuned(str(root))
    second = tuned(str(root), finished=False)
    with writer() as db:  # a later one that measured again what is published: nothing was searched
        Runs(db).begin(project=ID, root=str(root), fingerprint="verify 1", toolchain="t", seed=1)
    assert invoke().output == f"{PAGE}: run {second.id} (running)\n"
    page = root / PAGE
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "not finished" in checked(page.read_text()).text
    assert invoke("--run", str(first.id), "-o", "x.html").output == f"x.html: run {first.id} (done)\n"
    assert "The whole program takes" in checked((root / "x.html").read_text()).text


def test_what_cannot_be_shown_or_written_is_told(root: Path) -> None:
    error = invoke().exception
    assert type(error).__name__ == "NothingRecordedError"
    assert "autopass tune" in str(error)
    tuned(str(root))
    assert "no run 7 of this project searched; there are 1" in str(invoke("--run", "7").exception)
    assert type(invoke("-o", str(root / "no" / "x.html")).exception).__name__ == "PageError"
    assert type(invoke("-o", str(root)).exception).__name__ == "BadParameter"
    assert sorted(each.name for each in root.iterdir()) == ["autopass.toml"]


def test_a_recipe_that_is_lost_is_said_to_be(root: Path) -> None:
    run = tuned(str(root))
    with writer() as db, transaction(db):
        db.execute("delete from recipe")
    assert "its text is not in the store any more" in page_of(run).text
    kept = replace(run, facts={})
    assert data_of(kept).modules[0].result.verdict.value == "unfinished"
