"""Whole small builds through the launcher, as a user starts them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from launcher_kit import World, built

CMAKE = """
cmake_minimum_required(VERSION 3.20)
project(sample C CXX)
include(CheckFunctionExists)
include(CheckCXXCompilerFlag)
check_function_exists(puts HAVE_PUTS)
check_cxx_compiler_flag(-fno-rtti HAVE_NO_RTTI)
if(NOT HAVE_PUTS OR NOT HAVE_NO_RTTI)
  message(FATAL_ERROR "a check failed")
endif()
add_library(part STATIC a.c)
add_executable(program b.cpp main.cpp)
target_link_libraries(program part)
"""


def environment(world: World) -> dict[str, str]:
    return os.environ | {
        "CC": str(built() / "autopass-cc"),
        "CXX": str(built() / "autopass-c++"),
        "AUTOPASS_HOME": str(world.home),
        "AUTOPASS_CLANG": str(world.compiler),
    }


@pytest.mark.slow
@pytest.mark.parametrize("generator", ["Ninja", "Unix Makefiles"])
def test_a_cmake_build_records_its_sources_and_no_probe(tmp_path: Path, clang: Path, generator: str) -> None:
    if shutil.which("ninja" if generator == "Ninja" else "make") is None:
        pytest.skip(f"there is no program for {generator}")
    world = World(tmp_path, compiler=clang)
    world.record()
    (world.project / "CMakeLists.txt").write_text(CMAKE)
    (world.project / "main.cpp").write_text('extern "C" int f(int); int g(int); int main() { return f(0) + g(0); }\n')
    build, env = tmp_path / "build", environment(world)
    for command in (
        ["cmake", "-S", str(world.project), "-B", str(build), "-G", generator, "-DCMAKE_BUILD_TYPE=RelWithDebInfo"],
        ["cmake", "--build", str(build), "--parallel", "2"],
        [str(build / "program")],
    ):
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    records = world.records()
    compiles = {Path(record["src"]).name: record for record in records if record["kind"] == "compile"}
    assert sorted(compiles) == ["a.c", "b.cpp", "main.cpp"]
    assert {record["reason"] for record in compiles.values()} == {"no-recipe"}
    assert [record["out"] for record in records if record["kind"] == "link"] == ["program"]
    again = subprocess.run(["cmake", "--build", str(build)], env=env, capture_output=True, text=True, check=True)
    assert len(world.records()) == len(records), again.stdout
