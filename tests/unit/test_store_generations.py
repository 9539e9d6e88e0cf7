"""Generations of the publication: what is kept, for how long, and that the index is never absent."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from autopass_cc.store import generations
from autopass_cc.store.generations import KEPT, replace_index

HOUR = 3600 * 10**9


def test_an_index_bears_the_time_from_which_it_can_be_seen(tmp_path: Path) -> None:
    before = time.time_ns()
    replace_index(tmp_path, b"1")
    assert before < (tmp_path / "index").stat().st_mtime_ns < time.time_ns()


def test_what_is_replaced_is_kept_under_its_time(tmp_path: Path) -> None:
    replace_index(tmp_path, b"1")
    first = (tmp_path / "index").stat()
    replace_index(tmp_path, b"2")
    kept = tmp_path / f"index.{first.st_mtime_ns}"
    assert (kept.read_bytes(), (tmp_path / "index").read_bytes()) == (b"1", b"2")
    assert kept.stat().st_mtime_ns == first.st_mtime_ns
    assert kept.stat().st_mode & 0o777 == 0o600
    assert first.st_mtime_ns < (tmp_path / "index").stat().st_mtime_ns


def test_a_generation_goes_a_day_after_it_was_replaced(tmp_path: Path) -> None:
    """However old it is itself: it may have been the newest for weeks."""
    now = time.time_ns()
    for hours in (100, 50, 26, 23):
        (tmp_path / f"index.{now - hours * HOUR}").touch()
    (tmp_path / "index.lock").touch()
    replace_index(tmp_path, b"1")
    assert generations.generations(tmp_path) == [now - 26 * HOUR, now - 23 * HOUR]
    assert (tmp_path / "index.lock").exists()


def test_an_index_as_old_as_can_be_is_kept_when_it_is_replaced(tmp_path: Path) -> None:
    replace_index(tmp_path, b"1")
    old = time.time_ns() - 10 * KEPT
    os.utime(tmp_path / "index", ns=(old, old))
    replace_index(tmp_path, b"2")
    assert generations.generations(tmp_path) == [old]


def test_times_ascend_even_where_publications_follow_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "LEAD", 0)
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    for number in range(5):
        replace_index(tmp_path, b"%d" % number)
    assert generations.generations(tmp_path) == [10**18 + number for number in range(4)]
    assert (tmp_path / f"index.{10**18 + 3}").read_bytes() == b"3"


def test_a_clock_that_was_set_back_is_believed(tmp_path: Path) -> None:
    replace_index(tmp_path, b"1")
    future = time.time_ns() + HOUR
    os.utime(tmp_path / "index", ns=(future, future))
    replace_index(tmp_path, b"2")
    assert (tmp_path / "index").stat().st_mtime_ns < time.time_ns()


def test_without_hard_links_a_copy_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _target: Path) -> None:
        raise OSError(errno.EPERM, "no hard links")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    replace_index(tmp_path, b"1")
    published = (tmp_path / "index").stat().st_mtime_ns
    replace_index(tmp_path, b"2")
    assert (tmp_path / f"index.{published}").read_bytes() == b"1"


def test_the_index_is_never_absent(tmp_path: Path) -> None:
    replace_index(tmp_path, b"0")
    absent, done = [], threading.Event()

    def watch() -> None:
        while not done.is_set():
            absent.append((tmp_path / "index").read_bytes() == b"")

    watcher = threading.Thread(target=watch)
    watcher.start()
    for number in range(1, 20):
        replace_index(tmp_path, b"%d" % number)
    done.set()
    watcher.join()
    assert absent
    assert not any(absent)


def test_nothing_else_is_left_behind(tmp_path: Path) -> None:
    for number in range(3):
        replace_index(tmp_path, b"%d" % number)
    kept = {f"index.{generation}" for generation in generations.generations(tmp_path)}
    assert {path.name for path in tmp_path.iterdir()} == {"index", "callers"} | kept
    (tmp_path / "index").unlink()
    (tmp_path / "index").mkdir()
    with pytest.raises(IsADirectoryError):
        replace_index(tmp_path, b"3")
    assert {path.name for path in tmp_path.iterdir()} == {"index", "callers"} | kept


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_those_who_ran_the_publisher_are_written_down_once(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from autopass_cc.store.generations import replace_index as r\n"
    code += "for n in (1, 2): r(Path(sys.argv[1]), b'%d' % n)"
    shell = subprocess.Popen(["sh", "-c", '"$0" -c "$1" "$2"; true', sys.executable, code, str(tmp_path)])
    assert shell.wait() == 0
    published = (tmp_path / "index").stat().st_mtime_ns
    lines = [line.split(" ") for line in (tmp_path / "callers").read_text().splitlines()]
    assert [(when, name) for when, process, _, name in lines if int(process) == shell.pid] == [(str(published), "sh")]
    assert str(os.getpid()) in [process for _, process, _, _ in lines]
