"""Which program the launcher becomes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from launcher_kit import World, built, write

COMPILE = ("-O2", "-c", "a.c")
UNSET = {"AUTOPASS_CLANG": "(unset)"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def install(place: Path, *names: str, source: Path) -> Path:
    """Copy `source` to `place` under each of the names."""
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(source, place / name)
    return place


def program(world: World, *, name: str = "autopass-cc", **env: str) -> str:
    """Call the launcher; return argv[0] of the compiler it became."""
    call = world.call(*COMPILE, name=name, env=UNSET | env)
    assert call.seen is not None, call.stderr
    assert call.argv[-3:] == [argument.encode() for argument in COMPILE]
    return str(call.seen["argv"][0])


def test_the_variable_comes_first(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang", "clang-22", "mine", source=world.compiler)
    world.know(world.compiler, default=place / "clang-22")
    assert program(world, AUTOPASS_CLANG=str(place / "mine"), PATH=str(place)) == str(place / "mine")
    assert program(world, AUTOPASS_CLANG="mine", PATH=str(place)) == str(place / "mine")


def test_then_the_default_of_the_toolchains_file(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang", "clang-22", source=world.compiler)
    world.know(world.compiler, default=place / "clang-22")
    assert program(world, PATH=str(place)) == str(place / "clang-22")
    (place / "clang-22").unlink()
    assert program(world, PATH=str(place)) == str(place / "clang")


def test_then_clang_on_path_and_then_the_newest(world: World, tmp_path: Path) -> None:
    first = install(tmp_path / "first", "clang-19", "clang-22", source=world.compiler)
    second = install(tmp_path / "second", "clang", "clang-23", source=world.compiler)
    assert program(world, PATH=f"{first}:{second}") == str(second / "clang")
    (second / "clang").unlink()
    assert program(world, PATH=f"{first}:{second}") == str(second / "clang-23")
    assert program(world, PATH=str(first)) == str(first / "clang-22")


def test_the_launcher_never_finds_itself(world: World, tmp_path: Path) -> None:
    farm = tmp_path / "farm"
    farm.mkdir()
    (farm / "clang").symlink_to(built() / "autopass-cc")
    (farm / "clang++").symlink_to(built() / "autopass-c++")
    other = install(tmp_path / "other", "autopass-cc", source=built() / "autopass-cc")  # a second installation
    (other / "clang").symlink_to("autopass-cc")
    place = install(tmp_path / "bin", "clang", source=world.compiler)
    path = f"{farm}:{other}:{place}"
    assert program(world, PATH=path) == str(place / "clang")
    assert program(world, PATH=path, AUTOPASS_CLANG=str(place / "clang")) == str(place / "clang")
    call = world.call(*COMPILE, env={"AUTOPASS_CLANG": str(built() / "autopass-c++")})
    assert (call.code, call.seen) == (127, None)


@pytest.mark.parametrize(
    ("compiler", "sibling"),
    [
        ("clang", "clang++"),
        ("clang-22", "clang++-22"),
        ("x86_64-linux-gnu-gcc-12", "x86_64-linux-gnu-g++-12"),
        ("clang++", "clang++"),
    ],
)
def test_cxx_has_its_own_program(world: World, tmp_path: Path, compiler: str, sibling: str) -> None:
    place = install(tmp_path / "bin", compiler, sibling, source=world.compiler)
    assert program(world, name="autopass-c++", AUTOPASS_CLANG=str(place / compiler)) == str(place / sibling)


def test_where_cxx_has_no_program_the_driver_is_told(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang-22", source=world.compiler)
    call = world.call(*COMPILE, name="autopass-c++", env={"AUTOPASS_CLANG": str(place / "clang-22")})
    assert call.argv == [b"--driver-mode=g++", b"-O2", b"-c", b"a.c"]


def test_a_masqueraded_version_means_that_version(world: World, tmp_path: Path) -> None:
    farm, place = (
        tmp_path / "farm",
        install(tmp_path / "bin", "clang-19", "clang-22", "clang++-19", source=world.compiler),
    )
    farm.mkdir()
    for name in ("clang-19", "clang++-19", "clang"):
        (farm / name).symlink_to(built() / ("autopass-c++" if "++" in name else "autopass-cc"))
    world.know(world.compiler, default=place / "clang-22")
    env = {"PATH": f"{farm}:{place}"}
    assert program(world, name=str(farm / "clang-19"), **env) == str(place / "clang-19")
    assert program(world, name=str(farm / "clang++-19"), **env) == str(place / "clang++-19")
    assert program(world, name=str(farm / "clang"), **env) == str(place / "clang-22")


def test_no_clang_at_all_is_told_in_one_line(world: World, tmp_path: Path) -> None:
    for env in (
        UNSET | {"PATH": str(tmp_path)},
        {"AUTOPASS_CLANG": "/nonexistent/clang"},
        {"AUTOPASS_CLANG": str(tmp_path)},
    ):
        call = world.call(*COMPILE, env=env)
        assert call.code == 127
        assert call.stdout == b""
        assert call.stderr.startswith(b"autopass-cc: ")
        assert call.stderr.count(b"\n") == 1


def test_a_toolchains_file_of_somebody_else_is_not_believed(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang", "evil", source=world.compiler)
    world.know(world.compiler, default=place / "evil")
    (world.home / "toolchains").chmod(0o622)
    assert program(world, PATH=str(place)) == str(place / "clang")


@pytest.mark.parametrize("major", ["22", "-22", "0", "22x", "", "4294967318"])
@pytest.mark.parametrize("kind", ["release", "sanitize"])
def test_a_line_whose_llvm_is_no_number_is_none(world: World, kind: str, major: str) -> None:
    world.kind = kind
    file = world.home / "toolchains"
    write(file, file.read_bytes().replace(b"\t22\tok\t", f"\t{major}\tok\t".encode()))
    world.publish("0" * 32, b"")
    assert world.reason("-O2", "-c", "a.c") == ("no-recipe" if major == "22" else "unknown-toolchain")


@pytest.mark.parametrize("portable", ["5a" * 16, "5a" * 15, "5A" * 16, "5a" * 17, "-", "5a" * 16 + "\tmore"])
def test_a_line_without_a_portable_id_is_none(world: World, portable: str) -> None:
    file = world.home / "toolchains"
    write(file, file.read_bytes().replace(b"5a" * 16, portable.encode()))
    assert world.reason("-O2", "-c", "a.c") == ("no-recipe" if portable == "5a" * 16 else "unknown-toolchain")


def test_a_toolchains_file_of_an_older_version_says_nothing_of_a_compiler(world: World) -> None:
    file = world.home / "toolchains"
    write(file, file.read_bytes().replace(b"autopass-toolchains 2", b"autopass-toolchains 1"))
    assert world.reason("-O2", "-c", "a.c") == "unknown-toolchain"


def test_the_data_directory_follows_the_same_rule_as_the_tuner(world: World, tmp_path: Path) -> None:
    user, data = tmp_path / "user", tmp_path / "data"
    place = install(tmp_path / "bin", "clang", "by-home", "by-data", source=world.compiler)
    for base, name in ((user / ".local" / "share" / "autopass", "by-home"), (data / "autopass", "by-data")):
        write(base / "toolchains", f"autopass-toolchains 2\ndefault\t{place / name}\n".encode())
    env = {"AUTOPASS_HOME": "(unset)", "PATH": str(place), "HOME": str(user), "XDG_DATA_HOME": "(unset)"}
    assert Path(program(world, **env)).name == "by-home"
    assert Path(program(world, **env | {"XDG_DATA_HOME": " "})).name == "by-home"
    assert Path(program(world, **env | {"XDG_DATA_HOME": str(data)})).name == "by-data"
    assert Path(program(world, **env | {"HOME": "/nonexistent"})).name == "clang"
    assert Path(program(world, **env | {"HOME": "(unset)"})).name == "clang"
    relative = os.path.relpath(data / "autopass", world.project)
    assert Path(program(world, **env | {"AUTOPASS_HOME": relative})).name == "by-data"
