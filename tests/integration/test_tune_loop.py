"""The whole loop on a small project, with real clang, real programs and made-up times."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from page_kit import checked
from published import lock
from sample_project import Silent, SmallIsFast, autopass, environment, make, recorded

from autopass_cc.agents.outcome import TuneResult
from autopass_cc.agents.tune import Options, tune
from autopass_cc.errors import InterruptedRunError
from autopass_cc.measure.verdict import Verdict
from autopass_cc.project import config
from autopass_cc.report.result import render
from autopass_cc.store.database import writer
from autopass_cc.store.publication import publication_dir, read_index


@pytest.fixture
def project(tmp_path: Path, ready: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert ready.is_dir()
    return recorded(tmp_path / "project", monkeypatch)


def run(root: Path, listener: Silent | None = None, stop_after: int | None = None) -> TuneResult:
    options = Options(budget_s=4, modules=("kernel.c",), seed=1)
    with writer() as db:
        return tune(
            db,
            config.load(root),
            options,
            listener or Silent(),
            lambda: stop_after is not None and SmallIsFast.runs >= stop_after,
        )


def test_what_is_faster_is_proven_published_and_used_by_the_next_build(project: Path) -> None:
    listener = Silent()
    result = run(project, listener)
    (kernel,) = [each for each in result.modules if each.name == "kernel.c"]
    assert kernel.verdict is Verdict.ACCEPTED, listener.lines
    assert kernel.estimate is not None
    assert kernel.estimate.high < 0
    assert len(read_index(publication_dir() / "index")) == 2
    assert "smallest gain that can be confirmed" in "\n".join(listener.lines)

    before = (project / "kernel.o").read_bytes()
    make(project, "clean")
    make(project)
    assert (project / "kernel.o").read_bytes() != before
    status = json.loads(autopass("status", "--json", cwd=project).stdout)
    assert status["compiles"] == {"hit": 1, "miss": 1}
    assert status["modules"][0]["in_use"] is True
    story = autopass("explain", "kernel.c", cwd=project).stdout
    assert "proven" in story
    assert "edit" in story
    assert "(done)" in autopass("report", cwd=project).stdout
    page = checked((project / "autopass-report.html").read_text())
    assert "Nothing was proven" not in page.text
    assert {"dots c-confirmation", "dots c-revalidation", "dots c-timed"} <= {each.get("class") for each in page.all("path")}
    assert "cannot be shown" not in page.text  # its base is kept, where its passes are edited

    autopass("revert", "kernel.c", cwd=project)
    make(project, "clean")
    make(project)
    assert (project / "kernel.o").read_bytes() == before
    assert render(result).count("accepted") == 2


def test_a_rebuild_is_the_program_that_was_measured(project: Path) -> None:
    result = run(project)
    (kernel,) = [each for each in result.modules if each.recipe]
    make(project, "clean")
    make(project)
    home = publication_dir()
    recipe = (home / "recipes" / f"{kernel.recipe}.recipe").read_bytes()
    with writer() as db:
        assert bytes(db.table("recipe").get(kernel.recipe)["text"]) == recipe
    plain = subprocess.run(["./prog", "77"], cwd=project, capture_output=True, check=True).stdout
    make(project, "clean")
    make(project, env={"AUTOPASS": "off"})
    assert subprocess.run(["./prog", "77"], cwd=project, capture_output=True, check=True).stdout == plain


def test_an_interrupted_run_goes_on_where_it_was(project: Path) -> None:
    with pytest.raises(InterruptedRunError, match=r"finished (is|blocks are) kept"):
        run(project, stop_after=40)
    with writer() as db:
        kept = db.table("measurement").count
    assert kept > 0
    listener = Silent()
    result = run(project, listener)
    assert any("resuming" in line for line in listener.lines)
    assert result.program.verdict is Verdict.ACCEPTED, listener.lines


def test_a_finished_run_is_not_repeated_without_reason(project: Path) -> None:
    first = run(project)
    SmallIsFast.runs = 0
    listener = Silent()
    again = run(project, listener)
    assert SmallIsFast.runs == 0
    assert again.program.verdict is first.program.verdict
    assert any("already tuned" in line for line in listener.lines)


def test_a_build_that_uses_recipes_is_reproduced_with_them(project: Path) -> None:
    run(project)
    make(project, "clean")
    make(project)
    assert json.loads(autopass("status", "--json", cwd=project).stdout)["compiles"] == {"hit": 1, "miss": 1}
    listener = Silent()
    run(project, listener)
    assert any("2 objects and 1 linked files reproduced byte for byte" in line for line in listener.lines), listener.lines


def test_the_users_tree_is_left_as_it_was(project: Path) -> None:
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in project.iterdir()}
    run(project)
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in project.iterdir()} == before


def test_without_a_replayable_link_the_build_command_is_used_in_a_private_copy(project: Path) -> None:
    (project / "Makefile").write_text(
        (project / "Makefile").read_text().replace("kernel.o\n%", "kernel.o\n\tprintf stamped >>$@\n%")
    )
    make(project, "clean")
    make(project)
    failing = autopass("tune", "--budget", "1s", cwd=project, code=28)
    assert "cannot be replayed" in failing.stderr
    assert "build =" in failing.stderr
    with (project / "autopass.toml").open("a") as text:
        text.write('build = ["make"]\n')
    listener = Silent()
    result = run(project, listener)
    assert any("private copy" in line for line in listener.lines)
    assert any("layouts could not be varied" in text for text in result.facts["warnings"])
    assert result.program.verdict is Verdict.ACCEPTED, listener.lines


def test_a_lock_beside_the_project_serves_without_a_store(project: Path) -> None:
    run(project)
    make(project, "clean")
    make(project)
    tuned = (project / "kernel.o").read_bytes()
    lock(project)
    (publication_dir() / "index").unlink()
    make(project, "clean")
    make(project)
    assert (project / "kernel.o").read_bytes() == tuned


def test_the_environment_of_tests_finds_the_installed_launcher() -> None:
    assert subprocess.run(["autopass-cc", "--version"], env=environment(), capture_output=True, check=True).stdout
