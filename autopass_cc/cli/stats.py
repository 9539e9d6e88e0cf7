"""`autopass stats`: what autopass did for all builds of this user, from what is kept anyway."""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import Any

import click

from autopass_cc import collector
from autopass_cc.cli.common import print_json, project_root
from autopass_cc.measure.proportion import upper_bound
from autopass_cc.project import config as project_config
from autopass_cc.project import journal
from autopass_cc.report import prometheus
from autopass_cc.report import statistics as report
from autopass_cc.store import builds
from autopass_cc.store import statistics as store
from autopass_cc.store.database import Reader, reader
from autopass_cc.store.statistics import DAY, Scope, Tally, day_of


@click.command("stats")
@click.option("--project", "one", is_flag=True, help="Only the project in this folder.")
@click.option("--days", type=click.IntRange(1, 36500), metavar="N", help="Only the last N days (UTC), today included.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--prometheus", "as_metrics", is_flag=True, help="Print metrics in Prometheus' text format.")
def command(*, one: bool, days: int | None, as_json: bool, as_metrics: bool) -> None:
    """Count what was compiled, found and proven, over all projects: nothing is sent anywhere, and nothing extrapolated.

    Compiles are those that were recorded. A program's gain is what its last tuning measured on its workload; states of
    recipes and jobs are those of now, whatever --days says.
    """
    if as_json and as_metrics:
        raise click.UsageError("give one of --json and --prometheus")
    config = project_config.load(project_root()) if one else None
    since = day_of(time.time_ns() - (days - 1) * DAY) if days else ""
    data = collect(Scope(config.id, str(config.root), since) if config else Scope(since=since))
    if as_json:
        print_json(data)
    elif as_metrics:
        click.echo(prometheus.render(report.metrics(data)).encode(), nl=False)
    else:
        from autopass_cc.toolchain.reasons import sentences

        for line in report.lines(data, sentences()):
            click.echo(line)


def collect(scope: Scope) -> dict[str, Any]:
    """Return the statistics as JSON values."""
    with reader() as db, collector.paused():
        compiles = (store.tally(db, scope) if db else Counter()) + _since_then(db, scope)
        kept = _kept(db, scope) if db else NOTHING
    return {"scope": scope.root and os.fsencode(scope.root).decode("utf-8", "replace"), "compiles": _compiles(compiles), **kept}


NOTHING: dict[str, Any] = {
    **{name: {} for name in ("entries", "imports", "jobs", "events", "verdicts", "spent_today")},
    "programs": [],
    "tuning_seconds": 0.0,
    "null_tests": {"tests": 0, "accepted": 0, "upper_bound": 1.0, "stages": {}},
}


def _kept(db: Reader, scope: Scope) -> dict[str, Any]:
    programs, verdicts = store.programs(db, scope)
    return {
        "entries": store.counts(db, "entry", "state", scope),
        "imports": store.counts(db, "imported", "state", scope),
        "jobs": store.counts(db, "job", "state", scope),
        "events": store.counts(db, "history", "event", scope, at="at"),
        "verdicts": verdicts,
        "programs": programs,
        "tuning_seconds": store.tuning_seconds(db, scope),
        "null_tests": _null_tests(store.null_tests(db, scope)),
        "spent_today": store.spent_today(db),
    }


def _since_then(db: Reader | None, scope: Scope) -> Tally:
    """Count what the launcher has recorded since the journal was last taken in."""
    batch = journal.read_new(builds.offsets(db) if db else {})
    return Counter(
        (day, record.decision, record.reason)
        for record in batch.records
        if isinstance(record, builds.CompileRecord)
        and scope.root in (None, record.root)
        and (day := day_of(record.at)) >= scope.since
    )


def _compiles(found: Tally) -> dict[str, Any]:
    decisions: dict[str, Counter[str]] = {}
    for (_, decision, reason), count in found.items():
        decisions.setdefault(decision, Counter())[reason] += count
    days = sorted({day for day, _, _ in found})
    return {
        "total": found.total(),
        "decisions": {decision: dict(reasons) for decision, reasons in decisions.items()},
        "days": len(days),
        "first_day": days[0] if days else None,
        "last_day": days[-1] if days else None,
    }


def _null_tests(stages: dict[str, tuple[int, int]]) -> dict[str, Any]:
    accepted, tests = (sum(column) for column in zip(*stages.values(), strict=True)) if stages else (0, 0)
    return {
        "tests": tests,
        "accepted": accepted,
        "upper_bound": upper_bound(accepted, tests),
        "stages": {
            stage: {"tests": n, "accepted": hits, "upper_bound": upper_bound(hits, n)} for stage, (hits, n) in stages.items()
        },
    }
