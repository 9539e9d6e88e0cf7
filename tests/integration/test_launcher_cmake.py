"""CMake takes the compiler's name apart; whatever autopass is called, CMake must find what it finds for plain clang."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from launcher_kit import World, installed

PROJECT = """
cmake_minimum_required(VERSION 3.20)
project(sample C CXX)
include(CheckIPOSupported)
check_ipo_supported(RESULT IPO OUTPUT WHY LANGUAGES C CXX)
set(IPO_RESULT "${IPO}" CACHE STRING "what check_ipo_supported found")
add_library(part STATIC part.c)
add_executable(program main.cpp)
target_link_libraries(program part)
set_target_properties(part program PROPERTIES INTERPROCEDURAL_OPTIMIZATION "${WITH_IPO}")
"""
CACHE_NAMES = (
    "CMAKE_AR",
    "CMAKE_RANLIB",
    "CMAKE_LINKER",
    "CMAKE_NM",
    "CMAKE_OBJCOPY",
    "CMAKE_C_COMPILER_AR",
    "CMAKE_CXX_COMPILER_RANLIB",
)


@pytest.fixture
def world(tmp_path: Path, clang: Path) -> World:
    made = World(tmp_path, compiler=clang)
    (made.project / "CMakeLists.txt").write_text(PROJECT)
    (made.project / "part.c").write_text("int part(int x) { return 3 * x; }\n")
    (made.project / "main.cpp").write_text('extern "C" int part(int); int main() { return part(0); }\n')
    made.record()
    return made


def environment(world: World, **more: str) -> dict[str, str]:
    """Name the compiler to autopass and nobody else."""
    found = {key: value for key, value in os.environ.items() if key not in ("CC", "CXX", "CFLAGS", "LDFLAGS")}
    path = f"{installed()}:{os.environ['PATH']}"
    return found | {"PATH": path, "AUTOPASS_HOME": str(world.home), "AUTOPASS_CLANG": str(world.compiler)} | more


def configure(world: World, build: Path, env: dict[str, str], *options: str) -> dict[str, str]:
    """Configure in `build`; return the cache's entries."""
    command = ["cmake", "-S", str(world.project), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release", *options]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (build / "CMakeCache.txt").read_text().splitlines()
    entries = (line.split("=", 1) for line in lines if "=" in line and not line.startswith(("#", "//")))
    return {name.split(":")[0]: value.replace(str(build), "{build}") for name, value in entries}


def program_of(path: str, env: dict[str, str]) -> str:
    """Return which program a path is, seen from outside: what it says of itself."""
    if not os.access(path, os.X_OK) or Path(path).is_dir():
        return path
    done = subprocess.run([path, "--version"], env=env, capture_output=True, text=True, check=False)
    return f"{done.returncode} {done.stdout}{done.stderr}".replace(path, "{itself}")


def driver(clang: Path, language: str) -> str:
    return str(clang.with_name(clang.name.replace("clang", "clang++"))) if language == "CXX" else str(clang)


def plain(world: World) -> dict[str, str]:
    return environment(world, CC=driver(world.compiler, "C"), CXX=driver(world.compiler, "CXX"))


def test_the_cache_is_that_of_plain_clang(world: World, tmp_path: Path) -> None:
    ours, env = environment(world, CC="autopass-cc", CXX="autopass-c++"), plain(world)
    expected, found = configure(world, tmp_path / "plain", env), configure(world, tmp_path / "ours", ours)
    assert found.keys() == expected.keys()
    assert (found["IPO_RESULT"], found["CMAKE_C_COMPILER"]) == ("YES", str(installed() / "autopass-cc"))
    for name, value in expected.items():
        same = found[name] == value or program_of(found[name], ours) == program_of(value, env)
        assert same, f"{name}: {value} became {found[name]}"
    for name in CACHE_NAMES:
        assert "NOTFOUND" not in found[name]
    assert [record["src"] for record in world.records() if record["kind"] == "compile"] == []  # all were probes


def test_a_static_library_with_ipo_links(world: World, tmp_path: Path) -> None:
    env, build = environment(world, CC="autopass-cc", CXX="autopass-c++"), tmp_path / "build"
    configure(world, build, env, "-DWITH_IPO=ON")
    done = subprocess.run(["cmake", "--build", str(build)], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert subprocess.run([build / "program"], check=False).returncode == 0
    assert {record["reason"] for record in world.records()} == {"lto", "link"}


def test_through_a_masquerade_even_the_names_are_the_same(world: World, tmp_path: Path) -> None:
    farm = tmp_path / "farm"
    farm.mkdir()
    names = [Path(driver(world.compiler, language)).name for language in ("C", "CXX")]
    for name in names:
        (farm / name).symlink_to(installed() / "autopass-cc")
    expected = configure(world, tmp_path / "plain", plain(world))
    env = environment(world, CC=names[0], CXX=names[1])
    env["PATH"] = f"{farm}:{env['PATH']}"
    found = configure(world, tmp_path / "ours", env)
    different = {name for name, value in expected.items() if found[name] != value}
    assert different == {"CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER"}


@pytest.mark.parametrize("way", ["option", "variable"])
def test_as_a_launcher_the_compiler_keeps_its_name(world: World, tmp_path: Path, way: str) -> None:
    env, build, options = plain(world), tmp_path / "build", []
    launchers = {f"CMAKE_{language}_COMPILER_LAUNCHER": "autopass-cc" for language in ("C", "CXX")}
    if way == "option":
        options = [f"-D{name}={value}" for name, value in launchers.items()]
    else:
        env |= launchers
    expected = configure(world, tmp_path / "plain", plain(world))
    found = configure(world, build, env, *options)
    assert {name for name in expected if found[name] != expected[name]} <= launchers.keys()
    done = subprocess.run(["cmake", "--build", str(build)], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    compiles = [record for record in world.records() if record["kind"] == "compile"]
    assert sorted(Path(record["src"]).name for record in compiles) == ["main.cpp", "part.c"]
    assert {record["reason"] for record in compiles} == {"no-recipe"}
    assert {record["argv"][0] for record in compiles} == {driver(world.compiler, "C"), driver(world.compiler, "CXX")}
