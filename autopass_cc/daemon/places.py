"""Where the service keeps its files: control, what it is doing, its log. All private to the user."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import platformdirs

from autopass_cc.paths import APP, data_dir, private_dir, write_private
from autopass_cc.trust import require_ours


def folder() -> Path:
    """Return the service's folder, which need not exist."""
    return data_dir() / "daemon"


def make_folder() -> None:
    """Create the service's folder. Raises UntrustedError where others can write it."""
    private_dir(folder())
    require_private()


def require_private() -> None:
    """Raise UntrustedError where others can write what is there: it says which processes are ended."""
    for place in (data_dir(), folder()):
        require_ours(place)


def lock_file() -> Path:
    """Return the file whose lock the running service holds for life."""
    return folder() / "lock"


def pause_file() -> Path:
    """Return the file by which the service is paused: until when (ns since 1970), or 0 for as long as it is there."""
    return folder() / "pause"


def status_file() -> Path:
    """Return the file in which the service says what it is doing."""
    return folder() / "status.json"


def plan_file() -> Path:
    """Return the file in which the last plan stands: what there is to do, what was spent."""
    return folder() / "plan.json"


def used_file() -> Path:
    """Return the file in which work that is not yet in the store's accounts stands, a JSON line each."""
    return folder() / "used.jsonl"


def worker_file() -> Path:
    """Return the file that names the running worker's session."""
    return folder() / "worker"


def log_file() -> Path:
    """Return the log: AUTOPASS_HOME/log, else the platform's log folder."""
    home = os.environ.get("AUTOPASS_HOME")
    return (Path(home) / "log" if home else platformdirs.user_log_path(APP)) / "daemon.log"


def read_json(path: Path) -> dict[str, Any]:
    """Return what a file of ours says, nothing where it is missing or damaged."""
    with contextlib.suppress(OSError, ValueError):
        data = json.loads(path.read_bytes())
        if isinstance(data, dict):
            return data
    return {}


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Replace a file of ours; a full disk costs the message, not the service."""
    with contextlib.suppress(OSError):
        private_dir(path.parent)
        write_private(path, json.dumps(data).encode(), durable=False)
