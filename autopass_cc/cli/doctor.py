"""`autopass doctor`: what is found, what is missing, and the exact command that mends it."""

from __future__ import annotations

import click

from autopass_cc.cli.common import print_json
from autopass_cc.report.terminal import Terminal

MARK = {True: "ok", None: "note", False: "FAIL"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, as_json: bool) -> None:
    """Check compiler, plugin, profiler, machine and storage; exit code 1 if something must be mended."""
    from autopass_cc.daemon.check import service
    from autopass_cc.model.check import endpoint
    from autopass_cc.toolchain.checks import Finding, run_all

    terminal = Terminal()
    findings: list[Finding] = []
    for finding in run_all(terminal.progress):
        terminal.clear()
        findings.append(finding)
        if not as_json:
            _show(finding)
    last = [endpoint(), service()]
    findings += last
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        for finding in last:
            _show(finding)
    if any(finding.good is False for finding in findings):
        raise SystemExit(1)


def _show(finding: object) -> None:
    from autopass_cc.toolchain.checks import Finding

    if isinstance(finding, Finding):
        click.echo(f"{MARK[finding.good]:5} {finding.name:11} {finding.text}")
        if finding.fix:
            click.echo(f"{'':17} mend: {finding.fix}")
