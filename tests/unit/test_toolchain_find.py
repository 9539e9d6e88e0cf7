"""Which clang is used: what the user said, then config.toml, then PATH; never autopass itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from toolchain_fakes import clang_text, fake

from autopass_cc.errors import ConfigError, NoClangError
from autopass_cc.toolchain.find import find_clang


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the one folder that is on PATH."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    return path


def put(folder: Path, *names: str) -> None:
    for name in names:
        fake(folder / name, clang_text(22))


def configure(home: Path, text: str) -> None:
    home.mkdir()
    (home / "config.toml").write_text(text)


def test_the_setting_comes_first_then_the_variable_then_the_config(
    folder: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "clang-22")
    for name in ("configured", "variable", "setting"):
        put(tmp_path, name)
    assert find_clang() == folder / "clang-22"
    configure(home, f'clang = "{tmp_path}/configured"\n')
    assert find_clang() == tmp_path / "configured"
    monkeypatch.setenv("AUTOPASS_CLANG", str(tmp_path / "variable"))
    assert find_clang() == tmp_path / "variable"
    assert find_clang(str(tmp_path / "setting")) == tmp_path / "setting"


def test_a_name_without_a_folder_is_looked_up_on_path(folder: Path) -> None:
    put(folder, "clang-19", "clang-22")
    assert find_clang("clang-19") == folder / "clang-19"


def test_a_relative_path_becomes_absolute(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found is registered, and called from other directories."""
    put(folder, "clang-22")
    monkeypatch.chdir(tmp_path)
    assert find_clang("bin/clang-22") == folder / "clang-22"
    monkeypatch.setenv("PATH", "bin")
    assert find_clang() == folder / "clang-22"


@pytest.mark.parametrize("chosen", ["/no/such/clang", "no-such-clang"])
def test_what_was_asked_for_must_exist(folder: Path, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, "clang-22")
    with pytest.raises(NoClangError, match=chosen):
        find_clang(chosen)
    monkeypatch.setenv("AUTOPASS_CLANG", chosen)
    with pytest.raises(NoClangError, match=chosen):
        find_clang()


@pytest.mark.parametrize(
    ("there", "used"),
    [
        (["clang", "clang-16", "clang-19", "clang-22"], "clang-22"),
        (["clang", "clang-16"], "clang-16"),
        (["clang-9", "clang-19"], "clang-19"),
        (["clang", "clang-22", "clang-23"], "clang-22"),
        (["clang", "clang-14"], "clang"),
        (["clang-13", "clang-14"], "clang-14"),
        (["clang-22", "clang-22-extra", "clang++-22", "clang-format"], "clang-22"),
    ],
)
def test_on_path_the_newest_supported_version_is_preferred(folder: Path, there: list[str], used: str) -> None:
    put(folder, *there)
    assert find_clang() == folder / used


def test_of_two_of_one_version_the_first_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "second"):
        put(tmp_path / name, "clang-22")
    monkeypatch.setenv("PATH", f"/no/such/folder{os.pathsep}{tmp_path}/first{os.pathsep}{tmp_path}/second")
    assert find_clang() == tmp_path / "first" / "clang-22"


def test_what_is_not_executable_is_not_a_compiler(folder: Path) -> None:
    put(folder, "clang-19", "clang-22")
    (folder / "clang-22").chmod(0o644)
    assert find_clang() == folder / "clang-19"


def test_without_any_clang_the_next_step_is_told(folder: Path) -> None:
    put(folder, "gcc")
    with pytest.raises(NoClangError) as caught:
        find_clang()
    assert "apt-get install clang-" in caught.value.next_step


def test_autopass_under_the_name_of_a_compiler_is_passed_over(folder: Path, tmp_path: Path) -> None:
    """A folder of links in front of PATH is how a build is made to use autopass."""
    launcher = fake(folder / "autopass-cc", clang_text(22))
    (folder / "clang").symlink_to(launcher)
    (folder / "clang-22").hardlink_to(launcher)
    other = fake(tmp_path / "elsewhere" / "autopass-c++", clang_text(22))
    (folder / "clang-19").symlink_to(other)
    put(folder, "clang-16")
    assert find_clang() == folder / "clang-16"


def test_autopass_is_refused_as_its_own_compiler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launcher = fake(folder / "autopass-cc", clang_text(22))
    (folder / "clang-22").symlink_to(launcher)
    for chosen in ("autopass-cc", str(folder / "clang-22")):
        monkeypatch.setenv("AUTOPASS_CLANG", chosen)
        with pytest.raises(NoClangError, match="is autopass itself"):
            find_clang()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("clang = ", "not valid TOML"),
        ("clang = 22\n", "`clang` must be a path"),
        ('clnag = "/usr/bin/clang"\n', "unknown key `clnag`"),
        ("\udcff", "not valid TOML"),
    ],
)
def test_a_config_that_says_something_else_is_refused(folder: Path, home: Path, text: str, why: str) -> None:
    put(folder, "clang-22")
    home.mkdir()
    (home / "config.toml").write_bytes(os.fsencode(text))
    with pytest.raises(ConfigError, match=why) as caught:
        find_clang()
    assert caught.value.next_step


def test_a_config_that_cannot_be_read_is_refused(folder: Path, home: Path) -> None:
    put(folder, "clang-22")
    (home / "config.toml").mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be read"):
        find_clang()


def test_a_config_without_a_clang_leaves_it_to_path(folder: Path, home: Path) -> None:
    put(folder, "clang-22")
    configure(home, "[model]\n")
    assert find_clang() == folder / "clang-22"
