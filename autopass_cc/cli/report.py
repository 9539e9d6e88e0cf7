"""`autopass report`: a page about a tuning run of the project in this folder."""

from __future__ import annotations

from pathlib import Path

import click

from autopass_cc.cli.common import project_root
from autopass_cc.errors import NothingRecordedError
from autopass_cc.project import config as project_config

PAGE = "autopass-report.html"


@click.command("report")
@click.option("--run", "number", type=click.IntRange(1), metavar="ID", help="Which run (default: the newest that searched).")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(PAGE),
    show_default=True,
    metavar="FILE",
    help="Where to write the page.",
)
def command(*, number: int | None, output: Path) -> None:
    """Write a page about a tuning run: what was tried, proven and changed, with the evidence block by block.

    It is one HTML file, with nothing fetched from anywhere, and readable by you alone.
    """
    from autopass_cc.report.html.page import write
    from autopass_cc.report.html.project import project
    from autopass_cc.report.pages.own import own_pipelines
    from autopass_cc.report.pages.project import gather
    from autopass_cc.store.database import reader
    from autopass_cc.store.measured import tuning_runs

    config = project_config.load(project_root())
    with reader() as db:
        runs = tuning_runs(db, config.id) if db is not None else []
        if db is None or not runs:
            raise NothingRecordedError("No run has searched in this project yet.", "run `autopass tune`")
        run = next((each for each in runs if number in (None, each.id)), None)
        if run is None:
            there = ", ".join(str(each.id) for each in runs)
            raise click.UsageError(f"no run {number} of this project searched; there are {there}")
        made_with = run.toolchain
        text = project(gather(db, run, own_pipelines(lambda each: each.id == made_with)))
    write(output, text)
    click.echo(f"{output}: run {run.id} ({run.state})")
