"""The launcher starts without the C library, and is the same program with it."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from launcher_kit import REPOSITORY, World, built, recipe_text

COMPILE = ("-O2", "-Wall", "-c", "a.c", "-o", "a.o")


def program_headers(program: Path) -> str:
    return subprocess.run(["readelf", "-lW", program], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="elsewhere it is built with the C library")
def test_it_needs_no_interpreter_and_no_relocation() -> None:
    headers = program_headers(built() / "autopass-cc")
    assert "INTERP" not in headers
    assert "DYNAMIC" not in headers
    assert re.search(r"GNU_STACK .* RW ", headers)


def test_its_note_is_in_the_first_page() -> None:
    for kind in ("release", "sanitize", "library"):
        assert b"autopass compiler launcher" in (built(kind) / "autopass-cc").read_bytes()[:4096], kind


@pytest.mark.parametrize("kind", ["library", "sanitize", "clang-19", "clang-22"])
def test_every_build_of_it_does_the_same(tmp_path: Path, kind: str) -> None:
    if kind.startswith("clang") and shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed")
    seen = []
    for place, build in (("one", "release"), ("other", kind)):
        (tmp_path / place).mkdir()
        world = World(tmp_path / place, kind=build)
        record = world.keys(*COMPILE)
        world.publish(record["exact"], recipe_text("knob inline-threshold 500", "knob unroll-threshold 100"))
        calls = [world.call(*COMPILE), world.call("-O2", "a.c"), world.call(*COMPILE, "@missing"), world.call()]
        seen.append(([call.argv for call in calls], record["exact"], record["inherited"], world.log()))
    assert seen[0] == seen[1]


@pytest.mark.skipif(shutil.which("aarch64-linux-gnu-gcc") is None, reason="there is no cross compiler for aarch64")
@pytest.mark.skipif(shutil.which("qemu-aarch64") is None, reason="there is no qemu-aarch64")
def test_it_starts_on_aarch64(tmp_path: Path) -> None:
    toolchain, build = tmp_path / "aarch64.cmake", tmp_path / "build"
    lines = ["set(CMAKE_SYSTEM_NAME Linux)", "set(CMAKE_SYSTEM_PROCESSOR aarch64)", "set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)"]
    toolchain.write_text("\n".join(lines) + "\n")
    for command in (
        ["cmake", "-S", str(REPOSITORY), "-B", str(build), f"-DCMAKE_TOOLCHAIN_FILE={toolchain}", "-DAUTOPASS_WERROR=ON"],
        ["cmake", "--build", str(build)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "world").mkdir()
    world = World(tmp_path / "world")
    record = world.keys(*COMPILE)
    key = world.publish(record["exact"], recipe_text("knob inline-threshold 500"))
    env = {
        "AUTOPASS_HOME": str(world.home),
        "AUTOPASS_CLANG": str(world.compiler),
        "AUTOPASS_LOG": str(tmp_path / "log"),
        "MIRROR": str(tmp_path / "seen"),
        "PATH": "/usr/bin:/bin",
    }
    command = ["qemu-aarch64", str(build / "autopass-cc"), *COMPILE]
    subprocess.run(command, cwd=world.project, env=env, check=True)
    assert (tmp_path / "log").read_text() == f"hit\texact\t{key}\ta.c\n"
