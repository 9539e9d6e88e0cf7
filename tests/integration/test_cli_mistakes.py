"""What users get wrong, and what autopass says: one sentence, the next step, an exit code of its own, nothing lost."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from sample_project import autopass, create, make

from autopass_cc.cli.main import COMMANDS
from autopass_cc.store.database import database_path, writer


@pytest.fixture
def project(tmp_path: Path, ready: Path) -> Path:
    assert ready.is_dir()
    return create(tmp_path / "project")


@pytest.fixture
def built(project: Path) -> Path:
    autopass("init", cwd=project)
    make(project)
    return project


def says(done: object, *parts: str) -> None:
    stderr = getattr(done, "stderr", "")
    assert "autopass: " in stderr, stderr
    text = stderr[stderr.index("autopass: ") :]  # progress lines may stand before it
    for part in (*parts, "\n  next: "):
        assert part in text
    assert len(text.strip().splitlines()) == 2, text


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_help(command: str, tmp_path: Path) -> None:
    assert "Usage: autopass" in autopass(command, "--help", cwd=tmp_path).stdout


def test_outside_of_a_project(tmp_path: Path) -> None:
    says(autopass("tune", cwd=tmp_path, code=21), "no autopass.toml", "autopass init")


def test_an_epoch_for_no_compiler(tmp_path: Path) -> None:
    """A cache that was given a word for it would keep objects under that."""
    assert "nowhere is not a program" in autopass("epoch", "nowhere", cwd=tmp_path, code=2).stderr


def test_no_clang(project: Path) -> None:
    says(autopass("init", cwd=project, code=10, env={"AUTOPASS_CLANG": "/no/clang"}), "/no/clang", "apt-get install")
    says(autopass("init", cwd=project, code=10, env={"PATH": "/nonexistent"}), "No clang was found")


def test_gcc_is_refused_with_a_clear_word(project: Path) -> None:
    says(autopass("init", cwd=project, code=11, env={"AUTOPASS_CLANG": "gcc"}), "this is gcc", "pass through")


def test_nothing_was_recorded(project: Path) -> None:
    says(autopass("tune", cwd=project, code=22), "No build of this project is recorded", "autopass init")
    autopass("init", cwd=project)
    says(autopass("tune", cwd=project, code=22), "No build of this project is recorded", "CC=autopass-cc")


def test_no_workload(built: Path) -> None:
    (built / "autopass.toml").write_text("run = []\n")
    says(autopass("tune", cwd=built, code=23), "no workload", "set run =")


def test_an_unknown_key(built: Path) -> None:
    (built / "autopass.toml").write_text('run = ["./prog"]\nouput = ["x"]\n')
    says(autopass("tune", cwd=built, code=20), "unknown key `ouput`", "did you mean `outputs`")


@pytest.mark.parametrize(
    ("program", "code", "sentence"),
    [
        ("int main(void) { return 3; }", 24, "failed with exit code 3"),
        ("int main(void) { return 0; }", 24, "nothing to compare"),
        ("int main(void) { __builtin_trap(); }", 24, "was killed by signal"),
        ('#include <stdio.h>\nint main(void) { int x; printf("%p\\n", (void *)&x); return 0; }', 25, "differ"),
    ],
)
def test_a_workload_that_cannot_be_used(project: Path, program: str, code: int, sentence: str) -> None:
    (project / "main.c").write_text(program + "\n")
    autopass("init", cwd=project)
    make(project)
    says(autopass("tune", cwd=project, code=code), sentence)


def test_a_source_that_was_edited_or_no_longer_compiles(built: Path) -> None:
    with (built / "kernel.c").open("a") as source:
        source.write("int broken(void) { return y; }\n")
    says(autopass("tune", cwd=built, code=27), "kernel.c was edited", "build again")
    (built / "kernel.c").unlink()
    says(autopass("tune", cwd=built, code=27), "kernel.c was compiled in the recorded build but is gone")


def test_a_header_that_breaks_the_build(project: Path) -> None:
    (project / "kernel.h").write_text("typedef unsigned number;\n")
    (project / "kernel.c").write_text('#include "kernel.h"\n' + (project / "kernel.c").read_text())
    autopass("init", cwd=project)
    make(project)
    (project / "kernel.h").write_text("typedef\n")
    says(autopass("tune", cwd=project, code=27), "kernel.c no longer compiles")


def test_a_build_that_cannot_be_replayed(built: Path) -> None:
    with (built / "prog").open("ab") as program:
        program.write(b"changed")
    says(autopass("tune", cwd=built, code=28), "cannot be replayed", "build = ")


def test_a_database_from_a_newer_version_is_left_alone(built: Path) -> None:
    with writer():
        pass
    connection = sqlite3.connect(database_path())
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = database_path().read_bytes()
    for command in ("tune", "status"):
        says(autopass(command, cwd=built, code=30), "newer autopass", "upgrade")
    assert database_path().read_bytes() == before


def test_two_at_once(built: Path) -> None:
    with writer():
        says(autopass("tune", cwd=built, code=31), "Another autopass is using")


def test_all_that_is_kept_is_private(built: Path, home: Path) -> None:
    assert built.is_dir()
    with writer():
        pass
    for path in (home / "autopass.db", home / "journal", home / "toolchains"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_revert_says_when_there_is_nothing_to_revert(built: Path) -> None:
    assert "no recipe is published" in autopass("revert", "kernel.c", cwd=built, code=1).stdout
    assert "Usage" in autopass("revert", cwd=built, code=2).stderr


def test_a_wrong_budget_is_a_usage_error(built: Path) -> None:
    assert "write 90s, 10m or 1h" in autopass("tune", "--budget", "soon", cwd=built, code=2).stderr
