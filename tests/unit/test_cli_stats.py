"""`autopass stats`: counts of what the store holds and the journal adds, for people, programs and monitoring."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lock_kit import ID, accept, entry, project, take_back
from prometheus_client.parser import text_string_to_metric_families as parsed

from autopass_cc.cli.stats import command
from autopass_cc.project.intake import ingest
from autopass_cc.project.journal import journal_path, switch_on
from autopass_cc.store import imports
from autopass_cc.store.database import database_path, transaction, writer
from autopass_cc.store.imports import Imported
from autopass_cc.store.runs import Runs
from autopass_cc.store.states import DEMOTED
from autopass_cc.store.statistics import DAY, day_of

SORT = {
    "verdict": "accepted",
    "baseline_s": 0.359,
    "tuned_s": 0.194,
    "estimate": {"change": -0.464, "interval": [-0.471, -0.456], "coverage": 0.96, "blocks": 12},
}
OTHER = "8" * 32


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = project(tmp_path / "project")
    monkeypatch.chdir(place)
    switch_on()
    return place


def record(root: Path | str, decision: str, reason: str, at: int | None = None) -> None:
    line = {
        "v": 1, "t": time.time_ns() if at is None else at, "kind": "compile", "decision": decision, "reason": reason,
        "root": os.fsencode(root).decode("latin-1"), "cwd": "/w", "argv": ["clang"], "out": "a.o", "src": "a.c", "lang": "c",
        "level": "O2", "exact": "", "inherited": "", "digest": "", "recipe": None, "env": {},
    }  # fmt: skip
    with journal_path().open("a") as stream:
        stream.write(json.dumps(line) + "\n")


def take_in() -> None:
    with writer() as db:
        assert ingest(db) == 0


def run(project: str, root: str, program: dict[str, Any] | None, *verdicts: str, spent: float = 0.0, state: str = "done") -> int:
    with writer() as db:
        runs = Runs(db)
        begun = runs.begin(project=project, root=root, fingerprint="f", toolchain="t", seed=1)
        runs.note(begun.id, spent=spent, **({"program": program} if program else {}), modules=[{"verdict": v} for v in verdicts])
        runs.finish(begun.id, state)
        return begun.id


def null_tests(run: int, accepted: int, tests: int, stage: str = "revalidation", at: int | None = None) -> None:
    with writer() as db, transaction(db):
        for number in range(tests):
            db.execute(
                "insert into null_test (at, run, stage, blocks, accepted) values (?, ?, ?, 12, ?)",
                [time.time_ns() if at is None else at, run, stage, int(number < accepted)],
            )


def stats(*words: str) -> str:
    done = CliRunner().invoke(command, list(words), standalone_mode=False, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def data(*words: str) -> dict[str, Any]:
    found = json.loads(stats("--json", *words))
    assert isinstance(found, dict)
    return found


def samples(*words: str) -> dict[tuple[str, ...], float]:
    """Return the metrics by name and label values."""
    families = list(parsed(stats("--prometheus", *words)))
    assert all(family.documentation for family in families)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_before_anything_was_built_all_is_nothing_and_no_store_is_made(root: Path) -> None:
    assert root.is_dir()
    assert "no compiles recorded" in stats()
    assert "compiles   0: 0 with a recipe" in stats()
    assert data()["compiles"]["total"] == 0
    assert samples()[("autopass_null_test_accept_rate_upper_bound",)] == 1
    assert not database_path().exists()


def test_compiles_are_counted_by_reason_from_store_and_journal_alike(root: Path) -> None:
    for decision, reason in [("hit", "exact"), ("hit", "inherited"), ("miss", "no-recipe"), ("pass", "link"), ("pass", "link")]:
        record(root, decision, reason)
    take_in()
    for decision, reason in [("hit", "exact"), ("pass", "lto"), ("pass", "new-reason")]:
        record(root, decision, reason)
    before = (database_path().read_bytes(), journal_path().read_bytes())
    said = stats()
    assert "compiles   8: 3 with a recipe (2 exact, 1 inherited), 1 plain, 4 passed through" in said
    assert "2 link: linking is left to clang" in said
    assert "1 new-reason\n" in said  # of a newer launcher
    assert samples()["autopass_compiles_total", "hit", "exact"] == 2
    assert samples()["autopass_compiles_total", "pass", "link"] == 2
    assert (database_path().read_bytes(), journal_path().read_bytes()) == before  # looking changes nothing
    take_in()
    assert stats() == said


def test_days_are_counted_and_can_be_limited(root: Path) -> None:
    now = time.time_ns()
    for ago, taken in ((40, True), (2, True), (1, False), (0, False)):
        record(root, "miss", "no-recipe", now - ago * DAY)
        if taken:
            take_in()
    assert data()["compiles"] | {"total": 4, "days": 4, "first_day": day_of(now - 40 * DAY)} == data()["compiles"]
    assert data("--days", "2")["compiles"] | {"total": 2, "days": 2, "last_day": day_of(now)} == data("--days", "2")["compiles"]
    assert "3 days with compiles" in stats("--days", "3")


def test_one_project_is_counted_alone_even_with_a_name_that_is_not_ascii(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = project(root.parent / os.fsdecode("mü\udce9".encode("utf-8", "surrogateescape")))
    (odd / "autopass.toml").write_text(f'id = "{OTHER}"\n')
    for place in (root, odd, odd):
        record(place, "miss", "no-recipe")
    take_in()
    record(odd, "hit", "exact")
    accept(entry("a.c", 1), entry("b.c", 2, project=OTHER), entry("c.c", 3, project=OTHER))
    first = run(ID, str(root), SORT, spent=10)
    run(OTHER, "odd", None, spent=5)
    null_tests(first, 0, 3)
    assert data()["compiles"]["total"] == 4
    assert data("--project")["compiles"]["total"] == 1
    assert data("--project")["tuning_seconds"] == 10
    assert data("--project")["entries"] == {"active": 1}
    assert data("--project")["null_tests"]["tests"] == 3
    monkeypatch.chdir(odd)
    assert data("--project")["compiles"]["total"] == 3
    assert data("--project")["entries"] == {"active": 2}
    assert data("--project")["null_tests"]["tests"] == 0
    assert data("--project")["programs"] == []


def test_recipes_imports_jobs_and_what_became_of_them(root: Path) -> None:
    assert root.is_dir()
    kept, gone = entry("a.c", 1), entry("b.c", 2)
    accept(kept, gone)
    take_back(gone, DEMOTED)
    brought = Imported("src", ID, "c.c", "1" * 32, "2" * 32, "", "", "t", "O2", kept.recipe, [], -0.1, -0.2, -0.05, 3.0, 0.5)
    with writer() as db:
        imports.take(db, "src", [brought, replace(brought, exact="3" * 32, state=imports.TRUSTED)], {})
        with transaction(db):
            for number, state in enumerate(["queued", "parked", "queued"]):
                db.execute("insert into job (project, kind, module, state) values (?, 'tune', ?, ?)", [ID, f"{number}.c", state])
            today = day_of(time.time_ns())
            db.execute("insert into spent values (?, 'seconds', 120.5), ('2020-01-01', 'seconds', 9)", [today])
    run(ID, "/p", SORT, "accepted", "unconfirmed")
    said = stats()
    assert "recipes    1 active, 1 demoted" in said
    assert "imported   1 trusted, 1 unverified" in said
    assert "jobs       2 queued, 1 parked" in said
    assert "events     2 accepted, 2 imported, 1 demoted" in said
    assert "verdicts   1 accepted, 1 unconfirmed" in said
    assert "service    today: 120.5 seconds" in said
    found = samples()
    assert found["autopass_entries", "active"] == found["autopass_entries", "demoted"] == 1
    assert found["autopass_imported", "trusted"] == 1
    assert found["autopass_jobs", "queued"] == 2
    assert found["autopass_modules", "unconfirmed"] == 1
    assert found["autopass_entry_events_total", "demoted"] == 1
    assert found["autopass_spent", "seconds"] == 120.5


def test_a_programs_gain_is_what_its_last_finished_run_measured(root: Path) -> None:
    run(ID, str(root), SORT | {"tuned_s": 0.3}, spent=30.5)
    run(ID, str(root), SORT, spent=60)
    run(ID, str(root), None, spent=9.5, state="running")
    run(OTHER, "/none", {"verdict": "not-tried", "estimate": None, "baseline_s": None, "tuned_s": None})
    said = stats()
    assert f"program    {root}: -46.4 % [-47.1, -45.6] of the workload's time, 0.359 s -> 0.194 s a run\n" in said
    assert "program    /none: nothing measured (not-tried)" in said
    assert "tuning     100 s" in said
    found = samples()
    assert found["autopass_program_time_ratio", str(root)] == pytest.approx(0.536)
    assert found["autopass_program_seconds", str(root), "tuned"] == 0.194
    assert found["autopass_program_time_ratio_bound", "upper", str(root)] == pytest.approx(0.544)
    assert found[("autopass_tuning_seconds_total",)] == 100
    assert not any("/none" in key for key in found)


def test_a_folder_whose_id_has_changed_is_one_program(root: Path) -> None:
    run(OTHER, str(root), SORT | {"tuned_s": 0.3}, "accepted")
    run(ID, str(root), SORT, "accepted")
    assert [each["tuned_s"] for each in data()["programs"]] == [0.194]
    assert data()["verdicts"] == {"accepted": 1}
    assert samples()["autopass_program_seconds", str(root), "tuned"] == 0.194


def test_false_accepts_are_told_with_what_can_be_said_of_their_rate(root: Path) -> None:
    begun = run(ID, str(root), None)
    null_tests(begun, 1, 200)
    null_tests(begun, 0, 100, "confirmation", at=time.time_ns() - 10 * DAY)
    assert (
        "A/A tests  1 of 300 false accepts, at most 1.6 % with 95 % confidence (0 of 100 confirmation, 1 of 200 revalidation)"
        in stats()
    )
    assert data("--days", "5")["null_tests"]["tests"] == 200
    found = samples()
    assert found["autopass_null_tests_total", "accepted"] == 1
    assert found["autopass_null_tests_total", "not_accepted"] == 299
    assert found[("autopass_null_test_accept_rate_upper_bound",)] == pytest.approx(0.01572, rel=1e-3)


def test_names_of_folders_cannot_steer_a_terminal_or_forge_a_sample(root: Path) -> None:
    assert root.is_dir()
    run(ID, '/p"} 1\n\x1b[2J\\', SORT)
    assert "\x1b" not in stats()
    assert samples()["autopass_program_time_ratio", '/p"} 1\n\x1b[2J\\'] == pytest.approx(0.536)


def test_nothing_heavy_is_imported(root: Path, home: Path) -> None:
    record(root, "miss", "no-recipe")
    run(ID, str(root), SORT)
    null_tests(1, 0, 5)
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom autopass_cc.cli.stats import command\n"
        "for words in ([], ['--json'], ['--prometheus']):\n"
        "    assert CliRunner().invoke(command, words).exit_code == 0\n"
        "print(*sorted({'scipy', 'numpy', 'sqlite_utils', 'openai'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=home)
    assert done.stdout == "\n"


def test_two_forms_at_once_are_a_usage_error(root: Path) -> None:
    assert root.is_dir()
    done = CliRunner().invoke(command, ["--json", "--prometheus"], standalone_mode=False)
    assert type(done.exception).__name__ == "UsageError"
