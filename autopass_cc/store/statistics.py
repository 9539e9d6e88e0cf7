"""Counts and sums of what the store holds, for `autopass stats`: each is one query that reads no more than it must."""

from __future__ import annotations

import calendar
import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from autopass_cc.store.database import Rows

DAY = 86400 * 10**9  # ns


@dataclass(frozen=True)
class Scope:
    """What is counted: one project (its id and folder) or all, and from which day (UTC, as 2026-11-26) on, or ever."""

    project: str | None = None
    root: str | None = None
    since: str = ""

    @property
    def since_ns(self) -> int:
        """Return when the first day begins, in ns since 1970."""
        return _begin_of(self.since) if self.since else 0


def _begin_of(day: str) -> int:
    return calendar.timegm(time.strptime(day, "%Y-%m-%d")) * 10**9


def day_of(at: int) -> str:
    """Return the day (UTC) of a time in ns since 1970."""
    return time.strftime("%Y-%m-%d", time.gmtime(at // 10**9))


Tally = Counter[tuple[str, str, str]]  # by day, decision, reason


def tally(db: Rows, scope: Scope) -> Tally:
    """Return how many compiles were recorded, as far as the journal was taken in."""
    where, values = "day >= ?", [scope.since]
    if scope.root is not None:
        where, values = where + " and root = ?", [*values, _stored(scope.root)]
    rows = db.execute(f"select day, decision, reason, sum(count) from tally where {where} group by day, decision, reason", values)
    return Counter({(day, decision, reason): count for day, decision, reason, count in rows})


def _stored(path: str) -> str:
    """Return a path as the tally has it (`builds`): bytes as latin-1."""
    return path.encode("utf-8", "surrogateescape").decode("latin-1")


def counts(db: Rows, table: str, column: str, scope: Scope, *, at: str = "") -> dict[str, int]:
    """Return how many rows of a table have each value of a column; `at` names the column of time, where days matter."""
    where, values = ["1"], list[Any]()
    if scope.project is not None:
        where, values = [*where, "project = ?"], [*values, scope.project]
    if at and scope.since:
        where, values = [*where, f"{at} >= ?"], [*values, scope.since_ns]
    rows = db.execute(f"select {column}, count(*) from {table} where {' and '.join(where)} group by {column}", values)
    return {str(value): count for value, count in rows}


def programs(db: Rows, scope: Scope) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return the whole-program result of each project's last finished run, by folder, and the verdicts of its modules."""
    chosen, values = ("and project = ?", [scope.project]) if scope.project is not None else ("", [])
    last = f"select max(id) from run where state = 'done' {chosen} group by project"
    columns = "id, project, root, finished, json_extract(facts, '$.program'), json_extract(facts, '$.modules')"
    found: dict[str, dict[str, Any]] = {}
    verdicts: dict[str, Counter[str]] = {}
    for run, project, root, finished, program, modules in db.execute(
        f"select {columns} from run where id in ({last}) order by id", values
    ):
        if program:
            result = json.loads(program)
            kept = {name: result[name] for name in ("verdict", "estimate", "baseline_s", "tuned_s")}
            found[root] = {"run": run, "project": project, "root": root, "at": finished, **kept}
            verdicts[root] = Counter(each["verdict"] for each in json.loads(modules or "[]"))
    return [found[root] for root in sorted(found)], dict(sum(verdicts.values(), Counter()))


def tuning_seconds(db: Rows, scope: Scope) -> float:
    """Return how long runs have tuned."""
    where, values = "started >= ?", list[Any]([scope.since_ns])
    if scope.project is not None:
        where, values = where + " and project = ?", [*values, scope.project]
    return float(db.execute(f"select total(json_extract(facts, '$.spent')) from run where {where}", values).fetchone()[0])


def null_tests(db: Rows, scope: Scope) -> dict[str, tuple[int, int]]:
    """Return how often the unchanged program was accepted, and of how many tests, by the stage that was tested."""
    where, values = "at >= ?", list[Any]([scope.since_ns])
    if scope.project is not None:
        where, values = where + " and run in (select id from run where project = ?)", [*values, scope.project]
    rows = db.execute(f"select stage, total(accepted), count(*) from null_test where {where} group by stage", values)
    return {stage: (int(accepted), tests) for stage, accepted, tests in rows}


def spent_today(db: Rows) -> dict[str, float]:
    """Return what the service has used of its bounds today (UTC)."""
    return dict(db.execute("select what, amount from spent where day = ?", [day_of(time.time_ns())]).fetchall())
