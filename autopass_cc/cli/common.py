"""What several commands share: the project's folder, JSON output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from autopass_cc.project.config import find_root


def project_root() -> Path:
    """Return the project's folder, from the working directory upwards; raises NoProjectError."""
    return find_root(Path.cwd())


def print_json(data: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(data, indent=2, sort_keys=True))
