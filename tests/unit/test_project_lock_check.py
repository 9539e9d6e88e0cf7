"""`autopass lock --check` and `--prune`: they look at the repository, and at nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lock_kit import THERE, accept, call, entry, lines, lock, project, remark, text_of

from autopass_cc.digest import digest_of
from autopass_cc.errors import LockError
from autopass_cc.project import lock_check
from autopass_cc.store.lock import LockLine, render

RECIPE = digest_of(text_of(1))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """Give a project with a sound lock of two modules, on a machine that has neither store nor compiler."""
    place = project(tmp_path / "project", "a.c", "b.c")
    monkeypatch.chdir(place)
    accept(entry("a.c", 1), entry("b.c", 2))
    lock("--update")
    shutil.rmtree(home)
    monkeypatch.setenv("PATH", "/nonexistent")
    return place


def line(recipe: str = RECIPE, key: str = "0" * 32, text: str = "") -> LockLine:
    return LockLine("i", key, recipe, THERE, text)


def add(root: Path, *more: LockLine) -> None:
    (root / "autopass.lock").write_bytes(render([*lines(root), *more]))


def recipe(root: Path, name: str = RECIPE) -> Path:
    return root / "autopass.lock.d" / f"{name}.recipe"


def write_recipe(root: Path, text: bytes) -> str:
    recipe(root, digest_of(text)).write_bytes(text)
    return digest_of(text)


def linked(root: Path) -> None:
    recipe(root).rename(root.parent / "elsewhere")
    recipe(root).symlink_to(root.parent / "elsewhere")


def turned_round(root: Path) -> None:
    rendered = (each.render() for each in lines(root))
    (root / "autopass.lock").write_bytes(render([]) + b"".join(sorted(rendered, reverse=True)))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def named(root: Path, text: bytes, remark: str = "") -> None:
    add(root, line(write_recipe(root, text), text=remark))


SPOILED: list[tuple[str, Callable[[Path], object], str]] = [
    ("no lock", lambda root: (root / "autopass.lock").unlink(), "there is none"),
    ("a folder", lambda root: folder(root / "autopass.lock"), "cannot be read"),
    ("header", lambda root: (root / "autopass.lock").write_bytes(b"autopass-index 9\n"), "first line"),
    ("order", turned_round, "not in order"),
    ("writable", lambda root: (root / "autopass.lock").chmod(0o666), "others may write it"),
    ("folder writable", lambda root: (root / "autopass.lock.d").chmod(0o777), "others may write it"),
    ("recipe writable", lambda root: recipe(root).chmod(0o666), "others may write it"),
    ("missing recipe", lambda root: recipe(root).unlink(), "missing, and a.c needs it"),
    ("changed recipe", lambda root: recipe(root).write_bytes(text_of(3)), "not those that its name says"),
    ("no grammar", lambda root: named(root, text_of(1).replace(b"inline-threshold", b"load")), "knob"),
    ("large recipe", lambda root: recipe(root).write_bytes(b"a" * 40000), "larger than 32768 bytes"),
    ("recipe is a folder", lambda root: folder(recipe(root)), "cannot be read"),
    ("recipe is a pipe", lambda root: pipe(recipe(root)), "is not a file"),
    ("link out", linked, "symbolic link out of the project"),
    ("other level", lambda root: named(root, text_of(7, "O3"), remark("a.c")), "made for LLVM 22 and -O3"),
    ("other LLVM", lambda root: named(root, text_of(7), remark("a.c").replace("22.1", "19.1")), "LLVM 22 and -O2, not for a.c"),
    ("unnamed recipe", lambda root: write_recipe(root, text_of(9)), "no line names this recipe"),
    ("other file", lambda root: (root / "autopass.lock.d" / "README").write_text("hi"), "not a recipe"),
    ("digest without ending", lambda root: (root / "autopass.lock.d" / RECIPE).write_text("hi"), "not a recipe"),
    ("no id", lambda root: (root / "autopass.toml").write_text('run = ["./a"]\n'), "no line `id"),
]  # fmt: skip


def test_a_sound_lock_is_one_line_and_exit_0(root: Path) -> None:
    assert root.is_dir()
    assert lock("--check", "--strict") == "autopass.lock is sound\n"


@pytest.mark.parametrize(("spoil", "what"), [case[1:] for case in SPOILED], ids=[case[0] for case in SPOILED])
def test_each_thing_that_is_wrong_is_one_line_and_exit_1(root: Path, spoil: Callable[[Path], object], what: str) -> None:
    spoil(root)
    (said,) = lock("--check", code=1).splitlines()
    assert what in said
    assert said.startswith("autopass.")


def test_all_problems_are_told_at_once(root: Path) -> None:
    recipe(root).unlink()
    (root / "autopass.lock.d" / "a\nb").write_text("")
    (root / "autopass.lock").write_bytes((root / "autopass.lock").read_bytes() + b">>>>>>> theirs\n")
    said = lock("--check", code=1).splitlines()
    assert len(said) == 3
    assert any("autopass.lock:4: a conflict marker" in each for each in said)
    assert any(r"a\nb" in each for each in said)


def test_sources_that_are_gone_are_problems_only_where_asked_for(root: Path) -> None:
    (root / "a.c").unlink()
    lock("--check")
    assert "a.c: the source does not exist" in lock("--check", "--strict", code=1)


@given(data=st.binary(max_size=300), text=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_lies_in_the_repository_the_check_says_what_is_wrong(root: Path, data: bytes, text: bytes) -> None:
    (root / "autopass.lock").write_bytes(data)
    recipe(root).write_bytes(text)
    assert lock_check.problems(root, strict=True)
    (root / "autopass.lock").write_bytes(render([line()]))
    assert lock_check.problems(root) or text == text_of(1)
    for words in ((), ("--prune",), ("--update",)):
        assert isinstance(call(*words).exception, LockError | None)
    recipe(root).write_bytes(text)


def test_prune_takes_out_what_is_gone_and_what_nobody_names(root: Path) -> None:
    write_recipe(root, text_of(9))
    (root / "b.c").unlink()
    before = (root / "autopass.lock").read_bytes()
    said = lock("--prune", "--dry-run")
    assert said.count("would remove") == 3
    assert "b.c -O2, clang 22.1.8, znver3: its source does not exist" in said
    assert (root / "autopass.lock").read_bytes() == before
    assert lock("--prune").count("removed ") == 3
    assert [each.recipe for each in lines(root)] == [RECIPE]
    assert [path.name for path in (root / "autopass.lock.d").iterdir()] == [f"{RECIPE}.recipe"]
    assert lock("--check", "--strict") == "autopass.lock is sound\n"
    assert lock("--prune") == "nothing to take out\n"


def test_prune_leaves_what_it_cannot_judge(root: Path) -> None:
    (root / "odd (1).c").write_text("")
    stays = [
        line(key="1" * 32, text="no source is named here"),
        line(key="2" * 32, text=remark("odd (1).c")),
        line(key="3" * 32, text=remark("a.c (one.o) 12ab34")),
    ]
    add(root, *stays)
    assert lock("--prune") == "nothing to take out\n"
    assert set(stays) < set(lines(root))


def test_prune_needs_a_lock(root: Path) -> None:
    (root / "autopass.lock").unlink()
    assert isinstance(call("--prune").exception, LockError)
