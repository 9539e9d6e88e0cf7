"""`autopass explain FILE`: the story of one module: how it compiles now, what was tried, what was proven, how to undo it."""

from __future__ import annotations

import math
import shlex
import time
from pathlib import Path
from typing import Any

import click

from autopass_cc.cli.common import print_json, project_root
from autopass_cc.errors import NothingRecordedError
from autopass_cc.project import config as project_config
from autopass_cc.project.intake import latest
from autopass_cc.project.resolve import Answer, Resolver
from autopass_cc.recipe.edits import from_json, text_of
from autopass_cc.report import story
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.database import reader
from autopass_cc.store.entries import Entry, entries
from autopass_cc.store.history import history
from autopass_cc.store.runs import CandidateRow, RunReader
from autopass_cc.toolchain.reasons import sentences

HISTORY = 8  # events that are shown; --json has all


@click.command("explain")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, with all candidates.")
def command(file: Path, *, as_json: bool) -> None:
    """Tell how FILE (a source) is compiled, what was tried on it, and why its recipe was published."""
    config = project_config.load(project_root())
    path = file.absolute()
    rel = str(path.relative_to(config.root)) if path.is_relative_to(config.root) else str(file)
    data = collect(config, rel)
    if as_json:
        print_json(data)
        return
    for compiled in data["compiles"]:
        _show_compile(compiled)
    if not data["entries"]:
        click.echo("recipe    none is published for this module")
    for entry in data["entries"]:
        _show_entry(entry, rel)
    for event in data["history"][-HISTORY:]:
        click.echo(f"history   {_event(event)}")
    if data["score"]:
        click.echo(f"score     {data['score']['why']}")
    winner = next((entry["recipe"] for entry in data["entries"]), "")
    for line in story.lines(data["candidates"], data["model"], winner):
        click.echo(line)


def collect(config: project_config.Config, rel: str) -> dict[str, Any]:
    """Return all that is known of a source of the project. Raises NothingRecordedError."""
    mine: list[Entry] = []
    tried: list[CandidateRow] = []
    facts: dict[str, Any] = {}
    events: list[dict[str, Any]] = []
    with reader() as db:
        found = {out: record for out, record in latest(db, config.root).items() if record.rel == rel}
        if db is not None:
            mine = [entry for entry in entries(db, config.id) if _source(entry.module) == rel]
            events = [event for event in history(db, config.id) if _source(event["module"]) == rel]
            run = RunReader(db).latest(config.id)
            tried = [row for row in RunReader(db).candidates(run.id) if _source(row.module) == rel] if run else []
            facts = run.facts if run else {}
    if not found and not mine:
        raise NothingRecordedError(
            f"No compile of {rel} is recorded.", "build it once with CC=autopass-cc (recording must be on)"
        )
    resolver = Resolver(config.root)
    return {
        "file": rel,
        "compiles": [_compile(record, resolver.answer(record)) for record in found.values() if Path(record.out).exists()],
        "entries": [_entry(entry) for entry in mine],
        "history": events,
        "score": next((each for each in facts.get("scores", []) if _source(each["module"]) == rel), None),
        "model": next((value for key, value in facts.items() if key.startswith("model:") and _source(key[6:]) == rel), None),
        "candidates": [story.candidate(row) for row in tried],
    }


def _source(module: str) -> str:
    return module.split(" (")[0]


def _compile(record: CompileRecord, following: Answer) -> dict[str, Any]:
    return {
        "object": record.out,
        "command": shlex.join(record.argv),
        "decision": record.decision,
        "reason": record.reason,
        "level": record.level,
        "exact": record.exact,
        "inherited": record.inherited,
        "recipe": record.recipe,
        "next": following.kind,
        "next_recipe": following.recipe,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "module": entry.module,
        "state": entry.state,
        "recipe": entry.recipe,
        "edits": entry.edits,
        "change": math.expm1(entry.median),
        "interval": [math.expm1(entry.low), math.expm1(entry.high)],
        "log_e": entry.log_e,
        "share": entry.share,
        "exact_only": entry.exact_only or None,
        "origin": entry.origin or None,
        "provenance": entry.provenance,
        "checked": entry.checked,
    }


def _event(event: dict[str, Any]) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(event["at"] / 10**9))
    change = f"{math.expm1(event['median']) * 100:+.1f} %" if event["event"] not in ("reverted", "demoted", "refuted") else ""
    told = f"{event['event']} {change}".strip()
    return f"{when}  {told}  recipe {event['recipe'][:12]}" + (f"  ({event['detail']})" if event["detail"] else "")


def _show_compile(compiled: dict[str, Any]) -> None:
    click.echo(f"object    {compiled['object']}")
    click.echo(f"command   {compiled['command']}")
    why = sentences().get(compiled["reason"], compiled["reason"])
    said = f"{compiled['decision']}: {why}" + (f", recipe {compiled['recipe'][:12]}" if compiled["recipe"] else "")
    click.echo(f"last time {said}")
    following = f"{compiled['next']} key, recipe {compiled['next_recipe'][:12]}" if compiled["next_recipe"] else "plain"
    click.echo(f"next time {following}")


def _show_entry(entry: dict[str, Any], rel: str) -> None:
    low, high = entry["interval"]
    click.echo(f"recipe    {entry['recipe'][:12]}, {entry['state']}")
    click.echo(
        f"proven    {entry['change'] * 100:+.1f} % of the program's time [{low * 100:+.1f}, {high * 100:+.1f}] in re-validation, "
        f"E = {math.exp(min(entry['log_e'], 700)):.3g} in confirmation; the module had {entry['share'] * 100:.0f} % of the time"
    )
    if entry["origin"]:
        click.echo(f"origin    brought in from {entry['origin']}, and proven here")
    if entry["exact_only"]:
        click.echo(f"scope     exact source only: {entry['exact_only']}; once edited, it compiles plain until the next tune")
    for edit in entry["edits"]:
        click.echo(f"  edit    {text_of(from_json(edit))}")
    if entry["state"] == "active":
        click.echo(f"undo      autopass revert {rel}      (all: AUTOPASS=off, or autopass revert --all)")
