"""`autopass apply`: let the next build compile again what has another recipe now, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from autopass_cc.cli.common import print_json, project_root
from autopass_cc.project import config as project_config
from autopass_cc.project import remake
from autopass_cc.project.config import Config
from autopass_cc.project.intake import latest
from autopass_cc.project.journal import journal_path
from autopass_cc.project.outdated import Outdated, outdated
from autopass_cc.project.recorded import nothing_recorded
from autopass_cc.store.database import reader


@click.command("apply")
@click.option("--list", "only_list", is_flag=True, help="Print the affected objects, one path a line, and change nothing.")
@click.option("--touch", is_flag=True, help="Make the objects older than their sources, and keep them (the default).")
@click.option(
    "--remove",
    is_flag=True,
    help="Remove the objects instead, for build systems that do not look at times (SCons, restat rules of Ninja).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the affected objects as one JSON document.")
def command(*, only_list: bool, touch: bool, remove: bool, as_json: bool) -> None:
    """Let the next build recompile the objects whose recipe has changed.

    A build system does not see that a recipe was published, changed or reverted. This finds the recorded objects that
    were compiled with another recipe than they would get now, and makes them older than their sources, so that Make
    or Ninja compiles exactly these again. Sources are never touched.

    Exit code 1 if an object had to be left alone.
    """
    if only_list + touch + remove > 1:
        raise click.UsageError("give one of --list, --touch and --remove")
    config = project_config.load(project_root())
    found = find(config)
    problems: dict[str, str] = {}
    if not only_list:
        action = remake.remove if remove else remake.age
        problems = {each.record.out: why for each in found if (why := action(each, config.root)) is not None}
    if as_json:
        print_json([each.to_json() | {"left_alone": problems.get(each.record.out)} for each in found])
    elif only_list:
        for each in found:
            click.echo(os.fsencode(each.record.out))  # a path is bytes, and this is for scripts
    else:
        _tell([each for each in found if each.record.out not in problems], config.root)
    for out, why in problems.items():
        click.echo(f"autopass: left alone: {_shown(out, config.root)}: {why}", err=True)
    if found and not journal_path().exists():
        click.echo("note: recording is off, so a rebuild is not noticed; `autopass record on` switches it on", err=True)
    if problems:
        raise SystemExit(1)


def find(config: Config) -> list[Outdated]:
    """Return the affected objects of a project; raises NothingRecordedError where it has no recorded build."""
    with reader() as db:
        compiles = latest(db, config.root)
    if not compiles:
        raise nothing_recorded(config, gone=False, then="autopass apply")
    return outdated(config.root, compiles)


def _tell(marked: Sequence[Outdated], root: Path) -> None:
    if not marked:
        click.echo("nothing to do: no object would be compiled with another recipe than it was")
        return
    objects = "1 object" if len(marked) == 1 else f"{len(marked)} objects"
    click.echo(f"{objects} will be recompiled by the next build with CC=autopass-cc CXX=autopass-c++:")
    for each in marked:
        click.echo(f"  {_shown(each.record.out, root)}  ({_recipe(each.before)} -> {_recipe(each.now.recipe)})")


def _shown(out: str, root: Path) -> str:
    path = Path(out)
    return os.fsencode(path.relative_to(root) if path.is_relative_to(root) else path).decode("utf-8", "replace")


def _recipe(digest: str) -> str:
    return f"recipe {digest[:12]}" if digest else "plain"
