"""An index or a toolchains file damaged at any byte gives plain clang or a valid hit, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from launcher_kit import World, digest, index_text, recipe_text, write

COMPILE = ("-O2", "-c", "a.c")
PLAIN = [b"-O2", b"-c", b"a.c"]
RECIPES = {digest(text): text for text in (recipe_text(f"knob inline-threshold {value}") for value in (100, 250))}
VALID = [[f"-mllvm=-inline-threshold={value}".encode(), *PLAIN] for value in (100, 250)]


@pytest.fixture(params=["release", "sanitize"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(tmp_path, kind=request.param)


def damaged(whole: bytes, *, step: int) -> Iterator[bytes]:
    """Yield `whole` cut off at each byte, and with bytes changed in three ways each."""
    for position in range(0, len(whole), step):
        yield whole[:position]
        for change in (0x01, 0x80, whole[position] ^ ord("\n")):  # the last makes it a line's end
            yield whole[:position] + bytes([whole[position] ^ change]) + whole[position + 1 :]


def check(world: World, file: Path, *, step: int) -> int:
    """Damage `file` in every way; return how often a recipe was applied all the same."""
    whole, hits = file.read_bytes(), 0
    for content in damaged(whole, step=step):
        file.write_bytes(content)
        call = world.call(*COMPILE)
        assert (call.code, call.stdout, call.stderr) == (0, b"", b"")
        assert call.argv == PLAIN or call.argv in VALID, content
        hits += call.argv != PLAIN
    return hits


def publish(world: World, *, filling: int) -> Path:
    record = world.keys(*COMPILE)
    first, second = RECIPES
    lines = [f"x{record['exact']} {first} 1.2x a.c", f"i{record['inherited']} {second} 1.1x a.c"]
    lines += [f"{'ix'[number % 2]}{digest(str(number).encode())} {second} other" for number in range(filling)]
    place = world.home / "publication"
    for name, text in RECIPES.items():
        write(place / "recipes" / f"{name}.recipe", text)
    return write(place / "index", index_text(lines))


def test_a_small_index_damaged_at_every_byte(world: World) -> None:
    step = 1 if world.kind == "release" else 11
    assert check(world, publish(world, filling=2), step=step) > 0


@pytest.mark.parametrize("filling", [500])
def test_a_large_index_damaged_here_and_there(world: World, filling: int) -> None:
    assert check(world, publish(world, filling=filling), step=997) > 0


def test_a_damaged_toolchains_file(world: World) -> None:
    publish(world, filling=0)
    world.know(world.compiler, default=world.compiler)
    assert check(world, world.home / "toolchains", step=1 if world.kind == "release" else 11) > 0
