"""The page of a bench's results: data as geometry and words, then the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autopass_cc.bench.comparison import Pair, Point
from autopass_cc.bench.standings import Placing, Standing, Summary
from autopass_cc.durations import utc_day
from autopass_cc.report import table
from autopass_cc.report.bench import LEGEND, method_cells
from autopass_cc.report.html import page
from autopass_cc.report.html.figures import Figure, Series, change_scale, score_plot
from autopass_cc.report.html.forest import Entry, Other, Speedup, forest
from autopass_cc.report.html.scale import Scale
from autopass_cc.report.html.sides import Sides, sides
from autopass_cc.report.pages.bench import BenchPage, Mean, Rival
from autopass_cc.report.pages.recipes import RecipeView

KINDS = {Standing.WIN: "win", Standing.LOSS: "loss", Standing.EVEN: "even"}  # others have no time to be drawn
COLUMNS = ("search_s", "runs", "compile", "size")  # facts that have a column in the table of a program
SHAPES = 11  # of marks, one for each method beside the subject


def bench(data: BenchPage) -> str:
    """Return the page."""
    titles = data.board.titles
    header, cells = method_cells(data.board.rows, titles)
    rivals = [name for name in data.board.names if name != data.subject]
    numbers = {name: place % SHAPES for place, name in enumerate(rivals)}
    programs = [_program(data, name, place) for place, name in enumerate(data.programs, start=1)]
    return page.render(
        "bench.html",
        title=f"autopass bench: {data.head.get('suite', 'results')}",
        headline=_headline(data),
        facts=_facts(data),
        command=data.command,
        forest=forest(_entries(data, numbers)),
        subject=titles[data.subject],
        legend=[(numbers[name], titles[name]) for name in rivals],
        header=header,
        cells=cells,
        below=LEGEND,
        leads=[_lead(each, titles) for each in data.leads],
        comparisons=data.comparisons,
        programs=programs,
        failures=_failures(data),
        unfinished=data.unfinished,
        left_out=sum(figure.left_out for each in programs for figure in each.figures),
    )


def _headline(data: BenchPage) -> str:
    suite, titles = data.head.get("suite", "this suite"), data.board.titles
    ours = next((each for each in data.means if each.row.method == data.subject), None)
    if ours is None:
        return f"On {suite}, no race of {titles[data.subject]} is finished yet"
    row, best = ours.row, data.best
    text = (
        f"On {_count(row.programs, 'program')} of {suite}, {titles[row.method]} makes code {_mean(ours)} as fast as "
        f"the base level (geometric mean with rollback): {row.wins} won, {_lost(row)}"
    )
    if best is None:
        return text
    where = "" if best.row.programs == row.programs else f" on {_count(best.row.programs, 'program')}"
    return f"{text}. The best rival, {titles[best.row.method]}: {_mean(best)}{where}"


def _lost(row: Summary) -> str:
    """Return what became of losses: nobody gets them, since what was not confirmed is given back."""
    return f"{row.losses} slower and given back" if row.losses else "none lost"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"


def _mean(mean: Mean) -> Speedup:
    return Speedup(mean.row.mean, *mean.interval)


def _facts(data: BenchPage) -> list[tuple[str, str]]:
    head = data.head
    began = head.get("began")
    day = utc_day(began) if isinstance(began, int) and 0 <= began < 2**40 else ""
    found = [
        ("machine", head.get("machine", "")),
        ("CPU", head.get("cpu", "")),
        ("compiler", head.get("compiler", "")),
        ("begun", day),
        ("seed", head.get("seed", "")),
        ("budget", f"{head['budget']} program runs a module" if "budget" in head else ""),
    ]
    return [(name, str(text)) for name, text in found if text != ""]


def _entries(data: BenchPage, numbers: Mapping[str, int]) -> list[Entry]:
    """Return the rows of the forest plot: a program each, the largest gain first, then the means."""
    rows = []
    for place, (program, placings) in enumerate(data.board.found.items(), start=1):
        by_method = {each.entrant.method: each for each in placings}
        ours = by_method.pop(data.subject, None)
        measured = {name: Speedup.of(each.estimate) for name, each in by_method.items() if each.estimate is not None}
        others = [
            Other(numbers[name], found.ratio, f"{data.board.titles[name]} {found.text}") for name, found in measured.items()
        ]
        value = Speedup.of(ours.estimate) if ours is not None and ours.estimate is not None else None
        kind = KINDS.get(ours.standing, "none") if ours is not None else "none"
        word = _word(ours)
        rows.append(Entry(program, kind, word, value, others, f"program{place}"))
    rows.sort(key=lambda each: -each.value.ratio if each.value else 0.0)
    ordered = sorted(data.means, key=lambda each: (each.row.method != data.subject, -each.row.mean))
    return rows + [
        Entry(
            _titled(data, each.row),
            "mean",
            f"{each.row.raw_mean:.3f}x without rollback",
            _mean(each),
            ghost=each.row.raw_mean,
        )
        for each in ordered
    ]


def _titled(data: BenchPage, row: Summary) -> str:
    """Return the title of a method, and on how many programs it ran where that is another number than the subject's."""
    title = data.board.titles[row.method]
    same = row.programs == len(data.board.of(data.subject))
    return title if same else f"{title} ({_count(row.programs, 'program')})"


def _word(placing: Placing | None) -> str:
    if placing is None:
        return "did not enter"
    words = {Standing.EVEN: "~ no evidence", Standing.SAME_CODE: "the base's own code"}
    return words.get(placing.standing, placing.standing.value)


def _lead(lead: Pair, titles: Mapping[str, str]) -> dict[str, str]:
    def number(placing: Placing) -> str:
        return Speedup.of(placing.estimate).text if placing.estimate else _word(placing)

    return {
        "program": lead.program,
        "rival": titles[lead.rival.entrant.method],
        "theirs": number(lead.rival),
        "ours": number(lead.subject),
        "ahead": str(Speedup.of(lead.ahead)),
        "theirs_facts": _in_short(lead.rival),
        "ours_facts": _in_short(lead.subject),
    }


def _in_short(placing: Placing) -> str:
    """Return what a method did, without values of flags and without what only quiets warnings; and what it cost."""
    flags = [flag.partition("=")[0] for flag in placing.entrant.flavour.flags if not flag.startswith("-W")]
    costs = [f"{name} {cost}" for name in ("compile", "size") if (cost := _number(placing, name, "{:.2f}x"))]
    return ", ".join([*flags, *_recipes(placing), *costs])


def _number(placing: Placing, name: str, form: str) -> str:
    """Return a fact that is a number in a form; nothing where there is none."""
    value = placing.entrant.facts.get(name)
    return form.format(value) if isinstance(value, int | float) else ""


def _recipes(placing: Placing) -> list[str]:
    recipes = placing.entrant.recipes
    return [_count(len(recipes), "recipe")] if recipes else []


def _spent(placing: Placing) -> str:
    """Return what a method did and spent, as far as no column tells it."""
    entrant = placing.entrant
    words = [f"flags {' '.join(entrant.flavour.flags)}"] if entrant.flavour.flags else []
    words += _recipes(placing)
    words += [_fact(name, value) for name, value in entrant.facts.items() if name not in COLUMNS]
    return ", ".join(words)


def _fact(name: str, value: Any) -> str:
    """Return a fact in words: `trained_s` is in seconds."""
    number = f"{value:.3g}" if isinstance(value, float) else str(value)
    return f"{name.removesuffix('_s')} {number} s" if name.endswith("_s") else f"{name} {number}"


@dataclass(frozen=True)
class RivalRow:
    """A rival of a program in the table: cells, its flags and facts, its recipes beside the base."""

    title: str
    cells: Sequence[str]
    spent: str
    recipes: Sequence[tuple[RecipeView, Sides]]


@dataclass(frozen=True)
class ProgramView:
    """A program's part of the page."""

    name: str
    anchor: str
    told: str
    rows: Sequence[RivalRow]
    figures: Sequence[Figure]


def _program(data: BenchPage, name: str, place: int) -> ProgramView:
    rivals, titles = data.programs[name], data.board.titles
    scale = change_scale(point.score for each in rivals for point in each.points)
    figures = [_heats(titles[each.placing.entrant.method], each.points, scale) for each in rivals if each.points]
    ours = (each.placing for each in rivals if each.placing.entrant.method == data.subject)
    told = next((f"{titles[data.subject]} {_short(each)}" for each in ours), "")
    return ProgramView(name, f"program{place}", told, [_rival_row(each, titles) for each in rivals], figures)


def _short(placing: Placing) -> str:
    return f"{Speedup.of(placing.estimate).text} {placing.standing.value}" if placing.estimate else _word(placing)


def _rival_row(rival: Rival, titles: Mapping[str, str]) -> RivalRow:
    placing = rival.placing
    found = placing.estimate
    change = f"{table.change(found.median)} {table.interval(found.low, found.high)}" if found else ""
    cells = [
        _word(placing),
        Speedup.of(found).text if found else "",
        change,
        str(found.n) if found else "",
        f"{placing.e_value:.3g}" if found else "",
        table.seconds(placing.seconds) if placing.seconds is not None else "",
        _number(placing, "compile", "{:.2f}x"),
        _number(placing, "size", "{:.2f}x"),
        _number(placing, "search_s", "{:.1f} s"),
        _number(placing, "runs", "{:.0f}"),
    ]
    recipes = [(each, sides(each.rows)) for each in rival.recipes]
    detail = f"{placing.detail} " if placing.detail else ""
    return RivalRow(titles[placing.entrant.method], cells, detail + _spent(placing), recipes)


def _heats(title: str, points: Sequence[Point], scale: Scale) -> Figure:
    first, fresh = ([each for each in points if each.fresh is stage] for stage in (False, True))
    series = [
        Series(kind, name, [each.score for each in part], [place for place, each in enumerate(part) if each.dropped])
        for kind, name, part in (("first", "the confirmation", first), ("fresh", "the re-validation", fresh))
    ]
    return score_plot(title, series, scale, height=110)


def _failures(data: BenchPage) -> list[tuple[str, str, str]]:
    return [
        (program, data.board.titles[each.entrant.method], each.detail)
        for program, row in data.board.found.items()
        for each in row
        if each.standing is Standing.FAILED
    ]
