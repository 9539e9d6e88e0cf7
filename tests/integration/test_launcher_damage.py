"""A file of autopass damaged at any byte gives plain clang or a valid hit, and nothing else; so does a wrong plugin."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from launcher_kit import World, built, digest, index_text, recipe_text, write
from plugin_kit import prepared

from autopass_cc.toolchain.describe import Toolchain

COMPILE = ("-O2", "-c", "a.c")
PLAIN = [b"-O2", b"-c", b"a.c"]
RECIPES = {digest(text): text for text in (recipe_text(f"knob inline-threshold {value}") for value in (100, 250))}
VALID = [[f"-mllvm=-inline-threshold={value}".encode(), *PLAIN] for value in (100, 250)]


@pytest.fixture(params=["release", "sanitize", pytest.param("sanitize, every byte", marks=pytest.mark.slow)])
def step(request: pytest.FixtureRequest) -> int:
    """Give the distance of the bytes that are damaged."""
    return 11 if request.param == "sanitize" else 1


@pytest.fixture
def world(request: pytest.FixtureRequest, step: int, tmp_path: Path) -> World:
    return World(tmp_path, kind="release" if step == 1 and "sanitize" not in request.node.name else "sanitize")


def damaged(whole: bytes, *, step: int) -> Iterator[bytes]:
    """Yield `whole` cut off at each byte, and with bytes changed in three ways each."""
    for position in range(0, len(whole), step):
        yield whole[:position]
        ends = whole[position] ^ ord("\n")  # makes it a line's end, or a line's end a blank
        for change in (0x01, 0x80, ends or ord("\n") ^ ord(" ")):
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


def test_a_small_index_damaged_at_every_byte(world: World, step: int) -> None:
    assert check(world, publish(world, filling=2), step=step) > 0


@pytest.mark.parametrize("filling", [500])
def test_a_large_index_damaged_here_and_there(world: World, filling: int) -> None:
    assert check(world, publish(world, filling=filling), step=997) > 0


def test_a_damaged_lock(world: World, step: int) -> None:
    record = world.keys(*COMPILE)
    first, second = RECIPES.values()
    world.lock(record["portable_exact"], first)
    world.lock(record["portable_inherited"], second, kind="i")
    assert check(world, world.project / "autopass.lock", step=step) > 0


def test_a_damaged_base(world: World, step: int) -> None:
    index = publish(world, filling=2)
    base = index.rename(index.with_name(f"base.{'ba' * 16}"))
    write(index, index_text([f"b{'ba' * 16} {'0' * 32} 4 modules"]))
    whole = base.read_bytes()
    assert check(world, base, step=step) > 0
    base.write_bytes(whole)
    assert check(world, index, step=step) > 0


def test_a_damaged_recipe(world: World, step: int) -> None:
    publish(world, filling=0)
    assert check(world, world.home / "publication" / "recipes" / f"{next(iter(RECIPES))}.recipe", step=step) == 0


def test_a_damaged_toolchains_file(world: World, step: int) -> None:
    publish(world, filling=0)
    world.know(world.compiler, default=world.compiler)
    assert check(world, world.home / "toolchains", step=step) > 0


@pytest.mark.parametrize("name", ["callers", "index.1000000000000000000"])
def test_a_damaged_earlier_generation(world: World, step: int, name: str) -> None:
    """In a build that began before the newest one: it reads what the publisher left for it."""
    index = publish(world, filling=0)
    file = write(index.with_name(name), index.read_bytes())
    if name == "callers":
        write(index.with_name("index.1000000000000000000"), index.read_bytes())
        parent = f"{os.getpid()} 1234567 make\n"
        write(file, f"1700000000000000000 {parent}1800000000000000000 1 2 sh\n".encode())
    variants = world.base / "variants"
    for number, content in enumerate(damaged(file.read_bytes(), step=step)):
        write(variants / str(number), content)
    log = world.base / "log"
    log.unlink()
    script = (
        f"for file in {variants}/*; do cp $$file {file}; touch -d @$$(date +%s) {index}; "
        f"{built(world.kind) / 'autopass-cc'} {' '.join(COMPILE)} || exit 1; done"
    )
    write(world.project / "Makefile", f"all:\n\tsleep 1.2\n\t@{script}\n".encode())
    env = {"AUTOPASS_HOME": str(world.home), "AUTOPASS_CLANG": str(world.compiler), "AUTOPASS_LOG": str(log)}
    done = subprocess.run(["make", "-s"], cwd=world.project, env=os.environ | env, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    lines = world.log()
    assert len(lines) == len(list(variants.iterdir()))
    assert {line[2] for line in lines} <= {"-", *RECIPES}
    assert any(line[2] != "-" for line in lines)


def built_for(clang: Path) -> Toolchain:
    found = prepared(clang)
    assert found.plugin
    return found


def spoil(plugin: Path, other: Path, damage: str) -> None:
    """Do to the plugin what disks, cleaners and people do."""
    whole = plugin.read_bytes()
    if damage == "missing":
        plugin.unlink()
    elif damage == "directory":
        plugin.unlink()
        plugin.mkdir()
    elif damage == "another LLVM's":
        shutil.copy2(other, plugin)
    elif damage == "a link into nothing":
        plugin.unlink()
        plugin.symlink_to("nowhere")
    else:
        plugin.write_bytes({"empty": b"", "text": b"text", "truncated": whole[:-1], "overwritten": b"\0" * len(whole)}[damage])


@pytest.mark.parametrize(
    "damage",
    ["missing", "directory", "another LLVM's", "a link into nothing", "empty", "text", "truncated", "overwritten"],
)
def test_a_wrong_plugin_gives_what_plain_clang_gives(tmp_path: Path, clang: Path, damage: str) -> None:
    """clang itself fails when it cannot load a plugin: the launcher must know before."""
    other = shutil.which("clang-19" if "22" in clang.name else "clang-22")
    if other is None:
        pytest.skip("there is only one clang")
    toolchain = built_for(clang)
    assert toolchain.plugin
    plugin = tmp_path / toolchain.plugin.name
    shutil.copy2(toolchain.plugin, plugin)
    world = World(tmp_path, compiler=clang)
    world.know(clang, major=toolchain.major, plugin=plugin)
    (world.project / "a.c").write_text("int f(int *x) { int s = 0; for (int i = 0; i < 999; i++) s += x[i]; return s; }\n")
    world.publish(world.keys(*COMPILE)["exact"], recipe_text("pipeline function(sroa<modify-cfg>)", llvm=toolchain.major))
    call = world.call(*COMPILE)
    assert (call.code, call.stderr, world.log()[-1][1]) == (0, b"", "applied")  # as the plugin writes
    tuned = (world.project / "a.o").read_bytes()
    spoil(plugin, built_for(Path(other)).plugin or plugin, damage)
    call = world.call(*COMPILE)
    assert (call.code, call.stdout, call.stderr, world.log()[-1][1]) == (0, b"", b"", "plugin-missing")
    ours = (world.project / "a.o").read_bytes()
    subprocess.run([clang, *COMPILE], cwd=world.project, check=True)
    assert ours == (world.project / "a.o").read_bytes() != tuned
