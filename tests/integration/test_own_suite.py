"""The bench's own suite: whole, free of undefined behaviour, the same at every level, and with an oracle that sees faults."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from autopass_cc.bench.manifest import BenchProgram, load
from autopass_cc.project.mutant import cut_short

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "bench"
PROGRAMS = {each.name: each for each in load(FOLDER).programs}
SANITIZERS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
HARMLESS = {"tables": {"hash"}, "sparse": {"free_csr"}}  # one bucket for all is slow, memory kept is lost; neither is wrong
Said = list[tuple[int, bytes]]


@pytest.fixture(params=list(PROGRAMS))
def program(request: pytest.FixtureRequest) -> BenchProgram:
    return PROGRAMS[request.param]


def compiler(program: BenchProgram) -> str:
    word = "clang++" if any(name.endswith(".cpp") for name in program.sources) else "clang"
    found = shutil.which(f"{word}-22") or shutil.which(f"{word}-19")
    assert found is not None
    return found


def said(built: Path, program: BenchProgram) -> Said:
    """Run a program on the inputs that its oracle compares; one that does not end in time says so."""
    found = []
    for _, *arguments in program.checks:
        try:
            done = subprocess.run([built, *arguments], capture_output=True, timeout=20, check=False)
        except subprocess.TimeoutExpired:
            return [(-1, b"endless")]
        found.append((done.returncode, done.stdout))
    return found


def build(program: BenchProgram, out: Path, *flags: str) -> Path:
    argv = [compiler(program), *flags, "-Wall", "-Wextra", "-Werror", "-o", str(out), *program.sources, *program.libs]
    subprocess.run(argv, cwd=program.folder, check=True)
    return out


def test_the_suite_has_all_kinds_of_code() -> None:
    assert len(PROGRAMS) >= 24
    assert sum(len(each.sources) > 1 for each in PROGRAMS.values()) >= 4
    assert sum(name.endswith(".cpp") for each in PROGRAMS.values() for name in each.sources) >= 4


def test_a_program_says_the_same_at_every_level_and_under_the_sanitizers(program: BenchProgram, tmp_path: Path) -> None:
    plain = said(build(program, tmp_path / "O0", "-O0"), program)
    assert all(code == 0 and text for code, text in plain)
    assert plain[0][1] != plain[1][1]  # two inputs, two outputs
    assert said(build(program, tmp_path / "O3", "-O3"), program) == plain
    assert said(build(program, tmp_path / "sanitized", *SANITIZERS), program) == plain


@pytest.mark.slow
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="mutants are made in assembly")
def test_a_fault_in_any_function_shows_in_the_output(program: BenchProgram, tmp_path: Path) -> None:
    """Each function in turn returns zero at once (DeMillo, Lipton and Sayward 1978)."""
    driver = compiler(program)
    for source in program.sources:
        out = tmp_path / (Path(source).stem + ".s")
        subprocess.run([driver, "-O1", "-fno-inline", "-S", "-o", out, source], cwd=program.folder, check=True)
    texts = {path: path.read_text() for path in tmp_path.glob("*.s")}
    built = tmp_path / "program"

    def link() -> Said:
        subprocess.run([driver, "-o", built, *texts, *program.libs], check=True)
        return said(built, program)

    plain, unseen, count = link(), [], 0
    for path, text in texts.items():
        weak = set(re.findall(r"\.weak\s+(\S+)", text))  # templates of the library
        second_names = set(re.findall(r"^(\S+) = ", text, re.MULTILINE))  # of a function that has another
        functions = set(re.findall(r"^\s*\.type\s+(\S+),@function", text, re.MULTILINE)) - weak - second_names
        for name in sorted(functions - HARMLESS.get(program.name, set()) - {"main"}):
            broken = cut_short(text, name, "x86_64")
            assert broken is not None, name
            path.write_text(broken)
            count += 1
            if link() == plain:
                unseen.append(name)
        path.write_text(text)
    assert count >= 4
    assert unseen == []
