"""`autopass bench`: rivals on the same work, in the same run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autopass_cc.cli.common import may_be_asked, print_json
from autopass_cc.cli.stopping import stoppable
from autopass_cc.report.terminal import Terminal

if TYPE_CHECKING:
    from autopass_cc.bench.results import Results
    from autopass_cc.model.connect import Confirm
    from autopass_cc.model.settings import Settings

RESULTS = "results.jsonl"
BUDGET = 40  # program-run equivalents of search a module


@click.group("bench")
def command() -> None:
    """Compare ways to make programs faster: suites of programs through methods, measured side by side."""


@command.command("run")
@click.argument("suite", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--work", type=click.Path(file_okay=False, path_type=Path), default="bench-work", show_default=True, help="Where to build."
)
@click.option(
    "--method",
    "chosen",
    multiple=True,
    metavar="NAME",
    help="Only these methods; repeatable. Without it all but those that `autopass bench list` marks.",
)
@click.option("--program", "wanted", multiple=True, metavar="NAME", help="Only these programs; repeatable.")
@click.option(
    "--budget",
    type=click.IntRange(10, 100_000),
    default=BUDGET,
    show_default=True,
    help="Program runs of a search, for each module (OpenTuner has evaluations instead).",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Random seed.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def run_command(
    *, suite: Path, work: Path, chosen: tuple[str, ...], wanted: tuple[str, ...], budget: int, seed: int, quiet: bool
) -> None:
    """Run the programs of SUITE (a folder with a suite.toml) through the methods, and print the tables.

    Everything finished is a line of WORK/results.jsonl: Ctrl-C loses one heat, or what the method that is just entering has
    done, and the same command goes on.

    Nothing of the user's own cache is used or changed; a model is asked with the user's settings. A full run takes hours;
    the machine should do nothing else.
    """
    from autopass_cc.bench import manifest
    from autopass_cc.bench.methods import METHODS
    from autopass_cc.bench.results import Results
    from autopass_cc.bench.run import Plan, run
    from autopass_cc.machine import description
    from autopass_cc.paths import private_dir
    from autopass_cc.project.journal import switch_on
    from autopass_cc.store.database import writer
    from autopass_cc.toolchain import registry

    found = manifest.load(suite)
    named = chosen or [name for name, method in METHODS.items() if not method.apart]
    methods = [METHODS[_known(name, list(METHODS), "method")] for name in named]
    model, confirm = _model() if any(method.asks_a_model for method in methods) else (None, None)
    os.environ["AUTOPASS_HOME"] = str((work / "home").resolve())  # from here on: the model is the user's own
    names = [each.name for each in found.programs]
    programs = [each for each in found.programs if not wanted or each.name in [_known(name, names, "program") for name in wanted]]
    terminal = Terminal(quiet=quiet)
    private_dir(work.resolve())
    switch_on()
    results = Results(work / RESULTS)
    with stoppable(terminal) as stop:
        try:
            toolchain = registry.ensure(progress=terminal.progress)
            about = {"machine": description(), "folder": str(suite), "programs": len(names)}
            results.begin(about=about, suite=found.name, seed=seed, budget=budget, compiler=toolchain.version, cpu=toolchain.cpu)
            with writer(warn=terminal.line) as db:
                plan = Plan(programs, methods, budget, seed, model, confirm)
                problems = run(db, toolchain, work.resolve(), plan, results, terminal, stop.is_set)
        finally:
            terminal.clear()
    _print(results, as_json=False)
    if problems:
        click.echo("\nleft out:\n" + "\n".join(f"  {text}" for text in problems))


@command.command("report")
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=Path("bench-work") / RESULTS)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--html", "page", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a page with plots instead."
)
@click.option("--subject", metavar="NAME", help="The method that the page is about (default: rules, where it entered).")
def report_command(*, results: Path, as_json: bool, page: Path | None, subject: str | None) -> None:
    """Print the tables of a results file, or write a page about it: one file, with nothing fetched from anywhere.

    \b
    autopass bench report bench-work/results.jsonl --html bench.html
    """
    from autopass_cc.bench.results import Results

    if as_json and page:
        raise click.UsageError("give one of --json and --html")
    if subject and not page:
        raise click.UsageError("--subject is for the page: give --html, too")
    if page:
        _write_page(Results(results), page, subject)
    else:
        _print(Results(results), as_json=as_json)


def _write_page(results: Results, path: Path, subject: str | None) -> None:
    from autopass_cc.report.html.bench import bench
    from autopass_cc.report.html.page import write
    from autopass_cc.report.pages.bench import gather
    from autopass_cc.report.pages.own import own_pipelines

    compiler = results.head.get("compiler")
    write(path, bench(gather(results, _titles(), subject, own_pipelines(lambda each: each.version == compiler))))
    click.echo(f"{path}: the page of {results.path}")


@command.command("list")
def list_command() -> None:
    """Name the methods."""
    from autopass_cc.bench.methods import METHODS

    for method in METHODS.values():
        click.echo(f"{method.name:12} {method.title}{f' (only where it is named: {method.apart})' if method.apart else ''}")


def _titles() -> dict[str, str]:
    from autopass_cc.bench.methods import METHODS

    return {name: method.title for name, method in METHODS.items()}


def _print(results: Results, *, as_json: bool) -> None:
    from autopass_cc.report import bench as report
    from autopass_cc.report.pages.bench import board

    shown = board(results, _titles())
    if as_json:
        print_json(report.as_json(results.head, shown.rows, shown.found))
        return
    click.echo(f"{results.head.get('suite', '')}, {results.head.get('compiler', '')}, {results.head.get('cpu', '')}")
    click.echo("\n" + report.methods(shown.rows, shown.titles) + "\n\n" + report.programs(shown.found, shown.names))
    if remarks := report.remarks(shown.found, shown.titles):
        click.echo("\n" + remarks)


def _model() -> tuple[Settings, Confirm | None]:
    """Return the user's model, and who is asked whether it may be: nobody, where the user has said so before.

    Raises ModelError where there is none: hours later it would still be missing.
    """
    from autopass_cc.model import consent, settings
    from autopass_cc.model.errors import ModelError, Reason
    from autopass_cc.store.database import reader

    found = settings.load()
    if found is None:
        raise ModelError(Reason.NOT_CONFIGURED, "No model is configured.")
    with reader() as db:
        if db is not None and consent.given(db, found):
            return found, lambda _text: True
    return found, may_be_asked if sys.stdin.isatty() else None


def _known(name: str, names: list[str], what: str) -> str:
    if name not in names:
        raise click.UsageError(f"no {what} is called {name!r}; there are {', '.join(names)}")
    return name
