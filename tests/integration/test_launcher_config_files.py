"""Configuration files of clang: options that no command line shows. A recipe is used only with those it was proven with."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from launcher_kit import World, recipe_text, write

from autopass_cc.errors import RefusedCompilerError
from autopass_cc.toolchain.describe import Status, Toolchain, describe
from autopass_cc.toolchain.registry import HEADER, line_of

COMPILE = ("-O2", "-c", "a.c")
RECIPE = recipe_text("knob inline-threshold 300")


@dataclass
class Installation:
    """A clang of its own folder, known to a home of autopass."""

    clang: Path
    world: World

    @property
    def folder(self) -> Path:
        return self.clang.parent

    def look(self) -> Toolchain:
        """Do what `autopass doctor` does first: write down what this clang is."""
        found = describe(self.clang)
        # Knobs need no plugin; whether this clang can be trusted with a pipeline is not the question here.
        write(self.world.home / "toolchains", f"{HEADER}\n{line_of(found).render()}\n".encode())
        return found

    def publish(self) -> None:
        """Publish a recipe for the compile as it is now."""
        keys = self.world.keys(*COMPILE)
        self.world.publish(keys["exact"], RECIPE.replace(b"llvm 22", b"llvm %d" % describe(self.clang).major))
        (self.world.base / "log").unlink()

    def reason(self, *more: str) -> str:
        """Compile; return what was decided."""
        call = self.world.call(*COMPILE, *more)
        assert (call.code, call.stderr) == (0, b"")
        return self.world.log()[-1][1]


@pytest.fixture
def installation(tmp_path: Path, clang: Path) -> Installation:
    real = clang.resolve()
    place = tmp_path / "llvm" / "bin"
    place.mkdir(parents=True)
    shutil.copy(real, place / "clang")
    (place.parent / "lib").symlink_to(real.parents[1] / "lib")
    found = Installation(place / "clang", World(tmp_path, compiler=place / "clang"))
    assert found.look().status is Status.KNOBS
    found.publish()
    return found


def test_without_any_the_recipe_is_used(installation: Installation) -> None:
    assert installation.reason() == "exact"


@pytest.mark.parametrize("name", ["clang.cfg", "clang++.cfg", "x86_64-pc-linux-gnu.cfg", "x86_64-unknown-linux-gnu-clang.cfg"])
def test_one_that_appears_makes_the_compiler_a_stranger(installation: Installation, name: str) -> None:
    (installation.folder / name).write_text("-DX=1\n")
    assert installation.reason() == "unknown-toolchain"
    (installation.folder / name).unlink()
    assert installation.reason() == "exact"


def test_other_programs_that_are_installed_beside_it_do_not(installation: Installation) -> None:
    for name in ("clang-tidy", "cfg", "clang.cfg.dpkg-old"):
        (installation.folder / name).touch()
        assert installation.reason() == "exact"


def test_one_that_was_looked_at_belongs_to_the_compiler(installation: Installation) -> None:
    config = installation.folder / "clang.cfg"
    before = installation.look()
    config.write_text("-DX=1\n")
    after = installation.look()
    assert after.id != before.id
    assert installation.reason() == "no-recipe"
    installation.publish()
    assert installation.reason() == "exact"
    info = config.stat()
    config.write_text("-DX=2\n")
    os.utime(config, ns=(info.st_atime_ns, info.st_mtime_ns + 1))
    assert installation.reason() == "unknown-toolchain"
    installation.look()
    assert installation.reason() == "no-recipe"
    config.unlink()
    assert installation.reason() == "unknown-toolchain"
    assert installation.look().id == before.id
    assert installation.reason() == "exact"


def test_a_second_one_is_a_new_one(installation: Installation) -> None:
    (installation.folder / "clang.cfg").write_text("-DX=1\n")
    installation.look()
    installation.publish()
    (installation.folder / "my-clang.cfg").write_text("-DX=1\n")
    assert installation.reason() == "unknown-toolchain"


def test_a_folder_that_is_gone_or_came_is_a_change(installation: Installation, tmp_path: Path) -> None:
    """One of the folders that are fixed when clang is built: Debian's has none, so the line is written here."""
    file, folder = installation.world.home / "toolchains", tmp_path / "etc"
    text, identity = file.read_text(), describe(installation.clang).id
    write(file, f"{text}folder\t{identity}\t{folder}\t-\n".encode())
    assert installation.reason() == "exact"
    folder.mkdir()
    assert installation.reason() == "unknown-toolchain"
    write(file, f"{text}folder\t{identity}\t{folder}\t{folder.stat().st_mtime_ns}\n".encode())
    assert installation.reason() == "exact"
    folder.rmdir()
    assert installation.reason() == "unknown-toolchain"


@pytest.mark.parametrize("line", ["folder\t", "folder\t{id}\t/", "config\t{id}\t/\t1"])
def test_a_line_that_is_damaged_is_a_change(installation: Installation, line: str) -> None:
    file = installation.world.home / "toolchains"
    damaged = line.replace("{id}", describe(installation.clang).id)
    write(file, file.read_bytes() + f"{damaged}\n".encode())
    assert installation.reason() == "unknown-toolchain"


@pytest.mark.parametrize("text", ["@more.cfg\n", "-DX=1 @more.cfg\n", "--config=more.cfg\n"])
def test_one_that_names_another_is_not_tuned_with(installation: Installation, text: str) -> None:
    (installation.folder / "more.cfg").write_text("-DX=1\n")
    (installation.folder / "clang.cfg").write_text(text)
    with pytest.raises(RefusedCompilerError, match=r"clang\.cfg names another"):
        installation.look()
