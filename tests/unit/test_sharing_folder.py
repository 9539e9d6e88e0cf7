"""Sharing by a folder or a bucket: pull, push, merge, take back, forget."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from sharing_kit import at_home, autopass, by, configure, exported, prove, proven, published, reading, recipe, shared

from autopass_cc.machine import machine_id
from autopass_cc.sharing import give
from autopass_cc.store import entries as store
from autopass_cc.store import imports, publishing
from autopass_cc.store.database import reader, writer

MINE = {"machine": "e" * 16}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give an empty shared folder."""
    path = tmp_path / "shared"
    path.mkdir(mode=0o755)
    return path


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a machine with a known id."""
    monkeypatch.setattr(give, "machine_id", lambda: MINE["machine"])
    assert isinstance(machine_id(), str)


def team(place: Path | str, *, trust: bool = False) -> None:
    configure(f'[cache.team]\nurl = "{place}"\ntrust = {str(trust).lower()}\n')


def states() -> dict[str, str]:
    with reader() as db:
        assert db is not None
        return {each.module: each.state for each in imports.imported(db)}


def there(place: Path) -> list[tuple[str, str, float]]:
    found = reading((place / "recipes.jsonl").read_bytes())
    assert found.skipped == 0
    return sorted((each.module, each.provenance["machine"], each.log_e) for each in found.entries)


def test_what_one_user_proved_another_gets(place: Path, tmp_path: Path) -> None:
    with at_home(tmp_path / "other"):
        team(place)
        prove(proven(1), proven(2))
        assert "pushed: 2 entries, 2 from here" in autopass("cache", "push", "team").text
        assert "unchanged: 2 entries" in autopass("cache", "push", "team").text
    team(f"file://{place}")
    assert "team: 2 entries, 2 new" in autopass("cache", "pull").text
    assert states() == {"src/1.c": "unverified", "src/2.c": "unverified"}
    assert published() == {}


def test_what_is_trusted_is_used_until_it_is_not(place: Path) -> None:
    (place / "recipes.jsonl").write_bytes(exported(shared(1)))
    team(place, trust=True)
    assert "used by compiles from now on" in autopass("cache", "pull").text
    assert published() == {f"{1:032x}": recipe(1)[0]}
    (place / "recipes.jsonl").unlink()
    team(place)
    assert autopass("cache", "pull").code == 50
    assert published() == {}  # though what it has could not be had
    assert states() == {"src/1.c": "unverified"}


def test_what_is_unverified_is_never_published(place: Path) -> None:
    (place / "recipes.jsonl").write_bytes(exported(shared(1)))
    team(place)
    autopass("cache", "pull")
    prove(proven(2))
    with writer() as db:
        publishing.publish(db)
    assert published() == {f"{2:032x}": recipe(2)[0]}


def test_what_was_decided_here_stands_before_what_is_pulled(place: Path) -> None:
    prove(proven(1))
    with writer() as db:
        store.revert(db, store.entries(db))
    (place / "recipes.jsonl").write_bytes(exported(by("f" * 16, 1)))
    team(place, trust=True)
    assert autopass("cache", "pull").code == 0
    assert published() == {}


def test_pulling_writes_nothing_into_the_folder(place: Path) -> None:
    (place / "recipes.jsonl").write_bytes(exported(shared(1)))
    (place / "recipes.jsonl").chmod(0o444)
    place.chmod(0o555)
    before = place.stat().st_mtime_ns
    team(place, trust=True)
    assert autopass("cache", "pull").code == 0
    assert (place.stat().st_mtime_ns, [path.name for path in place.iterdir()]) == (before, ["recipes.jsonl"])


def test_what_was_taken_away_there_goes_here_too(place: Path) -> None:
    team(place, trust=True)
    (place / "recipes.jsonl").write_bytes(exported(shared(1), shared(2)))
    autopass("cache", "pull")
    (place / "recipes.jsonl").write_bytes(exported(shared(2)))
    assert "team: 1 entries, 0 new" in autopass("cache", "pull").text
    assert published() == {f"{2:032x}": recipe(2)[0]}


def test_of_several_machines_the_one_with_more_evidence_is_taken(place: Path) -> None:
    strong = by("f" * 16, 1, log_e=9.0, recipe=recipe(2)[0])
    (place / "recipes.jsonl").write_bytes(exported(shared(1), strong))
    team(place, trust=True)
    assert "1 entries" in autopass("cache", "pull").text
    assert published() == {f"{1:032x}": recipe(2)[0]}


def test_a_push_keeps_what_other_machines_measured(place: Path) -> None:
    (place / "recipes.jsonl").write_bytes(exported(by("f" * 16, 1, log_e=9.0), by("f" * 16, 3)))
    team(place)
    prove(proven(1, provenance=MINE), proven(2, provenance=MINE))
    assert "pushed: 4 entries, 2 from here and 2 from others" in autopass("cache", "push", "team").text
    assert there(place) == [
        ("src/1.c", "e" * 16, 5.5),
        ("src/1.c", "f" * 16, 9.0),
        ("src/2.c", "e" * 16, 5.5),
        ("src/3.c", "f" * 16, 5.5),
    ]


def test_of_one_machine_the_larger_e_stays(place: Path) -> None:
    (place / "recipes.jsonl").write_bytes(exported(by("e" * 16, 1, log_e=9.0), by("e" * 16, 2, log_e=5.0)))
    team(place)
    prove(proven(1, provenance=MINE), proven(2, provenance=MINE))
    assert autopass("cache", "push", "team").code == 0
    assert there(place) == [("src/1.c", "e" * 16, 9.0), ("src/2.c", "e" * 16, 5.5)]


def test_what_was_reverted_here_is_withdrawn_and_only_what_this_machine_said(place: Path) -> None:
    team(place)
    prove(proven(1, provenance=MINE))
    autopass("cache", "push", "team")
    (place / "recipes.jsonl").write_bytes(exported(by("e" * 16, 1), by("f" * 16, 1)))
    with writer() as db:
        store.revert(db, store.entries(db))
    assert autopass("cache", "push", "team").code == 0
    assert there(place) == [("src/1.c", "f" * 16, 5.5)]


def test_lines_that_nobody_would_take_are_left_out_by_a_push(place: Path) -> None:
    (place / "recipes.jsonl").write_bytes(exported(shared(3)) + b"{\n")
    team(place)
    prove(proven(1, provenance=MINE))
    assert "1 lines that nobody would take were left out" in autopass("cache", "push", "team").text
    assert [module for module, _, _ in there(place)] == ["src/1.c", "src/3.c"]


def test_something_else_is_not_overwritten_by_a_push(place: Path) -> None:
    (place / "recipes.jsonl").write_text("my diary\n")
    team(place)
    prove(proven(1))
    assert autopass("cache", "push", "team").code == 51
    assert (place / "recipes.jsonl").read_text() == "my diary\n"


def test_a_push_leaves_one_file_that_others_can_read_and_not_write(place: Path) -> None:
    team(place)
    prove(proven(1))
    autopass("cache", "push", "team")
    (file,) = place.iterdir()
    assert file.stat().st_mode & 0o777 == 0o644 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("url", ["/nonexistent/place", "/dev/null"])
def test_a_folder_that_is_not_there_is_not_made(url: str) -> None:
    team(url)
    prove(proven(1))
    for words in (["pull"], ["push", "team"]):
        said = autopass("cache", *words)
        assert said.code == 50
        assert "check that it is there" in said.text
    assert not Path("/nonexistent").exists()


def test_a_folder_that_cannot_be_written_is_told() -> None:
    team("/proc")
    prove(proven(1))
    said = autopass("cache", "push", "team")
    assert said.code == 50
    assert "/proc cannot be written" in said.text


def test_a_pipe_in_the_place_of_the_file_does_not_hold_us_up(place: Path) -> None:
    os.mkfifo(place / "recipes.jsonl")
    team(place)
    said = autopass("cache", "pull")
    assert said.code == 50
    assert "is not a file" in said.text


PUSH = """
import sys
from sharing_kit import *
prove(proven(int(sys.argv[1])))
assert autopass('cache', 'push', 'team').code == 0
"""


def test_users_who_push_at_the_same_time_lose_nothing(place: Path, tmp_path: Path) -> None:
    children = []
    for number in range(1, 5):
        with at_home(tmp_path / f"home{number}"):
            team(place)
            env = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(sys.path)}
            children.append(subprocess.Popen([sys.executable, "-c", PUSH, str(number)], env=env))
    assert [child.wait(60) for child in children] == [0] * 4
    assert [module for module, _, _ in there(place)] == [f"src/{number}.c" for number in range(1, 5)]


@pytest.mark.parametrize("others", [1, give.ATTEMPTS])
def test_what_others_push_while_we_do_is_not_lost(bucket: str, monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    """A bucket has no lock; what is there is compared before it is replaced."""
    memory = fsspec.filesystem("memory")
    pushed: list[int] = []

    def meanwhile() -> str:
        if len(pushed) < others:
            pushed.append(len(pushed) + 2)
            memory.pipe_file("/shared/recipes.jsonl", exported(*(by("f" * 16, number) for number in pushed)))
        return "2026-11-26T00:00:00Z"

    monkeypatch.setattr(give, "now", meanwhile)
    team(bucket)
    prove(proven(1, provenance=MINE))
    said = autopass("cache", "push", "team")
    modules = [entry.module for entry in reading(memory.cat_file("/shared/recipes.jsonl")).entries]
    if others == 1:
        assert (said.code, modules) == (0, ["src/1.c", "src/2.c"])
    else:
        assert (said.code, modules) == (50, ["src/2.c", "src/3.c", "src/4.c"])
        assert "Others are pushing" in said.text


def test_a_source_is_forgotten_with_all_that_came_from_it(place: Path, tmp_path: Path) -> None:
    (tmp_path / "extra.jsonl").write_bytes(exported(shared(1)))
    (place / "recipes.jsonl").write_bytes(exported(shared(2)))
    team(place, trust=True)
    autopass("cache", "pull")
    autopass("cache", "import", str(tmp_path / "extra.jsonl"), "--trust")
    assert len(published()) == 2
    said = autopass("cache", "remove", "extra")
    assert said.text == "extra: 1 imported recipes are forgotten; what was measured here itself stays\n"
    assert published() == {f"{2:032x}": recipe(2)[0]}
    assert "is still in config.toml" in autopass("cache", "remove", "team").text
    assert published() == {}
    assert autopass("cache", "remove", "team").code == 2
    assert "team: 1 entries, 1 new" in autopass("cache", "pull").text


def test_a_file_is_imported_under_a_name_of_its_own(place: Path, tmp_path: Path) -> None:
    (tmp_path / "a b.jsonl").write_bytes(exported(shared(1)))
    team(place)
    assert "give --name" in autopass("cache", "import", str(tmp_path / "a b.jsonl")).text
    assert "is a place in config.toml" in autopass("cache", "import", str(tmp_path / "a b.jsonl"), "--name", "team").text
    assert autopass("cache", "import", str(tmp_path / "a b.jsonl"), "--name", "ab").code == 0


def test_a_file_that_others_could_have_written_is_not_trusted(tmp_path: Path) -> None:
    file = tmp_path / "given.jsonl"
    file.write_bytes(exported(shared(1)))
    file.chmod(0o666)
    said = autopass("cache", "import", str(file), "--trust")
    assert said.code == 51
    assert "can be written by others" in said.text
    assert autopass("cache", "import", str(file)).code == 0


def test_pulling_what_is_unchanged_does_not_need_the_store(place: Path) -> None:
    (place / "recipes.jsonl").write_bytes(exported(shared(1)))
    team(place)
    autopass("cache", "pull")
    with writer():  # a `tune` is running
        assert "team: unchanged, 1 entries" in autopass("cache", "pull").text
        (place / "recipes.jsonl").write_bytes(exported(shared(2)))
        assert autopass("cache", "pull").code == 31


def test_a_project_is_exported_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prove(proven(1), proven(2, project="8" * 32))
    (tmp_path / "autopass.toml").write_text(f'id = "{"8" * 32}"\nrun = ["./a"]\n')
    monkeypatch.chdir(tmp_path)
    assert autopass("cache", "export", "given.jsonl", "--project").code == 0
    assert [entry.module for entry in reading((tmp_path / "given.jsonl").read_bytes()).entries] == ["src/2.c"]


# ---- what fsspec knows


@pytest.fixture
def bucket() -> Iterator[str]:
    """Give the URL of a folder in memory, by fsspec."""
    memory = fsspec.filesystem("memory")
    yield "memory://shared"
    memory.rm("/shared", recursive=True) if memory.exists("/shared") else None


def test_a_bucket_is_pushed_to_and_pulled_from(bucket: str, tmp_path: Path) -> None:
    with at_home(tmp_path / "other"):
        team(bucket)
        assert "There is no memory://shared/recipes.jsonl" in autopass("cache", "pull").text
        prove(proven(1))
        assert autopass("cache", "push", "team").code == 0
    team(bucket)
    assert "team: 1 entries, 1 new" in autopass("cache", "pull").text
    assert [Path(name).name for name in fsspec.filesystem("memory").ls("/shared", detail=False)] == ["recipes.jsonl"]


def test_a_bucket_that_hangs_is_left_after_a_while(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from autopass_cc.errors import RemoteError
    from autopass_cc.sharing import fetch
    from autopass_cc.sharing.location import Location

    release = threading.Event()
    monkeypatch.setattr(fetch, "_file_system", lambda *_: release.wait(20))
    with pytest.raises(RemoteError, match=r"did not answer within 0\.1 s"):
        fetch.fetch(Location(bucket), "recipes.jsonl", fetch.Limits(0.1, 0.1))
    release.set()


def test_a_scheme_that_nobody_knows_is_told() -> None:
    team("nonsense://place")
    said = autopass("cache", "pull")
    assert said.code == 50
    assert "Nothing here knows nonsense://" in said.text


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    team("s3://key:secret@bucket/place")
    said = autopass("cache", "pull")
    assert said.code == 50
    assert "autopass-cc[remote]" in said.text
    assert "secret" not in said.text
