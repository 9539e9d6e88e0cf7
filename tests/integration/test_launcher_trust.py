"""Files that decide what is run: of another user, writable by others, or no files at all, they are as good as absent."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from launcher_kit import World, built, mirror, recipe_text, write

COMPILE = ("-O2", "-c", "a.c")
PLAIN = [word.encode() for word in COMPILE]
NOBODY, STRANGER = 65534, 12345
RECIPE = recipe_text("knob inline-threshold 250", "pipeline function(sroa<modify-cfg>)")
PRIVATE = ["toolchains", "index", "recipe", "plugin"]


@pytest.fixture
def base() -> Iterator[Path]:
    """Give a directory that every user can reach (tmp_path is the test's own)."""
    path = Path(tempfile.mkdtemp(prefix="autopass-trust-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def world(base: Path) -> World:
    """Give a world with a recipe for COMPILE that needs each of the files."""
    world = World(base)
    world.know(mirror(), plugin=write(base / "plugin.so", b"whole"))
    world.publish(world.keys(*COMPILE)["exact"], RECIPE)
    return world


def files(world: World) -> dict[str, Path]:
    publication = world.home / "publication"
    return {
        "toolchains": world.home / "toolchains",
        "index": publication / "index",
        "recipe": next((publication / "recipes").iterdir()),
        "plugin": world.base / "plugin.so",
    }


def hits(world: World, **options: object) -> bool:
    """Call the launcher; return whether the recipe was applied. Anything but that or the plain command fails."""
    call = world.call(*COMPILE, **options)  # type: ignore[arg-type]
    assert (call.code, call.stdout, call.stderr) == (0, b"", b"")
    if call.argv == PLAIN:
        return False
    assert [word.partition(b"=")[0] for word in call.argv] == [b"-fpass-plugin", b"-mllvm", b"-mllvm", *PLAIN]
    return True


def as_user(world: World, user: int) -> dict[str, object]:
    """Return the options with which a call runs as another user, to whom all but its own files may belong."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    for path in (built().parent, built()):
        path.chmod(0o755)
    for path in [world.base, *world.base.rglob("*")]:
        os.lchown(path, user, user)
    return {"user": user, "group": user, "extra_groups": []}


@pytest.mark.parametrize("name", PRIVATE)
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o660])
def test_what_others_can_write_is_not_believed(world: World, name: str, mode: int) -> None:
    assert hits(world)
    files(world)[name].chmod(mode)
    assert not hits(world)


@pytest.mark.parametrize("name", PRIVATE)
@pytest.mark.parametrize("user", [0, NOBODY], ids=["root", "nobody"])
def test_a_strangers_files_are_not_believed(world: World, name: str, user: int) -> None:
    options = as_user(world, user)
    assert hits(world, **options)
    path = files(world)[name]
    path.chmod(0o644)  # the stranger lets us read it
    os.chown(path, STRANGER, STRANGER)
    assert not hits(world, **options)


def test_what_root_installed_is_believed(world: World) -> None:
    options = as_user(world, NOBODY)
    for path in files(world).values():
        path.chmod(0o644)
        os.chown(path, 0, 0)
    assert hits(world, **options)


@pytest.mark.parametrize("name", PRIVATE)
def test_a_file_that_cannot_be_read_is_not_there(world: World, name: str) -> None:
    """But for the plugin, which the launcher itself does not read: here it is clang's to load."""
    options = as_user(world, NOBODY)
    path = files(world)[name]
    if name == "plugin":
        path.unlink()
    else:
        os.chown(path, 0, 0)
        path.chmod(0o600)
    assert not hits(world, **options)


def test_a_strangers_lock_is_not_believed(world: World) -> None:
    (world.home / "publication" / "index").unlink()
    lock = world.project / "autopass.lock"
    world.lock(world.keys(*COMPILE)["portable_exact"], RECIPE)
    options = as_user(world, NOBODY)
    assert hits(world, **options)
    lock.chmod(0o644)
    os.chown(lock, STRANGER, STRANGER)
    assert not hits(world, **options)
    os.chown(world.project / "a.c", STRANGER, STRANGER)
    assert hits(world, **options)  # whose source one compiles, whose lock one takes


def directory(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def endless(path: Path) -> None:
    path.symlink_to("/dev/full")


def socket(path: Path) -> None:
    path.symlink_to("/dev/stdin")


def absent(_path: Path) -> None:
    """Leave nothing there."""


@pytest.mark.parametrize("name", [*PRIVATE, "lock", "marker", "journal", "log", "publication", "recipes", "home"])
@pytest.mark.parametrize("put", [directory, loop, dangling, device, endless, socket, os.mkfifo, absent])
@pytest.mark.parametrize("kind", ["release", "sanitize"])
def test_something_else_in_the_place_of_a_file(world: World, name: str, put: Callable[[Path], None], kind: str) -> None:
    """Nothing hangs, nothing fails: the command runs as it came, but where the file is not needed."""
    world.kind = kind
    world.record()
    path = (
        files(world).get(name)
        or {
            "lock": world.project / "autopass.lock",
            "marker": world.project / "autopass.toml",
            "journal": world.home / "journal",
            "log": world.base / "log",
            "publication": world.home / "publication",
            "recipes": world.home / "publication" / "recipes",
            "home": world.home,
        }[name]
    )
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    put(path)
    applied = hits(world, timeout=60)
    if name in ("marker", "journal", "log"):
        assert applied
    elif name != "lock":
        assert not applied


def test_a_compiler_that_is_replaced_during_a_build_is_a_stranger(world: World) -> None:
    """By an upgrade: under the same name, of the same size, at the same time of day. Make compiles before and after it."""
    compiler = world.base / "clang"
    shutil.copy(mirror(), compiler)
    world.know(compiler, plugin=world.base / "plugin.so")
    key = world.keys(*COMPILE, env={"AUTOPASS_CLANG": str(compiler)})["exact"]
    world.publish(key, RECIPE)
    (world.base / "log").unlink()
    cc = f"{built() / 'autopass-cc'} {' '.join(COMPILE)}"
    upgrade = f"cp -p {compiler} {compiler}.new; mv {compiler}.new {compiler}"
    touch = f"touch {compiler}"
    (world.project / "Makefile").write_text(f"all:\n\t{cc}\n\t{upgrade}\n\t{cc}\n\t{touch}\n\t{cc}\n")
    env = {"AUTOPASS_HOME": str(world.home), "AUTOPASS_CLANG": str(compiler), "AUTOPASS_LOG": str(world.base / "log")}
    # Before anything was published: what is looked at here is the compiler.
    index = world.home / "publication" / "index"
    os.utime(index, (index.stat().st_mtime - 60,) * 2)
    subprocess.run(["make", "-s"], cwd=world.project, env=os.environ | env, check=True)
    assert [line[1] for line in world.log()] == ["exact", "unknown-toolchain", "unknown-toolchain"]
