"""A publication of two layers: a small index over a large base that never changes, which the index's first line names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from launcher_kit import World, built, digest, index_text, recipe_text, write

COMPILE = ("-O2", "-c", "a.c")
PLAIN = [word.encode() for word in COMPILE]
BASE = "ba5e" * 8
NAMED = f"b{BASE} {'0' * 32} 100000 modules"
NONE = "0" * 32
IN_INDEX, IN_BASE = (recipe_text(f"knob inline-threshold {value}") for value in (100, 250))
FROM_INDEX, FROM_BASE = ("exact", digest(IN_INDEX)), ("exact", digest(IN_BASE))


class Layers:
    """A world whose publication is written layer by layer; `answer` is what a compile gets from it."""

    def __init__(self, world: World) -> None:
        self.world = world
        record = world.keys(*COMPILE)
        self.exact, self.inherited = f"x{record['exact']}", f"i{record['inherited']}"
        self.place = world.home / "publication"
        for text in (IN_INDEX, IN_BASE):
            write(self.place / "recipes" / f"{digest(text)}.recipe", text)

    def write(self, index: list[str], base: list[str] | None = None) -> None:
        """Write the index, and the base that its first line names (None: neither line nor base)."""
        self.place.joinpath(f"base.{BASE}").unlink(missing_ok=True)
        if base is not None:
            write(self.place / f"base.{BASE}", index_text(base))
        write(self.place / "index", index_text([*([NAMED] if base is not None else []), *index]))

    def answer(self, **options: object) -> tuple[str, str]:
        """Compile; return the reason and the recipe ("-": none, and the command ran as it came)."""
        call = self.world.call(*COMPILE, **options)  # type: ignore[arg-type]
        assert (call.code, call.stdout, call.stderr) == (0, b"", b"")
        _, reason, recipe, _ = self.world.log()[-1]
        assert (recipe == "-") == (call.argv == PLAIN)
        assert call.argv[-3:] == PLAIN
        return reason, recipe


@pytest.fixture(params=["release", "sanitize"])
def layers(request: pytest.FixtureRequest, tmp_path: Path) -> Layers:
    return Layers(World(tmp_path, kind=request.param))


def fill(number: int, recipe: str = digest(IN_BASE)) -> list[str]:
    return [f"{'ix'[each % 2]}{digest(str(each).encode())} {recipe} {'gain ' * (each % 40)}" for each in range(number)]


@pytest.mark.parametrize("others", [0, 1, 40, 3000])
def test_the_base_is_asked_where_the_index_does_not_know_the_key(layers: Layers, others: int) -> None:
    layers.write(fill(others)[::2], [*fill(others)[1::2], f"{layers.exact} {digest(IN_BASE)} mine"])
    assert layers.answer() == FROM_BASE
    layers.write(fill(others)[::2], fill(others)[1::2])
    assert layers.answer() == ("no-recipe", "-")


@pytest.mark.parametrize("others", [0, 1, 40, 3000])
def test_the_line_that_names_the_base_hides_no_other(layers: Layers, others: int) -> None:
    """Whichever number of lines the search begins with, and wherever the key stands among them."""
    for digit in "07f":
        mine = [line[0] + digit + line[2:] for line in fill(others)]
        layers.write([*mine, f"{layers.exact} {digest(IN_INDEX)} mine"], [f"{layers.exact} {digest(IN_BASE)} mine"])
        assert layers.answer() == FROM_INDEX


def test_exact_comes_before_inherited_in_whichever_layer_it_stands(layers: Layers) -> None:
    layers.write([f"{layers.inherited} {digest(IN_INDEX)} mine"], [f"{layers.exact} {digest(IN_BASE)} mine"])
    assert layers.answer() == FROM_BASE
    layers.write([f"{layers.inherited} {digest(IN_INDEX)} mine"], [f"{layers.inherited} {digest(IN_BASE)} mine"])
    assert layers.answer() == ("inherited", digest(IN_INDEX))
    layers.write([], [f"{layers.inherited} {digest(IN_BASE)} mine"])
    assert layers.answer() == ("inherited", digest(IN_BASE))


def test_a_tombstone_hides_the_line_of_the_base(layers: Layers) -> None:
    tombstone = f"{layers.exact} {NONE} taken back"
    layers.write([tombstone], [f"{layers.exact} {digest(IN_BASE)} mine"])
    assert layers.answer() == ("no-recipe", "-")
    inherited = f"{layers.inherited} {digest(IN_BASE)} mine"
    layers.write([tombstone], [f"{layers.exact} {digest(IN_BASE)} mine", inherited])
    assert layers.answer() == ("inherited", digest(IN_BASE))  # of the one key alone
    layers.write([tombstone, f"{layers.inherited} {NONE} taken back"], [f"{layers.exact} {digest(IN_BASE)} x", inherited])
    assert layers.answer() == ("no-recipe", "-")


def test_a_tombstone_means_no_recipe_in_a_base_and_in_an_index_without_one(layers: Layers) -> None:
    layers.write([], [f"{layers.exact} {NONE} taken back"])
    assert layers.answer() == ("no-recipe", "-")
    layers.write([f"{layers.exact} {NONE} taken back"])
    assert layers.answer() == ("no-recipe", "-")


def missing(path: Path) -> None:
    path.unlink()


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def writable(path: Path) -> None:
    path.chmod(0o620)


def text(path: Path) -> None:
    path.write_bytes(b"text\n")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def a_base_of_its_own(path: Path) -> None:
    path.write_bytes(index_text([f"b{'cc' * 16} {NONE} further", *path.read_text().splitlines()[1:]]))


@pytest.mark.parametrize("damage", [missing, directory, writable, text, empty, cut_off, a_base_of_its_own])
def test_a_base_that_cannot_be_read_safely_gives_plain_clang_even_to_what_the_index_knows(layers: Layers, damage: object) -> None:
    layers.write([f"{layers.exact} {digest(IN_INDEX)} mine"], [f"{layers.inherited} {digest(IN_BASE)} mine"])
    assert layers.answer() == FROM_INDEX
    damage(layers.place / f"base.{BASE}")  # type: ignore[operator]
    assert layers.answer() == ("index-damaged", "-")


@pytest.mark.parametrize(
    "line",
    [
        f"b{BASE}",
        f"b{BASE} ",
        f"b{BASE} {NONE[1:]}",
        f"b{BASE} {NONE}1",
        f"b{BASE} {'1' * 32} modules",
        f"b{BASE} {NONE}\tmodules",
        f"b{BASE.upper()} {NONE} modules",
        f"b../../../../../../../../tmp/base.x {NONE} modules",
        "b",
    ],
)
def test_a_first_line_that_names_no_base_rightly_is_damage(layers: Layers, line: str) -> None:
    layers.write([line, f"{layers.exact} {digest(IN_INDEX)} mine"])
    assert layers.answer() == ("index-damaged", "-")


def test_the_text_behind_the_name_may_be_missing(layers: Layers) -> None:
    layers.write([], [f"{layers.exact} {digest(IN_BASE)} mine"])
    for line in (f"b{BASE} {NONE}", f"b{BASE} {NONE} "):
        write(layers.place / "index", index_text([line]))
        assert layers.answer() == FROM_BASE


def test_a_named_publication_has_its_base_beside_it(layers: Layers, tmp_path: Path) -> None:
    layers.write([], [f"{layers.exact} {digest(IN_BASE)} mine"])
    shared = shutil.copytree(layers.place, tmp_path / "shared")
    layers.write([])
    assert layers.answer(env={"AUTOPASS_PUBLICATION": str(shared)}) == FROM_BASE


def test_a_base_that_no_line_names_is_not_read(layers: Layers) -> None:
    layers.write([], [f"{layers.exact} {digest(IN_BASE)} mine"])
    write(layers.place / "index", index_text([]))
    assert layers.answer() == ("no-recipe", "-")


def test_a_build_reads_the_base_of_the_generation_that_it_began_with(tmp_path: Path) -> None:
    layers = Layers(World(tmp_path))
    second = "5ec0" * 8
    layers.write([], [f"{layers.exact} {digest(IN_BASE)} mine"])
    write(layers.place / f"base.{second}", index_text([f"{layers.exact} {digest(IN_INDEX)} mine"]))
    write(layers.place / "new", index_text([f"b{second} {NONE} 1 module"]))
    # What the publisher does: the generation that is replaced keeps its time in its name.
    then, index = 1_700_000_000_000_000_000, layers.place / "index"
    os.utime(index, ns=(then, then))
    publish = f"cd {layers.place} && mv index index.{then} && mv new index && touch index"
    compiling = f"{built() / 'autopass-cc'} {' '.join(COMPILE)}"
    write(layers.world.project / "Makefile", f"all:\n\t{compiling}\n\tsleep 0.1; {publish}\n\t{compiling}\n".encode())
    env = {"AUTOPASS_HOME": str(layers.world.home), "AUTOPASS_CLANG": str(layers.world.compiler)}
    env |= {"AUTOPASS_LOG": str(tmp_path / "log")}
    (tmp_path / "log").unlink()
    for _ in range(2):
        subprocess.run(["make", "-s"], cwd=layers.world.project, env=os.environ | env, check=False, capture_output=True)
    assert [line[2] for line in layers.world.log()] == [digest(IN_BASE)] * 2 + [digest(IN_INDEX)]


def test_the_epoch_changes_with_the_base_that_is_named(tmp_path: Path) -> None:
    layers = Layers(World(tmp_path))
    seen = []
    for name in (BASE, "5ec0" * 8):
        write(layers.place / f"base.{name}", index_text([]))
        write(layers.place / "index", index_text([f"b{name} {NONE} none"]))
        epoch = tmp_path / "autopass-epoch"
        shutil.copy(built() / "autopass-cc", epoch)
        env = os.environ | {"AUTOPASS_HOME": str(layers.world.home), "AUTOPASS_CLANG": str(layers.world.compiler)}
        seen.append(subprocess.run([epoch, "autopass-cc"], cwd=layers.world.project, env=env, capture_output=True, check=True))
    assert seen[0].stdout != seen[1].stdout


def test_the_begin_of_a_layer_is_read_once(tmp_path: Path) -> None:
    """A miss asks both layers for both keys, and reads head and end of each file once."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    layers = Layers(World(tmp_path))
    layers.write(fill(500), fill(3000)[500:])
    os.utime(layers.place / "index", (1_600_000_000, 1_600_000_000))
    env = os.environ | {"AUTOPASS_HOME": str(layers.world.home), "AUTOPASS_CLANG": str(layers.world.compiler)}
    command = [strace, "-o", str(tmp_path / "trace"), str(built() / "autopass-cc"), *COMPILE]
    subprocess.run(command, cwd=layers.world.project, env=env, check=True)
    calls = (tmp_path / "trace").read_text()
    assert len(re.findall(r'^pread64\(\d+, "autopass-index', calls, re.MULTILINE)) == 2
    assert len(re.findall(r"^pread64\(.* 1, \d+\)", calls, re.MULTILINE)) == 2
