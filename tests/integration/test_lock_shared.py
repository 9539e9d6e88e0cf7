"""Two checkouts of one project share a lock: with real clang, real recipes and real git."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from published import publish, recorded
from sample_project import autopass, create, make

from autopass_cc.digest import digest_of
from autopass_cc.recipe import Edit, Knob, Recipe, Remove
from autopass_cc.recipe.recipe import arguments
from autopass_cc.store import entries as store
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.database import writer
from autopass_cc.store.lock import LockLine, parse
from autopass_cc.toolchain import registry


def git(folder: Path, *words: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *settings, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def compiled(root: Path) -> dict[str, CompileRecord]:
    """Build the checkout and return its compiles by source."""
    make(root)
    return {record.rel: record for record in recorded(root).values()}


def prove(root: Path, record: CompileRecord, *edits: Edit, median: float = -0.1) -> Recipe:
    """Accept edits as `autopass tune` does, on the compiler that is really here."""
    recipe = publish(root, record, *edits, median=median)
    toolchain = registry.ensure()
    with writer() as db:
        (entry,) = [each for each in store.entries(db) if each.exact == record.exact]
        proven = replace(
            entry,
            toolchain=toolchain.id,
            provenance={"compiler": toolchain.version, "cpu": toolchain.cpu},
            portable_exact=record.portable_exact or digest_of(f"x {record.rel}".encode()),
            portable_inherited=record.portable_inherited or digest_of(f"i {record.rel}".encode()),
        )
        store.accept(db, [proven])
    return recipe


def lines(root: Path) -> dict[str, LockLine]:
    return {line.remark.module: line for line in parse((root / "autopass.lock").read_bytes()) if line.remark}


@pytest.fixture
def mine(tmp_path: Path, ready: Path) -> Path:
    assert ready.is_dir()
    root = create(tmp_path / "mine")
    toml = root / "autopass.toml"
    toml.write_text(f'id = "{"7" * 32}"\n{toml.read_text()}')
    (root / ".gitignore").write_text("*.o\nprog\n")
    autopass("init", cwd=root)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "begin")
    return root


def test_what_one_checkout_proves_the_other_has_after_a_pull(
    mine: Path, tmp_path: Path, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = prove(mine, compiled(mine)["kernel.c"], Remove("slp-vectorizer#1"), Knob("unroll-runtime", "false"), median=-0.2)
    said = autopass("lock", "--update", cwd=mine).stdout
    assert "added    -18.1 % [-22.1, -13.9] kernel.c -O2, clang" in said
    git(mine, "add", "-A")
    git(mine, "commit", "-qm", "lock kernel.c")

    theirs = tmp_path / "elsewhere" / "theirs"
    theirs.parent.mkdir()
    git(tmp_path, "clone", "-q", str(mine), str(theirs))
    home = tmp_path / "their home"
    shutil.copytree(ready, home, symlinks=True)  # a colleague with the same compiler and CPU, and nothing else
    for name in ("autopass.db", "publication", "journal"):
        shutil.rmtree(home / name) if (home / name).is_dir() else (home / name).unlink(missing_ok=True)
    known = (home / "toolchains").read_text().replace(str(ready), str(home))
    (home / "toolchains").write_text(known)
    monkeypatch.setenv("AUTOPASS_HOME", str(home))
    assert autopass("lock", "--check", "--strict", cwd=theirs).stdout == "autopass.lock is sound\n"
    shown = json.loads(autopass("lock", "--json", cwd=theirs).stdout)
    assert [(each["module"], each["used_here"]) for each in shown["lines"]] == [("kernel.c", True)]
    assert shown["up_to_date"] is True

    # the recipe that came with the repository is the one that was proven, and clang takes it
    path = theirs / "autopass.lock.d" / f"{kernel.digest}.recipe"
    assert Recipe.parse(path.read_bytes()) == kernel
    toolchain = registry.ensure()
    assert objects(mine, toolchain.clang) != objects(mine, toolchain.clang, *arguments(path, kernel, toolchain.plugin))

    autopass("record", "on", cwd=theirs)
    main = prove(theirs, compiled(theirs)["main.c"], Knob("unroll-runtime", "false"))
    autopass("lock", "--update", cwd=theirs)
    assert lines(theirs).keys() == {"kernel.c", "main.c"}
    assert lines(theirs)["kernel.c"] == lines(mine)["kernel.c"]
    git(theirs, "add", "-A")
    git(theirs, "commit", "-qm", "lock main.c")

    monkeypatch.setenv("AUTOPASS_HOME", str(ready))
    better = prove(mine, compiled(mine)["kernel.c"], Knob("unroll-runtime", "false"), median=-0.3)
    autopass("lock", "--update", cwd=mine)
    git(mine, "add", "-A")
    git(mine, "commit", "-qm", "lock a better kernel.c")
    git(mine, "pull", "-q", "--no-rebase", "--no-edit", str(theirs), "main")
    autopass("lock", "--update", cwd=mine)
    assert autopass("lock", "--check", "--strict", cwd=mine).stdout == "autopass.lock is sound\n"
    assert {name: line.recipe for name, line in lines(mine).items()} == {"kernel.c": better.digest, "main.c": main.digest}

    autopass("revert", "kernel.c", cwd=mine)
    assert "kernel.c" in autopass("lock", "--update", cwd=mine).stdout
    assert lines(mine).keys() == {"main.c"}
    (mine / "main.c").unlink()
    assert "the source does not exist" in autopass("lock", "--check", "--strict", cwd=mine, code=1).stdout
    autopass("lock", "--prune", cwd=mine)
    assert list((mine / "autopass.lock.d").iterdir()) == []

    counted = json.loads(autopass("stats", "--json", cwd=mine).stdout)
    assert counted["compiles"]["decisions"]["miss"]["no-recipe"] >= 2
    assert counted["entries"] == {"reverted": 1}


def objects(root: Path, clang: Path, *more: str) -> bytes:
    out = root / "probe.o"
    subprocess.run([clang, *more, "-O2", "-c", root / "kernel.c", "-o", out], check=True, cwd=root)
    data = out.read_bytes()
    out.unlink()
    return data


def test_a_project_without_an_id_is_told_which_line_to_add(tmp_path: Path, ready: Path) -> None:
    assert ready.is_dir()
    root = create(tmp_path / "project")
    said = autopass("lock", "--update", cwd=root, code=54).stderr
    line = said.rstrip().rpartition(": ")[2]
    toml = root / "autopass.toml"
    toml.write_text(f"{line}\n{toml.read_text()}")
    assert "no autopass.lock was written" in autopass("lock", "--update", cwd=root).stdout


def test_a_machine_without_anything_can_check_a_lock(mine: Path, tmp_path: Path) -> None:
    prove(mine, compiled(mine)["kernel.c"], Knob("unroll-runtime", "false"))
    autopass("lock", "--update", cwd=mine)
    bare = {"AUTOPASS_HOME": str(tmp_path / "nowhere"), "PATH": "/nonexistent"}
    assert autopass("lock", "--check", "--strict", cwd=mine, env=bare).stdout == "autopass.lock is sound\n"
    assert not (tmp_path / "nowhere").exists()
    (mine / "autopass.lock.d" / "x").write_text("")
    assert "not a recipe" in autopass("lock", "--check", cwd=mine, env=bare, code=1).stdout
