"""What others can write is not used: store, journal, toolchains, settings, the service's folder; and what to do is said."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autopass_cc.cli import status
from autopass_cc.daemon import settings as service_settings
from autopass_cc.daemon.control import running
from autopass_cc.errors import AutopassError, UntrustedError
from autopass_cc.model import settings as model_settings
from autopass_cc.project import config as project_config
from autopass_cc.project import journal
from autopass_cc.project.intake import ingest
from autopass_cc.sharing import check
from autopass_cc.sharing import config as sharing_config
from autopass_cc.store.database import database_path, reader, writer
from autopass_cc.toolchain import find, registry
from autopass_cc.toolchain.plugin import is_sealed, seal
from autopass_cc.trust import is_trusted, read_ours, require_ours, why_readable, why_writable


@pytest.fixture
def store(home: Path) -> Path:
    with writer():
        pass
    return home


def read_store() -> None:
    with reader():
        pass


def write_store() -> None:
    with writer():
        pass


def take_in_journal() -> None:
    with writer() as db:
        ingest(db)


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
@pytest.mark.parametrize("use", [read_store, write_store])
def test_a_data_folder_that_others_can_write_is_not_used(store: Path, use: Callable[[], None], mode: int) -> None:
    store.chmod(mode)
    with pytest.raises(UntrustedError, match="can be written by others") as caught:
        use()
    assert caught.value.exit_code == 34
    assert f"chmod go-w {store}" in caught.value.next_step


@pytest.mark.parametrize("use", [read_store, write_store])
def test_a_database_that_others_can_write_is_not_used(store: Path, use: Callable[[], None]) -> None:
    assert store
    database_path().chmod(0o620)
    with pytest.raises(UntrustedError, match=r"autopass\.db can be written"):
        use()


def test_a_planted_journal_of_the_database_is_not_played_back(store: Path) -> None:
    planted = store / "autopass.db-journal"
    planted.write_bytes(b"")
    planted.chmod(0o666)
    with pytest.raises(UntrustedError, match="db-journal"):
        write_store()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_belongs_to_somebody_else_is_not_used(store: Path) -> None:
    os.chown(database_path(), 12345, 12345)
    with pytest.raises(UntrustedError, match="belongs to user 12345") as caught:
        read_store()
    assert f"chown 0 {store / 'autopass.db'}" in caught.value.next_step


def test_a_link_to_a_folder_of_ones_own_is_fine(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(store)
    monkeypatch.setenv("AUTOPASS_HOME", str(tmp_path / "link"))
    read_store()
    write_store()


def test_a_database_is_never_made_where_a_link_leads_to(home: Path, tmp_path: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "autopass.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(FileExistsError):
        write_store()
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_journal_that_others_can_write_is_not_taken_in(home: Path) -> None:
    journal.switch_on()
    (home / "journal").chmod(0o660)
    with pytest.raises(UntrustedError, match="journal can be written"):
        take_in_journal()
    (home / "journal").chmod(0o600)
    take_in_journal()
    (home / "journal.d").chmod(0o777)
    with pytest.raises(UntrustedError, match=r"journal\.d can be written"):
        take_in_journal()


def test_a_pipe_in_the_journals_place_makes_nobody_wait(home: Path) -> None:
    home.mkdir(mode=0o700)
    os.mkfifo(home / "journal", 0o600)
    with pytest.raises(OSError, match="not a file"):
        journal.read_new({})


def test_toolchains_that_others_can_write_are_not_read(home: Path) -> None:
    home.mkdir(mode=0o700)
    registry.file().write_text(f"{registry.HEADER}\ndefault\t/tmp/evil\n")
    registry.file().chmod(0o664)
    with pytest.raises(UntrustedError, match="toolchains can be written"):
        registry.read()
    registry.file().chmod(0o644)
    assert registry.read() == ("/tmp/evil", [])


@pytest.mark.parametrize("load", [find.find_clang, service_settings.load, sharing_config.load, model_settings.load])
def test_settings_that_others_can_write_are_not_read(home: Path, load: Callable[[], object]) -> None:
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text('clang = "/tmp/evil"\n')
    (home / "config.toml").chmod(0o666)
    with pytest.raises(UntrustedError, match=r"config\.toml can be written"):
        load()


def test_a_service_is_not_looked_for_where_others_say_which_it_is(home: Path) -> None:
    (home / "daemon").mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    assert running() is None
    (home / "daemon").chmod(0o720)
    with pytest.raises(UntrustedError):
        running()


def test_a_plugin_that_others_can_write_is_built_again(tmp_path: Path) -> None:
    plugin = tmp_path / "autopass-22-00000000.so"
    plugin.write_bytes(b"x" * 10)
    plugin.chmod(0o700)
    seal(plugin)
    assert is_sealed(plugin)
    plugin.chmod(0o770)
    assert not is_sealed(plugin)


def test_verify_names_the_folder_and_repair_closes_it(store: Path) -> None:
    store.chmod(0o777)
    problems, _ = check.check()
    assert [(each.path, each.what) for each in problems] == [(store, "can be written by others (mode 777)")]
    check.repair(problems, lambda _text: None)
    assert check.check()[0] == []
    assert store.stat().st_mode & 0o777 == 0o700


def test_status_says_so_in_one_sentence(store: Path, tmp_path: Path) -> None:
    (tmp_path / "autopass.toml").write_text('run = ["./a"]\n')
    store.chmod(0o777)
    with pytest.raises(AutopassError, match=f"{store} can be written by others"):
        status.collect(project_config.load(tmp_path))


def test_one_rule_for_our_files_and_one_for_a_projects(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    expected = {0o600: ("", ""), 0o644: ("", ""), 0o664: ("mode 664", ""), 0o646: ("mode 646", "mode 646")}
    for mode, (ours, projects) in expected.items():
        file.chmod(mode)
        info = file.stat()
        assert ours in why_writable(info)
        assert bool(why_writable(info)) == bool(ours)
        assert bool(why_writable(info, owner=os.geteuid())) == bool(projects)
        assert is_trusted(file, shared=False) == (not ours)
        assert is_trusted(file, shared=True) == (not projects)
    assert "can be read by others" in why_readable(info)


def test_what_is_absent_belongs_to_nobody(tmp_path: Path) -> None:
    require_ours(tmp_path / "absent")
    require_ours(tmp_path / "absent" / "file")
    with pytest.raises(FileNotFoundError):
        read_ours(tmp_path / "absent")
