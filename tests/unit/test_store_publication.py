"""The publication: sorted, diffable, atomically replaced, complete whoever dies when."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from autopass_cc.store import entries as store
from autopass_cc.store import imports, publishing
from autopass_cc.store.database import PUBLISH_DUE, writer
from autopass_cc.store.history import Event, history
from autopass_cc.store.imports import Imported
from autopass_cc.store.publication import (
    HEADER,
    IndexLine,
    publication_dir,
    read_index,
    update_publication,
    write_publication,
)
from autopass_cc.store.settings import get_setting
from autopass_cc.store.states import DEMOTED

TEXT = b"autopass-recipe 1\nllvm 22\nlevel O2\nknob inline-threshold 500\n"
DIGEST = hashlib.blake2b(TEXT, digest_size=16).hexdigest()


def entry(module: str, number: int, median: float = -0.1) -> store.Entry:
    return store.Entry(
        project="p",
        module=module,
        variant="v",
        root="/r",
        recipe=DIGEST,
        exact=f"{number:032x}",
        inherited=f"{number + 100:032x}",
        toolchain="t",
        digest="d",
        edits=[],
        median=median,
        low=-0.2,
        high=-0.05,
        log_e=5.0,
        share=0.5,
        run=1,
    )


def test_lines_are_sorted_by_bytes_and_read_back(tmp_path: Path) -> None:
    lines = [IndexLine("x", f"{n:032x}", DIGEST, f"module {n}.c") for n in (7, 3, 255)] + [IndexLine("i", "f" * 32, DIGEST)]
    write_publication(tmp_path, lines, {DIGEST: TEXT})
    raw = (tmp_path / "index").read_bytes().splitlines(keepends=True)
    assert raw[0] == HEADER
    assert raw == sorted(raw)
    assert set(read_index(tmp_path / "index")) == set(lines)
    assert (tmp_path / "recipes" / f"{DIGEST}.recipe").read_bytes() == TEXT
    assert (tmp_path / "index").stat().st_mode & 0o777 == 0o600


def test_a_remark_cannot_forge_a_line(tmp_path: Path) -> None:
    write_publication(tmp_path, [IndexLine("x", "0" * 32, DIGEST, "a\nx" + "1" * 32 + " " + DIGEST + " b")], {DIGEST: TEXT})
    assert len(read_index(tmp_path / "index")) == 1


def test_a_line_without_its_recipe_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    write_publication(tmp_path, [IndexLine("x", "0" * 32, DIGEST)], {DIGEST: TEXT})
    before = (tmp_path / "index").read_bytes()
    with pytest.raises(ValueError, match="recipe without text"):
        write_publication(tmp_path, [IndexLine("x", "1" * 32, "2" * 32)], {})
    assert (tmp_path / "index").read_bytes() == before


@pytest.mark.parametrize("bad", [b"", b"autopass-index 2\n", HEADER + b"x123 456\n", HEADER + b"x" + b"0" * 32])
def test_a_damaged_index_is_not_half_believed(tmp_path: Path, bad: bytes) -> None:
    (tmp_path / "index").write_bytes(bad)
    with pytest.raises(ValueError, match="index"):
        read_index(tmp_path / "index")


def test_accept_publishes_and_revert_takes_back(home: Path) -> None:
    with writer() as db:
        db.table("recipe").insert({"digest": DIGEST, "text": TEXT})
        store.accept(db, [entry("a.c", 1), entry("b.c", 2)])
        assert len(read_index(publication_dir() / "index")) == 4
        store.revert(db, [each for each in store.entries(db, "p") if each.module == "a.c"])
        left = read_index(publication_dir() / "index")
        assert {line.key for line in left} == {f"{2:032x}", f"{102:032x}"}
        assert [each.state for each in store.entries(db, "p")] == ["reverted", "active"]
    assert publication_dir().is_relative_to(home)


def test_of_two_entries_with_one_key_the_larger_gain_is_published(home: Path) -> None:
    assert home
    other = replace(entry("b.c", 1, median=-0.3), recipe=OTHER_DIGEST)
    with writer() as db:
        db.table("recipe").insert_all([{"digest": digest, "text": text} for digest, text in TEXTS.items()])
        store.accept(db, [entry("a.c", 1), other])
        assert {line.recipe for line in read_index(publication_dir() / "index")} == {OTHER_DIGEST}


PUBLISH_FOREVER = """
import itertools, sys
from pathlib import Path
from autopass_cc.store.history import Event, history
from autopass_cc.store.imports import Imported
from autopass_cc.store.publication import (
    HEADER,
    IndexLine,
    publication_dir,
    read_index,
    update_publication,
    write_publication,
)
for n in itertools.count():
    lines = [IndexLine("x", f"{k:032x}", f"{(n + k) % 50:032x}") for k in range(200)]
    write_publication(Path(sys.argv[1]), lines, {line.recipe: b"text" for line in lines})
    print(n, flush=True)
"""


def test_kill_9_while_publishing_leaves_a_whole_publication(tmp_path: Path) -> None:
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", PUBLISH_FOREVER, os.fspath(tmp_path)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.03)
            child.send_signal(signal.SIGKILL)
        lines = read_index(tmp_path / "index")
        assert len(lines) == 200
        assert all((tmp_path / "recipes" / f"{line.recipe}.recipe").read_bytes() == b"text" for line in lines)


# ---- two layers: a large publication is not rewritten for one recipe

MANY = [IndexLine("x", f"{n:032x}", DIGEST, f"module {n}.c") for n in range(2500)]
OTHER = b"autopass-recipe 1\nllvm 22\nlevel O2\nknob inline-threshold 600\n"
OTHER_DIGEST = hashlib.blake2b(OTHER, digest_size=16).hexdigest()
TEXTS = {DIGEST: TEXT, OTHER_DIGEST: OTHER}


def test_a_large_publication_stands_in_a_base_that_the_index_names(tmp_path: Path) -> None:
    write_publication(tmp_path, MANY, TEXTS)
    (base,) = tmp_path.glob("base.*")
    assert base.name == "base." + hashlib.blake2b(base.read_bytes(), digest_size=16).hexdigest()
    assert (tmp_path / "index").read_bytes().splitlines()[1].startswith(b"b" + base.name.removeprefix("base.").encode())
    assert read_index(tmp_path / "index") == sorted(MANY)


def test_a_change_leaves_the_base_as_it_is(tmp_path: Path) -> None:
    write_publication(tmp_path, MANY, TEXTS)
    (base,) = tmp_path.glob("base.*")
    before = base.stat().st_mtime_ns
    new, changed = IndexLine("i", "a" * 32, DIGEST), replace(MANY[7], recipe=OTHER_DIGEST)
    changes = {("i", new.key): new, ("x", changed.key): changed, ("x", MANY[9].key): None}
    assert update_publication(tmp_path, changes, TEXTS)
    assert base.stat().st_mtime_ns == before
    assert read_index(tmp_path / "index") == sorted([new, changed, *(line for n, line in enumerate(MANY) if n not in (7, 9))])
    raw = (tmp_path / "index").read_bytes().splitlines(keepends=True)
    assert raw == sorted(raw)
    assert (tmp_path / "recipes" / f"{OTHER_DIGEST}.recipe").read_bytes() == OTHER


def test_what_was_taken_back_may_come_again(tmp_path: Path) -> None:
    write_publication(tmp_path, MANY, TEXTS)
    assert update_publication(tmp_path, {("x", MANY[9].key): None}, TEXTS)
    assert update_publication(tmp_path, {("x", MANY[9].key): MANY[9]}, TEXTS)
    assert read_index(tmp_path / "index") == sorted(MANY)


def test_a_change_that_is_not_small_is_left_to_a_whole_publication(tmp_path: Path) -> None:
    write_publication(tmp_path, MANY, TEXTS)
    before = (tmp_path / "index").read_bytes()
    assert not update_publication(tmp_path, {("i", line.key): replace(line, kind="i") for line in MANY}, TEXTS)
    next(tmp_path.glob("base.*")).unlink()
    assert not update_publication(tmp_path, {("x", MANY[9].key): None}, TEXTS)
    assert (tmp_path / "index").read_bytes() == before


def test_a_base_goes_when_no_generation_names_it(tmp_path: Path) -> None:
    write_publication(tmp_path, MANY, TEXTS)
    (first,) = tmp_path.glob("base.*")
    write_publication(tmp_path, MANY[1:], TEXTS)
    assert len(list(tmp_path.glob("base.*"))) == 2  # builds under way still read the first
    for kept in tmp_path.glob("index.*"):
        kept.unlink()
    write_publication(tmp_path, MANY[2:], TEXTS)
    assert first.name not in {path.name for path in tmp_path.glob("base.*")}


def test_what_a_killed_process_accepted_is_published_by_the_next(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home
    with writer() as db:
        db.table("recipe").insert({"digest": DIGEST, "text": TEXT})
        with monkeypatch.context() as patch:
            patch.setattr(store, "publish_changes", lambda *_: None)
            store.accept(db, [entry("a.c", 1)])
        assert read_index(publication_dir() / "index") == []
        publishing.publish_if_due(db)
        assert len(read_index(publication_dir() / "index")) == 2
        (publication_dir() / "index").unlink()
        publishing.publish_if_due(db)
        assert not (publication_dir() / "index").exists()


# ---- what was brought in


def brought(number: int, source: str = "team", **values: object) -> Imported:
    found = Imported(
        source=source,
        project="p",
        module=f"{number}.c",
        exact=f"{number:032x}",
        inherited=f"{number + 100:032x}",
        portable_exact="",
        portable_inherited="",
        toolchain="t",
        level="O2",
        recipe=OTHER_DIGEST,
        edits=[],
        median=-0.2,
        low=-0.3,
        high=-0.1,
        log_e=5.0,
        share=0.5,
    )
    return replace(found, **values)  # type: ignore[arg-type]


def published() -> dict[str, str]:
    return {line.key: line.recipe for line in read_index(publication_dir() / "index") if line.kind == "x"}


ODD: list[dict[str, object]] = [
    {"module": "a\nb.c"},
    {"module": "caf\u00e9.c"},
    {"module": "n" * 2000},
    {"module": "a\0b.c"},
    {"recipe": DIGEST + "\0"},
    {"recipe": "0" * 32},
    {"exact": "A" * 32},
    {"exact": f"{1:032x}"},  # two rows want it
    {"inherited": "1" * 31},
]


@pytest.mark.parametrize("odd", [{}, *ODD, {"exact_only": "why"}, {"exact": ""}])
def test_looking_at_all_rows_at_once_publishes_what_looking_at_each_does(home: Path, odd: dict[str, object]) -> None:
    """The fast way knows when it must not be taken."""
    assert home
    with writer() as db:
        db.table("recipe").insert({"digest": DIGEST, "text": TEXT})
        store.accept(db, [entry(f"{n}.c", n) for n in range(5)])
        if odd:
            db.execute(f"update entry set {next(iter(odd))} = ? where module = '3.c'", list(odd.values()))  # noqa: S608 - names of this test
        recipes = publishing.Recipes(db, set())
        fast, slow = publishing._at_once(db, recipes), publishing._row_by_row(db, recipes)
        assert fast == (None if odd in ODD else slow)
        assert slow[0].count(b"\n") == len({line[:33] for line in slow[0].splitlines()})


def test_an_import_is_used_only_where_its_source_is_trusted(home: Path) -> None:
    assert home
    with writer() as db:
        found = [brought(1, state="trusted"), brought(2)]
        assert imports.take(db, "team", found, {OTHER_DIGEST: OTHER}) == 2
        publishing.publish(db)
        assert published() == {f"{1:032x}": OTHER_DIGEST}
        assert imports.take(db, "team", found, {}) == 0
        assert imports.drop(db, "team") == 2
        publishing.publish(db)
        assert published() == {}


def test_what_was_decided_here_beats_an_import(home: Path) -> None:
    assert home
    with writer() as db:
        db.table("recipe").insert({"digest": DIGEST, "text": TEXT})
        store.accept(db, [entry("1.c", 1), entry("2.c", 2)])
        imports.take(db, "team", [brought(n, state="trusted") for n in (1, 2, 3)], {OTHER_DIGEST: OTHER})
        publishing.publish(db)
        assert published() == {f"{1:032x}": DIGEST, f"{2:032x}": DIGEST, f"{3:032x}": OTHER_DIGEST}
        store.revert(db, [each for each in store.entries(db) if each.module == "2.c"])
        assert published() == {f"{1:032x}": DIGEST, f"{3:032x}": OTHER_DIGEST}


def test_of_two_imports_the_one_with_more_evidence_stands(home: Path) -> None:
    assert home
    with writer() as db:
        imports.take(db, "a", [brought(1, "a", state="trusted", log_e=9.0, median=-0.1)], {OTHER_DIGEST: OTHER})
        imports.take(db, "b", [brought(1, "b", state="trusted", log_e=5.0, median=-0.3, recipe=DIGEST)], {DIGEST: TEXT})
        publishing.publish(db)
        assert published() == {f"{1:032x}": OTHER_DIGEST}


def test_what_was_measured_here_stays_measured_when_it_is_pulled_again(home: Path) -> None:
    assert home
    with writer() as db:
        imports.take(db, "team", [brought(1)], {OTHER_DIGEST: OTHER})
        imports.decide(db, brought(1), imports.REFUTED)
        imports.take(db, "team", [brought(1, state="trusted")], {})
        assert [each.state for each in imports.imported(db)] == ["refuted"]
        imports.take(db, "team", [brought(1, recipe=DIGEST)], {DIGEST: TEXT})
        assert [each.state for each in imports.imported(db)] == ["unverified"]


def test_what_a_killed_process_refuted_dropped_or_distrusts_is_taken_back_by_the_next(home: Path) -> None:
    """The change and the note that it is to be published are one transaction."""
    assert home
    changes: dict[str, Callable[[Database], object]] = {
        "refuted": lambda db: imports.decide(db, brought(1), imports.REFUTED),
        "dropped": lambda db: imports.drop(db, "team"),
        "distrusted": lambda db: imports.distrust(db, "team"),
    }
    with writer() as db:
        for change in changes.values():
            imports.drop(db, "team")
            imports.take(db, "team", [brought(1, state="trusted")], {OTHER_DIGEST: OTHER})
            publishing.publish(db)
            assert published() == {f"{1:032x}": OTHER_DIGEST}
            change(db)
            publishing.publish_if_due(db)
            assert published() == {}


def test_what_was_verified_leaves_nothing_to_be_published(home: Path) -> None:
    assert home
    with writer() as db:
        imports.take(db, "team", [brought(1)], {OTHER_DIGEST: OTHER})
        publishing.publish(db)
        imports.decide(db, brought(1), imports.VERIFIED)
        assert get_setting(db, PUBLISH_DUE) == ""


def test_the_history_of_an_entry_tells_what_happened_to_it(home: Path) -> None:
    assert home
    with writer() as db:
        db.table("recipe").insert({"digest": DIGEST, "text": TEXT})
        store.accept(db, [entry("1.c", 1)])
        store.accept(db, store.entries(db), Event.CHECKED)
        store.take_back(db, store.entries(db), DEMOTED, "slower than the base level")
        told = [(row["event"], row["detail"]) for row in history(db, "p", "1.c")]
    assert told == [("accepted", ""), ("checked", ""), ("demoted", "slower than the base level")]
