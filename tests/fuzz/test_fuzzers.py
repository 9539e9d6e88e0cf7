"""A few thousand inputs for each of the launcher's parsers, whose seeds reach all of them; `run.py --seconds` takes longer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parent / "run.py"
RUNS = 20_000


def fuzz(*arguments: str, run: Path = RUN) -> subprocess.CompletedProcess[str]:
    if shutil.which("clang-19") is None:
        pytest.skip("clang-19 is not installed")
    probe = ["clang-19", "-fsanitize=fuzzer,address", "-x", "c", "-", "-o", "/dev/null"]
    code = "int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }"
    if subprocess.run(probe, input=code, text=True, capture_output=True, check=False).returncode != 0:
        pytest.skip("clang-19 has no runtime for fuzzing (libclang-rt-19-dev)")
    return subprocess.run([sys.executable, str(run), *arguments], capture_output=True, text=True, check=False)


def test_no_input_makes_a_parser_fail(tmp_path: Path) -> None:
    done = fuzz("--runs", str(RUNS), "--build", str(tmp_path))
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["command", "lookup", "recipe"]
    for line in lines:
        assert int(line[1].replace(",", "")) >= RUNS
        assert line[-2:] == ["0", "crashes"]


def test_a_parser_that_lets_too_much_through_is_found_out(tmp_path: Path) -> None:
    """Here the one that reads recipes, with values that are one too large for their knob."""
    for part in ("shims", "tests/fuzz", "autopass_cc/recipe/data"):
        shutil.copytree(RUN.parents[2] / part, tmp_path / part)
    parser = tmp_path / "shims" / "recipe_file.c"
    right = parser.read_text()
    parser.write_text(right.replace("number <= knob->most;", "number <= knob->most + 1;"))
    assert parser.read_text() != right
    done = fuzz("--runs", "1000", "--build", str(tmp_path / "build"), "recipe", run=tmp_path / "tests" / "fuzz" / "run.py")
    assert done.returncode == 1
    assert "1 crashes" in done.stdout
    assert "WRONG: is_knob(table, word)" in done.stderr
    assert list((tmp_path / "build").glob("recipe-crash-*"))
