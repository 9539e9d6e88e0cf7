"""`autopass revert`: take recipes out of the publication."""

from __future__ import annotations

from pathlib import Path

import click

from autopass_cc.cli.common import project_root
from autopass_cc.project import config as project_config
from autopass_cc.project.intake import latest
from autopass_cc.project.outdated import advice, outdated
from autopass_cc.store import entries as store
from autopass_cc.store.database import reader, writer
from autopass_cc.store.states import ACTIVE


@click.command("revert")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Revert the whole project.")
def command(files: tuple[Path, ...], *, everything: bool) -> None:
    """Undo the recipes of FILES (sources): their next compile is plain again. The evidence is kept."""
    if bool(files) == everything:
        raise click.UsageError("name the sources to revert, or give --all")
    config = project_config.load(project_root())
    names = {
        str(path.absolute().relative_to(config.root)) if path.absolute().is_relative_to(config.root) else str(path)
        for path in files
    }
    with writer(warn=lambda text: click.echo(f"warning: {text}", err=True)) as db:
        active = [entry for entry in store.entries(db, config.id) if entry.state == ACTIVE]
        chosen = [entry for entry in active if everything or entry.module.split(" (")[0] in names]
        store.revert(db, chosen)
    for name in sorted(names - {entry.module.split(" (")[0] for entry in chosen}):
        click.echo(f"{name}: no recipe is published")
    for entry in chosen:
        click.echo(f"{entry.module}: reverted; its next compile is plain")
    with reader() as stored:
        text = advice(len(outdated(config.root, latest(stored, config.root)))) if chosen else ""
    if text:
        click.echo(text)
    if names and not chosen:
        raise SystemExit(1)
