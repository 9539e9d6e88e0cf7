"""`autopass tune`: find, prove and publish faster recipes for the project in this folder."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace as changed
from pathlib import Path

import click

from autopass_cc.agents.parts import ROUNDS, Minds, Part
from autopass_cc.cli.common import Duration, may_be_asked, print_json, project_root
from autopass_cc.cli.stopping import stoppable
from autopass_cc.project import config as project_config
from autopass_cc.project.intake import latest
from autopass_cc.project.outdated import advice, outdated
from autopass_cc.report.terminal import Terminal
from autopass_cc.store.database import writer


@click.command("tune")
@click.option("--budget", type=Duration(), default="10m", show_default=True, help="About how long to work: 90s, 10m, 1h.")
@click.option(
    "--module",
    "modules",
    multiple=True,
    metavar="GLOB",
    help="Only these sources (relative paths, * allowed); repeatable.",
)
@click.option(
    "--risk",
    type=click.Choice(["A", "B", "C"]),
    help="Highest risk tier. Default: B with two or more inputs to check, else A.",
)
@click.option("--run", "run_command", metavar="COMMAND", help="Time this command instead of autopass.toml's `run`.")
@click.option(
    "--mind",
    type=click.Choice([each.value for each in Minds]),
    help="Who proposes. Default: both where a model is configured, else rules.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 20),
    default=ROUNDS,
    show_default=True,
    help="How often a model is asked about a module.",
)
@click.option(
    "--without",
    type=click.Choice([each.value for each in Part]),
    multiple=True,
    help="Switch a part of the loop off, to see what it is worth; repeatable.",
)
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the model's answers from a transcript; nothing is asked.",
)
@click.option("--seed", type=int, help="Random seed, to repeat a run.")
@click.option("--again", is_flag=True, help="Search anew although nothing has changed since the last run.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document (progress goes to stderr).")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    *,
    budget: float,
    modules: tuple[str, ...],
    risk: str | None,
    run_command: str | None,
    mind: str | None,
    rounds: int,
    without: tuple[str, ...],
    replay: Path | None,
    seed: int | None,
    again: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Search for faster per-module recipes, prove them by measurement, and publish what is proven.

    Ctrl-C stops after the current run; the next `autopass tune` goes on from there.
    """
    from autopass_cc.agents.reasoning import Setting
    from autopass_cc.agents.tune import Options, tune
    from autopass_cc.model import settings
    from autopass_cc.recipe.words import Tier
    from autopass_cc.report.result import render

    config = project_config.load(project_root())
    if run_command:
        config = changed(config, run=(tuple(shlex.split(run_command)),))
    terminal = Terminal(quiet=quiet)
    model = settings.load()
    chosen = Minds(mind) if mind else Minds.BOTH if model is not None or replay is not None else Minds.RULES
    options = Options(
        budget,
        modules,
        Tier(risk) if risk else None,
        seed,
        again,
        Setting(chosen, rounds, frozenset(map(Part, without))),
        model,
        replay,
        may_be_asked if sys.stdin.isatty() and not as_json else None,
    )
    with writer(warn=lambda text: terminal.line(f"warning: {text}")) as db, stoppable(terminal) as stopping:
        try:
            result = tune(db, config, options, terminal, stopping.is_set)
            text = advice(len(outdated(config.root, latest(db, config.root))))
        finally:
            terminal.clear()
    if as_json:
        print_json(result.to_json())
    else:
        click.echo(render(result))
        if text:
            click.echo(text)
