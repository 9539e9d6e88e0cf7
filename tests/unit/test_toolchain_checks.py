"""What `autopass doctor` finds: whatever is not good comes with what mends it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from toolchain_fakes import APPLE, GCC, clang_text, fake

from autopass_cc.toolchain import checks
from autopass_cc.toolchain.checks import Finding, run_all


def findings() -> dict[str, Finding]:
    found = {finding.name: finding for finding in run_all(lambda _text: None)}
    for finding in found.values():
        assert finding.text
        assert (finding.fix == "") is (finding.good is True), finding
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the only folder on PATH, empty."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    return path


@pytest.mark.usefixtures("folder")
def test_without_a_clang_the_rest_is_looked_at_all_the_same() -> None:
    found = findings()
    assert found["clang"].good is False
    assert "apt-get install clang-" in found["clang"].fix
    assert {"profiler", "SQLite", "data", "launcher"} <= set(found)


@pytest.mark.parametrize(("says", "word"), [(GCC, "gcc"), (APPLE, "Apple clang"), (clang_text(14), "LLVM 14")])
def test_a_refused_compiler_is_named_with_the_reason(folder: Path, says: str, word: str) -> None:
    fake(folder / "clang", says)
    assert findings()["clang"].good is False
    assert word in findings()["clang"].text


def test_a_clang_without_tools_and_headers_is_usable_for_knobs(folder: Path) -> None:
    fake(folder / "clang-22", clang_text(22))
    found = findings()
    assert found["clang"].good is True
    assert (found["LLVM tools"].good, found["LLVM tools"].fix) == (False, "apt-get install llvm-22")
    assert (found["headers"].good, found["headers"].fix) == (None, "apt-get install llvm-22-dev")
    assert (found["plugin"].good, found["identity"].good) == (None, None)
    assert (found["lld"].good, found["lld"].fix) == (None, "apt-get install lld-22")


def test_a_linker_that_cannot_shuffle_is_noticed(folder: Path) -> None:
    fake(folder / "clang-22", clang_text(22)).write_text(
        "#!/bin/sh\n[ \"$1\" = --version ] || exit 1\nprintf '%s' '" + clang_text(22) + "'\n"
    )
    fake(folder / "ld.lld", "")
    assert "cannot shuffle" in findings()["lld"].text


def test_a_profiler_that_may_not_sample_is_no_use(folder: Path) -> None:
    fake(folder / "perf", "").write_text("#!/bin/sh\nexit 1\n")
    assert findings()["profiler"].fix == "sysctl kernel.perf_event_paranoid=1"
    (folder / "perf").unlink()
    assert findings()["profiler"].fix == "apt-get install linux-perf"
    fake(folder / "perf", "")
    assert findings()["profiler"].good is True


def system(monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    monkeypatch.setattr(checks, "_read", lambda path: files.get(Path(path).name, ""))


@pytest.mark.usefixtures("folder")
def test_a_noisy_machine_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    system(
        monkeypatch,
        {
            "randomize_va_space": "0",
            "scaling_governor": "powersave",
            "cpu": "some avg10=42.00 avg60=1.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0",
        },
    )
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0})
    found = findings()
    assert found["ASLR"].good is False
    assert found["governor"].good is None
    assert found["load"].text == "processes wait for a CPU 42 % of the time"
    assert found["CPUs"].good is None


@pytest.mark.usefixtures("folder")
def test_a_quiet_machine_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    system(monkeypatch, {"randomize_va_space": "2", "scaling_governor": "performance", "cpu": "some avg10=0.00 total=5"})
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 1})
    assert [findings()[name].good for name in ("ASLR", "governor", "load", "CPUs")] == [True] * 4


@pytest.mark.usefixtures("folder")
def test_a_home_that_others_can_write_to_is_refused(home: Path) -> None:
    assert findings()["data"].good is True
    home.mkdir()
    home.chmod(0o777)
    assert findings()["data"].good is False
    assert findings()["data"].fix == f"chmod 700 {home}"


@pytest.mark.usefixtures("folder")
def test_a_home_that_cannot_be_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    access: Callable[..., bool] = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    assert findings()["data"].good is False


def test_an_old_sqlite_and_a_missing_launcher_are_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 0))
    assert findings()["SQLite"].good is False
    assert findings()["launcher"].good is False
    fake(folder / "autopass-cc", "")
    assert findings()["launcher"].text == shutil.which("autopass-cc")
