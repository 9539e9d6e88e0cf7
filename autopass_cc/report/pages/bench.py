"""What the page of a bench's results shows."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autopass_cc.bench.comparison import Fresh, Pair, Point, compared, fresh, track
from autopass_cc.bench.results import Results
from autopass_cc.bench.standings import Placing, Standing, Summary, placings, summary
from autopass_cc.errors import BenchError
from autopass_cc.measure.stats import bootstrap_mean
from autopass_cc.report.pages.recipes import Own, RecipeView, unknown, view

OURS = ("rules", "model1", "model3", "pgo+rules")  # methods of our own: no rivals of each other
SUBJECT = OURS[0]


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
    """A method's row of the table, and the interval of its mean with rollback."""

    row: Summary
    interval: tuple[float, float]


@dataclass(frozen=True)
class Rival:
    """A method on a program: its placing, its heats, and what its recipes change."""

    placing: Placing
    points: Sequence[Point]
    recipes: Sequence[RecipeView]


@dataclass(frozen=True)
class BenchPage:
    """All that is shown. `head` is the first line of the results; `subject` names a method.

    `best` is the best of the rivals that were measured on as many programs as the subject, or on more; of a method of our own
    those of OURS are none. `comparisons` counts the methods that were measured beside the subject, over all programs; `leads`
    are those of them that are ahead.
    """

    head: Mapping[str, Any]
    board: Board
    subject: str
    best: Mean | None
    means: Sequence[Mean]
    comparisons: int
    leads: Sequence[Pair]
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
    heats = {program: fresh(results, program) for program in shown.found}
    means = [Mean(row, _interval(heats, shown.of(row.method))) for row in shown.rows if row.programs]
    ours = next((each.row.programs for each in means if each.row.method == chosen), 0)
    kin = OURS if chosen in OURS else (chosen,)
    others = [each for each in means if each.row.method not in kin and each.row.programs >= ours]
    pairs = compared(heats, shown.found, chosen)
    programs = {program: [_rival(results, each, own) for each in row] for program, row in shown.found.items()}
    return BenchPage(
        head=results.head,
        board=shown,
        subject=chosen,
        best=max(others, key=lambda each: each.row.mean, default=None),
        means=means,
        comparisons=len(pairs),
        leads=[each for each in pairs if each.is_lead],
        programs=programs,
        unfinished=[name for name, row in shown.found.items() if any(each.standing is Standing.UNFINISHED for each in row)],
        command=_command(results, shown),
    )


def _interval(heats: Mapping[str, Fresh], finished: Mapping[str, Placing]) -> tuple[float, float]:
    """Return the interval of a method's mean speed-up with rollback: where it did not win, it counts as the base."""
    kept = [heats[name].scores(each) if each.standing is Standing.WIN else [0.0] for name, each in finished.items()]
    low, high = bootstrap_mean(kept)
    return math.exp(-high), math.exp(-low)


def _rival(results: Results, placing: Placing, own: Own) -> Rival:
    entrant = placing.entrant
    its = own if not entrant.flavour.flags else unknown  # a profile brings passes of its own
    recipes = [view(module, text.encode(), entrant.bases.get(module), its) for module, text in entrant.recipes.items()]
    return Rival(placing, track(results, entrant.program, entrant.method), recipes)


def _command(results: Results, shown: Board) -> str:
    """Return the command that makes such results again, as far as the file tells."""
    head = results.head
    words = ["autopass", "bench", "run", str(head.get("folder") or head.get("suite") or "SUITE")]
    words += [word for name in ("seed", "budget") if name in head for word in (f"--{name}", str(head[name]))]
    words += [word for name in shown.names for word in ("--method", name)]
    if len(shown.found) != head.get("programs"):
        words += [word for name in shown.found for word in ("--program", name)]
    return shlex.join(words)
