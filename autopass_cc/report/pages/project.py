"""What the page of a project shows: one tuning run, from proposals to what is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autopass_cc.agents.finalists import FINALISTS
from autopass_cc.agents.outcome import Result
from autopass_cc.agents.together import WHOLE
from autopass_cc.errors import RecipeError
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.stats import Rule, State
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import from_json, text_of
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.report.pages.funnel import Step, funnel, reached_the_clock
from autopass_cc.report.pages.recipes import Own, RecipeView, unknown, view
from autopass_cc.report.pages.sittings import STRANGE, Sitting, evidence, plan_of, sittings
from autopass_cc.store.database import Rows
from autopass_cc.store.measured import NullTest, measured, null_tests
from autopass_cc.store.publishable import text_of as recipe_text
from autopass_cc.store.rows import is_finite, is_ratio
from autopass_cc.store.runs import CandidateRow, Run, RunReader

NULL, HIDDEN = "null", "hidden A/A tests"  # what the tuner and the page call them
BEST = 8  # candidates of a module that are named


@dataclass(frozen=True)
class Tried:
    """A candidate in words: its time in screening (log-ratio), who proposed it, what it is, and why."""

    screened: float
    mind: str
    edits: str
    hypothesis: str


@dataclass(frozen=True)
class Confirming:
    """A candidate's confirmation: its sitting, log E after each block, and how it ended."""

    sitting: Sitting
    path: Sequence[float]
    state: State


@dataclass(frozen=True)
class ModuleView:
    """One module: its result, what was measured of it, its recipe beside the base, and its best candidates."""

    result: Result
    confirming: Sequence[Confirming]
    fresh: Sequence[Sitting]  # re-validations
    recipe: RecipeView | None
    hypothesis: str
    evidence: Sequence[str]
    verdicts: Sequence[tuple[str, int]]
    best: Sequence[Tried]


@dataclass(frozen=True)
class Moment:
    """When something was finished (ns since 1970), in which module's lane, and what it was."""

    at: int
    lane: str
    kind: str


@dataclass(frozen=True)
class ProjectPage:
    """All that is shown of a run."""

    run: Run
    plan: Plan
    rule: Rule
    modules: Sequence[ModuleView]
    quiet: Sequence[Result]  # modules that were not tried
    program: Result
    together: Sequence[Sitting]
    calibration: Sitting | None
    nulls: Sequence[NullTest]
    steps: Sequence[Step]
    moments: Sequence[Moment]
    warnings: Sequence[str]
    seconds: Mapping[str, float]  # that blocks took, by stage; those of hidden A/A tests under HIDDEN
    facts: Mapping[str, Any] = field(default_factory=dict)


def gather(db: Rows, run: Run, own: Own = unknown) -> ProjectPage:
    """Return what the page of a run shows; what the store has no sound rows of is left out."""
    reader = RunReader(db)
    blocks, candidates = measured(db, run.id), reader.candidates(run.id)
    plan = plan_of(run.facts, blocks)
    sat = sittings(blocks, plan)
    by_module: dict[str, list[CandidateRow]] = {}
    for row in candidates:
        by_module.setdefault(row.module, []).append(row)
    among = _whole(run.facts.get("among")) or len(_list(run.facts.get("scores"))) or len(by_module) or 1
    rule = Rule(finalists=FINALISTS * among)
    results = _results(run, by_module, sat)
    tried = [each for each in results if each.verdict is not Verdict.NOT_TRIED]
    modules = [_module(db, run, each, by_module.get(each.name, []), sat, rule, own) for each in tried]
    confirmed = sum(each.state is State.CONFIRMED for module in modules for each in module.confirming)
    refused = sum(_whole(value) for key, value in run.facts.items() if key.startswith("invalid:"))
    return ProjectPage(
        run=run,
        plan=plan,
        rule=rule,
        modules=sorted(modules, key=lambda each: -(each.result.share or 0.0)),
        quiet=[each for each in results if each.verdict is Verdict.NOT_TRIED],
        program=_result(run.facts.get("program")) or Result(WHOLE, Verdict.UNFINISHED),
        together=[each for each in sat if each.stage == "together" and each.scores],
        calibration=next((each for each in sat if each.stage == "aa" and each.scores), None),
        nulls=null_tests(db, run.project),
        steps=funnel(
            candidates,
            refused,
            sum(len(module.confirming) for module in modules),
            confirmed,
            sum(each.verdict is Verdict.ACCEPTED for each in tried),
            done=run.state == "done",
        ),
        moments=_moments(candidates, sat),
        warnings=[str(text) for text in _list(run.facts.get("warnings"))],
        seconds=_seconds(sat),
        facts=run.facts,
    )


def _seconds(sat: Sequence[Sitting]) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in sat:
        stage = HIDDEN if each.name == NULL else each.stage
        found[stage] = found.get(stage, 0.0) + each.seconds
    return found


def _results(run: Run, by_module: Mapping[str, Sequence[CandidateRow]], sat: Sequence[Sitting]) -> list[Result]:
    """Return the results of a finished run; of another what its blocks say so far, which is no verdict."""
    kept = [found for data in _list(run.facts.get("modules")) if (found := _result(data)) is not None]
    if kept:
        return kept
    for name, rows in by_module.items():
        fresh = next((each for each in reversed(sat) if each.stage == "revalidation" and each.name == name), None)
        estimate, recipe = (fresh.estimate, fresh.recipe) if fresh else (None, "")
        kept.append(Result(name, Verdict.UNFINISHED, estimate=estimate, recipe=recipe, tried=len(rows)))
    return kept


def _result(data: Any) -> Result | None:
    try:
        found = Result.from_json(data)
        numbers = [each for each in (found.share, found.baseline_s, found.tuned_s) if each is not None]
        ratios = [found.estimate.median, found.estimate.low, found.estimate.high] if found.estimate else []
        coverage = [found.estimate.coverage] if found.estimate else []
        texts = (found.name, found.recipe, found.detail, found.mind)
        sound = is_finite(*numbers, *ratios, *coverage) and is_ratio(*ratios) and all(type(each) is str for each in texts)
    except STRANGE:
        return None
    return found if sound else None


def _module(
    db: Rows, run: Run, result: Result, rows: Sequence[CandidateRow], sat: Sequence[Sitting], rule: Rule, own: Own
) -> ModuleView:
    mine = [each for each in sat if each.name == result.name and each.scores]
    confirming = [Confirming(each, *evidence(each.counted, rule)) for each in mine if each.stage == "confirmation"]
    digest = result.recipe or next((each.sitting.recipe for each in confirming), "")
    chosen = next((row for row in rows if row.recipe == digest), None)
    timed = sorted((row for row in rows if row.screened is not None), key=lambda row: row.screened or 0.0)
    return ModuleView(
        result=result,
        confirming=confirming,
        fresh=[each for each in mine if each.stage == "revalidation"],
        recipe=_recipe(db, run, result.name, digest, own) if digest else None,
        hypothesis=chosen.hypothesis if chosen else "",
        evidence=chosen.evidence if chosen else (),
        verdicts=Counter(row.verdict for row in rows).most_common(),
        best=[Tried(row.screened or 0.0, row.mind, _edits(row), row.hypothesis) for row in timed[:BEST]],
    )


def _recipe(db: Rows, run: Run, module: str, digest: str, own: Own) -> RecipeView:
    try:
        text = recipe_text(db, digest)
    except KeyError:
        return RecipeView(module, digest, "", note="its text is not in the store any more")
    try:
        base = Recipe.parse(recipe_text(db, str(run.facts[f"base:{module}"]))).pipeline
    except (KeyError, RecipeError):  # of a run before bases were kept
        base = None
    return view(module, text, base, own)


def _edits(row: CandidateRow) -> str:
    try:
        return ", ".join(text_of(from_json(edit)) for edit in row.edits)
    except RecipeError:
        return "edits of another version"


def _moments(candidates: Sequence[CandidateRow], sat: Sequence[Sitting]) -> list[Moment]:
    found = [
        Moment(at, row.module, "timed" if reached_the_clock(row) else "stopped")
        for row in candidates
        if (at := _whole(row.facts.get("at")))
    ]
    for each in sat:
        lane = each.name if each.stage in ("confirmation", "revalidation") else WHOLE
        lane = HIDDEN if each.name == NULL else lane
        found += [Moment(at, lane, each.stage) for at in each.times]
    return sorted(found, key=lambda each: each.at)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else 0


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
