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


def describe_edit(edit: dict[str, str]) -> str:
    """Return one line for an edit in its JSON form."""
    match edit["op"]:
        case "knob":
            return f"knob    {edit['name']} = {edit['value']}"
        case "insert":
            return f"insert  {edit['pass']}{_params(edit)} {edit['at']} {edit['anchor']}"
        case "remove":
            return f"remove  {edit['target']}"
        case "move":
            return f"move    {edit['target']} {edit['at']} {edit['anchor']}"
        case "replace":
            return f"replace {edit['target']} by {edit['pass']}{_params(edit)}"
        case _:
            return f"set     {edit['target']} {edit['param']} = {edit['value']}"


def _params(edit: dict[str, str]) -> str:
    return f"<{edit['params']}>" if edit.get("params") else ""
