"""autopass.toml is read strictly, and each mistake gets a sentence with the next step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autopass_cc.errors import ConfigError, NoProjectError, NoWorkloadError
from autopass_cc.project.config import TEMPLATE, find_root, load, project_id


def write(root: Path, text: str) -> Path:
    (root / "autopass.toml").write_text(text)
    return root


def test_the_template_is_valid_and_keeps_its_id(tmp_path: Path) -> None:
    config = load(write(tmp_path, TEMPLATE.format(id="ab" * 16, run='["./bench", "10"]')))
    assert config.id == "ab" * 16
    assert config.workload == (("./bench", "10"),)
    assert config.compare == ("exit", "stdout", "stderr")
    assert config.time_limit == 60


def test_a_configuration_reads_the_same_in_every_process(tmp_path: Path) -> None:
    """An interrupted run is found again by it."""
    write(tmp_path, 'run = ["./a"]\ncompare = ["stdout", "exit"]\n[env]\nB = "1"\nA = "2"\n')
    code = "import sys, pathlib; from autopass_cc.project.config import load; print(repr(load(pathlib.Path(sys.argv[1]))))"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code, tmp_path], env={"PYTHONHASHSEED": str(seed)}, capture_output=True, check=True
        ).stdout
        for seed in range(1, 9)
    }
    assert len(texts) == 1


def test_several_commands_are_a_list_of_lists(tmp_path: Path) -> None:
    assert load(write(tmp_path, 'run = [["./a", "1"], ["./b"]]')).workload == (("./a", "1"), ("./b",))


def test_an_unknown_key_names_the_nearest_known_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown key `runn`; did you mean `run`\?") as caught:
        load(write(tmp_path, 'runn = ["./a"]'))
    assert caught.value.exit_code == 20


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("run = 3", "must be a command as a list of strings"),
        ('run = "./a b"', "must be a command as a list of strings"),
        ("time_limit = -1", "must be a number that is not negative"),
        ('compare = ["exit", "colour"]', "knows exit, stdout, stderr; not 'colour'"),
        ("run = [", "not valid TOML"),
        ('inputs = ["missing.bin"]', "missing.bin does not exist"),
        ("[env]\nA = 1", "must be a table of strings"),
    ],
)
def test_wrong_values_are_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        load(write(tmp_path, text))


def test_no_workload_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(NoWorkloadError, match="set run ="):
        _ = load(write(tmp_path, "")).workload


def test_the_root_is_found_from_below(tmp_path: Path) -> None:
    write(tmp_path, "")
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    assert find_root(below) == tmp_path
    with pytest.raises(NoProjectError, match="autopass init"):
        find_root(tmp_path.parent)


def test_without_an_id_line_the_path_names_the_project(tmp_path: Path) -> None:
    assert project_id(tmp_path, b"") != project_id(tmp_path / "other", b"")
    assert project_id(tmp_path, b'# id = "no"\nid = "' + b"0f" * 16 + b'"\n') == "0f" * 16
