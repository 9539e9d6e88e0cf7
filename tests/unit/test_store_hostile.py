"""A store that holds anything: what is no record is passed over, and nothing but sound recipes under digests is published."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sharing_kit import autopass, prove, proven, published, recipe, shared

from autopass_cc.daemon import planning
from autopass_cc.project.journal_line import parse_line, parse_lines
from autopass_cc.sharing import check
from autopass_cc.store import builds, entries, history, imports, jobs, publishing, statistics
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.database import backup, database_path, reader, writer
from autopass_cc.store.jobs import Kind
from autopass_cc.store.publication import publication_dir, read_index
from autopass_cc.store.runs import Runs
from autopass_cc.store.shape import TABLES, is_store
from autopass_cc.store.unreadable import unreadable

PATHS = [
    "../../evil",
    "/etc/passwd",
    "a\nb",
    "A" * 32,
    f"{1:032x}\0/../x",
    f"{1:032x} ",
    "",
    5,
    1.5,
    b"\xff" * 16,
    None,
]


def change(statement: str, *values: Any) -> None:
    """Change the store behind autopass's back."""
    connection = sqlite3.connect(database_path())
    with connection:
        connection.execute(statement, values)
    connection.close()


def publish() -> None:
    with writer() as db:
        publishing.publish(db)


def keys() -> set[str]:
    return {line.kind + line.key for line in read_index(publication_dir() / "index")}


def of(number: int) -> set[str]:
    return {f"x{number:032x}", f"i{number + 0x100:032x}"}


def problems() -> list[str]:
    return [each.what for each in check.check()[0]]


# ---- publishing


@pytest.mark.parametrize("value", PATHS)
@pytest.mark.parametrize("column", ["recipe", "exact", "inherited"])
def test_a_key_or_recipe_that_is_no_digest_is_left_out(home: Path, column: str, value: object) -> None:
    prove(proven(1), proven(2))
    before = {path.name for path in home.parent.iterdir()}
    change(f"update entry set [{column}] = ? where module = 'src/1.c'", value)  # noqa: S608
    publish()
    wanted = of(2)
    if value == "" and column != "recipe":  # it has one key only
        wanted |= {key for key in of(1) if key[0] == ("i" if column == "exact" else "x")}
    assert keys() == wanted
    assert {path.name for path in home.parent.iterdir()} == before
    assert {path.name for path in (publication_dir() / "recipes").iterdir()} == {f"{recipe(n)[0]}.recipe" for n in (1, 2)}


def test_a_bad_row_does_not_stand_before_a_good_one_of_its_key() -> None:
    prove(proven(1), proven(2))
    change("update entry set inherited = (select inherited from entry where module = 'src/2.c'), median = -9, recipe = ?", "../x")
    change("update entry set recipe = ? where module = 'src/2.c'", recipe(2)[0])
    publish()
    assert {line.recipe for line in read_index(publication_dir() / "index")} == {recipe(2)[0]}


def test_a_recipe_of_zeros_is_left_out_because_an_index_means_none_by_it() -> None:
    prove(proven(1), proven(2))
    change("update entry set recipe = ? where module = 'src/1.c'", "0" * 32)
    publish()
    assert keys() == of(2)


OUTSIDE = [
    b"autopass-recipe 1\nllvm 22\nlevel O2\nknob load /tmp/evil.so\n",
    b"autopass-recipe 1\nllvm 22\nlevel O2\npipeline memprof-use<profile-filename=/etc/passwd>\n",
    b"",
    b"\xff" * 100,
]


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_text_outside_the_grammar_is_never_written(text: bytes) -> None:
    from autopass_cc.digest import digest_of

    prove(proven(1), proven(2))
    change("insert into recipe values (?, ?)", digest_of(text), text)
    change("update entry set recipe = ? where module = 'src/1.c'", digest_of(text))
    publish()
    assert keys() == of(2)
    assert not (publication_dir() / "recipes" / f"{digest_of(text)}.recipe").exists()
    assert any("has 1 recipes of modules in use that may not be published" in what for what in problems())


@pytest.mark.parametrize("text", [recipe(3)[1], "text", 10**12, None])
def test_a_text_that_is_not_what_its_name_says_is_never_written(text: object) -> None:
    prove(proven(1))
    (publication_dir() / "recipes" / f"{recipe(1)[0]}.recipe").unlink()
    change("update recipe set text = ?", text)
    publish()
    assert keys() == set()
    assert list((publication_dir() / "recipes").iterdir()) == []
    with writer() as db, pytest.raises(KeyError):
        entries.recipe_text(db, recipe(1)[0])


def test_accepting_one_leaves_out_what_is_bad_under_the_same_key() -> None:
    prove(proven(1))
    change("update entry set recipe = ?", "../../evil")
    prove(replace(proven(2), inherited=proven(1).inherited))
    found = {line.kind + line.key: line.recipe for line in read_index(publication_dir() / "index")}
    assert found[f"x{2:032x}"] == found[f"i{0x101:032x}"] == recipe(2)[0]


def test_a_trusted_import_that_is_bad_is_left_out_and_counted() -> None:
    prove(proven(1))
    with writer() as db:
        found = [replace(shared(n), source="team", state=imports.TRUSTED) for n in (2, 3, 4)]
        imports.take(db, "team", found, dict([recipe(2), recipe(3), recipe(4)]))
    change("update imported set recipe = '../x' where module = 'src/2.c'")
    change("update imported set log_e = 'much' where module = 'src/3.c'")
    change("update entry set exact = null")  # which must not hide what was imported
    publish()
    assert keys() == of(4)
    with reader() as db:
        assert db is not None
        assert publishing.left_out(db) == 2  # the entry, and the import that has no recipe


@pytest.mark.parametrize(
    "module", ["x" * 100_000, "a\nx" + "1" * 32 + " " + "2" * 32 + " b", "\0\x1b[31m\r", "é" * 5000, "\u2028"]
)
def test_a_name_never_breaks_the_index(module: str) -> None:
    prove(proven(1))
    change("update entry set module = ?", module)
    publish()
    raw = (publication_dir() / "index").read_bytes().split(b"\n")
    assert keys() == of(1)
    assert all(len(line) < 4096 and b"\0" not in line and b"\x1b" not in line for line in raw)


def test_a_name_that_is_not_utf_8_ends_no_query() -> None:
    prove(proven(1), proven(2))
    change("update entry set module = cast(x'ff41' as text) where module = 'src/1.c'")
    publish()
    assert keys() == of(2)
    with reader() as db:
        assert db is not None
        assert [entry.module for entry in entries.entries(db)] == ["src/2.c"]


def test_what_was_not_published_when_a_process_died_is_with_the_next_change(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(entries, "publish_changes", lambda *_: None)
        prove(proven(1))
    prove(proven(2))
    assert keys() == of(1) | of(2)


# ---- reading

BROKEN: dict[str, list[tuple[str, Any]]] = {
    "entry": [
        ("edits", "{"),
        ("edits", "5"),
        ("edits", "[5]"),
        ("median", "fast"),
        ("median", 1e6),
        ("module", b"5"),
        ("provenance", "[]"),
    ],
    "imported": [("edits", "null"), ("log_e", b"x"), ("state", None)],
    "job": [("facts", "[]"), ("state", "dancing"), ("kind", 5), ("priority", "high"), ("due", "soon"), ("created", None)],
    "history": [("at", "then"), ("median", None), ("event", b"x")],
    "compile": [("argv", "[1]"), ("argv", "[]"), ("env", "[]"), ("at", 2**63 - 1), ("cwd", "here"), ("out", "/" + "n" * 300)],
}


def one_of_each() -> None:
    prove(proven(1))
    with writer() as db:
        imports.take(db, "team", [shared(2)], dict([recipe(2)]))
        jobs.put(db, "7" * 32, Path("/p"), Kind.TUNE)
        builds.add(
            db, [CompileRecord("/p/a.o", "/p", "/p/a.c", "a.c", "c", "O2", "", "", "", "/p", ("cc",), {}, "miss", "", "", 1)], {}
        )


def read(table: str) -> list[Any]:
    with reader() as db:
        assert db is not None
        lists: dict[str, Any] = {
            "entry": lambda: entries.entries(db),
            "imported": lambda: imports.imported(db),
            "job": lambda: jobs.jobs(db),
            "history": lambda: history.history(db, "7" * 32),
            "compile": lambda: builds.compiles(db, Path("/p")),
        }
        return list(lists[table]())


@pytest.mark.parametrize(("table", "column", "value"), [(table, *each) for table, all_of in BROKEN.items() for each in all_of])
def test_a_row_that_is_no_record_is_passed_over_and_counted(table: str, column: str, value: object) -> None:
    one_of_each()
    assert read(table) != []
    change(f"update [{table}] set [{column}] = ?", value)  # noqa: S608
    assert read(table) == []
    with reader() as db:
        assert db is not None
        assert set(unreadable(db)) == {table}
    assert any(f"rows of `{table}` that cannot be read" in what for what in problems())


def test_a_warning_is_given_once_for_a_table() -> None:
    one_of_each()
    change("update entry set edits = '{'")
    change("update job set facts = 5")
    told: list[str] = []
    with writer(warn=told.append) as db:
        for _ in range(3):
            entries.entries(db)
            jobs.jobs(db)
    assert [text.split("`")[1] for text in told] == ["entry", "job"]


def test_a_job_that_cannot_be_read_gives_way_to_a_new_one() -> None:
    one_of_each()
    change("update job set facts = '{'")
    with writer() as db:
        assert jobs.put(db, "7" * 32, Path("/p"), Kind.TUNE).state is jobs.State.QUEUED
        assert len(jobs.jobs(db)) == 1


def test_measurements_count_up_to_the_first_that_cannot_be_read() -> None:
    with writer() as db:
        runs = Runs(db)
        run = runs.begin(project="p", root="/p", fingerprint="f", toolchain="t", seed=1)
        for number in range(4):
            runs.add_measurement(run.id, "aa", "baseline", number, {"index": number})
    change("update measurement set data = '{' where seq = 2")
    with writer() as db:
        runs = Runs(db)
        assert runs.measurements(run.id, "aa", "baseline") == [{"index": 0}, {"index": 1}]
        runs.add_measurement(run.id, "aa", "baseline", 2, {"index": 2})  # takes its place
        assert len(runs.measurements(run.id, "aa", "baseline")) == 4


def test_a_run_whose_facts_are_broken_is_begun_anew() -> None:
    with writer() as db:
        Runs(db).begin(project="p", root="/p", fingerprint="f", toolchain="t", seed=1)
    change("update run set facts = '[]'")
    with writer() as db:
        assert Runs(db).latest("p", fingerprint="f", state="running") is None


@pytest.mark.parametrize("root", ["relative", "/a\0b", "/" + "n" * 300, "", 5, b"/p", "/\ud7ffx" * 2000])
def test_projects_whose_folders_are_none_are_not_planned(root: object) -> None:
    one_of_each()
    change("update compile set root = ?", root)
    with writer() as db:
        assert planning.summary(db, planning.plan(db), "2026-01-01")["skipped"] == []


@pytest.mark.parametrize(
    "facts", ["{", "5", '{"program": 5}', '{"program": {"verdict": "x"}}', b"{}", '{"spent": "long"}', "[" * 5000]
)
def test_statistics_pass_over_facts_that_are_none(facts: object) -> None:
    with writer() as db:
        run = Runs(db).begin(project="p", root="/p", fingerprint="f", toolchain="t", seed=1)
        Runs(db).finish(run.id, "done")
    change("update run set facts = ?", facts)
    with reader() as db:
        assert db is not None
        assert statistics.programs(db, statistics.Scope()) == ([], {})
        assert statistics.tuning_seconds(db, statistics.Scope()) == 0.0


def test_counts_that_are_none_are_not_counted() -> None:
    with writer():
        pass
    for number, count in enumerate((2**63 - 1, 2**63 - 1, -5, "many", b"x")):
        change("insert into tally values ('2026-01-01', '/p', 'hit', ?, ?)", str(number), count)
    change("insert into tally values (x'ff', '/p', 'hit', 'a', 1)")
    change("insert into tally values ('2026-01-01', '/p', 'hit', 'exact', 2)")
    with reader() as db:
        assert db is not None
        assert statistics.tally(db, statistics.Scope()) == {("2026-01-01", "hit", "exact"): 2}


# ---- the journal


LINE = (
    '{"v": 1, "t": 5, "kind": "compile", "decision": "miss", "reason": "x", "root": "/p", "cwd": "/p", "argv": ["cc"], '
    '"src": "a.c", "out": "a.o", "lang": "c", "level": "O2", "exact": "", "inherited": "", "digest": "", "recipe": null, '
    '"env": {}}'
)


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        ('"decision": "miss"', '"decision": ["miss"]'),
        ('"reason": "x"', '"reason": 5'),
        ('"lang": "c"', '"lang": "\\ud800"'),
        ('"t": 5', '"t": 1e30'),
        ('"t": 5', '"t": -5'),
        ('"root": "/p"', '"root": "p"'),
        ('"root": "/p"', '"root": null'),
        ('["cc"]', "[]"),
        ('["cc"]', '["cc", "\\u0000"]'),
        ('["cc"]', '["cc", "\\ud800"]'),
        ('"env": {}', '"env": {"A": 5}'),
        ('"out": "a.o"', f'"out": "{"n" * 300}"'),
        ('"src": "a.c"', f'"src": "{"d/" * 3000}"'),
    ],
)
def test_a_line_that_the_store_could_not_hold_or_nobody_could_run_is_no_record(part: str, broken: str) -> None:
    assert parse_line(LINE.encode()) is not None
    assert part in LINE
    assert parse_line(LINE.replace(part, broken).encode()) is None
    assert parse_lines(f"{LINE}\n{LINE.replace(part, broken)}\n{LINE}\n".encode()).count(None) == 1


# ---- the shape of a store


def test_the_tables_are_those_that_the_migrations_make() -> None:
    with writer() as db:
        assert {name for name in db.table_names() if not name.startswith(("_", "sqlite_"))} == set(TABLES)
        assert is_store(db.conn, db.conn.execute("pragma user_version").fetchone()[0])


PROGRAMS = [
    "create trigger evil after insert on setting begin delete from entry; end",
    "create view evil as select 1",
    "drop table traits",
    "alter table job rename column facts to other",
    "alter table job add column more text",
    "create unique index evil on setting (value)",
]


@pytest.mark.parametrize("statement", PROGRAMS)
def test_a_database_that_is_not_shaped_like_a_store_is_set_aside(home: Path, statement: str) -> None:
    prove(proven(1))
    with writer() as db:
        backup(db)
    change(statement)
    told: list[str] = []
    with writer(warn=told.append) as db:
        assert [entry.module for entry in entries.entries(db)] == ["src/1.c"]
    assert "the backup" in told[0]
    assert len(list((home / "quarantine").iterdir())) == 1


def test_commands_meet_a_view_in_a_tables_place_with_a_sentence() -> None:
    prove(proven(1))
    change("drop table entry")
    change("create view entry as with recursive n(i) as (select 1 union all select i + 1 from n) select i from n")
    said = autopass("stats")
    assert said.code == 32
    assert "its tables are not those of a store" in said.text


def test_published_entries_are_those_that_are_shown() -> None:
    prove(proven(1), proven(2))
    change("update entry set edits = '{' where module = 'src/1.c'")
    publish()
    assert keys() == of(2)
    with reader() as db:
        assert db is not None
        assert [entry.module for entry in entries.entries(db)] == ["src/2.c"]
    assert published() is not None
