"""The two keys of a compile: what they are made of, what changes them and what must not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from launcher_kit import PORTABLE_ID, TOOLCHAIN_ID, World, digest, write

BASE = ["-O2", "-DX=1", "-Iinclude", "-fPIC", "-c", "a.c"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def joined(*parts: str | bytes) -> bytes:
    """Every part ends with a NUL byte."""
    return b"".join((part if isinstance(part, bytes) else part.encode()) + b"\0" for part in parts)


def test_the_exact_key_is_made_of_source_bytes_options_and_toolchain(world: World) -> None:
    record = world.keys(*BASE)
    source = digest((world.project / "a.c").read_bytes())
    options = ["c", "source", "O2", "-DX=1", "-I{root}/include", "-fPIC", TOOLCHAIN_ID]
    assert record["digest"] == source
    assert record["exact"] == digest(joined("x", source, *options))


def test_the_inherited_key_is_made_of_project_path_and_code_generation(world: World) -> None:
    record = world.keys(*BASE)
    project = digest(b"0" * 32)
    assert record["inherited"] == digest(joined("i", project, "a.c", "c", "source", "O2", "-fPIC", TOOLCHAIN_ID))


def test_the_portable_keys_are_the_same_with_the_toolchain_on_any_cpu(world: World) -> None:
    record = world.keys(*BASE)
    source, project = digest((world.project / "a.c").read_bytes()), digest(b"0" * 32)
    options = ["c", "source", "O2", "-DX=1", "-I{root}/include", "-fPIC", PORTABLE_ID]
    assert record["portable_exact"] == digest(joined("x", source, *options))
    inherited = digest(joined("i", project, "a.c", "c", "source", "O2", "-fPIC", PORTABLE_ID))
    assert record["portable_inherited"] == inherited


def test_a_project_without_an_id_is_known_by_its_path(world: World) -> None:
    write(world.project / "autopass.toml", b'name = "x"\n', 0o644)
    expected = joined("i", digest(str(world.project).encode()), "a.c", "c", "source", "O2", TOOLCHAIN_ID)
    assert world.keys("-O2", "-c", "a.c")["inherited"] == digest(expected)


@pytest.mark.parametrize("toml", [b'[tune]\nx = 1\nid = "abc"\nid = "def"\n', b'id = "abc"', b'id = "abc" # comment\n'])
def test_the_id_is_the_first_quoted_one(world: World, toml: bytes) -> None:
    write(world.project / "autopass.toml", toml, 0o644)
    expected = joined("i", digest(b"abc"), "a.c", "c", "source", "O2", TOOLCHAIN_ID)
    assert world.keys("-O2", "-c", "a.c")["inherited"] == digest(expected)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 129, 255, 256, 257, 65535, 65536, 65537, 1_000_003])
def test_the_digest_is_blake2b_at_every_edge_of_a_block(world: World, size: int) -> None:
    data = bytes(i * 7 % 251 for i in range(size))
    (world.project / "big.c").write_bytes(data)
    assert world.keys("-O2", "-c", "big.c")["digest"] == digest(data)


@pytest.mark.parametrize(
    "arguments",
    [
        "-O2 -Wall -Wextra -Werror -DX=1 -Iinclude -fPIC -c a.c",
        "-O2 -DX=1 -Iinclude -fPIC -c a.c -o elsewhere.o",
        "-O2 -D X=1 -I include -fPIC -c a.c",
        "-O2 -DX=1 -I./include/../include/ -fPIC -c ./a.c",
        "-O2 -DX=1 -Iinclude -fPIC -MMD -MF a.d -c a.c -pipe -fdiagnostics-color",
        "-O0 -O2 -DX=1 -Iinclude -fPIC -c a.c -ffile-prefix-map=/a=/b -lm",
        "-c a.c -O2 -DX=1 -Iinclude -fPIC",
    ],
)
def test_what_does_not_reach_the_code_changes_no_key(world: World, arguments: str) -> None:
    before, after = world.keys(*BASE), world.keys(*arguments.split())
    assert (after["exact"], after["inherited"]) == (before["exact"], before["inherited"])


@pytest.mark.parametrize("arguments", ["-DX=2 -Iinclude", "-Iinclude", "-DX=1 -Iother", "-DX=1 -Iinclude -include stdio.h"])
def test_the_preprocessor_changes_the_exact_key_alone(world: World, arguments: str) -> None:
    before, after = world.keys(*BASE), world.keys("-O2", *arguments.split(), "-fPIC", "-c", "a.c")
    assert after["exact"] != before["exact"]
    assert after["inherited"] == before["inherited"]


@pytest.mark.parametrize("variable", ["CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"])
def test_a_search_path_from_the_environment_counts_as_preprocessing(world: World, variable: str) -> None:
    before, after = world.keys(*BASE), world.keys(*BASE, env={variable: "/opt/include"})
    assert after["exact"] != before["exact"]
    assert after["inherited"] == before["inherited"]


@pytest.mark.parametrize(
    "arguments",
    [
        "-O3 -DX=1 -Iinclude -fPIC -c a.c",
        "-O2 -DX=1 -Iinclude -fPIC -c a.c -march=native",
        "-O2 -DX=1 -Iinclude -fPIC -c a.c -fno-vectorize",
        "-O2 -DX=1 -Iinclude -fPIC -c a.c --target=x86_64-linux-gnu",
        "-O2 -DX=1 -Iinclude -fPIC -c a.c -std=c99",
        "-O2 -DX=1 -Iinclude -fPIC -x c++ -c a.c",
        "-O2 -DX=1 -Iinclude -fPIC -x cpp-output -c a.c",
        "-O2 -DX=1 -Iinclude -fPIC -c a.c -Wno-pass-failed",
        "-O2 -DX=1 -Iinclude -fPIC -c a.c -Wframe-larger-than=500",
        "-O2 -DX=1 -Iinclude -fPIC -c a.c -w",
    ],
)
def test_what_reaches_the_code_or_its_diagnostics_changes_both_keys(world: World, arguments: str) -> None:
    before, after = world.keys(*BASE), world.keys(*arguments.split())
    assert after["exact"] != before["exact"]
    assert after["inherited"] != before["inherited"]


def test_the_driver_for_cxx_makes_another_key(world: World) -> None:
    before, after = world.keys(*BASE), world.keys(*BASE, name="autopass-c++")
    assert (before["lang"], after["lang"]) == ("c", "c++")
    assert after["exact"] != before["exact"]


def test_an_edit_keeps_the_inherited_key(world: World) -> None:
    before = world.keys(*BASE)
    (world.project / "a.c").write_text("int f(int x) { return x * 5; }\n")
    after = world.keys(*BASE)
    assert after["exact"] != before["exact"]
    assert after["inherited"] == before["inherited"]


def test_another_checkout_has_the_same_keys(world: World, tmp_path: Path) -> None:
    before = world.keys(*BASE)
    checkout = tmp_path / "elsewhere" / "checkout"
    shutil.copytree(world.project, checkout)
    (checkout / "build").mkdir()
    inside = [argument if argument != "-Iinclude" else f"-I{checkout}/include" for argument in BASE]
    after = world.keys(*inside[:-1], "../a.c", cwd=checkout / "build")
    assert (after["exact"], after["inherited"]) == (before["exact"], before["inherited"])


def test_the_same_bytes_elsewhere_have_the_same_exact_key(world: World) -> None:
    before = world.keys(*BASE)
    (world.project / "sub").mkdir()
    shutil.copy(world.project / "a.c", world.project / "sub" / "copy.c")
    after = world.keys(*BASE[:-1], "sub/copy.c")
    assert after["exact"] == before["exact"]
    assert after["inherited"] != before["inherited"]


def test_another_toolchain_is_another_key(world: World) -> None:
    before = world.keys(*BASE)
    file = world.home / "toolchains"
    write(file, file.read_bytes().replace(TOOLCHAIN_ID.encode(), b"b6" * 16))
    after = world.keys(*BASE)
    assert after["exact"] != before["exact"]
    assert after["inherited"] != before["inherited"]
    for name in ("portable_exact", "portable_inherited"):
        assert after[name] == before[name]


def test_another_clang_is_another_portable_key(world: World) -> None:
    before = world.keys(*BASE)
    file = world.home / "toolchains"
    write(file, file.read_bytes().replace(PORTABLE_ID.encode(), b"b6" * 16))
    after = world.keys(*BASE)
    assert after["portable_exact"] != before["portable_exact"]
    assert after["portable_inherited"] != before["portable_inherited"]
    assert (after["exact"], after["inherited"]) == (before["exact"], before["inherited"])


def test_a_source_outside_the_project_has_no_inherited_key(world: World, tmp_path: Path) -> None:
    (tmp_path / "outside.c").write_text("int x;\n")
    record = world.keys("-O2", "-c", str(tmp_path / "outside.c"))
    assert record["root"] == str(world.project)  # found from the working directory
    assert (record["inherited"], record["portable_inherited"]) == (None, None)
    assert None not in (record["exact"], record["portable_exact"])


def test_the_nearest_root_above_the_source_wins(world: World) -> None:
    inner = world.project / "third_party" / "lib"
    inner.mkdir(parents=True)
    write(inner / "autopass.lock", b"autopass-index 1\n", 0o644)
    (inner / "l.c").write_text("int x;\n")
    assert world.keys("-O2", "-c", "third_party/lib/l.c")["root"] == str(inner)
    assert world.keys("-O2", "-c", "a.c", cwd=world.project)["root"] == str(world.project)
