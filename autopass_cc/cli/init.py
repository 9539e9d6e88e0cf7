"""`autopass init`: write autopass.toml, switch recording on, say what comes next."""

from __future__ import annotations

import json
import secrets
import shlex
from pathlib import Path

import click

from autopass_cc.project.config import NAME, TEMPLATE, load
from autopass_cc.project.journal import switch_on
from autopass_cc.report.terminal import Terminal
from autopass_cc.toolchain import registry
from autopass_cc.toolchain.describe import Status, Toolchain


@click.command("init")
@click.option("--run", "run_command", metavar="COMMAND", help="The workload to time, for example './bench data.txt'.")
@click.option("--print", "only_print", is_flag=True, help="Print a commented autopass.toml and change nothing.")
def command(run_command: str | None, *, only_print: bool) -> None:
    """Prepare this folder: autopass.toml (what to run, what to compare), and recording of builds."""
    run = json.dumps(shlex.split(run_command or "")) if run_command else "[]"
    text = TEMPLATE.format(id=secrets.token_hex(16), run=run)
    if only_print:
        click.echo(text, nl=False)
        return
    path = Path.cwd() / NAME
    if path.exists():
        load(Path.cwd())
        click.echo(f"{NAME} is here already; it was left as it is")
    else:
        path.write_text(text)
        click.echo(f"wrote {NAME}")
        if not run_command:
            click.echo(f'next: open {NAME} and set run = ["./program", "arguments"]')
    toolchain = _toolchain()
    click.echo(f"compiler: {toolchain.clang} ({toolchain.version})")
    if toolchain.status is not Status.OK:
        click.echo(f"note: {toolchain.reason}; recipes are limited to knobs")
    switch_on()
    click.echo("builds are now recorded (autopass record off stops that)")
    click.echo("next: build from clean with CC=autopass-cc CXX=autopass-c++, then run `autopass tune`")


def _toolchain() -> Toolchain:
    """Make the compiler known to the launcher: without that it passes everything through."""
    terminal = Terminal()
    try:
        return registry.ensure(progress=terminal.progress)
    finally:
        terminal.clear()
