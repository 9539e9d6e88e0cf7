"""autopass-cc: a drop-in clang that applies proven, per-module LLVM pass pipelines, and the tuner that proves them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("autopass-cc")
except PackageNotFoundError:  # running from a source tree that was never installed
    __version__ = "0+unknown"
