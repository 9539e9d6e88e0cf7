"""What several commands share: the project's folder, JSON output, a question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from autopass_cc.durations import seconds_of
from autopass_cc.project.config import find_root


def project_root() -> Path:
    """Return the project's folder, from the working directory upwards; raises NoProjectError."""
    return find_root(Path.cwd())


def may_be_asked(text: str) -> bool:
    """Ask whether a model may be asked; `text` says what it would be sent, and whereto."""
    return click.confirm(f"{text}\nMay it be asked, from now on?", default=False, err=True)


def print_json(data: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(data, indent=2, sort_keys=True))


class Duration(click.ParamType[float]):
    """A time such as 90, 90s, 10m or 1.5h, in seconds."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        if isinstance(value, float):
            return value
        try:
            return seconds_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
