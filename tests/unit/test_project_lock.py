"""What belongs into a project's lock, what an update does to it, and how two branches' locks come together."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from lock_kit import HERE, THERE, accept, call, entry, lines, loaded, lock, project, remark, take_back, text_of

from autopass_cc.digest import digest_of
from autopass_cc.errors import LockError
from autopass_cc.project.locking import plan
from autopass_cc.store import builds
from autopass_cc.store.database import writer
from autopass_cc.store.lock import LockLine, render
from autopass_cc.store.states import DEMOTED, REVERTED

RECIPES = "autopass.lock.d"
FACTS_THERE = {"compiler": "clang version 19.1.7", "cpu": "skylake"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = project(tmp_path / "project", "a.c", "b.c", "src/heap.c")
    monkeypatch.chdir(place)
    return place


def test_what_is_proven_is_written_for_people_and_for_a_repository(root: Path) -> None:
    heap = entry("src/heap.c", 1, median=-0.1324, low=-0.1408, high=-0.1233)
    accept(heap)
    said = lock("--update")
    assert "added    -12.4 % [-13.1, -11.6] src/heap.c -O2, clang 22.1.8, znver3" in said
    (line,) = lines(root)
    assert (line.kind, line.key, line.recipe, line.toolchain) == ("i", heap.portable_inherited, heap.recipe, HERE)
    assert (root / RECIPES / f"{heap.recipe}.recipe").read_bytes() == text_of(1)
    for path, mode in (
        (root / "autopass.lock", 0o644),
        (root / RECIPES / f"{heap.recipe}.recipe", 0o644),
        (root / RECIPES, 0o755),
    ):
        assert path.stat().st_mode & 0o777 == mode
    assert lock("--check") == "autopass.lock is sound\n"
    assert lock("--update") == "autopass.lock is up to date\n"


def test_modes_do_not_depend_on_the_umask(root: Path) -> None:
    accept(entry("a.c", 1))
    former = os.umask(0o077)
    try:
        lock("--update")
    finally:
        os.umask(former)
    assert (root / "autopass.lock").stat().st_mode & 0o777 == 0o644


def test_nothing_proven_writes_nothing(root: Path) -> None:
    assert "no autopass.lock was written" in lock("--update")
    assert sorted(path.name for path in root.iterdir()) == ["a.c", "autopass.toml", "b.c", "src"]


def test_without_an_id_the_error_has_the_line_under_which_all_keys_stay(root: Path) -> None:
    (root / "autopass.toml").write_text('run = ["./a"]\n')
    before = loaded(root).id
    error = call("--update").exception
    assert isinstance(error, LockError)
    wanted = f'id = "{before}"'
    assert error.next_step.endswith(wanted)
    (root / "autopass.toml").write_text(f'{wanted}\nrun = ["./a"]\n')
    assert loaded(root).id == before
    lock("--update")


@pytest.mark.parametrize("why", ["", "a loop is not reproduced"])
def test_an_entry_of_the_exact_source_only_gets_the_exact_key(root: Path, why: str) -> None:
    found = entry("a.c", 1, exact_only=why)
    accept(found)
    lock("--update")
    (line,) = lines(root)
    assert (line.kind, line.key) == (("x", found.portable_exact) if why else ("i", found.portable_inherited))


def test_variants_that_share_the_inherited_key_share_a_line_only_with_one_recipe(root: Path) -> None:
    one, two = entry("a.c (one.o)", 1), entry("a.c (two.o)", 1, median=-0.2)
    accept(one, two)
    lock("--update")
    (line,) = lines(root)
    assert line.kind == "i"
    assert line.remark is not None
    assert line.remark.module == two.module  # the larger gain
    accept(replace(two, recipe=digest_of(text_of(2))))
    said = lock("--update")
    assert {(line.kind, line.key) for line in lines(root)} == {("x", one.portable_exact), ("x", two.portable_exact)}
    assert "proven on the exact source only" in said
    take_back(two, REVERTED)
    said = lock("--update")
    assert [(line.kind, line.key) for line in lines(root)] == [("i", one.portable_inherited)]
    assert "its inherited key serves it now" in said  # an exact line would stand before it
    assert lock("--check", "--strict") == "autopass.lock is sound\n"


def test_a_variant_of_the_exact_source_only_keeps_the_other_from_handing_its_recipe_on(root: Path) -> None:
    accept(entry("a.c (one.o)", 1, exact_only="why"), entry("a.c (two.o)", 1))
    lock("--update")
    assert [line.kind for line in lines(root)] == ["x", "x"]


def test_other_cpus_lines_and_unknown_modules_stay_and_own_lines_are_replaced(root: Path) -> None:
    mine = entry("a.c", 1)
    other = LockLine("i", mine.portable_inherited, digest_of(text_of(9)), THERE, remark("a.c"))
    unknown = LockLine("i", "9" * 32, digest_of(text_of(9)), HERE, remark("b.c"))
    stale = LockLine("i", mine.portable_inherited, digest_of(text_of(8)), HERE, remark("a.c", -50))
    (root / "autopass.lock").write_bytes(render([other, unknown, stale]))
    accept(mine)
    said = lock("--update")
    assert {line.recipe for line in lines(root)} == {mine.recipe, other.recipe}
    assert {other, unknown} < set(lines(root))
    assert "changed  -9.5 % [-11.3, -7.7] a.c -O2" in said
    assert lock("--check", "--strict") == "autopass.lock is sound\n"  # the recipe of the kept lines was known here


@pytest.mark.parametrize("state", [REVERTED, DEMOTED])
def test_what_was_taken_back_here_goes_and_is_named_but_not_what_others_proved(root: Path, state: str) -> None:
    mine, stays = entry("a.c", 1), entry("b.c", 2)
    accept(mine, stays)
    lock("--update")
    other = LockLine("i", mine.portable_inherited, digest_of(text_of(3)), THERE, remark("a.c"))
    (root / "autopass.lock").write_bytes(render([*lines(root), other]))
    take_back(mine, state)
    said = lock("--update")
    assert f"a.c -O2, clang 22.1.8, znver3: {state} here" in said
    assert {line.recipe for line in lines(root)} == {stays.recipe, other.recipe}
    assert not (root / RECIPES / f"{mine.recipe}.recipe").exists()
    # another recipe under the same key is another finding: a colleague's with the same CPU
    (root / "autopass.lock").write_bytes(render([*lines(root), replace(other, toolchain=HERE)]))
    lock("--update")
    assert replace(other, toolchain=HERE) in lines(root)


def test_a_line_stays_while_another_variant_stands_on_it(root: Path) -> None:
    one, two = entry("a.c (one.o)", 1), entry("a.c (two.o)", 1)
    accept(one, two)
    lock("--update")
    take_back(one, DEMOTED)
    lock("--update", "--module", "a.c (one.o)")
    lock("--update")
    assert [line.recipe for line in lines(root)] == [two.recipe]
    take_back(two, DEMOTED)
    lock("--update")
    assert lines(root) == []


def test_globs_choose_modules_and_the_rest_stays(root: Path) -> None:
    accept(entry("a.c", 1), entry("src/heap.c", 2))
    lock("--update", "--module", "src/*")
    assert [line.recipe for line in lines(root)] == [digest_of(text_of(2))]
    lock("--update", "--module", "a.c")
    assert len(lines(root)) == 2


def test_keys_that_were_not_recorded_when_it_was_proven_come_from_a_later_compile(root: Path) -> None:
    whole = entry("a.c", 1)
    accept(replace(whole, portable_exact="", portable_inherited=""))
    assert "left out: a.c: its keys for a lock are not recorded: build it once with CC=autopass-cc, then update" in lock(
        "--update"
    )
    assert not (root / "autopass.lock").exists()
    record = builds.CompileRecord(
        f"{root}/a.o", str(root), f"{root}/a.c", "a.c", "c", "O2", whole.exact, whole.inherited, "d", str(root), ("clang",), {},
        "miss", "no-recipe", "", 1, whole.portable_exact, whole.portable_inherited,
    )  # fmt: skip
    with writer() as db:
        builds.add(db, [record], {})
    lock("--update")
    assert [line.key for line in lines(root)] == [whole.portable_inherited]


def test_what_is_outside_the_grammar_or_of_no_toolchain_is_left_out(root: Path) -> None:
    bad = b"autopass-recipe 1\nllvm 22\nlevel O2\nknob load /tmp/evil.so\n"
    with writer() as db:
        db.table("recipe").insert({"digest": digest_of(bad), "text": bad})
        db.table("recipe").insert({"digest": "5" * 32, "text": text_of(1)})
    accept(
        entry("bad.c", 1, recipe=digest_of(bad)),
        entry("forged.c", 1, recipe="5" * 32),
        entry("b.c", 2, toolchain="t"),
        entry("a.c", 1),
    )
    said = lock("--update")
    assert [line.recipe for line in lines(root)] == [digest_of(text_of(1))]
    assert "left out: bad.c" in said
    assert "left out: forged.c" in said
    assert "left out: b.c: it is not known which toolchain" in said


def test_a_lock_that_cannot_be_read_is_left_as_it_is(root: Path) -> None:
    accept(entry("a.c", 1))
    data = render([]) + b"<<<<<<< HEAD\n"
    (root / "autopass.lock").write_bytes(data)
    error = call("--update").exception
    assert isinstance(error, LockError)
    assert "autopass.lock:2: a conflict marker" in str(error)
    assert (root / "autopass.lock").read_bytes() == data


@pytest.mark.parametrize("name", ["autopass.lock", RECIPES])
def test_nothing_is_written_through_a_link_out_of_the_project(root: Path, tmp_path: Path, name: str) -> None:
    accept(entry("a.c", 1))
    (tmp_path / "outside").mkdir()
    (root / name).symlink_to(tmp_path / "outside" / ("x" if name == "autopass.lock" else ""))
    assert isinstance(call("--update").exception, LockError)
    assert list((tmp_path / "outside").iterdir()) == []
    if name != "autopass.lock":
        (root / "autopass.lock").write_bytes(render([]))
    assert "symbolic link out of the project" in lock("--check", code=1)


def test_a_killed_update_leaves_the_old_lock_and_its_rests_go_with_the_next(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(entry("a.c", 1))
    lock("--update")
    before = (root / "autopass.lock").read_bytes()
    (root / RECIPES / ".left.recipe.1.tmp").write_text("half")
    accept(entry("b.c", 2))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert isinstance(call("--update").exception, LockError)
    assert (root / "autopass.lock").read_bytes() == before
    lock("--update")
    assert sorted(path.name for path in (root / RECIPES).iterdir()) == sorted(f"{digest_of(text_of(n))}.recipe" for n in (1, 2))
    assert [path.name for path in root.iterdir() if path.name.startswith(".")] == []


def test_the_lock_is_shown_with_where_it_is_used(root: Path, home: Path) -> None:
    assert "has no autopass.lock" in lock()
    accept(entry("a.c", 1), entry("b.c", 2, toolchain=THERE, provenance=FACTS_THERE))
    assert "not up to date (2 added)" in lock()
    lock("--update")
    (home / "toolchains").write_text(f"autopass-toolchains 2\nclang\t/c\t1\t2\t3\t{HERE}\t22\tok\t-\t{HERE}\n")
    said = lock()
    assert "up to date with what is proven here" in said
    assert [row.split() for row in sorted(said.splitlines()) if row[:2] in ("a.", "b.")] == [
        ["a.c", "-9.5", "%", "[-11.3,", "-7.7]", "O2", "22.1.8", "znver3", "used", "here"],
        ["b.c", "-9.5", "%", "[-11.3,", "-7.7]", "O2", "19.1.7", "skylake", "other", "toolchain"],
    ]
    data = json.loads(lock("--json"))
    assert data["up_to_date"] is True
    by_module = {each["module"]: each for each in data["lines"]}
    assert by_module["a.c"]["used_here"] is True
    assert by_module["b.c"] | {"used_here": False, "cpu": "skylake", "compiler": "19.1.7", "level": "O2"} == by_module["b.c"]
    (root / RECIPES / f"{digest_of(text_of(1))}.recipe").write_text("broken")
    assert "no sound recipe" in lock()


def test_what_a_repository_says_cannot_steer_a_terminal(root: Path) -> None:
    (root / "autopass.lock").write_bytes(render([LockLine("i", "1" * 32, "2" * 32, HERE, "\u202eevil \udcff")]))
    for words in ((), ("--check",)):
        said = lock(*words, code=1 if words else 0)
        assert "\u202e" not in said
        assert "\udcff" not in said


@pytest.mark.parametrize(
    "words",
    [("--update", "--check"), ("--check", "--json"), ("--module", "a"), ("--strict",), ("--dry-run",), ("--prune", "--strict")],
)
def test_words_that_do_not_go_together_are_usage_errors(root: Path, words: tuple[str, ...]) -> None:
    assert root.is_dir()
    assert type(call(*words).exception).__name__ == "UsageError"


def git(root: Path, *words: str) -> str:
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *settings, *words], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_two_branches_locks_merge_without_conflict_and_one_update_puts_them_in_order(root: Path, home: Path) -> None:
    git(root, "init", "-q")
    accept(entry("src/heap.c", 1))
    said = lock("--update")
    assert "to .gitattributes" in said
    assert (root / ".gitattributes").read_text() == "autopass.lock merge=union linguist-generated=false\n"
    git(root, "add", "-A")
    git(root, "commit", "-qm", "base")
    other = entry("a.c", 2, portable_inherited="0" * 32)
    both = entry("b.c", 3)

    git(root, "checkout", "-qb", "theirs")
    shutil.rmtree(home)  # somebody else's store
    accept(other, replace(both, median=-0.01, low=-0.02, high=-0.005))
    lock("--update")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "theirs")

    git(root, "checkout", "-q", "main")
    shutil.rmtree(home)
    mine = entry("src/heap.c", 4, portable_inherited="f" * 32)
    accept(mine, replace(both, recipe=digest_of(text_of(5)), median=-0.3))
    lock("--update")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "mine")
    git(root, "merge", "-q", "theirs", "-m", "both")

    merged = (root / "autopass.lock").read_text()
    assert "<<<<" not in merged
    assert merged.startswith("autopass-index 1\n")
    assert len(merged.splitlines()) == 1 + 5
    assert "already" in lock("--check", code=1)
    shutil.rmtree(home)  # whoever puts it in order need not have proven anything
    lock("--update")
    assert lock("--check", "--strict") == "autopass.lock is sound\n"
    by_key = {line.key: line.recipe for line in lines(root)}
    assert by_key[both.portable_inherited] == digest_of(text_of(5))  # the larger gain
    assert set(by_key.values()) == {digest_of(text_of(n)) for n in (1, 2, 4, 5)}
    assert "gitattributes" not in git(root, "status", "--porcelain")


def test_both_branches_may_begin_a_lock(root: Path, home: Path) -> None:
    git(root, "init", "-q")
    (root / ".gitattributes").write_text("*.png binary\nautopass.lock merge=union")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "base")
    for branch, module, number in (("theirs", "a.c", 1), ("mine", "b.c", 2)):
        git(root, "checkout", "-q", "main")
        git(root, "checkout", "-qb", branch)
        shutil.rmtree(home, ignore_errors=True)
        accept(entry(module, number))
        assert "gitattributes" not in lock("--update")
        git(root, "add", "-A")
        git(root, "commit", "-qm", branch)
    git(root, "merge", "-q", "theirs", "-m", "both")
    lock("--update")
    assert lock("--check", "--strict") == "autopass.lock is sound\n"
    assert {line.recipe for line in lines(root)} == {digest_of(text_of(1)), digest_of(text_of(2))}


@pytest.mark.parametrize(
    ("where", "text", "written"),
    [
        (".gitattributes", "", True),
        (".gitattributes", "*.lock text", True),
        (".gitattributes", "# autopass.lock merge=union", True),
        (".gitattributes", "*.lock -merge\n", False),
        ("../.gitattributes", "project/autopass.lock merge=ours\n", False),
    ],
)
def test_attributes_are_added_where_a_work_tree_says_nothing_about_merging(
    root: Path, where: str, text: str, *, written: bool
) -> None:
    git(root.parent, "init", "-q")
    (root / where).write_text(text)
    accept(entry("a.c", 1))
    lock("--update")
    after = (root / where).read_text()
    assert after.endswith("autopass.lock merge=union linguist-generated=false\n") is written
    assert after.startswith(text)


def test_a_plan_for_many_modules_reads_compiles_only_where_keys_are_missing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(entry("a.c", 1))
    monkeypatch.setattr("autopass_cc.project.locking.latest", None)
    assert len(plan(loaded(root)).added) == 1
