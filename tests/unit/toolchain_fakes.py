"""Compilers that only tell what they are, for the tests of toolchains that need no real one."""

from __future__ import annotations

from pathlib import Path

GCC = "gcc (Debian 12.2.0-14) 12.2.0\nCopyright (C) 2022 Free Software Foundation, Inc.\n"
APPLE = "Apple clang version 16.0.0 (clang-1600.0.26.6)\nTarget: arm64-apple-darwin24.3.0\nThread model: posix\n"


def clang_text(major: int, folder: Path | None = None) -> str:
    """Return what `clang --version` of a release prints."""
    where = f"InstalledDir: {folder}\n" if folder else ""
    return f"Debian clang version {major}.1.7 (3~deb12u1)\nTarget: x86_64-pc-linux-gnu\nThread model: posix\n{where}"


def fake(path: Path, says: str, cpu: str = "znver4") -> Path:
    """Write a compiler that prints `says` for --version, and a host CPU for anything else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"#!/bin/sh\nif [ \"$1\" = --version ]; then printf '%s' '{says}'; else echo ' \"-target-cpu\" \"{cpu}\"' >&2; fi\n"
    )
    path.chmod(0o755)
    return path
