"""The service's work from build to build: what is new is tuned, what is in use is measured again, what fails waits."""

from __future__ import annotations

import platform
from dataclasses import replace

import pytest
import sample_project
from gate_kit import SOURCES
from published import publish, recorded
from sample_project import SmallIsFast
from service_kit import IDENTITY, KERNEL, Kept, Workshop, published

from autopass_cc.recipe import Knob
from autopass_cc.sharing import give
from autopass_cc.store import imports
from autopass_cc.store.database import writer
from autopass_cc.store.imports import Imported
from autopass_cc.store.jobs import Kind, State
from autopass_cc.store.runs import Runs

SCALAR = Knob("force-vector-width", "1")


def gains_nothing(patch: pytest.MonkeyPatch) -> None:
    """From now on no program is faster than another."""
    patch.setattr(sample_project, "_code_size", lambda _program: 600)


# ---- tuning


def test_a_recorded_build_becomes_a_job_and_the_next_build_uses_what_it_proved(tuned: Workshop) -> None:
    (job,) = tuned.plan().values()
    assert (job.kind, job.state) == (Kind.TUNE, State.DONE)
    assert job.reason.startswith("accepted: -")
    module = tuned.modules()[KERNEL]
    assert (module.state, module.reason.split(":")[0]) == (State.ACCEPTED, "accepted")
    assert tuned.events() == ["accepted"]
    (entry,) = tuned.entries()
    assert published() == {entry.recipe}
    found = tuned.build()
    assert (found.decision, found.reason, found.recipe) == ("hit", "exact", entry.recipe)
    assert tuned.plan()[Kind.TUNE].state is State.DONE


def test_a_search_comes_with_a_hidden_test_of_the_program_against_itself_when_that_is_due(tuned: Workshop) -> None:
    stages = tuned.rows("select stage, accepted from null_test order by stage")
    assert stages == [("confirmation", 0), ("revalidation", 0)]
    assert tuned.rows("select value from setting where name = 'confirmations_since_null'") == [("0",)]


def test_with_other_flags_a_module_is_searched_anew_beginning_with_what_won_before(tuned: Workshop) -> None:
    makefile = tuned.root / "Makefile"
    makefile.write_text(makefile.read_text().replace("-O2", "-O2 -fno-strict-aliasing"))
    assert tuned.build().decision == "miss"
    job = tuned.plan()[Kind.TUNE]
    assert (job.state, set(job.facts["modules"])) == (State.QUEUED, {KERNEL, "main.c"})
    done = tuned.do(Kind.TUNE)
    assert done.state is State.DONE
    assert done.run is not None
    with writer() as db:
        (told,) = Runs(db).get(done.run).facts["transfer"]
    assert (told["module"], told["tried"] > 0) == (KERNEL, True)
    assert told["best"] < 0
    assert len({entry.variant for entry in tuned.entries()}) == 2
    assert tuned.build().decision == "hit"


# ---- measuring again


def test_an_edited_source_inherits_its_recipe_and_is_measured_again(tuned: Workshop) -> None:
    (before,) = tuned.entries()
    tuned.edit()
    found = tuned.build()
    assert (found.decision, found.reason) == ("hit", "inherited")
    jobs = tuned.plan()
    assert (jobs[Kind.TUNE].state, jobs[Kind.RECHECK].state) == (State.DONE, State.QUEUED)
    assert jobs[Kind.RECHECK].reason == f"{KERNEL} (edited)"
    assert tuned.do(Kind.RECHECK).reason == "1 of 1 hold"
    (after,) = tuned.entries()
    assert (after.recipe, after.exact, after.exact != before.exact) == (before.recipe, found.exact, True)
    assert tuned.events() == ["accepted", "renewed"]
    assert tuned.build().reason == "exact"
    assert tuned.plan()[Kind.RECHECK].state is State.DONE


def test_an_edited_source_on_which_the_recipe_gains_nothing_is_compiled_plain(
    tuned: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = (tuned.root / KERNEL).read_text()
    tuned.edit()
    assert tuned.build().decision == "hit"
    tuned.plan()
    gains_nothing(monkeypatch)
    assert tuned.do(Kind.RECHECK).reason == "0 of 1 hold"
    assert tuned.events() == ["accepted", "restricted"]
    assert tuned.modules()[KERNEL].state is State.REJECTED
    for text in ("", "/* edited once more */\n"):
        tuned.edit(text)
        assert tuned.build().decision == "miss"
        assert {job.state for job in tuned.plan().values()} == {State.DONE}
    (tuned.root / KERNEL).write_text(former)
    assert (tuned.build().decision, tuned.build().reason) == ("hit", "exact")  # what was proven on it holds


def test_a_recipe_that_gains_nothing_under_another_kernel_is_demoted_for_good(
    tuned: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuned.build()
    monkeypatch.setattr(platform, "release", lambda: "a later one")
    assert tuned.plan()[Kind.RECHECK].reason == f"{KERNEL} (kernel)"
    gains_nothing(monkeypatch)
    assert tuned.do(Kind.RECHECK).reason == "0 of 1 hold"
    assert published() == set()
    assert tuned.events() == ["accepted", "demoted"]
    stages = tuned.rows("select stage, count(*) from measurement where run = (select max(id) from run) group by stage")
    assert stages == [("aa", 12), ("revalidation", 12), ("second look", 12)]  # a noisy day alone takes nothing back
    assert tuned.build().decision == "miss"
    assert {job.state for job in tuned.plan().values()} == {State.DONE}


def test_an_edited_source_that_a_recipe_makes_clang_warn_about_is_plain_again_without_a_measurement(untuned: Workshop) -> None:
    publish(untuned.root, recorded(untuned.root)["kernel.o"], SCALAR)
    untuned.edit((SOURCES / "vectorized.c").read_text())
    assert untuned.build().decision == "hit"
    untuned.plan()
    assert untuned.do(Kind.RECHECK).reason == "0 of 1 hold"
    assert untuned.rows("select distinct stage from measurement") == [("aa",)]
    assert untuned.modules()[KERNEL].reason.startswith("diagnostics-changed: ")
    assert untuned.events() == ["accepted", "restricted"]
    assert untuned.build().decision == "miss"


def test_work_that_is_interrupted_goes_on_at_the_block_that_it_was_at(tuned: Workshop) -> None:
    tuned.edit()
    tuned.build()
    tuned.plan()
    rows = "select id, data from measurement where run = (select max(id) from run) order by id"
    SmallIsFast.runs = 0
    given = tuned.do(Kind.RECHECK, stop=lambda: SmallIsFast.runs > 150)
    assert (given.state, given.reason, given.owner) == (State.QUEUED, "gave way", "")
    before = tuned.rows(rows)
    assert len(before) > 2
    assert tuned.plan()[Kind.RECHECK].state is State.QUEUED
    assert tuned.do(Kind.RECHECK).state is State.DONE
    after = tuned.rows(rows)
    assert after[: len(before)] == before
    stages = tuned.rows("select stage, count(*) from measurement where run = (select max(id) from run) group by stage")
    assert [stage for stage, _ in stages] == ["aa", "confirmation", "revalidation"]
    assert (stages[0][1], stages[2][1]) == (12, 12)


# ---- what others have proven


@pytest.fixture
def brought(kept: Kept, tuned: Workshop) -> Workshop:
    """Give the project as it was recorded, with an import of what tuning it proves."""
    found = give.ours()
    assert len(found.entries) == 1
    kept.restore("recorded")
    with writer() as db:
        imports.take(db, "team", [replace(each, source="team") for each in found.entries], found.texts)
    return tuned


def imported() -> Imported:
    with writer() as db:
        (found,) = imports.imported(db, "team")
    return found


def test_what_was_brought_in_is_used_once_it_was_measured_here(brought: Workshop) -> None:
    assert brought.build().decision == "miss"
    assert brought.plan()[Kind.RECHECK].reason == f"{KERNEL} (imported)"
    assert brought.do(Kind.RECHECK).reason == "1 of 1 hold"
    assert imported().state == imports.VERIFIED
    (entry,) = brought.entries()
    assert (entry.recipe, entry.origin) == (imported().recipe, "team")
    assert brought.events() == ["imported", "verified"]
    assert brought.build().recipe == entry.recipe


def test_what_was_brought_in_and_gains_nothing_here_is_refuted(brought: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    brought.plan()
    gains_nothing(monkeypatch)
    assert brought.do(Kind.RECHECK).reason == "0 of 1 hold"
    assert imported().state == imports.REFUTED
    assert (brought.entries(), published()) == ([], set())
    assert brought.events() == ["imported", "refuted"]
    assert brought.modules()[KERNEL].state is State.REJECTED
    assert brought.build().decision == "miss"
    assert brought.plan()[Kind.RECHECK].state is State.DONE


# ---- what cannot be done


def test_a_source_that_is_gone_waits_for_the_next_build(untuned: Workshop) -> None:
    text = (untuned.root / KERNEL).read_text()
    (untuned.root / KERNEL).unlink()
    untuned.plan()
    given = untuned.do(Kind.TUNE)
    assert (given.state, given.reason) == (State.WAITING, f"{KERNEL} was compiled in the recorded build but is gone.")
    assert untuned.plan()[Kind.TUNE].state is State.WAITING
    (untuned.root / KERNEL).write_text(text)
    untuned.build()
    assert untuned.plan()[Kind.TUNE].state is State.QUEUED


def test_a_workload_that_fails_waits_until_the_settings_change_and_says_what_to_do(untuned: Workshop) -> None:
    settings = untuned.root / "autopass.toml"
    good = settings.read_text()
    settings.write_text(f'id = "{IDENTITY}"\nrun = ["./prog-that-is-not-there"]\n')
    untuned.plan()
    for _ in range(2):  # it may be a passing failure
        assert untuned.do(Kind.TUNE).state is State.QUEUED
    given = untuned.do(Kind.TUNE)
    assert given.state is State.FAILED
    assert "prog-that-is-not-there" in given.reason
    assert "Next: " in given.reason
    untuned.build()
    assert untuned.plan()[Kind.TUNE].state is State.FAILED
    settings.write_text(good)
    assert untuned.plan()[Kind.TUNE].state is State.QUEUED
