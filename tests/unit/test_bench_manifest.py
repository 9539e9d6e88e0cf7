"""suite.toml: what a suite may say, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from autopass_cc.bench.manifest import load
from autopass_cc.errors import ConfigError


def suite(tmp_path: Path, text: str, *files: str) -> Path:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("int main(void) { return 0; }\n")
    (tmp_path / "suite.toml").write_text(text)
    return tmp_path


def test_a_program_of_sources_has_the_suites_flags_and_its_own(tmp_path: Path) -> None:
    text = 'flags = ["-O2"]\nlibs = ["-lm"]\n[program.a]\nsources = ["a.c"]\nflags = ["-DX"]\nrun = ["./a", "5"]\n'
    (program,) = load(suite(tmp_path, text, "a.c")).programs
    assert (program.name, program.flags, program.libs, program.run) == ("a", ("-O2", "-DX"), ("-lm",), (("./a", "5"),))
    assert program.train == program.run  # where nothing else is said, profiles are of the workload itself


def test_without_flags_programs_are_compiled_at_o3(tmp_path: Path) -> None:
    found = load(suite(tmp_path, '[program.a]\nsources = ["a.c"]\nrun = ["./a"]\n', "a.c"))
    assert found.programs[0].flags == ("-O3",)
    assert found.name == tmp_path.name


def test_a_project_with_a_build_of_its_own_lies_in_its_folder(tmp_path: Path) -> None:
    text = '[program.tool]\nfolder = "tool"\nbuild = ["make"]\nrun = ["./tool", "x"]\ntrain = ["./tool", "y"]\n'
    (program,) = load(suite(tmp_path, text, "tool/a.c")).programs
    assert (program.folder, program.build, program.train) == (tmp_path / "tool", ("make",), (("./tool", "y"),))


def test_a_folder_of_kernels_is_a_program_for_each_file(tmp_path: Path) -> None:
    text = (
        '[kernels]\nmatch = "*.c"\nrun = ["./{name}", "9"]\nflags = ["-DSIZE=3"]\n[program.b]\nsources = ["b.c"]\nrun = ["./b"]\n'
    )
    found = {each.name: each for each in load(suite(tmp_path, text, "a.c", "b.c", "readme.txt")).programs}
    assert found.keys() == {"a", "b"}
    assert (found["a"].sources, found["a"].run, found["a"].flags) == (("a.c",), (("./a", "9"),), ("-O3", "-DSIZE=3"))
    assert found["b"].run == (("./b",),)  # what is said of one by name is what counts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no program"),
        ("[program.a", "not valid TOML"),
        ('[program.a]\nsources = ["a.c"]\n', "no `run`"),
        ('[program.a]\nrun = ["./a"]\n', "either `sources` or `build`"),
        ('[program.a]\nrun = ["./a"]\nsources = ["a.c"]\nbuild = ["make"]\n', "either `sources` or `build`"),
        ('[program.a]\nrun = ["./a"]\nsources = ["gone.c"]\n', "gone.c does not exist"),
        ('[program.a]\nrun = ["./a"]\nsource = ["a.c"]\n', "did you mean `sources`"),
        ('[program."../a"]\nrun = ["./a"]\nsources = ["a.c"]\n', "plain name"),
        ('[program.a]\nrun = "./a"\nsources = ["a.c"]\n', "[program.a] `run` must be a command"),
        ('[kernels]\nmatch = "*.f90"\n', "no source matches"),
    ],
)
def test_what_is_wrong_is_said_with_the_files_name(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(suite(tmp_path, text, "a.c"))
    assert told in caught.value.sentence
    assert "suite.toml" in caught.value.sentence


def test_a_folder_without_a_manifest_is_no_suite(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path)


def test_the_example_of_the_readme_is_a_suite_of_kernels_and_of_a_project_with_its_makefile() -> None:
    folder = Path(__file__).resolve().parents[2] / "examples" / "kernels"
    found = {each.name: each for each in load(folder).programs}
    assert found.keys() == {"histogram", "prefix", "orders"}
    assert found["prefix"].run == (("./prefix", "15000"),)
    assert found["orders"].build == ("make", "-B")
    text = (folder / "suite.toml").read_text().partition("\n")[2]  # without the comment
    assert text in (folder.parents[1] / "README.md").read_text()
