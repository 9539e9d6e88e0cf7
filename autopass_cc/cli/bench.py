"""`autopass bench`: rivals on the same work, in the same run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from autopass_cc.cli.common import print_json
from autopass_cc.cli.stopping import stoppable
from autopass_cc.report.terminal import Terminal

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
    help="Only these methods; repeatable. Without it all but those that `autopass bench list` marks: they take long.",
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

    Everything finished is a line of WORK/results.jsonl: Ctrl-C loses one heat at most, and the same command goes on.
    Nothing of the user's own cache is used or changed. A full run takes hours; the machine should do nothing else.
    """
    os.environ["AUTOPASS_HOME"] = str((work / "home").resolve())
    from autopass_cc.bench import manifest
    from autopass_cc.bench.methods import METHODS
    from autopass_cc.bench.results import Results
    from autopass_cc.bench.run import Plan, run
    from autopass_cc.paths import private_dir
    from autopass_cc.project.journal import switch_on
    from autopass_cc.store.database import writer
    from autopass_cc.toolchain import registry

    found = manifest.load(suite)
    named = chosen or [name for name, method in METHODS.items() if method.default]
    methods = [METHODS[_known(name, list(METHODS), "method")] for name in named]
    names = [each.name for each in found.programs]
    programs = [each for each in found.programs if not wanted or each.name in [_known(name, names, "program") for name in wanted]]
    terminal = Terminal(quiet=quiet)
    private_dir(work.resolve())
    switch_on()
    results = Results(work / RESULTS)
    with stoppable(terminal) as stop:
        try:
            toolchain = registry.ensure(progress=terminal.progress)
            results.begin(suite=found.name, seed=seed, budget=budget, compiler=toolchain.version, cpu=toolchain.cpu)
            with writer(warn=terminal.line) as db:
                problems = run(
                    db, toolchain, work.resolve(), Plan(programs, methods, budget, seed), results, terminal, stop.is_set
                )
        finally:
            terminal.clear()
    _print(results, as_json=False)
    if problems:
        click.echo("\nleft out:\n" + "\n".join(f"  {text}" for text in problems))


@command.command("report")
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=Path("bench-work") / RESULTS)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def report_command(*, results: Path, as_json: bool) -> None:
    """Print the tables of a results file."""
    from autopass_cc.bench.results import Results

    _print(Results(results), as_json=as_json)


@command.command("list")
def list_command() -> None:
    """Name the methods."""
    from autopass_cc.bench.methods import METHODS

    for method in METHODS.values():
        click.echo(f"{method.name:12} {method.title}{'' if method.default else ' (only where it is named: it takes long)'}")


def _print(results: Any, *, as_json: bool) -> None:
    from autopass_cc.bench import standings
    from autopass_cc.bench.methods import METHODS
    from autopass_cc.report import bench as report

    programs = list(dict.fromkeys(program for program, _ in results.entrants))
    found = {program: standings.placings(results, program) for program in programs}
    names = [name for name in METHODS if any(name == each.entrant.method for row in found.values() for each in row)]
    rows = []
    for name in names:
        finished = [each for row in found.values() for each in row if each.entrant.method == name]
        rows.append(standings.summary(name, [each for each in finished if each.standing is not standings.Standing.UNFINISHED]))
    if as_json:
        print_json(report.as_json(results.head, rows, found))
        return
    titles = {name: METHODS[name].title for name in names}
    click.echo(f"{results.head.get('suite', '')}, {results.head.get('compiler', '')}, {results.head.get('cpu', '')}")
    click.echo("\n" + report.methods(rows, titles) + "\n\n" + report.programs(found, names))
    if remarks := report.remarks(found, titles):
        click.echo("\n" + remarks)


def _known(name: str, names: list[str], what: str) -> str:
    if name not in names:
        raise click.UsageError(f"no {what} is called {name!r}; there are {', '.join(names)}")
    return name
