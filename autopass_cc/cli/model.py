"""`autopass model`: which model is asked, whether one may, what it was sent and said, and what it cost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from autopass_cc.cli.common import print_json, project_root
from autopass_cc.model import budget, consent, settings
from autopass_cc.model.asking import Where
from autopass_cc.model.errors import ModelError, Reason
from autopass_cc.model.settings import Settings
from autopass_cc.model.transcript import path_of, read
from autopass_cc.store.database import reader, writer

QUESTION = 'Answer with the JSON object {"answer": N}, N being the number of letters in the word "pass".'
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "integer"}},
    "required": ["answer"],
    "additionalProperties": False,
}


@click.group("model")
def command() -> None:
    """Look after the language model that may propose recipes (none is needed)."""


def _configured() -> Settings:
    found = settings.load()
    if found is None:
        raise ModelError(Reason.NOT_CONFIGURED, "No model is configured.")
    return found


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status(*, as_json: bool) -> None:
    """Show the configured model, consent, and what was spent in the last 24 hours."""
    found = settings.load()
    with reader() as db:
        spent = budget.spent_today(db) if db is not None else budget.Spent(0, 0, 0.0)
        may = found is not None and (found.is_near or (db is not None and consent.given(db, found)))
    data: dict[str, Any] = {"configured": found is not None, "spent_today": vars(spent)}
    if found is not None:
        shown = {name: value for name, value in vars(found).items() if name != "key"}
        data |= {**shown, "key": bool(found.key), "may_be_asked": may}
    if as_json:
        print_json(data)
        return
    if found is None:
        click.echo("model     none is configured: the rules propose alone")
    else:
        near = "this machine or network" if found.is_near else "consent given" if may else "NO consent: `autopass model consent`"
        click.echo(f"model     {found.model} at {found.base_url} ({near}), share = {found.share.value}")
        click.echo(f"key       {'set' if found.key else 'none'}")
        limits = f"{found.requests} requests and {found.tokens} tokens a run, {found.tokens_a_day} tokens a day"
        click.echo(f"limits    {limits}{f', price {found.price:g} a run' if found.price else ''}")
    click.echo(
        f"today     {spent.requests} requests, {spent.tokens} tokens" + (f", price {spent.price:.4f}" if spent.price else "")
    )


@command.command("test")
def test() -> None:
    """Ask the configured model one tiny question, the whole way, and say how it went."""
    from autopass_cc.model.client import Endpoint
    from autopass_cc.model.connect import connect

    found = _configured()
    with writer() as db:
        asker = connect(db, 0, found, lambda text: click.confirm(f"{text}\nMay it be asked?", default=False, err=True))
        start = time.monotonic()
        question = f"{QUESTION} ({time.time_ns()})"  # never the same, so that no remembered answer comes
        answer = asker.ask(Where(0, "", 0, 1), [{"role": "user", "content": question}], SCHEMA, 200)
        seconds = time.monotonic() - start
    click.echo(f"{found.host} answers as {found.model}: {answer.text.strip()[:80]}")
    manner = asker.manner if isinstance(asker, Endpoint) else None
    click.echo(
        f"{seconds:.1f} s, {answer.prompt_tokens} + {answer.completion_tokens} tokens, "
        f"asked by {manner.rung.value if manner else 'transcript'}"
    )
    if answer.warning:
        click.echo(f"warning: {answer.warning}")


@command.command("consent")
@click.option("--revoke", is_flag=True, help="Take every consent back.")
@click.option("--yes", is_flag=True, help="Say yes without being asked.")
def consent_command(*, revoke: bool, yes: bool) -> None:
    """Say what the configured model would get, and allow it."""
    with writer() as db:
        if revoke:
            click.echo(f"{consent.revoke(db)} consents were taken back; no model outside this network will be asked")
            return
        found = _configured()
        click.echo(consent.text(found))
        if consent.given(db, found):
            click.echo("it is in this machine or network: no consent is needed" if found.is_near else "it may be asked")
        elif yes or click.confirm("May it be asked, from now on?", default=False):
            consent.give(db, found)
            click.echo("kept; `autopass model consent --revoke` takes it back")


@command.command("show-prompt")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the messages as one JSON document.")
def show_prompt(file: Path, *, as_json: bool) -> None:
    """Print what a model would be sent about FILE (a source); nothing is sent.

    The program is not run for it: what `tune` measures (shares of time, the machine code of hot loops where `share` is ir)
    is missing. `autopass model transcript --prompts` prints what was sent, byte for byte.
    """
    from autopass_cc.agents.parts import ROUNDS
    from autopass_cc.agents.preview import preview
    from autopass_cc.project import config as project_config
    from autopass_cc.report.terminal import Terminal
    from autopass_cc.share import Share
    from autopass_cc.tokens import tokens_of

    config = project_config.load(project_root())
    path = file.absolute()
    rel = str(path.relative_to(config.root)) if path.is_relative_to(config.root) else str(file)
    found = settings.load()
    terminal = Terminal(quiet=True)
    with writer() as db:
        messages = preview(db, config, rel, found.share if found else Share.REMARKS, ROUNDS, terminal)
    if as_json:
        print_json(messages)
        return
    for message in messages:
        click.echo(f"----- {message['role']}, about {tokens_of(message['content'])} tokens\n{message['content']}")


@command.command("transcript")
@click.argument("run", metavar="[RUN|FILE]", required=False)
@click.option("--prompts", is_flag=True, help="Print the messages sent, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the transcript's lines as one JSON document.")
def transcript(run: str | None, *, prompts: bool, as_json: bool) -> None:
    """Print what was asked and answered in a tuning run (a number or a file; default: the latest)."""
    lines = list(read(_transcript_path(run)))
    if as_json:
        print_json(lines)
        return
    for line in lines:
        if line["kind"] == "header":
            about = {key: value for key, value in line.items() if key not in ("kind", "at")}
            click.echo(", ".join(f"{key} {value}" for key, value in about.items()))
            continue
        where = line["where"]
        place = f"{where['module']}, round {where['round']}, turn {where['turn']}"
        if line["reply"] is None:
            click.echo(f"\n----- {place}: {line['outcome']}: {line['warning']}")
            continue
        click.echo(f"\n----- {place}: {line['prompt_tokens']} + {line['completion_tokens']} tokens, from {line['source']}")
        for message in line["messages"] if prompts else []:
            click.echo(f"[{message['role']}]\n{message['content']}\n")
        click.echo(line["reply"].strip())


def _transcript_path(run: str | None) -> Path:
    if run is not None:
        return path_of(int(run)) if run.isdecimal() else Path(run)
    found = sorted(path_of(0).parent.glob("run-*.jsonl"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise ModelError(Reason.NOT_RECORDED, "No run has asked a model yet.")
    return found[-1]
