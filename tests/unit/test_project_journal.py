"""Reading the build record: only whole lines, only once, any bytes in paths."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from autopass_cc.project import journal
from autopass_cc.project.journal_line import parse_line
from autopass_cc.store import builds
from autopass_cc.store.builds import CompileRecord, LinkRecord
from autopass_cc.store.database import writer


def line(**changes: Any) -> bytes:
    record = {
        "v": 1,
        "t": 5,
        "kind": "compile",
        "decision": "miss",
        "reason": "not-published",
        "root": "/p",
        "cwd": "/p/build",
        "argv": ["/usr/bin/clang-22", "-O2", "-c", "../a.c"],
        "src": "../a.c",
        "out": "a.o",
        "lang": "c",
        "level": "O2",
        "exact": "1" * 32,
        "inherited": "2" * 32,
        "digest": "3" * 32,
        "recipe": None,
        "env": {},
        **changes,
    }
    return json.dumps(record).encode() + b"\n"


def append(data: bytes) -> None:
    with journal.journal_path().open("ab") as stream:
        stream.write(data)


def test_paths_are_made_absolute_and_relative_to_the_root() -> None:
    record = parse_line(line())
    assert isinstance(record, CompileRecord)
    assert (record.src, record.rel, record.out) == ("/p/a.c", "a.c", "/p/build/a.o")


def test_bytes_that_are_not_utf_8_survive_the_journal_and_the_store() -> None:
    name = b"caf\xe9.c"
    record = parse_line(line(src=name.decode("latin-1"), argv=["cc", name.decode("latin-1")]))
    assert isinstance(record, CompileRecord)
    with writer() as db:
        builds.add(db, [record], {})
        (back,) = builds.compiles(db, Path("/p"))
    assert os.fsencode(back.argv[1]) == name
    assert os.fsencode(back.src) == b"/p/build/" + name
    assert back == record


def test_a_line_is_read_once_and_an_unfinished_one_later() -> None:
    journal.switch_on()
    append(line(t=1) + line(t=2, out="b.o")[:-20])
    first = journal.read_new({})
    assert [record.at for record in first.records] == [1]
    append(line(t=2, out="b.o")[-20:])
    second = journal.read_new(first.offsets)
    assert [record.at for record in second.records] == [2]
    assert journal.read_new(second.offsets).records == []


def test_lines_that_are_no_records_are_counted_and_skipped() -> None:
    journal.switch_on()
    append(b"{torn\n" + line() + b'{"v": 2}\n[]\n"x"\n')
    batch = journal.read_new({})
    assert len(batch.records) == 1
    assert batch.bad_lines == 4


def test_long_lines_come_from_files_of_their_own_and_are_removed_after() -> None:
    journal.switch_on()
    spool = journal.journal_path().with_name("journal.d") / "1-2.json"
    spool.write_bytes(line(kind="link", argv=["cc", "a" * 9000]))
    batch = journal.read_new({})
    assert isinstance(batch.records[0], LinkRecord)
    journal.forget(batch)
    assert not spool.exists()


def test_a_large_journal_is_rotated_and_still_read_to_its_end(monkeypatch: Any) -> None:
    journal.switch_on()
    append(line(t=1))
    batch = journal.read_new({})
    monkeypatch.setattr(journal, "ROTATE_AT", 10)
    with journal.journal_path().open("ab") as late:  # a launcher that opened the journal just before it is rotated
        journal.forget(batch)
        late.write(line(t=2, out="b.o"))
    append(line(t=3, out="c.o"))
    assert [record.at for record in journal.read_new(batch.offsets).records] == [2, 3]


def test_the_newest_compile_of_an_object_stands() -> None:
    old, new = parse_line(line(t=1, level="O1")), parse_line(line(t=2, level="O3"))
    assert old is not None
    assert new is not None
    with writer() as db:
        builds.add(db, [old, new], {7: 100})
        assert [record.level for record in builds.compiles(db, Path("/p"))] == ["O3"]
        assert builds.offsets(db) == {7: 100}
