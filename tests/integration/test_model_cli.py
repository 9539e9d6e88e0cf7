"""`autopass model`: what is configured, one tiny question, consent, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sample_project import autopass
from scripted_server import error, in_turn, says, serving

FAR = {"AUTOPASS_MODEL_URL": "http://model.invalid/v1", "AUTOPASS_MODEL": "far"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUTOPASS_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def configure(home: Path, text: str, mode: int = 0o600) -> None:
    path = home / "config.toml"
    path.write_text(f"[model]\n{text}")
    path.chmod(mode)


def test_without_a_model_that_is_said_and_how_to_name_one(tmp_path: Path) -> None:
    assert "none is configured: the rules propose alone" in autopass("model", "status", cwd=tmp_path).stdout
    assert json.loads(autopass("model", "status", "--json", cwd=tmp_path).stdout)["configured"] is False
    assert "config.toml" in autopass("model", "test", cwd=tmp_path, code=40).stderr


def test_one_question_goes_the_whole_way_and_is_booked(tmp_path: Path, home: Path) -> None:
    with serving(in_turn(says({"answer": 4}))) as server:
        configure(home, f'base_url = "{server.url}"\nmodel = "small"\nkey = "secret-1"\n')
        told = autopass("model", "test", cwd=tmp_path).stdout
        assert 'answers as small: {"answer": 4}' in told
        assert "2000 + 300 tokens, asked by json_schema" in told
        assert server.requests[0].headers["authorization"] == "Bearer secret-1"
    status = json.loads(autopass("model", "status", "--json", cwd=tmp_path).stdout)
    assert (status["spent_today"]["requests"], status["spent_today"]["tokens"]) == (1, 2300)
    shown = autopass("model", "status", cwd=tmp_path).stdout
    assert "this machine or network" in shown
    assert "secret-1" not in shown + json.dumps(status)


@pytest.mark.parametrize(
    ("status", "words"), [(401, "check the key"), (404, "check [model] model"), (500, "autopass model test")]
)
def test_a_server_that_refuses_is_one_sentence_and_the_next_step(tmp_path: Path, home: Path, status: int, words: str) -> None:
    with serving(in_turn(error(status))) as server:
        configure(home, f'base_url = "{server.url}"\nmodel = "small"\n')
        assert words in autopass("model", "test", cwd=tmp_path, code=40).stderr


def test_consent_is_asked_for_kept_and_taken_back(tmp_path: Path) -> None:
    assert "NO consent" in autopass("model", "status", cwd=tmp_path, env=FAR).stdout
    assert "model.invalid (model far) would get" in autopass("model", "consent", "--yes", cwd=tmp_path, env=FAR).stdout
    assert "consent given" in autopass("model", "status", cwd=tmp_path, env=FAR).stdout
    more = FAR | {"AUTOPASS_MODEL_SHARE": "ir"}
    assert "NO consent" in autopass("model", "status", cwd=tmp_path, env=more).stdout
    assert "1 consents" in autopass("model", "consent", "--revoke", cwd=tmp_path).stdout
    assert "NO consent" in autopass("model", "status", cwd=tmp_path, env=FAR).stdout


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ('base_url = "ftp://x/v1"\n', 0o600, "is not the URL of a model"),
        ('base_url = "http://[::1"\n', 0o600, "is not the URL of a model"),
        ('base_url = "http://127.0.0.1:port/v1"\n', 0o600, "is not the URL of a model"),
        ('base_url = "http://127.0.0.1:1/v1"\nkey = "ключ"\n', 0o600, "other characters than keys have"),
        ('base_url = "http://127.0.0.1:1/v1"\nkey = "k"\n', 0o644, "chmod 600"),
        ('base_url = "http://127.0.0.1:1/v1"\nshare = "all"\n', 0o600, "choose stats, remarks, ir"),
        ('base_url = "http://127.0.0.1:1/v1"\ntimeout = "long"\n', 0o600, "timeout is not a float"),
        ('url = "http://127.0.0.1:1/v1"\n', 0o600, "has no url"),
    ],
)
def test_a_wrong_configuration_is_named_with_its_place(tmp_path: Path, home: Path, text: str, mode: int, words: str) -> None:
    configure(home, text, mode)
    told = autopass("model", "status", cwd=tmp_path, code=20).stderr
    assert words in told
    assert "config.toml" in told


def test_no_run_no_transcript(tmp_path: Path) -> None:
    assert "No run has asked a model yet" in autopass("model", "transcript", cwd=tmp_path, code=40).stderr
    (tmp_path / "other.txt").write_text("no transcript\n")
    assert "is no line of a transcript" in autopass("model", "transcript", "other.txt", cwd=tmp_path, code=40).stderr
