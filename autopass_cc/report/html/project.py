"""The page of a project's tuning run: data as geometry and words, then the template."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autopass_cc.agents.outcome import Result
from autopass_cc.measure.verdict import Verdict
from autopass_cc.report import table
from autopass_cc.report.html import page
from autopass_cc.report.html.budget import Bar, budget
from autopass_cc.report.html.figures import Figure, Series, change, evidence_plot, score_plot
from autopass_cc.report.html.forest import Entry, Speedup, forest
from autopass_cc.report.html.history import timeline
from autopass_cc.report.html.sides import Sides, sides
from autopass_cc.report.pages.project import ModuleView, ProjectPage
from autopass_cc.report.pages.recipes import RecipeView

HIDDEN_TESTS = 4  # rows of hidden A/A tests of the run in the forest plot, the newest


def project(data: ProjectPage) -> str:
    """Return the page."""
    modules = [_module(each, data, place) for place, each in enumerate(data.modules, start=1)]
    shown = timeline(data)
    most = max((step.count for step in data.steps), default=0) or 1
    return page.render(
        "project.html",
        title=f"autopass: {data.run.root.rstrip('/').rpartition('/')[2] or data.run.root}",
        headline=_headline(data),
        facts=_facts(data),
        warnings=data.warnings,
        forest=forest(_entries(data)),
        nulls=_nulls(data),
        header=("module", "share", "baseline", "tuned", "time", "interval", "verdict", "proposed by", "tried", "why"),
        cells=[_cells(each) for each in [*(each.result for each in data.modules), data.program]],
        quiet=len(data.quiet),
        rule=data.rule,
        modules=modules,
        base=_calibration(data),
        together=[score_plot("whole program", _series(data.together, "fresh"))] if data.together else [],
        timeline=shown,
        funnel=[Bar(each.name, str(each.count), 100 * each.count / most, _lost(each.lost)) for each in data.steps],
        budget=budget(data),
    )


def _headline(data: ProjectPage) -> str:
    accepted = sum(each.result.verdict is Verdict.ACCEPTED for each in data.modules)
    estimate = data.program.estimate
    if data.run.state != "done":
        return "This run is not finished: what follows is what its blocks say so far, and none of it is a verdict"
    if estimate is None or not accepted:
        return "Nothing was proven faster; builds stay as they are"
    words = f"{accepted} module{'s' if accepted > 1 else ''}"
    seconds = ""
    if data.program.baseline_s is not None and data.program.tuned_s is not None:
        seconds = f", {table.seconds(data.program.baseline_s)} to {table.seconds(data.program.tuned_s)} a run"
    return (
        f"The whole program takes {table.change(estimate.median)} time {table.interval(estimate.low, estimate.high)}{seconds}, "
        f"with recipes for {words}: {data.program.verdict.value}"
    )


def _facts(data: ProjectPage) -> list[tuple[str, str]]:
    facts, run = data.facts, data.run
    found: list[tuple[str, Any]] = [
        ("run", run.id),
        ("folder", run.root),
        ("state", run.state),
        ("begun", _day(run.started)),
        ("machine", facts.get("machine", "")),
        ("CPU", facts.get("cpu", "")),
        ("compiler", facts.get("toolchain", "")),
        ("seed", run.seed),
        ("clock", f"{data.plan.clock.value} time, {data.plan.run_s:.3f} s a run" if data.plan.run_s else ""),
        ("noise", f"sd {data.plan.sd * 100:.1f} % of a block" if data.plan.sd else ""),
        ("smallest gain that can be confirmed", f"{data.plan.smallest_gain * 100:.1f} %" if data.plan.smallest_gain else ""),
    ]
    return [(name, str(text)) for name, text in found if text != ""]


def _day(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at / 1e9)) if 0 < at < 2**62 else ""


def _entries(data: ProjectPage) -> list[Entry]:
    rows = [_entry(each.result, f"module{place}") for place, each in enumerate(data.modules, start=1)]
    rows.sort(key=lambda each: -each.value.ratio if each.value else 0.0)
    if data.calibration is not None and data.calibration.estimate is not None:
        found = data.calibration.estimate
        rows.append(Entry("A/A before the run", "null", f"{table.change(found.median)} time against itself", Speedup.of(found)))
    hidden = [each for each in data.nulls if each.run == data.run.id and each.stage == "confirmation"]
    for test in hidden[-HIDDEN_TESTS:]:
        word = "a hidden A/A test: accepted, which is false" if test.accepted else "a hidden A/A test: not accepted"
        if test.median is None or test.low is None or test.high is None:
            rows.append(Entry("A/A among candidates", "null", f"{word} after {test.blocks} blocks"))
        else:
            value = Speedup.of_scores(test.median, test.low, test.high)
            rows.append(Entry("A/A among candidates", "null", word, value))
    whole = data.program
    if whole.estimate is not None:
        word = f"{table.change(whole.estimate.median)} time, {whole.verdict.value}"
        kind = "mean" if whole.verdict is Verdict.ACCEPTED else "open"
        rows.append(Entry("whole program", kind, word, Speedup.of(whole.estimate)))
    else:
        rows.append(Entry("whole program", "none", whole.verdict.value))
    return rows


def _entry(result: Result, link: str) -> Entry:
    found = result.estimate
    if found is None:
        return Entry(result.name, "none", f"{result.verdict.value}{f': {result.detail}' if result.detail else ''}", link=link)
    kind = "win" if result.verdict is Verdict.ACCEPTED else "loss" if found.low > 0 else "even"
    return Entry(result.name, kind, f"{table.change(found.median)} time, {result.verdict.value}", Speedup.of(found), link=link)


def _nulls(data: ProjectPage) -> str:
    if not data.nulls:
        return ""
    accepted = sum(bool(each.accepted) for each in data.nulls)
    return (
        f"{accepted} of {len(data.nulls)} tests of this project's program against itself were accepted; each of those is false."
    )


def _cells(result: Result) -> list[str]:
    found = result.estimate
    return [
        result.name,
        "" if result.share is None else f"{result.share * 100:.0f} %",
        table.seconds(result.baseline_s) if result.baseline_s is not None else "",
        table.seconds(result.tuned_s) if result.tuned_s is not None else "",
        "" if found is None else table.change(found.median) if found.is_evidence else f"~ {table.change(found.median)}",
        "" if found is None else table.interval(found.low, found.high),
        result.verdict.value,
        result.mind,
        str(result.tried) if result.tried else "",
        "" if result.verdict is Verdict.ACCEPTED else result.detail,
    ]


@dataclass(frozen=True)
class ModuleSection:
    """A module's part of the page."""

    name: str
    anchor: str
    told: str
    hypothesis: str
    evidence: Sequence[str]
    recipe: RecipeView | None
    sides: Sides | None
    figures: Sequence[Figure]
    verdicts: str
    best: Sequence[Sequence[str]]
    is_open: bool


def _module(module: ModuleView, data: ProjectPage, place: int) -> ModuleSection:
    result = module.result
    figures = [
        evidence_plot(
            f"E after each block, recipe {each.sitting.recipe[:12]}: {each.state.value}", each.path, data.rule.log_threshold
        )
        for each in module.confirming
    ]
    series = _series([each.sitting for each in module.confirming], "first") + _series(module.fresh, "fresh")
    figures += [score_plot("change of time, block by block", series)] if series else []
    told = f"{table.change(result.estimate.median)} time, {result.verdict.value}" if result.estimate else result.verdict.value
    return ModuleSection(
        name=result.name,
        anchor=f"module{place}",
        told=told,
        hypothesis=module.hypothesis,
        evidence=module.evidence,
        recipe=module.recipe,
        sides=sides(module.recipe.rows) if module.recipe else None,
        figures=figures,
        verdicts=", ".join(f"{count} {verdict}" for verdict, count in module.verdicts),
        best=[(f"{change(each.screened):+.1f} %", each.mind, each.edits, each.hypothesis) for each in module.best],
        is_open=result.verdict is Verdict.ACCEPTED,
    )


def _series(found: Iterable[Any], kind: str) -> list[Series]:
    name = "the confirmation" if kind == "first" else "the re-validation"
    return [Series(kind, name, each.scores, each.dropped) for each in found]


def _calibration(data: ProjectPage) -> list[Figure]:
    if data.calibration is None:
        return []
    series = Series("null", "the program against itself", data.calibration.scores, data.calibration.dropped)
    return [score_plot("A/A blocks before the run: the program against itself", [series])]


def _lost(lost: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {word}" for word, count in lost)
