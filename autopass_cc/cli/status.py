"""`autopass status`: what is recorded, tuned and published for this project."""

from __future__ import annotations

import math
import os
from collections import Counter
from typing import Any

import click

from autopass_cc import collector
from autopass_cc.cli.common import print_json, project_root
from autopass_cc.paths import data_dir
from autopass_cc.project import config as project_config
from autopass_cc.project.intake import latest
from autopass_cc.project.journal import journal_path
from autopass_cc.project.outdated import advice, outdated
from autopass_cc.report import table
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.database import reader
from autopass_cc.store.entries import Entry, entries
from autopass_cc.store.runs import RunReader
from autopass_cc.toolchain.reasons import sentences


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, as_json: bool) -> None:
    """Show what is recorded, tuned and published for the project in this folder."""
    config = project_config.load(project_root())
    with collector.paused():
        data = collect(config)
    if as_json:
        print_json(data)
    else:
        _show(data)


def collect(config: project_config.Config) -> dict[str, Any]:
    """Return the status of a project as JSON values."""
    published: list[Entry] = []
    run = None
    with reader() as db:
        compiles = latest(db, config.root)
        if db is not None:
            published = entries(db, config.id)
            run = RunReader(db).latest(config.id)
    present = [record for record in compiles.values() if os.path.exists(record.out)]  # noqa: PTH110 - of ten thousand
    return {
        "project": str(config.root),
        "data": str(data_dir()),
        "recording": journal_path().exists(),
        "compiles": dict(Counter(record.decision for record in present)),
        "passed_through": dict(Counter(record.reason for record in present if record.decision == "pass")),
        "modules": _modules(published, present),
        "outdated": [each.record.out for each in outdated(config.root, compiles)],
        "run": None if run is None else {"id": run.id, "state": run.state, **run.facts},
    }


def _modules(published: list[Entry], present: list[CompileRecord]) -> list[dict[str, Any]]:
    used = {(record.rel, record.recipe) for record in present if record.decision == "hit"}
    return [
        {
            "module": entry.module,
            "state": entry.state,
            "recipe": entry.recipe,
            "change": math.expm1(entry.median),
            "interval": [math.expm1(entry.low), math.expm1(entry.high)],
            "in_use": (entry.source, entry.recipe) in used,
        }
        for entry in published
    ]


def _show(data: dict[str, Any]) -> None:
    total = sum(data["compiles"].values())
    click.echo(f"project    {data['project']}")
    click.echo(f"recording  {'on' if data['recording'] else 'off; `autopass record on` switches it on'}")
    hits, misses = data["compiles"].get("hit", 0), data["compiles"].get("miss", 0)
    click.echo(f"compiles   {total} objects: {hits} with a recipe, {misses} plain, {total - hits - misses} passed through")
    for reason, count in sorted(data["passed_through"].items(), key=lambda item: -item[1]):
        click.echo(f"           {count:5} {reason}: {sentences().get(reason, '')}")
    if text := advice(len(data["outdated"])):
        click.echo(f"           {text}")
    run = data["run"]
    click.echo(f"last tune  {'none yet; run `autopass tune`' if run is None else run['state']}")
    if run is not None and run.get("program"):
        program = run["program"]
        estimate = program.get("estimate")
        if estimate:
            click.echo(
                f"program    {estimate['change'] * 100:+.1f} % time "
                f"[{estimate['interval'][0] * 100:+.1f}, {estimate['interval'][1] * 100:+.1f}], {program['verdict']}"
            )
    if data["modules"]:
        rows = [
            [
                each["module"],
                f"{each['change'] * 100:+.1f} %",
                f"[{each['interval'][0] * 100:+.1f}, {each['interval'][1] * 100:+.1f}]",
                each["state"],
                "in use" if each["in_use"] else ("at the next compile" if each["state"] == "active" else ""),
            ]
            for each in data["modules"]
        ]
        click.echo("\n" + table.render(["module", "time", "interval", "state", "built"], rows, right=frozenset({1, 2})))
