"""From recorded builds to jobs: what is searched, what is measured again, what is left alone."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from autopass_cc.agents import checks
from autopass_cc.agents.checks import ROTATION
from autopass_cc.daemon import planning
from autopass_cc.digest import digest_of
from autopass_cc.project.modules import group
from autopass_cc.store import builds, imports, jobs
from autopass_cc.store import entries as store
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.database import writer
from autopass_cc.store.entries import Entry
from autopass_cc.store.imports import Imported
from autopass_cc.store.jobs import Job, Kind, State
from autopass_cc.store.states import DEMOTED

ID = "7" * 32
TEXT = b"autopass-recipe 1\nllvm 22\nlevel O2\nknob inline-threshold 500\n"
RECIPE = digest_of(TEXT)
NOW = time.time_ns


@pytest.fixture
def db() -> Iterator[Database]:
    with writer() as opened:
        opened.table("recipe").insert({"digest": RECIPE, "text": TEXT})
        yield opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    (place / "autopass.toml").write_text(f'id = "{ID}"\nrun = ["./a"]\n')
    return place


def compiled(db: Database, root: Path, name: str, version: int = 1, flags: int = 1, **changes: Any) -> CompileRecord:
    """Record a compile of a version of a source with some flags, as the launcher does."""
    out = root / f"{name}.o"
    out.touch()
    exact, inherited = digest_of(f"{name} {version} {flags}".encode()), digest_of(f"{name} {flags}".encode())
    record = CompileRecord(
        str(out), str(root), str(root / name), name, "c", "O2", exact, inherited, digest_of(b"%d" % version), str(root),
        ("/usr/bin/clang", "-c", name), {}, "miss", "no-recipe", "", NOW(),
    )  # fmt: skip
    record = replace(record, **changes)
    builds.add(db, [record], {})
    return record


def publish(db: Database, record: CompileRecord, **changes: Any) -> Entry:
    entry = Entry(
        ID, record.rel, record.inherited, record.root, RECIPE, record.exact, record.inherited, "t", record.digest, [],
        -0.1, -0.2, -0.05, 5.0, 0.5, 1, provenance={"kernel": platform.release()},
    )  # fmt: skip
    store.accept(db, [replace(entry, **changes)])
    return store.entries(db)[0]


def planned(db: Database, kind: Kind) -> Job | None:
    planning.plan(db)
    return next(iter(jobs.jobs(db, kinds=[kind])), None)


def searched(db: Database, root: Path) -> None:
    """Pretend that the search of what is recorded is done."""
    job = planned(db, Kind.TUNE)
    assert job is not None
    modules = group(builds.compiles(db, root))
    jobs.give_back(db, job.id, State.DONE, facts={"looked": planning.looked_at(modules), "modules": []})


def test_a_new_project_is_searched_as_a_whole(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    job = planned(db, Kind.TUNE)
    assert job is not None
    assert (job.state, job.facts["modules"]) == (State.QUEUED, [])
    assert planned(db, Kind.RECHECK) is None


def test_a_project_without_workload_or_settings_is_left_out_with_the_reason(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    (root / "autopass.toml").write_text("run = []\n")
    assert "names no workload" in planning.plan(db)[0].reason
    (root / "autopass.toml").unlink()
    assert "no autopass.toml" in planning.plan(db)[0].reason
    assert jobs.jobs(db) == []


def test_commands_that_somebody_else_may_have_written_are_not_run(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    (root / "autopass.toml").chmod(0o666)
    assert "can be written by others" in planning.plan(db)[0].reason
    assert jobs.jobs(db) == []


def test_what_was_searched_is_not_searched_again(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    searched(db, root)
    compiled(db, root, "a.c")  # the same again
    job = planned(db, Kind.TUNE)
    assert job is not None
    assert job.state is State.DONE


def test_a_new_module_is_searched_alone(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    searched(db, root)
    compiled(db, root, "b.c")
    job = planned(db, Kind.TUNE)
    assert job is not None
    assert (job.state, job.facts["modules"]) == (State.QUEUED, ["b.c"])


def test_code_in_which_nothing_was_found_is_left_alone_for_a_week_of_edits(
    db: Database, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled(db, root, "a.c")
    searched(db, root)
    compiled(db, root, "a.c", version=2)
    job = planned(db, Kind.TUNE)
    assert job is not None
    assert job.state is State.DONE
    later = NOW() + planning.WEEK + 1
    monkeypatch.setattr(time, "time_ns", lambda: later)
    job = planned(db, Kind.TUNE)
    assert job is not None
    assert job.state is State.QUEUED


def test_other_flags_or_another_compiler_are_a_new_variant_and_searched_at_once(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    searched(db, root)
    compiled(db, root, "a.c", flags=2)
    job = planned(db, Kind.TUNE)
    assert job is not None
    assert job.state is State.QUEUED


def test_other_settings_search_everything_anew(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    searched(db, root)
    with (root / "autopass.toml").open("a") as file:
        file.write("time_limit = 9\n")
    job = planned(db, Kind.TUNE)
    assert job is not None
    assert (job.state, job.facts["modules"]) == (State.QUEUED, [])


def test_an_edited_module_keeps_its_recipe_and_is_measured_again(db: Database, root: Path) -> None:
    publish(db, compiled(db, root, "a.c"))
    searched(db, root)
    compiled(db, root, "a.c", version=2)
    tune = planned(db, Kind.TUNE)
    again = planned(db, Kind.RECHECK)
    assert tune is not None
    assert again is not None
    assert (tune.state, again.state, again.reason) == (State.DONE, State.QUEUED, "a.c (edited)")
    assert again.priority > tune.priority


def test_a_job_that_waits_for_a_build_goes_on_with_the_next(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    job = planned(db, Kind.TUNE)
    assert job is not None
    newest = planning.newest_build(db, planning.checked_config(root))
    jobs.give_back(db, job.id, State.WAITING, "a.c was edited", facts={"newest": newest})
    waiting = planned(db, Kind.TUNE)
    assert waiting is not None
    assert waiting.state is State.WAITING
    compiled(db, root, "a.c", version=2)
    found = planned(db, Kind.TUNE)
    assert found is not None
    assert found.state is State.QUEUED


def test_a_job_that_failed_is_tried_again_when_something_is_different(db: Database, root: Path) -> None:
    record = compiled(db, root, "a.c")
    job = planned(db, Kind.TUNE)
    assert job is not None
    config = planning.checked_config(root)
    jobs.give_back(db, job.id, State.FAILED, "it crashes", facts={"situation": planning.situation(config, [record])})
    compiled(db, root, "a.c")
    found = planned(db, Kind.TUNE)
    assert found is not None
    assert found.state is State.FAILED
    compiled(db, root, "a.c", version=2)
    found = planned(db, Kind.TUNE)
    assert found is not None
    assert found.state is State.QUEUED


def test_a_parked_job_stays_parked(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    job = planned(db, Kind.TUNE)
    assert job is not None
    jobs.give_back(db, job.id, State.PARKED, "three times")
    compiled(db, root, "a.c", version=2)
    found = planned(db, Kind.TUNE)
    assert found is not None
    assert found.state is State.PARKED


def test_two_checkouts_of_a_project_have_jobs_of_their_own(db: Database, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "worktree"
    other.mkdir()
    (other / "autopass.toml").write_text((root / "autopass.toml").read_text())
    for place in (root, other):
        compiled(db, place, "a.c")
    planning.plan(db)
    assert {job.root for job in jobs.jobs(db, kinds=[Kind.TUNE])} == {str(root), str(other)}


def test_an_edited_source_is_not_measured_while_another_checkout_has_the_proven_one(
    db: Database, root: Path, tmp_path: Path
) -> None:
    other = tmp_path / "worktree"
    other.mkdir()
    publish(db, compiled(db, root, "a.c"))
    edited = compiled(db, other, "a.c", version=2)
    assert due(db, edited) == []
    (root / "a.c.o").unlink()
    assert due(db, edited) == [("a.c", "edited")]


def test_an_object_whose_sibling_is_the_proven_one_is_not_taken_for_edited(db: Database, root: Path) -> None:
    first = compiled(db, root, "a.c")
    publish(db, first)
    second = compiled(db, root, "a.c", version=2, out=str(root / "other.o"))
    assert due(db, first, second) == []


def test_a_parked_module_is_not_planned_again_and_the_others_are(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    searched(db, root)
    compiled(db, root, "b.c")
    jobs.put(db, ID, root, Kind.MODULE, "b.c", state=State.PARKED.value, reason="three times")
    compiled(db, root, "c.c")
    job = planned(db, Kind.TUNE)
    assert job is not None
    assert job.facts["modules"] == ["c.c"]


def test_a_project_that_cannot_be_read_stops_nobody_else(db: Database, root: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    (broken / "autopass.toml").mkdir(parents=True)
    compiled(db, broken, "a.c")
    compiled(db, root, "a.c")
    (skipped,) = planning.plan(db)
    assert skipped.root == str(broken)
    assert [job.root for job in jobs.jobs(db)] == [str(root)]


def test_a_project_that_is_left_out_is_not_offered_for_work(db: Database, root: Path) -> None:
    compiled(db, root, "a.c")
    assert planning.summary(db, planning.plan(db), "2026-01-01")["next"] is not None
    (root / "autopass.toml").chmod(0o666)
    assert planning.summary(db, planning.plan(db), "2026-01-01")["next"] is None


def test_removed_objects_are_no_build(db: Database, root: Path) -> None:
    Path(compiled(db, root, "a.c").out).unlink()
    planning.plan(db)
    assert jobs.jobs(db) == []


# ---- what should be measured again


def due(db: Database, *records: CompileRecord, now: int | None = None) -> list[tuple[str, str]]:
    found = checks.due(db, ID, group(records), now or NOW())
    return [(check.module, check.why.value) for check in found]


def test_what_is_in_use_and_fresh_is_left_alone(db: Database, root: Path) -> None:
    record = compiled(db, root, "a.c")
    publish(db, record)
    assert due(db, record) == []


def test_edits_come_before_imports_and_those_before_kernels(db: Database, root: Path) -> None:
    edited, brought, kernel = (compiled(db, root, name) for name in ("a.c", "b.c", "c.c"))
    publish(db, edited)
    publish(db, kernel, provenance={"kernel": "1.0"})
    imports.take(db, "team", [an_import(brought)], {})
    now = compiled(db, root, "a.c", version=2)
    assert due(db, kernel, brought, now) == [("a.c", "edited"), ("b.c", "imported"), ("c.c", "kernel")]


def test_of_recipes_in_use_the_one_unseen_for_longest_has_its_turn(db: Database, root: Path) -> None:
    first, second = compiled(db, root, "a.c"), compiled(db, root, "b.c")
    publish(db, first)
    time.sleep(0.001)
    publish(db, second)
    assert due(db, second, first, now=NOW() + ROTATION - 10**10) == []
    assert due(db, second, first, now=NOW() + ROTATION + 10**10) == [("a.c", "spot")]


def test_a_recipe_that_serves_its_exact_source_only_is_not_inherited(db: Database, root: Path) -> None:
    publish(db, compiled(db, root, "a.c"), exact_only="messages depend on the optimiser")
    assert due(db, compiled(db, root, "a.c", version=2)) == []


def test_what_was_demoted_or_reverted_is_not_brought_in_again(db: Database, root: Path) -> None:
    record = compiled(db, root, "a.c")
    store.take_back(db, [publish(db, record)], DEMOTED)
    imports.take(db, "team", [an_import(record)], {})
    assert due(db, record) == []


def test_of_two_imports_the_exact_one_is_measured(db: Database, root: Path) -> None:
    record = compiled(db, root, "a.c")
    other = replace(an_import(record), exact="9" * 32, recipe="8" * 32, log_e=50.0)
    imports.take(db, "team", [an_import(record), other], {})
    (check,) = checks.due(db, ID, group([record]), NOW())
    assert check.recipe == RECIPE


def test_what_could_not_be_measured_is_not_tried_again_for_a_week(db: Database, root: Path) -> None:
    record = compiled(db, root, "a.c")
    imports.take(db, "team", [an_import(record)], {})
    job = planned(db, Kind.RECHECK)
    assert job is not None
    found = planning.due_checks(db, planning.checked_config(root), group([record]), job)
    jobs.give_back(db, job.id, State.DONE, facts={"tried": planning.tried_now(found)})
    again = planned(db, Kind.RECHECK)
    assert again is not None
    assert again.state is State.DONE


def an_import(record: CompileRecord) -> Imported:
    return Imported(
        "team", ID, record.rel, record.exact, record.inherited, "", "", "t", "O2", RECIPE, [], -0.1, -0.2, -0.05, 5.0, 0.5
    )
