"""`autopass cache stats|verify|prune|path`: what there is, whether it is sound, and what nothing needs any more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sharing_kit import autopass, configure, exported, prove, proven, published, recipe, shared

from autopass_cc.paths import cache_dir
from autopass_cc.sharing import prune
from autopass_cc.store import builds
from autopass_cc.store import entries as store
from autopass_cc.store.builds import CompileRecord, LinkRecord
from autopass_cc.store.database import backup, database_path, writer
from autopass_cc.store.publication import HEADER, IndexLine, publication_dir, write_publication


def verify(*words: str) -> tuple[int, str]:
    said = autopass("cache", "verify", *words)
    return said.code, said.text


def recipe_file(number: int) -> Path:
    return publication_dir() / "recipes" / f"{recipe(number)[0]}.recipe"


# ---- stats and path


def test_stats_counts_by_state_and_origin(tmp_path: Path) -> None:
    prove(proven(1), proven(2, origin="team"), proven(3))
    with writer() as db:
        store.revert(db, [entry for entry in store.entries(db) if entry.module == "src/3.c"])
    (tmp_path / "given.jsonl").write_bytes(exported(shared(4), shared(5)))
    autopass("cache", "import", str(tmp_path / "given.jsonl"))
    configure('[cache.team]\nurl = "https://u:p@h/x"\n')
    data = json.loads(autopass("cache", "stats", "--json").text)
    assert data["entries"] == {"active": {"": 1, "team": 1}, "reverted": {"": 1}}
    assert data["imports"] == {
        "given": {"states": {"unverified": 2}, "from": None, "trusted": None},
        "team": {"states": {}, "from": "https://h/x/recipes.jsonl", "trusted": False},
    }
    assert data["bytes"]["store"] >= database_path().stat().st_size
    assert data["bytes"]["publication"] > 0
    text = autopass("cache", "stats").text
    assert "active       1 found here, 1 from team" in text
    assert "from given: 2 unverified (not in config.toml)" in text


def test_stats_of_an_empty_home() -> None:
    said = autopass("cache", "stats")
    assert said.code == 0
    assert "none was proven here yet" in said.text


def test_path_says_where_things_are(home: Path) -> None:
    assert autopass("cache", "path").text == f"{home}\n"
    assert autopass("cache", "path", "--publication").text == f"{home / 'publication'}\n"


@pytest.mark.parametrize("words", [["stats"], ["path"], ["--help"]])
def test_what_only_looks_imports_nothing_heavy(words: list[str]) -> None:
    prove(proven(1))
    code = (
        "import sys\nfrom autopass_cc.cli.main import cli\n"
        f"sys.argv = ['autopass', 'cache', *{words!r}]\n"
        "heavy = lambda: {'sqlite_utils', 'fsspec', 'httpx2', 'openai', 'scipy', 'numpy'} & set(sys.modules)\n"
    )
    code += "try:\n    cli(standalone_mode=False)\nfinally:\n    assert not heavy(), heavy()\n"
    env = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("word", ["pull", "push", "export", "import", "remove", "stats", "verify", "prune", "path"])
def test_each_command_explains_itself_with_an_example(word: str) -> None:
    said = autopass("cache", word, "--help")
    assert said.code == 0
    assert f"autopass cache {word}" in said.text  # the usage line has another name here


# ---- verify


def test_a_sound_publication_is_said_to_be_so() -> None:
    assert verify() == (0, "0 recipe files checked: 0 problems\n")
    prove(proven(1), proven(2))
    assert verify() == (0, "2 recipe files checked: 0 problems\n")


def test_a_recipe_that_is_not_what_its_name_says_is_found_and_written_anew() -> None:
    prove(proven(1), proven(2))
    recipe_file(1).write_bytes(recipe(2)[1])
    code, text = verify()
    assert code == 1
    assert f"{recipe_file(1)} is not what its name says" in text
    assert "autopass cache verify --repair" in text
    assert verify("--repair") == (0, "2 recipe files checked: 0 problems, 1 repaired\n")
    assert recipe_file(1).read_bytes() == recipe(1)[1]


def test_a_recipe_outside_the_grammar_is_found() -> None:
    prove(proven(1))
    recipe_file(1).write_bytes(b"autopass-recipe 1\nllvm 22\nlevel O2\nknob load /tmp/evil.so\n")
    assert "is outside the grammar" in verify()[1]
    assert verify("--repair")[0] == 0


def test_a_recipe_that_is_missing_is_found() -> None:
    prove(proven(1))
    recipe_file(1).unlink()
    assert "is missing, and is published" in verify()[1]
    assert verify("--repair")[0] == 0
    assert recipe_file(1).exists()


def test_a_file_that_others_can_write_is_found() -> None:
    prove(proven(1))
    for path in (recipe_file(1), publication_dir() / "index", database_path(), publication_dir()):
        before = path.stat().st_mode & 0o777
        path.chmod(before | 0o020)
        code, text = verify()
        assert (code, f"{path} can be written by others" in text) == (1, True), text
        assert verify("--repair")[0] == 0
        assert path.stat().st_mode & 0o777 == before


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda data: data[:-10], "cannot be read"),
        (lambda data: data.replace(b"autopass", b"autocrash"), "cannot be read"),
        (lambda data: HEADER + b"".join(sorted(data.splitlines(keepends=True)[1:], reverse=True)), "is not sorted"),
        (lambda data: data + data.splitlines(keepends=True)[-1], "is not sorted"),
    ],
)
def test_a_damaged_index_is_found_and_written_anew(damage: object, why: str) -> None:
    prove(proven(1), proven(2))
    index = publication_dir() / "index"
    before = index.read_bytes()
    assert callable(damage)
    index.write_bytes(damage(before))
    code, text = verify()
    assert (code, why in text) == (1, True), text
    assert verify("--repair")[0] == 0
    assert index.read_bytes() == before


def test_an_index_that_is_gone_is_written_anew() -> None:
    prove(proven(1))
    (publication_dir() / "index").unlink()
    assert "does not have the last changes of the store" in verify()[1]
    assert verify("--repair")[0] == 0
    assert published() == {f"{1:032x}": recipe(1)[0]}


def test_a_base_that_is_missing_or_damaged_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autopass_cc.store.publication.ONE_LAYER", 1)
    prove(proven(1), proven(2))
    (base,) = publication_dir().glob("base.*")
    data = base.read_bytes()
    base.write_bytes(data + data.splitlines(keepends=True)[-1])
    assert f"{base} is not what its name says" in verify()[1]
    assert verify("--repair")[0] == 0
    base.unlink()
    assert f"{base} is missing" in verify()[1]
    assert verify("--repair")[0] == 0
    assert base.read_bytes() == data


def test_a_damaged_store_is_found_and_the_backup_taken() -> None:
    prove(proven(1))
    with writer() as db:
        backup(db)
    data = database_path().read_bytes()
    database_path().write_bytes(data[:4096] + os.urandom(len(data) - 4096))
    code, text = verify()
    assert (code, f"{database_path()} is damaged" in text) == (1, True), text
    code, text = verify("--repair")
    assert code == 0
    assert "the backup" in text
    assert published() == {f"{1:032x}": recipe(1)[0]}


def test_a_publication_whose_store_was_lost_is_not_repaired_away() -> None:
    prove(proven(1), proven(2))
    database_path().unlink()
    recipe_file(1).unlink()
    code, text = verify("--repair")
    assert code == 1
    assert "the store knows nothing of what is published" in text
    assert len(published()) == 2


def test_verify_says_in_json_what_it_says_in_words() -> None:
    prove(proven(1))
    recipe_file(1).write_bytes(b"x")
    said = autopass("cache", "verify", "--json")
    data = json.loads(said.text)
    assert said.code == 1
    assert [problem["path"] for problem in data["problems"]] == [str(recipe_file(1))]
    assert data["recipes"] == 1


# ---- prune


def compiled(out: Path) -> CompileRecord:
    return CompileRecord(
        out=str(out),
        root=str(out.parent),
        src=str(out.with_suffix(".c")),
        rel=out.with_suffix(".c").name,
        lang="c",
        level="O2",
        exact="0" * 32,
        inherited="",
        digest="",
        cwd="/",
        argv=("clang",),
        env={},
        decision="miss",
        reason="none",
        recipe="",
        at=1,
    )


def outs() -> set[str]:
    with writer() as db:
        return {row["out"] for table in ("compile", "link") for row in db.table(table).rows}


def aged(path: Path, days: float) -> Path:
    when = time.time() - days * 86400
    os.utime(path, (when, when))
    return path


def test_records_of_objects_that_are_gone_go(tmp_path: Path) -> None:
    kept, latin = tmp_path / "kept.o", tmp_path / os.fsdecode(b"na\xc3\xafve-\xff.o")
    for path in (kept, latin):
        path.touch()
    with writer() as db:
        records = [compiled(kept), compiled(latin), compiled(tmp_path / "gone.o")]
        builds.add(db, [*records, LinkRecord(str(tmp_path / "program"), "/", ("clang",), {}, 1)], {})
    before = outs()
    assert len(before) == 4
    said = autopass("cache", "prune", "--dry-run")
    assert "1 recorded objects and 1 recorded links that are not there any more" in said.text
    assert outs() == before
    assert autopass("cache", "prune").code == 0
    assert before - outs() == {str(tmp_path / "gone.o"), str(tmp_path / "program")}


def test_recipes_that_nothing_names_go_and_those_of_kept_generations_stay(tmp_path: Path) -> None:
    (tmp_path / "given.jsonl").write_bytes(exported(shared(3)))
    autopass("cache", "import", str(tmp_path / "given.jsonl"), "--trust")
    prove(proven(1), proven(2))
    with writer() as db:
        store.revert(db, [entry for entry in store.entries(db) if entry.module == "src/2.c"])
    stray = publication_dir() / "recipes" / f"{recipe(9)[0]}.recipe"
    stray.write_bytes(recipe(9)[1])
    assert autopass("cache", "prune").code == 0
    assert not stray.exists()
    assert recipe_file(2).exists()  # builds that began before the revert still read it
    for kept in publication_dir().glob("index.*"):
        kept.unlink()
    data = json.loads(autopass("cache", "prune", "--json").text)
    assert data["files"]["recipes"] == {"count": 1, "bytes": len(recipe(2)[1])}
    assert not recipe_file(2).exists()
    assert recipe_file(1).exists()
    assert recipe_file(3).exists()
    assert verify()[0] == 0


def test_recipes_that_stand_in_a_base_only_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autopass_cc.store.publication.ONE_LAYER", 1)
    write_publication(
        publication_dir(), [IndexLine("x", f"{n:032x}", recipe(n)[0]) for n in (1, 2)], dict([recipe(1), recipe(2)])
    )
    assert autopass("cache", "prune").code == 0
    assert recipe_file(1).exists()
    assert recipe_file(2).exists()


def test_where_an_index_cannot_be_read_no_recipe_goes() -> None:
    prove(proven(1))
    stray = publication_dir() / "recipes" / f"{recipe(9)[0]}.recipe"
    stray.write_bytes(recipe(9)[1])
    (publication_dir() / "index").write_bytes(b"damaged")
    assert "recipe files are left alone" in autopass("cache", "prune").text
    assert stray.exists()


def test_old_copies_go_but_never_the_newest_backup(home: Path) -> None:
    with writer() as db:
        backups = [backup(db) for _ in range(3)]
    for path in backups[:2]:
        aged(path, 91)
    aged(backups[2], 200)
    for name, days in (("1", 91), ("2", 89)):
        (home / "quarantine" / name).mkdir(parents=True)
        (home / "quarantine" / name / "autopass.db").write_bytes(b"x" * 1000)
        aged(home / "quarantine" / name, days)
    half = publication_dir() / "recipes" / ".x.recipe.123.tmp"
    half.parent.mkdir(parents=True)
    half.touch()
    assert autopass("cache", "prune").code == 0
    assert half.exists()  # somebody may be writing it
    aged(half, 2)
    assert autopass("cache", "prune").code == 0
    assert not half.exists()
    assert [path.exists() for path in backups] == [False, False, True]
    assert [path.name for path in (home / "quarantine").iterdir()] == ["2"]


def test_working_folders_of_projects_that_are_gone_go(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    prove(proven(1, project="1" * 32, root=str(tmp_path / "project")), proven(2, project="2" * 32, root=str(tmp_path / "gone")))
    work = cache_dir() / "work"
    for name in ("1" * 32, "2" * 32, "3" * 32, "4" * 32, "mine"):
        (work / name).mkdir(parents=True)
        (work / name / "tree").write_bytes(b"x" * 2048)
    aged(work / ("4" * 32), 91)
    said = autopass("cache", "prune")
    assert "2 working folders, 4.0 KiB" in said.text
    assert sorted(path.name for path in work.iterdir()) == ["1" * 32, "3" * 32, "mine"]


def test_a_link_among_what_goes_is_removed_and_not_what_it_leads_to(tmp_path: Path, home: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    with writer() as db:
        (home / "quarantine").mkdir()
        link = home / "quarantine" / "1"
        link.symlink_to(tmp_path / "precious")
        prune.remove(db, prune.Waste(files={"damaged stores": [link]}))
    assert not link.is_symlink()
    assert (tmp_path / "precious" / "file").exists()
