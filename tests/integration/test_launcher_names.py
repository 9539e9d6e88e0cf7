"""The names that the launcher goes by, and the compilers and caches that are named to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from launcher_kit import World, built, recipe_text, write

COMPILE = ("-O2", "-c", "a.c")
UNSET = {"AUTOPASS_CLANG": "(unset)"}
LEVEL = "_AUTOPASS_LEVEL=1"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def install(place: Path, *names: str, source: Path) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(source, place / name)
    return place


def cache(place: Path, name: str = "ccache") -> Path:
    """A cache that hands everything on, as `ccache CC …` does on a miss."""
    write(place / name, b'#!/bin/sh\nexec "$@"\n', 0o755)
    return place / name


def program(world: World, *arguments: str, name: str = "autopass-cc", **env: str) -> tuple[str, list[str]]:
    """Call the launcher; return argv[0] and the arguments of the compiler it became."""
    call = world.call(*arguments, name=name, env=UNSET | env)
    assert call.seen is not None, call.stderr
    return str(call.seen["argv"][0]), [os.fsdecode(word) for word in call.argv]


def published(world: World, *arguments: str, **options: object) -> str:
    """Publish a recipe of one knob for this command; return the argument that it stands for."""
    key = world.keys(*arguments, **options)["exact"]
    world.publish(key, recipe_text("knob inline-threshold 500"))
    return "-mllvm=-inline-threshold=500"


# ---- launcher mode


def test_the_compiler_can_be_the_first_word(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang-19", "clang++-19", "g++", source=world.compiler)
    for word in ("clang-19", "clang++-19", "g++", str(place / "clang-19")):
        assert program(world, word, *COMPILE, PATH=str(place)) == (str(place / Path(word).name), list(COMPILE))


def test_a_relative_path_to_the_compiler_is_one_too(world: World, tmp_path: Path) -> None:
    install(tmp_path / "project" / "bin", "clang", source=world.compiler)
    assert program(world, "bin/clang", *COMPILE) == ("bin/clang", list(COMPILE))


def test_the_first_word_may_be_ourselves(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang-19", "mine", source=world.compiler)
    env = {"PATH": str(place), "AUTOPASS_CLANG": str(place / "mine")}
    assert program(world, str(built() / "autopass-cc"), *COMPILE, **env)[0] == str(place / "mine")
    assert program(world, "autopass-cc", *COMPILE, **env)[0] == str(place / "mine")
    farm = install(tmp_path / "farm", "clang-19", source=built() / "autopass-cc")
    assert program(world, str(farm / "clang-19"), *COMPILE, **env)[0] == str(place / "clang-19")


def test_a_recipe_applies_in_launcher_mode_as_without(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang-22", source=world.compiler)
    world.know(place / "clang-22")
    argument = published(world, *COMPILE, env={"AUTOPASS_CLANG": str(place / "clang-22")})
    assert program(world, str(place / "clang-22"), *COMPILE) == (str(place / "clang-22"), [argument, *COMPILE])


def test_the_record_of_launcher_mode_holds_the_compile_alone(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang-22", source=world.compiler)
    cache(place)
    record = world.keys("ccache", "clang-22", *COMPILE, env=UNSET | {"PATH": f"{place}:{os.environ['PATH']}"})
    assert record["argv"] == [str(place / "clang-22"), *COMPILE]


def test_an_object_file_with_the_name_of_a_compiler_stays_an_input(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang", "cc", source=world.compiler)
    write(world.project / "cc", b"object", 0o644)
    assert program(world, "cc", "-o", "program", PATH=str(place)) == (str(place / "clang"), ["cc", "-o", "program"])


# ---- in front of a cache


@pytest.mark.parametrize("way", ["words", "variable"])
def test_a_cache_gets_the_compiler_and_the_recipe_in_plain_sight(world: World, tmp_path: Path, way: str) -> None:
    place = install(tmp_path / "bin", "clang-22", source=world.compiler)
    cache(place)
    world.know(place / "clang-22")
    argument = published(world, *COMPILE, env={"AUTOPASS_CLANG": str(place / "clang-22")})
    path = f"{place}:{os.environ['PATH']}"
    words, env = (["ccache", "clang-22"], {}) if way == "words" else ([], {"AUTOPASS_CLANG": "ccache  clang-22"})
    assert program(world, *words, *COMPILE, PATH=path, **env) == (str(place / "clang-22"), [argument, *COMPILE])
    assert world.log()[-1][:2] == ["hit", "exact"]


def test_a_link_farm_of_a_cache_is_the_cache_before_the_next_compiler(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang-22", source=world.compiler)
    farm = tmp_path / "farm"
    farm.mkdir()
    ccache = write(tmp_path / "ccache", b'#!/bin/sh\necho "$@" >"$SEEN_BY_CACHE"\nexec "$@"\n', 0o755)
    (farm / "clang-22").symlink_to(ccache)
    env = {"PATH": f"{farm}:{place}:{os.environ['PATH']}", "AUTOPASS_CLANG": "clang-22", "SEEN_BY_CACHE": str(tmp_path / "seen")}
    assert program(world, *COMPILE, **env)[0] == str(place / "clang-22")
    assert (tmp_path / "seen").read_text().split() == [str(place / "clang-22"), *COMPILE]


@pytest.mark.parametrize("name", ["distcc", "icecc"])
def test_nothing_is_added_where_another_machine_may_compile(world: World, tmp_path: Path, name: str) -> None:
    place = install(tmp_path / "bin", "clang-22", source=world.compiler)
    cache(place, name)
    cache(place)
    world.know(place / "clang-22")
    published(world, *COMPILE, env={"AUTOPASS_CLANG": str(place / "clang-22")})
    path = f"{place}:{os.environ['PATH']}"
    assert program(world, name, "clang-22", *COMPILE, PATH=path) == (str(place / "clang-22"), list(COMPILE))
    assert world.log()[-1][1] == "remote"
    assert program(world, "ccache", "clang-22", *COMPILE, PATH=path, CCACHE_PREFIX=name)[1] == list(COMPILE)
    assert world.log()[-1][1] == "remote"


def test_an_old_llvm_takes_no_recipe_through_a_cache(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang-16", source=world.compiler)
    cache(place)
    world.know(place / "clang-16", major=16)
    assert program(world, "ccache", "clang-16", *COMPILE, PATH=f"{place}:{os.environ['PATH']}")[1] == list(COMPILE)
    assert world.log()[-1][1] == "cache"


def test_a_cache_asked_something_of_its_own_is_left_alone(world: World, tmp_path: Path) -> None:
    install(tmp_path / "bin", "ccache", source=world.compiler)
    assert program(world, "ccache", "--show-stats", PATH=str(tmp_path / "bin")) == (
        str(tmp_path / "bin" / "ccache"),
        ["--show-stats"],
    )


def test_off_keeps_the_cache(world: World, tmp_path: Path) -> None:
    install(tmp_path / "bin", "clang-22", "ccache", source=world.compiler)
    found = program(world, "ccache", "clang-22", *COMPILE, PATH=str(tmp_path / "bin"), AUTOPASS="off")
    assert found == (str(tmp_path / "bin" / "ccache"), [str(tmp_path / "bin" / "clang-22"), *COMPILE])


# ---- never in a circle


def test_a_copy_of_the_launcher_is_known_whatever_it_is_called(world: World, tmp_path: Path) -> None:
    farm = install(tmp_path / "farm", "clang", "clang-22", "mine", source=built() / "autopass-cc")
    place = install(tmp_path / "bin", "clang", source=world.compiler)
    path = f"{farm}:{place}"
    assert program(world, *COMPILE, PATH=path)[0] == str(place / "clang")
    call = world.call(*COMPILE, env={"AUTOPASS_CLANG": str(farm / "mine"), "PATH": path})
    assert (call.code, call.seen) == (127, None)
    assert b"not found" in call.stderr


def test_the_sanitized_launcher_is_known_too(world: World, tmp_path: Path) -> None:
    farm = install(tmp_path / "farm", "clang", source=built("sanitize") / "autopass-cc")
    place = install(tmp_path / "bin", "clang", source=world.compiler)
    assert program(world, *COMPILE, PATH=f"{farm}:{place}")[0] == str(place / "clang")


@pytest.mark.parametrize("name", ["script", "ccache"])
def test_a_wrapper_that_calls_us_back_ends_at_the_real_compiler(world: World, tmp_path: Path, name: str) -> None:
    farm = tmp_path / "farm"
    farm.mkdir()
    (farm / "clang").symlink_to(built() / "autopass-cc")
    place = install(tmp_path / "bin", "clang", source=world.compiler)
    path = f"{farm}:{place}:{os.environ['PATH']}"
    if name == "script":
        setting = str(write(tmp_path / "script", b'#!/bin/sh\nexec clang "$@"\n', 0o755))
    else:
        write(place / "ccache", b'#!/bin/sh\nshift\nexec clang "$@"\n', 0o755)
        setting = "ccache clang"
    call = world.call(*COMPILE, env={"AUTOPASS_CLANG": setting, "PATH": path})
    assert call.seen is not None, call.stderr
    assert (call.seen["argv"][0], call.argv) == (str(place / "clang"), [word.encode() for word in COMPILE])
    assert LEVEL in call.seen["environ"]


def test_a_compiler_that_is_a_program_sees_the_environment_as_it_was(world: World) -> None:
    call = world.call(*COMPILE)
    assert call.seen is not None
    assert not [variable for variable in call.seen["environ"] if variable.startswith("_AUTOPASS")]


# ---- masquerade


def test_a_masqueraded_name_means_its_version_whatever_is_set(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang", "clang-19", "mine", source=world.compiler)
    farm = install(tmp_path / "farm", "clang", "clang-19", "cc", "c++", source=built() / "autopass-cc")
    env = {"PATH": f"{farm}:{place}", "AUTOPASS_CLANG": str(place / "mine")}
    assert program(world, *COMPILE, name=str(farm / "clang-19"), **env)[0] == str(place / "clang-19")
    assert program(world, *COMPILE, name=str(farm / "cc"), **env)[0] == str(place / "mine")
    world.know(world.compiler, default=place / "clang-19")
    del env["AUTOPASS_CLANG"]
    assert program(world, *COMPILE, name=str(farm / "clang"), **env)[0] == str(place / "clang")
    assert program(world, *COMPILE, name=str(farm / "cc"), **env)[0] == str(place / "clang-19")
    assert program(world, *COMPILE, name=str(farm / "c++"), **env) == (str(place / "clang-19"), ["--driver-mode=g++", *COMPILE])


def test_a_triple_before_the_name_reaches_the_driver(world: World, tmp_path: Path) -> None:
    place = install(tmp_path / "bin", "clang-19", source=world.compiler)
    farm = install(tmp_path / "farm", "aarch64-linux-gnu-clang-19", source=built() / "autopass-cc")
    name, env = str(farm / "aarch64-linux-gnu-clang-19"), {"PATH": f"{farm}:{place}"}
    assert program(world, *COMPILE, name=name, **env)[0] == str(place / "aarch64-linux-gnu-clang-19")
    assert world.log()[-1][1] == "driver-mode"
    install(place, "aarch64-linux-gnu-clang-19", source=world.compiler)
    assert program(world, *COMPILE, name=name, **env)[0] == str(place / "aarch64-linux-gnu-clang-19")


def test_the_real_driver_takes_its_target_from_such_a_name(tmp_path: Path, clang: Path) -> None:
    farm = install(tmp_path / "farm", f"aarch64-linux-gnu-{clang.name}", source=built() / "autopass-cc")
    done = subprocess.run([farm / f"aarch64-linux-gnu-{clang.name}", "-dumpmachine"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("aarch64-")


# ---- tools for CMake's idea of a cross prefix


@pytest.mark.parametrize("tool", ["llvm-ar", "llvm-ranlib", "llvm-nm", "ld.lld"])
def test_a_tool_is_that_of_the_compiler(tmp_path: Path, clang: Path, tool: str) -> None:
    farm = install(tmp_path / "farm", f"autopass-{tool}", source=built() / "autopass-cc")
    real = shutil.which(f"{tool}-{clang.name.removeprefix('clang-')}")
    assert real is not None
    told = [
        subprocess.run([program, "--version"], env=os.environ | {"AUTOPASS_CLANG": str(clang)}, capture_output=True, check=False)
        for program in (farm / f"autopass-{tool}", real)
    ]
    assert (told[0].returncode, told[0].stdout, told[0].stderr) == (told[1].returncode, told[1].stdout, told[1].stderr)


def test_without_llvms_tools_the_systems_take_their_place(world: World, tmp_path: Path) -> None:
    farm = install(tmp_path / "farm", "autopass-llvm-ar", "autopass-ld.lld", source=built() / "autopass-cc")
    place = install(tmp_path / "bin", "clang-22", "ar", "ld", source=world.compiler)
    env = {"PATH": str(place), "AUTOPASS_CLANG": str(place / "clang-22")}
    assert program(world, "rc", "x.a", name=str(farm / "autopass-llvm-ar"), **env) == (str(place / "ar"), ["rc", "x.a"])
    assert program(world, "-r", name=str(farm / "autopass-ld.lld"), **env) == (str(place / "ld"), ["-r"])
    (place / "ar").unlink()
    call = world.call("rc", "x.a", name=str(farm / "autopass-llvm-ar"), env=env)
    assert (call.code, call.stderr) == (
        127,
        b"autopass-cc: cannot run llvm-ar: not found (install clang, or set AUTOPASS_CLANG)\n",
    )


# ---- the epoch


def epoch(world: World, tmp_path: Path, compiler: str = "autopass-cc") -> str:
    farm = install(tmp_path / "epoch", "autopass-epoch", source=built() / "autopass-cc")
    call = world.call(compiler, name=str(farm / "autopass-epoch"))
    assert (call.code, call.stderr) == (0, b"")
    word = call.stdout.decode()
    assert word.endswith("\n")
    assert len(word) == 33
    return word


def test_the_epoch_changes_with_recipes_and_compiler_and_with_nothing_else(world: World, tmp_path: Path) -> None:
    compiler = tmp_path / "copy"
    shutil.copy(world.compiler, compiler)
    world.compiler = compiler
    world.know(compiler)
    seen = [epoch(world, tmp_path)]
    assert epoch(world, tmp_path) == seen[-1]
    world.publish("11" * 16, recipe_text("knob inline-threshold 500"))
    seen.append(epoch(world, tmp_path))
    index = world.home / "publication" / "index"
    write(index, index.read_bytes())  # the same once more
    assert epoch(world, tmp_path) == seen[-1]
    world.lock("22" * 16, recipe_text("knob inline-threshold 400"))
    seen.append(epoch(world, tmp_path))
    os.utime(compiler, ns=(1, 1))
    seen.append(epoch(world, tmp_path))
    assert len(set(seen)) == len(seen)
