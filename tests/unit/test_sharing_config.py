"""[cache.NAME] in config.toml: strict, and no way that is less safe than it looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sharing_kit import autopass, configure

from autopass_cc.errors import ConfigError
from autopass_cc.sharing import config
from autopass_cc.sharing.location import Location, why_unusable
from autopass_cc.trust import why_not_private


def test_a_place_has_a_url_and_is_not_trusted_unless_that_is_said() -> None:
    configure('[cache.team]\nurl = "/nfs/recipes"\n[cache.web]\nurl = "https://h/x/"\ntrust = true\nsigners = "/etc/signers"\n')
    team, web = config.load().values()
    assert (team.name, team.trust, team.signers, team.shown) == ("team", False, None, "/nfs/recipes/recipes.jsonl")
    assert (web.trust, web.signers, web.shown) == (True, Path("/etc/signers"), "https://h/x/recipes.jsonl")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cache = 3", "not a set of tables"),
        ("[cache]\nteam = 3", "is not a table"),
        ("[cache.team]", "no usable url: it is empty"),
        ('[cache.team]\nurl = "/a"\ntrusted = true', "unknown key `trusted`; did you mean `trust`"),
        ('[cache.team]\nurl = "/a"\nx = 1', "unknown key `x` (known: url, trust, signers)"),
        ("[cache.team]\nurl = 1", "`url` must be a string"),
        ('[cache.team]\nurl = "/a"\ntrust = 1', "`trust` must be true or false"),
        ('[cache.team]\nurl = "/a"\nsigners = "signers"', "absolute path"),
        ('[cache."../x"]\nurl = "/a"', "not a name for a cache"),
        ('[cache.team]\nurl = "relative/path"', "must be absolute"),
        ('[cache.team]\nurl = "file://other/path"', "another host"),
        ('[cache.team]\nurl = "simplecache::http://h/"', "chains of file systems"),
        ('[cache.team]\nurl = "https:///path"', "names no host"),
        ('[cache.team]\nurl = "https://h:0/path"', "names no host"),
        ('[cache.team]\nurl = "https://h:99999/path"', "out of range"),
        ('[cache.team]\nurl = "https://h/#a"', "fragment"),
        ('[cache.team]\nurl = "http://h/x"', "http to another machine"),
        ('[cache.team]\nurl = "http://192.168.1.7/x"', "http to another machine"),
        ('[cache.team]\nurl = "https://h/x"\ntrust = true', "nothing says who wrote"),
        ('[cache.team]\nurl = "s3://bucket/x"\ntrust = true', "nothing says who wrote"),
        ("[cache.team", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_with_the_place_and_the_next_step(text: str, why: str) -> None:
    configure(text)
    with pytest.raises(ConfigError) as told:
        config.load()
    assert why in str(told.value)
    assert "config.toml" in str(told.value)
    assert told.value.next_step


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/x", "http://localhost/x", "http://[::1]/x"])
def test_plain_http_may_lead_to_this_machine(url: str) -> None:
    configure(f'[cache.team]\nurl = "{url}"\n')
    assert config.load()["team"].location.url == url


def test_plain_http_may_lead_anywhere_where_signers_are_named() -> None:
    configure('[cache.team]\nurl = "http://h/x"\nsigners = "/etc/signers"\ntrust = true\n')
    assert config.load()["team"].trust


def test_a_name_that_is_not_configured_is_told_with_the_nearest() -> None:
    configure('[cache.team]\nurl = "/nfs/recipes"\n')
    said = autopass("cache", "pull", "taem")
    assert said.code == 20
    assert "did you mean team" in said.text
    assert autopass("cache", "push", "x").code == 20


def test_without_any_place_pull_says_what_to_write() -> None:
    said = autopass("cache", "pull")
    assert said.code == 20
    assert "[cache.team]" in said.text


SECRET = "https://user:pa%73s-word@host:8443/x?sig=AbC%2Bd&se=2030"


def test_a_password_or_a_signed_query_is_never_shown() -> None:
    place = Location(SECRET)
    assert place.shown == "https://host:8443/x"
    assert place.file("recipes.jsonl") == "https://user:pa%73s-word@host:8443/x/recipes.jsonl?sig=AbC%2Bd&se=2030"
    told = place.hide(f"no way to {SECRET} as user with pass-word, sig=AbC+d\x1b[2J")
    for secret in ("pa%73s-word", "pass-word", "AbC", "user:"):
        assert secret not in told
    assert told.isprintable()
    assert "pass-word" not in repr(place)


def test_a_file_with_a_secret_in_a_url_must_be_private(home: Path) -> None:
    configure(f'[cache.team]\nurl = "{SECRET}"\n')
    assert config.load()["team"].location.has_secret
    (home / "config.toml").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600") as told:
        config.load()
    assert "word" not in str(told.value).replace("password", "")


@pytest.mark.parametrize("url", ["", "/a\nb", "http://[::1", "x::y://z"])
def test_what_is_no_url_is_said(url: str) -> None:
    assert why_unusable(url)


# ---- who can have made a file


def test_a_file_that_only_we_can_write_is_ours(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch(mode=0o644)
    assert why_not_private(file) == ""


def test_a_file_that_the_group_can_write_is_not(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o664)
    assert "can be written by others (mode 664)" in why_not_private(file)


def test_nor_one_in_a_folder_in_which_others_may_rename(tmp_path: Path) -> None:
    (tmp_path / "open" / "inner").mkdir(parents=True)
    file = tmp_path / "open" / "inner" / "file"
    file.touch(mode=0o644)
    (tmp_path / "open").chmod(0o777)
    assert f"{tmp_path / 'open'} can be written by others" in why_not_private(file)
    (tmp_path / "open").chmod(0o1777)
    assert why_not_private(file) == ""


def test_nor_one_that_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").touch(mode=0o644)
    (tmp_path / "link").symlink_to("real")
    assert f"write {tmp_path / 'real' / 'file'}" in why_not_private(tmp_path / "link" / "file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_nor_one_of_another_user(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch(mode=0o644)
    os.chown(file, 12345, -1)
    assert "belongs to user 12345" in why_not_private(file)
