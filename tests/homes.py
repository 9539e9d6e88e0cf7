"""Homes of users on this machine, in which the compiler is known already."""

from __future__ import annotations

from pathlib import Path


def furnish(home: Path, prepared: Path) -> Path:
    """Make a home in which the compiler is known as in the home `prepared`, and nothing else; return it."""
    home.mkdir(mode=0o700)
    # What is known names the plugin by its path: one that lay elsewhere would be proven anew, in every test.
    (home / "toolchains").write_text((prepared / "toolchains").read_text().replace(str(prepared), str(home)))
    (home / "toolchains").chmod(0o600)
    (home / "cache").mkdir(mode=0o700)
    (home / "cache" / "plugins").symlink_to(prepared / "cache" / "plugins")
    return home
