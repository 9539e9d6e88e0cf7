"""The command line as a whole: what it lists without importing it is there."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from autopass_cc.cli.main import COMMANDS, cli


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_listed_command_is_there_and_its_line_fits_a_terminal(name: str) -> None:
    command = importlib.import_module(f"autopass_cc.cli.{name}").command
    assert isinstance(command, click.Command)
    assert command.name == name
    assert len(name) < len(COMMANDS[name]) <= 64


def test_help_lists_every_command_in_a_line_each() -> None:
    lines = CliRunner().invoke(cli, ["--help"], prog_name="autopass").output.splitlines()
    for name, text in COMMANDS.items():
        assert any(line.split() == [name, *text.split()] for line in lines)


def test_completion_offers_the_commands_that_begin_so() -> None:
    found = cli.shell_complete(click.Context(cli), "st")
    assert [item.value for item in found] == ["status", "stats"]
    assert "--version" in [item.value for item in cli.shell_complete(click.Context(cli), "--")]


HEAVY = {"scipy", "numpy", "openai", "httpx2", "fsspec", "sqlite_utils", "filelock"}


@pytest.mark.parametrize("words", [["--help"], ["status"], ["daemon", "status"], ["stats"]])
def test_what_people_look_at_often_imports_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "autopass.toml").write_text(f'id = "{"7" * 32}"\nrun = ["./a"]\n')
    code = (
        "import atexit, sys\nfrom autopass_cc.cli.main import main\n"
        f"atexit.register(lambda: print('loaded', *sorted({HEAVY!r} & set(sys.modules))))\n"
        f"sys.argv[1:] = {words!r}\nmain()"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 3), ran.stderr  # 3: the service does not run
    assert ran.stdout.splitlines()[-1] == "loaded"
