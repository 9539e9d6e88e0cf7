"""Building the pass plugin for one LLVM, into the user's cache, named by the digest of everything it is made from."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from autopass_cc.background import gives_way
from autopass_cc.digest import digest_of
from autopass_cc.environment import without_ours
from autopass_cc.errors import ToolchainError
from autopass_cc.paths import cache_dir, private_dir
from autopass_cc.recipe.allowlist import load
from autopass_cc.toolchain.describe import Toolchain
from autopass_cc.toolchain.sources import source_dir
from autopass_cc.toolchain.table import render
from autopass_cc.trust import why_writable

SOURCES = ("pass_plugin.cpp", "plugin_recipe.cpp", "plugin_allowlist.cpp", "plugin_passes.cpp", "plugin_versions.cpp")
HEADERS = ("plugin_recipe.h", "plugin_allowlist.h", "plugin_passes.h", "plugin_versions.h")
LIMIT = 600.0  # seconds that a build may take
UNFINISHED = "building-"
SEALS_BEGIN = 10**9  # s since 1970
FLAGS = ("-O2", "-fPIC", "-shared", "-fno-rtti", "-w")


class NoHeadersError(ToolchainError):
    """The headers of this LLVM are not installed; recipes are limited to knobs."""


def plugin_path(toolchain: Toolchain) -> Path:
    """Return where the plugin for a toolchain is once it is built; the name covers all it is made from."""
    table = render(load(toolchain.major))
    texts = [(source_dir() / name).read_bytes() for name in (*SOURCES, *HEADERS)]
    digest = hashlib.blake2b(b"\0".join([table, *texts, toolchain.version.encode()]), digest_size=4).hexdigest()
    return cache_dir().absolute() / "plugins" / f"autopass-{toolchain.major}-{digest}.so"


def seal(path: Path) -> None:
    """Give a plugin the mtime that says it is whole.

    clang fails when it cannot load a plugin, so the launcher must know beforehand, from the stat() that it makes anyway
    (`shims/recipe_file.c`). Whatever writes to the file, cuts it off or puts another in its place changes the mtime or
    does not fit it. Whole seconds: archives and container images keep those.
    """
    seconds = _seal_of(path)
    os.utime(path, (seconds, seconds))


def is_sealed(path: Path) -> bool:
    """Return whether the plugin at `path` is there, is nobody else's, and has not been changed since it was built."""
    try:
        return int(path.stat().st_mtime) == _seal_of(path) and not why_writable(path.stat())
    except OSError:
        return False


def _seal_of(path: Path) -> int:
    text = f"{path.name}\0{path.stat().st_size}"
    return SEALS_BEGIN + int(digest_of(os.fsencode(text))[:7], 16)


def ensure_plugin(toolchain: Toolchain) -> Path:
    """Return the plugin for a toolchain, built if it is not in the cache, whole. Raises NoHeadersError, ToolchainError."""
    path = plugin_path(toolchain)
    if not is_sealed(path):
        for folder in (path.parents[1], path.parent):
            private_dir(folder)  # one by one: parents made on the way would have the usual mode
        _build(toolchain, render(load(toolchain.major)), path)
    return path


def _build(toolchain: Toolchain, table: bytes, path: Path) -> None:
    config = toolchain.find_tool("llvm-config")
    if config is None:
        raise NoHeadersError(
            f"The headers of LLVM {toolchain.major} are not installed.", f"apt-get install llvm-{toolchain.major}-dev"
        )
    flags = shlex.split(_run([str(config), "--cxxflags"]).decode())
    _sweep(path.parent)
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=path.parent) as folder:
        (Path(folder) / "allowlist.inc").write_bytes(table)
        out = Path(folder) / path.name
        sources = [str(source_dir() / name) for name in SOURCES]
        # The tuned clang compiles its own plugin: what it was built with and what it builds have one C++ ABI.
        argv = [str(toolchain.clangxx), *flags, *FLAGS, f"-I{folder}", f"-I{source_dir()}", "-o", str(out), *sources]
        try:
            _run(argv)
        except ToolchainError as error:
            if "file not found" in error.sentence:
                raise NoHeadersError(
                    f"The headers of LLVM {toolchain.major} are not complete.", f"apt-get install llvm-{toolchain.major}-dev"
                ) from None
            raise
        out.chmod(0o700)
        seal(out)
        out.replace(path)


def _sweep(place: Path) -> None:
    """Remove what builds that were killed have left: the service is ended wherever it is when the user builds."""
    for folder in place.glob(f"{UNFINISHED}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > LIMIT:
                shutil.rmtree(folder, ignore_errors=True)


def _run(argv: list[str]) -> bytes:
    env = without_ours()
    try:
        done = subprocess.run(gives_way(argv), capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False, env=env)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolchainError(f"{argv[0]} could not be run: {error}", "run `autopass doctor`") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "error" in line]
        raise ToolchainError(f"The plugin could not be built: {lines[0] if lines else 'no message'}", "run `autopass doctor`")
    return done.stdout
