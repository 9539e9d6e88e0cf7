"""What the page of a bench's results shows."""

from __future__ import annotations

import math
import shlex
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autopass_cc.bench.comparison import Lead, Point, fresh, leads, track
from autopass_cc.bench.results import Results
from autopass_cc.bench.standings import Placing, Standing, Summary, placings, summary
from autopass_cc.errors import BenchError
from autopass_cc.measure.stats import bootstrap_mean
from autopass_cc.report.pages.recipes import Own, RecipeView, unknown, view

SUBJECT = "rules"  # our own method


@dataclass(frozen=True)
class Board:
    """The standings of a results file: placings by program, the methods in the order of tables, a row of the table for each."""

    found: Mapping[str, Sequence[Placing]]
    names: Sequence[str]
    titles: Mapping[str, str]
    rows: Sequence[Summary]

    def of(self, method: str) -> dict[str, Placing]:
        """Return the finished placings of a method, by program."""
        return _finished(self.found, method)


@dataclass(frozen=True)
class Mean:
    """Geometric means of a method's speed-ups over its programs: with rollback, and without (`raw`), each with its interval."""

    method: str
    programs: int
    kept: float
    kept_interval: tuple[float, float]
    raw: float
    raw_interval: tuple[float, float]


@dataclass(frozen=True)
class Rival:
    """A method on a program: its placing, its heats, and what its recipes change."""

    placing: Placing
    points: Sequence[Point]
    recipes: Sequence[RecipeView]


@dataclass(frozen=True)
class BenchPage:
    """All that is shown. `head` is the first line of the results; `subject` and `best` (the rival ahead) name methods."""

    head: Mapping[str, Any]
    board: Board
    subject: str
    best: str
    means: Sequence[Mean]
    leads: Sequence[Lead]
    programs: Mapping[str, Sequence[Rival]]
    unfinished: Sequence[str]
    command: str


def board(results: Results, titles: Mapping[str, str]) -> Board:
    """Return the standings; `titles` name the known methods in their order, others come after them under their own names."""
    programs = list(dict.fromkeys(program for program, _ in results.entrants))
    found = {program: placings(results, program) for program in programs}
    there = dict.fromkeys(each.entrant.method for row in found.values() for each in row)
    names = [*(name for name in titles if name in there), *(name for name in there if name not in titles)]
    rows = [summary(name, list(_finished(found, name).values())) for name in names]
    return Board(found, names, {name: titles.get(name, name) for name in names}, rows)


def _finished(found: Mapping[str, Sequence[Placing]], method: str) -> dict[str, Placing]:
    return {
        program: each
        for program, row in found.items()
        for each in row
        if each.entrant.method == method and each.standing is not Standing.UNFINISHED
    }


def gather(results: Results, titles: Mapping[str, str], subject: str | None = None, own: Own = unknown) -> BenchPage:
    """Return what the page of a results file shows. Without a `subject` it is SUBJECT, else the first method.

    Raises BenchError where nothing has been entered yet, or no method has the subject's name.
    """
    shown = board(results, titles)
    if not shown.names:
        raise BenchError(f"{results.path} has no entrant yet: there is nothing to show.", "run the bench a while longer")
    if subject is not None and subject not in shown.names:
        there = ", ".join(shown.names)
        raise BenchError(f"{results.path} has no method {subject}; there are {there}.", "name one of these by --subject")
    chosen = subject or (SUBJECT if SUBJECT in shown.names else shown.names[0])
    means = [found for name in shown.names if (found := _mean(results, name, shown.of(name))) is not None]
    others = [each for each in means if each.method != chosen]
    programs = {program: [_rival(results, each, own) for each in row] for program, row in shown.found.items()}
    return BenchPage(
        head=results.head,
        board=shown,
        subject=chosen,
        best=max(others, key=lambda each: each.kept).method if others else "",
        means=means,
        leads=leads(results, list(shown.found), chosen),
        programs=programs,
        unfinished=[name for name, row in shown.found.items() if any(each.standing is Standing.UNFINISHED for each in row)],
        command=_command(results, shown, titles),
    )


def _mean(results: Results, method: str, finished: Mapping[str, Placing]) -> Mean | None:
    """Return the means of a method, None where no race of its is finished; what was not measured counts as the base."""
    if not finished:
        return None
    raw = [fresh(results, program, each) or [0.0] for program, each in finished.items()]
    kept = [scores if each.standing is Standing.WIN else [0.0] for scores, each in zip(raw, finished.values(), strict=True)]
    return Mean(method, len(finished), *_geometric(kept), *_geometric(raw))


def _geometric(scores: Sequence[Sequence[float]]) -> tuple[float, tuple[float, float]]:
    """Return the mean speed-up of log-ratios by program, and its interval."""
    low, high = bootstrap_mean(scores)
    return math.exp(-statistics.fmean(map(statistics.median, scores))), (math.exp(-high), math.exp(-low))


def _rival(results: Results, placing: Placing, own: Own) -> Rival:
    entrant = placing.entrant
    its = own if not entrant.flavour.flags else unknown  # a profile brings passes of its own
    recipes = [view(module, text.encode(), entrant.bases.get(module), its) for module, text in entrant.recipes.items()]
    return Rival(placing, track(results, entrant.program, entrant.method), recipes)


def _command(results: Results, shown: Board, titles: Mapping[str, str]) -> str:
    """Return the command that makes such results again, as far as the file tells."""
    head = results.head
    words = ["autopass", "bench", "run", str(head.get("folder") or head.get("suite") or "SUITE")]
    words += [word for name in ("seed", "budget") if name in head for word in (f"--{name}", str(head[name]))]
    if [name for name in titles if name in shown.names] != list(titles):
        words += [word for name in shown.names for word in ("--method", name)]
    if len(shown.found) != head.get("programs"):
        words += [word for name in shown.found for word in ("--program", name)]
    return shlex.join(words)
