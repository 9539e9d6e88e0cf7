"""Where autopass keeps things. The launcher computes the data directory by the same rule (`shims/`)."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

APP = "autopass"
CONFIG_TABLES = ("model", "service", "cache")  # of config.toml; each is read and checked by its own room


def data_dir() -> Path:
    """Return the directory of store, publication and journal: `AUTOPASS_HOME`, else the platform's user data directory."""
    home = os.environ.get("AUTOPASS_HOME")
    return Path(home) if home else platformdirs.user_data_path(APP)


def cache_dir() -> Path:
    """Return the directory of what can be made again (plugins, work trees)."""
    home = os.environ.get("AUTOPASS_HOME")
    return Path(home) / "cache" if home else platformdirs.user_cache_path(APP)


def config_file() -> Path:
    """Return the user's settings file (it need not exist)."""
    home = os.environ.get("AUTOPASS_HOME")
    return (Path(home) if home else platformdirs.user_config_path(APP)) / "config.toml"


def private_dir(path: Path) -> Path:
    """Create `path` and what is missing above it with mode 0700, and return it."""
    if not path.is_dir():
        private_dir(path.parent)  # mkdir(parents=True) would give the parents the default mode
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def write_private(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace `path` atomically by a file of mode 0600 holding `data`; on disk before it becomes visible, if `durable`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
