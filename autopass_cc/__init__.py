"""autopass-cc: a drop-in clang that applies proven, per-module LLVM pass pipelines, and the tuner that proves them."""

from __future__ import annotations

__version__: str


def __getattr__(name: str) -> str:
    """Return the version when it is asked for: importlib.metadata takes as long as the rest of `autopass status`."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("autopass-cc")
    except PackageNotFoundError:  # running from a source tree that was never installed
        return "0+unknown"
