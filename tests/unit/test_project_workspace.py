"""Views: runs see the project as it is, with only the built files replaced, and write nothing into the user's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from autopass_cc.project.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "src" / "deep").mkdir(parents=True)
    (root / "data").mkdir()
    (root / ".git").mkdir()
    (root / "src" / "prog").write_text("old program")
    (root / "src" / "deep" / "lib.so").write_text("old library")
    (root / "data" / "input").write_text("input")
    (root / "out.txt").write_text("old output")
    return root


@pytest.fixture
def workspace(root: Path, tmp_path: Path) -> Workspace:
    workspace = Workspace(root, tmp_path / "work")
    workspace.copy_tree()
    return workspace


def built(tmp_path: Path, text: str) -> Path:
    path = tmp_path / f"built-{text}"
    path.write_text(text)
    return path


def test_only_what_was_built_is_replaced(root: Path, workspace: Workspace, tmp_path: Path) -> None:
    view = workspace.view(
        "a", {root / "src" / "prog": built(tmp_path, "new"), root / "src" / "deep" / "lib.so": built(tmp_path, "lib")}
    )
    assert (view / "src" / "prog").read_text() == "new"
    assert (view / "src" / "deep" / "lib.so").read_text() == "lib"
    assert (view / "data" / "input").read_text() == "input"
    assert not (view / ".git").exists()


def test_what_a_run_writes_does_not_reach_the_user(root: Path, workspace: Workspace, tmp_path: Path) -> None:
    view = workspace.view("a", {root / "src" / "prog": built(tmp_path, "new")}, real=["out.txt"])
    assert not (view / "out.txt").exists()  # a stale output must not pass for a fresh one
    (view / "out.txt").write_text("new output")
    (view / "data" / "input").write_text("overwritten")
    assert (root / "out.txt").read_text() == "old output"
    assert (root / "data" / "input").read_text() == "input"


def test_a_slot_is_made_anew_each_time(root: Path, workspace: Workspace, tmp_path: Path) -> None:
    workspace.view("a", {root / "src" / "prog": built(tmp_path, "one")})
    view = workspace.view("a", {root / "src" / "prog": built(tmp_path, "two")})
    assert (view / "src" / "prog").read_text() == "two"


def test_commands_name_the_views_files(root: Path, workspace: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "build" / "tool"
    replaced = {root / "src" / "prog": built(tmp_path, "in"), outside: built(tmp_path, "out")}
    view = workspace.view("a", replaced)
    words = workspace.command(["src/prog", str(root / "data" / "input"), str(outside), "--level=9"], view, replaced)
    assert words[0] == "src/prog"
    assert words[1] == str(view / "data" / "input")
    assert Path(words[2]).read_text() == "out"
    assert words[3] == "--level=9"


def test_links_beside_a_replaced_library_lead_to_it(root: Path, tmp_path: Path) -> None:
    (root / "src" / "deep" / "lib.so.1").symlink_to("lib.so")
    workspace = Workspace(root, tmp_path / "work2")
    workspace.copy_tree()
    view = workspace.view("a", {root / "src" / "deep" / "lib.so": built(tmp_path, "lib")})
    assert (view / "src" / "deep" / "lib.so.1").read_text() == "lib"
