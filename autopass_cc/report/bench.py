"""The bench's tables for a terminal: a row a method over all programs, then a row a program with all its rivals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from autopass_cc.bench.standings import Placing, Standing, Summary
from autopass_cc.report import table

LEGEND = "mean: with rollback, what was not confirmed is given back; raw mean, best, worst and losses: without"


def methods(rows: Sequence[Summary], titles: Mapping[str, str]) -> str:
    """Return the table of methods. Speed-ups are ratios of times: at 1.100 the base level takes 1.1 times as long.

    Means are geometric; `raw`: without giving back what was not confirmed, as are best, worst and losses.
    """
    header, cells = method_cells(rows, titles)
    return table.render(header, cells, right=frozenset(range(1, len(header)))) + f"\n{LEGEND}"


def method_cells(rows: Sequence[Summary], titles: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
    """Return header and cells of the table of methods; tokens have a column where any method asks a model."""
    asked = any(row.tokens is not None for row in rows)
    header = ["method", "programs", "mean", "raw mean", "best", "worst", "wins", "losses", "search", "runs", "compile", "size"]
    cells = [
        [
            titles.get(row.method, row.method),
            str(row.programs),
            f"{row.mean:.3f}",
            f"{row.raw_mean:.3f}",
            f"{row.best:.3f}",
            f"{row.worst:.3f}",
            str(row.wins),
            str(row.losses),
            f"{row.search_s:.0f} s",
            f"{row.runs:.0f}" if row.runs else "",
            f"{row.compile:.2f}x",
            f"{row.size:.2f}x",
            *(["" if row.tokens is None else f"{row.tokens:.0f}"] if asked else []),
        ]
        for row in rows
    ]
    return [*header, *(["tokens"] if asked else [])], cells


def programs(found: Mapping[str, Sequence[Placing]], names: Sequence[str]) -> str:
    """Return the table of programs: the re-validated change of time of each rival, `~` where nothing is shown."""
    rows = []
    for program, placings in found.items():
        by_method = {each.entrant.method: each for each in placings}
        rows.append([program, *(_cell(by_method.get(name)) for name in names)])
    return table.render(["program", *names], rows, right=frozenset(range(1, len(names) + 1)))


def remarks(found: Mapping[str, Sequence[Placing]], titles: Mapping[str, str]) -> str:
    """Return what methods say of how they came by their entrants, a line for each method and remark; empty where none does."""
    said = {
        (each.entrant.method, each.entrant.facts["remark"]): None
        for row in found.values()
        for each in row
        if "remark" in each.entrant.facts
    }
    return "\n".join(f"{titles.get(method, method)}: {remark}" for method, remark in said)


def _cell(placing: Placing | None) -> str:
    if placing is None or placing.standing is Standing.UNFINISHED:
        return "…"
    if placing.estimate is None:
        return str(placing.standing.value)
    change = f"{table.change(placing.estimate.median)} {table.interval(placing.estimate.low, placing.estimate.high)}"
    return change if placing.standing in (Standing.WIN, Standing.LOSS) else f"~ {change}"


def as_json(head: Mapping[str, Any], rows: Sequence[Summary], found: Mapping[str, Sequence[Placing]]) -> dict[str, Any]:
    """Return all tables as JSON values; changes of time are fractions."""
    return {
        "run": dict(head),
        "methods": [{name: value for name, value in asdict(row).items() if value is not None} for row in rows],
        "programs": {program: {each.entrant.method: _placing(each) for each in row} for program, row in found.items()},
    }


def _placing(placing: Placing) -> dict[str, Any]:
    found, entrant = placing.estimate, placing.entrant
    return {
        "standing": placing.standing.value,
        "detail": placing.detail,
        "change": None if found is None else math.expm1(found.median),
        "interval": None if found is None else [math.expm1(found.low), math.expm1(found.high)],
        "heats": 0 if found is None else found.n,
        "seconds": placing.seconds,
        "e_value": placing.e_value,
        "flags": list(entrant.flavour.flags),
        "recipes": entrant.recipes,
        **entrant.facts,
    }
