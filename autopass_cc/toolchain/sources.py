"""Where the native sources are: the plugin's, and the launcher's list of reasons."""

from __future__ import annotations

from pathlib import Path


def source_dir() -> Path:
    """Return where the native sources are: installed with the package, or in the source tree."""
    here = Path(__file__).resolve()
    installed = here.with_name("native")
    return installed if installed.is_dir() else here.parents[2] / "shims"
