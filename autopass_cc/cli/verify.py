"""`autopass verify`: measure again, from nothing, what is published for this project."""

from __future__ import annotations

import click

from autopass_cc.cli.common import print_json, project_root
from autopass_cc.project import config as project_config
from autopass_cc.report.terminal import Terminal
from autopass_cc.store.database import writer


@click.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, as_json: bool) -> None:
    """Re-measure each published recipe of this project, and all together: 12 blocks each on fresh links.

    Nothing measured before is used, and nothing is changed. Exit code 1 if a recipe is now slower than the base level.
    """
    from autopass_cc.agents.verify import verify
    from autopass_cc.report.result import render_table

    terminal = Terminal()
    with writer(warn=lambda text: terminal.line(f"warning: {text}")) as db:
        try:
            results = verify(db, project_config.load(project_root()), terminal)
        finally:
            terminal.clear()
    if as_json:
        print_json([result.to_json() for result in results])
    else:
        click.echo(render_table(results))
    if any(result.estimate is not None and result.estimate.low > 0 for result in results):
        raise SystemExit(1)
