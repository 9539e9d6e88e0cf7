"""The publication: sorted, diffable, atomically replaced, complete whoever dies when."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from autopass_cc.store import entries as store
from autopass_cc.store.database import writer
from autopass_cc.store.publication import HEADER, IndexLine, publication_dir, read_index, write_publication

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
    with pytest.raises(ValueError, match="recipes without text"):
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


def test_of_two_entries_with_one_key_the_larger_gain_is_published() -> None:
    other = replace(entry("b.c", 1, median=-0.3), recipe="e" * 32)
    lines = store.index_lines([entry("a.c", 1), other])
    assert {line.recipe for line in lines} == {"e" * 32}


PUBLISH_FOREVER = """
import itertools, sys
from pathlib import Path
from autopass_cc.store.publication import IndexLine, write_publication
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
