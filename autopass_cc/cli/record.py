"""`autopass record`: whether builds are recorded."""

from __future__ import annotations

import click

from autopass_cc.project.journal import journal_path, switch_on


@click.command("record")
@click.argument("what", type=click.Choice(["on", "off", "status"]), default="status")
def command(what: str) -> None:
    """Switch the recording of builds on or off, or say whether it is on."""
    path = journal_path()
    if what == "on":
        switch_on()
    elif what == "off":
        path.unlink(missing_ok=True)
    size = f", {path.stat().st_size / 1024:.0f} KiB waiting in {path}" if path.exists() else ""
    click.echo(f"recording is {'on' if path.exists() else 'off'}{size}")
