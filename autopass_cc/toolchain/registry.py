"""The toolchains of this machine: each is described, given its plugin and tested once; the launcher reads the result.

`toolchains` is text: `autopass-toolchains 2`, a line `default`, and one line a clang with what it is recognised by
(mtime, size, inode), its id, LLVM major, status, plugin and portable id, followed by its folders of configuration files and what
is in them. A line whose clang has changed is made anew.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from autopass_cc.errors import ToolchainError
from autopass_cc.paths import data_dir, private_dir, write_private
from autopass_cc.toolchain.describe import Status, Toolchain, describe
from autopass_cc.toolchain.find import find_clang
from autopass_cc.toolchain.plugin import ensure_plugin, is_sealed, plugin_path
from autopass_cc.trust import read_ours

HEADER = "autopass-toolchains 2"


@dataclass(frozen=True)
class Line:
    """One clang in the file, and the lines of its configuration files."""

    path: str
    stamp: tuple[int, int, int]
    id: str
    major: int
    status: Status
    plugin: str
    portable: str
    config: tuple[str, ...] = ()

    def render(self) -> str:
        """Return the lines without the last newline."""
        facts = (self.id, str(self.major), self.status.value, self.plugin or "-", self.portable)
        return "\n".join(("\t".join(("clang", self.path, *map(str, self.stamp), *facts)), *self.config))


def file() -> Path:
    """Return the path of the toolchains file."""
    return data_dir() / "toolchains"


def read() -> tuple[str | None, list[Line]]:
    """Return the default clang and the lines of the file; a file of another form counts as empty. Raises UntrustedError."""
    try:
        rows = os.fsdecode(read_ours(file())).split("\n")
    except FileNotFoundError:
        return None, []
    if rows[0] != HEADER:
        return None, []
    default, lines = None, []
    for row in rows[1:]:
        words = row.split("\t")
        if words[0] == "default" and len(words) == 2:
            default = words[1]
        elif words[0] == "clang" and len(words) == 10:
            with contextlib.suppress(ValueError):  # a damaged line is made anew
                lines.append(_line(words))
        elif words[0] in ("folder", "config") and lines and words[1:2] == [lines[-1].id]:
            lines[-1] = replace(lines[-1], config=(*lines[-1].config, row))
    return default, lines


def line_of(toolchain: Toolchain) -> Line:
    """Return the entry of a toolchain."""
    plugin = str(toolchain.plugin) if toolchain.plugin else ""
    config = toolchain.config.render(toolchain.id)
    known = (toolchain.id, toolchain.major, toolchain.status, plugin, toolchain.portable_id)
    return Line(str(toolchain.clang), toolchain.stamp, *known, config)


def _line(words: list[str]) -> Line:
    stamp = (int(words[2]), int(words[3]), int(words[4]))
    return Line(words[1], stamp, words[5], int(words[6]), Status(words[7]), "" if words[8] == "-" else words[8], words[9])


def ensure(setting: str | None = None, *, progress: Callable[[str], None] = lambda _text: None) -> Toolchain:
    """Return the toolchain of a clang (None: the one that find_clang finds), ready to tune with, and register it.

    The first time builds the plugin (about 15 s) and runs the identity self-test (about 20 s). Raises NoClangError,
    RefusedCompilerError.
    """
    toolchain = describe(find_clang(setting))
    private_dir(data_dir())
    _, lines = read()
    known = next((line for line in lines if line.stamp == toolchain.stamp and line.id == toolchain.id), None)
    if known is not None and _still_good(known, toolchain):
        found = replace(toolchain, status=known.status, plugin=Path(known.plugin) if known.plugin else None)
    else:
        found = _prove(toolchain, progress)
    _write(found, lines)
    if found.status is not Status.OK and not found.reason:
        found = replace(found, reason=_reason(found))
    return found


def _still_good(known: Line, toolchain: Toolchain) -> bool:
    """Return whether what is registered need not be done again: the plugin is the one that would be built now."""
    if not known.plugin:
        return known.status is Status.KNOBS and toolchain.find_tool("llvm-config") is None
    # One that was not trusted is here too: only another plugin is worth another test.
    return is_sealed(Path(known.plugin)) and str(plugin_path(toolchain)) == known.plugin


def _prove(toolchain: Toolchain, progress: Callable[[str], None]) -> Toolchain:
    try:
        progress(f"building the plugin for LLVM {toolchain.major}")
        toolchain = replace(toolchain, plugin=ensure_plugin(toolchain))
    except ToolchainError as error:
        return replace(toolchain, status=Status.KNOBS, plugin=None, reason=error.sentence)
    from autopass_cc.toolchain import identity  # `status` reads the registry, and must not pay for what proves a clang

    found = identity.self_test(
        toolchain, progress=lambda done, total: progress(f"identity self-test of LLVM {toolchain.major}: {done}/{total}")
    )
    if found.holds:
        return replace(toolchain, status=Status.OK)
    reason = f"the identity self-test failed in {len(found.failures)} of {found.compared} compiles ({found.failures[0]})"
    return replace(toolchain, status=Status.KNOBS, reason=reason)


def _reason(toolchain: Toolchain) -> str:
    if toolchain.find_tool("llvm-config") is None:
        return f"the headers of LLVM {toolchain.major} are not installed (apt-get install llvm-{toolchain.major}-dev)"
    return "its plugin could not be used when it was last tried"


def _write(toolchain: Toolchain, lines: list[Line]) -> None:
    mine = line_of(toolchain)
    kept = [line for line in lines if line.path != mine.path and line.stamp != mine.stamp and Path(line.path).exists()]
    rows = [HEADER, f"default\t{toolchain.clang}", *(line.render() for line in sorted([*kept, mine], key=lambda line: line.path))]
    write_private(file(), os.fsencode("\n".join(rows) + "\n"))
