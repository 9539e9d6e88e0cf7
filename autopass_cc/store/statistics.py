"""Counts and sums of what the store holds, for `autopass stats`: each is one query that reads no more than it must."""

from __future__ import annotations

import calendar
import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from autopass_cc.durations import utc_day
from autopass_cc.store.database import Rows
from autopass_cc.store.jobs import spent
from autopass_cc.store.rows import sound_texts

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
    return utc_day(at // 10**9)


MOST = 10**12  # of anything that is counted


def _texts(*columns: str) -> str:
    """Return the condition that columns hold texts: a store that is not ours may hold anything."""
    return " and ".join(f"typeof({column}) = 'text'" for column in columns)


def _json(path: str) -> str:
    """Return the expression for a part of a run's facts, null where those are no JSON."""
    return f"case when typeof(facts) = 'text' and json_valid(facts) then json_extract(facts, '{path}') end"


Tally = Counter[tuple[str, str, str]]  # by day, decision, reason


def tally(db: Rows, scope: Scope) -> Tally:
    """Return how many compiles were recorded, as far as the journal was taken in."""
    where, values = f"day >= ? and {_texts('day', 'decision', 'reason')} and count between 0 and {MOST}", [scope.since]
    if scope.root is not None:
        where, values = where + " and root = ?", [*values, _stored(scope.root)]
    rows = db.execute(f"select day, decision, reason, sum(count) from tally where {where} group by day, decision, reason", values)
    return Counter({(day, decision, reason): int(count) for day, decision, reason, count in sound_texts(rows)})


def _stored(path: str) -> str:
    """Return a path as the tally has it (`builds`): bytes as latin-1."""
    return path.encode("utf-8", "surrogateescape").decode("latin-1")


def counts(db: Rows, table: str, column: str, scope: Scope, *, at: str = "") -> dict[str, int]:
    """Return how many rows of a table have each value of a column; `at` names the column of time, where days matter."""
    where, values = [_texts(column)], list[Any]()
    if scope.project is not None:
        where, values = [*where, "project = ?"], [*values, scope.project]
    if at and scope.since:
        where, values = [*where, f"{at} >= ?"], [*values, scope.since_ns]
    rows = db.execute(f"select {column}, count(*) from [{table}] where {' and '.join(where)} group by {column}", values)
    return {str(value): count for value, count in sound_texts(rows)}


def programs(db: Rows, scope: Scope) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return the whole-program result of each project's last finished run, by folder, and the verdicts of its modules."""
    chosen, values = ("and project = ?", [scope.project]) if scope.project is not None else ("", [])
    last = f"select max(id) from run where state = 'done' {chosen} group by project"
    columns = f"id, project, root, finished, {_json('$.program')}, {_json('$.modules')}"
    sound = f"typeof(id) = 'integer' and {_texts('project', 'root')} and typeof(finished) in ('integer', 'null')"
    found: dict[str, dict[str, Any]] = {}
    verdicts: dict[str, Counter[str]] = {}
    rows = db.execute(f"select {columns} from run where id in ({last}) and {sound} order by id", values)
    for run, project, root, finished, program, modules in sound_texts(rows):
        try:
            kept = _program(program)
            counted = Counter(_word(each["verdict"]) for each in json.loads(modules or "[]"))
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            continue
        if kept:
            found[root] = {"run": run, "project": project, "root": root, "at": finished, **kept}
            verdicts[root] = counted
    return [found[root] for root in sorted(found)], dict(sum(verdicts.values(), Counter()))


def _program(text: str | None) -> dict[str, Any]:
    """Return what is kept of a whole program's result; raises ValueError, KeyError, TypeError, IndexError where it is none."""
    if not text:
        return {}
    result = json.loads(text)
    estimate = result["estimate"]
    if estimate is not None:
        low, high = map(_number, estimate["interval"])
        estimate = {**estimate, "change": _number(estimate["change"]), "interval": [low, high]}
    seconds = {name: None if result[name] is None else _number(result[name]) for name in ("baseline_s", "tuned_s")}
    return {"verdict": _word(result["verdict"]), "estimate": estimate, **seconds}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 <= value <= 1e15:
        raise ValueError(value)
    return value


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def tuning_seconds(db: Rows, scope: Scope) -> float:
    """Return how long runs have tuned."""
    where, values = f"started >= ? and {_json('$.spent')} between 0 and 1e12", list[Any]([scope.since_ns])
    if scope.project is not None:
        where, values = where + " and project = ?", [*values, scope.project]
    return float(db.execute(f"select total({_json('$.spent')}) from run where {where}", values).fetchone()[0])


def null_tests(db: Rows, scope: Scope) -> dict[str, tuple[int, int]]:
    """Return how often the unchanged program was accepted, and of how many tests, by the stage that was tested."""
    where, values = f"at >= ? and {_texts('stage')} and accepted in (0, 1)", list[Any]([scope.since_ns])
    if scope.project is not None:
        where, values = where + " and run in (select id from run where project = ?)", [*values, scope.project]
    rows = db.execute(f"select stage, total(accepted), count(*) from null_test where {where} group by stage", values)
    return {stage: (int(accepted), tests) for stage, accepted, tests in sound_texts(rows)}


def spent_today(db: Rows) -> dict[str, float]:
    """Return what the service has used of its bounds today (UTC)."""
    return spent(db, day_of(time.time_ns()))
