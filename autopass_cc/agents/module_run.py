"""One module of a run: its evidence, its search, and the confirmation of its finalists."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from autopass_cc.agents import cost, ledger
from autopass_cc.agents.allowance import Allowance, Seconds
from autopass_cc.agents.baseline import Baseline
from autopass_cc.agents.diagnosis import Diagnostician
from autopass_cc.agents.events import Watch
from autopass_cc.agents.finalists import FINALISTS
from autopass_cc.agents.gate import Gate
from autopass_cc.agents.minds.language import Language
from autopass_cc.agents.minds.protocol import Mind, Tried
from autopass_cc.agents.minds.transfer import Transfer, told
from autopass_cc.agents.outcome import Result
from autopass_cc.agents.reasoning import Reasoning
from autopass_cc.agents.records import row_of, tried_of
from autopass_cc.agents.score import ModuleScore
from autopass_cc.agents.search import GIVEN_UP, Search
from autopass_cc.agents.situated import Start, situate
from autopass_cc.agents.timing import RoundScreen
from autopass_cc.agents.transfer import hints, traits_of
from autopass_cc.errors import RecipeError
from autopass_cc.evidence.collect import Evidence
from autopass_cc.measure.stats import Rule
from autopass_cc.measure.verdict import Stage, Verdict
from autopass_cc.project.modules import Module
from autopass_cc.recipe.edits import to_json
from autopass_cc.recipe.recipe import Recipe, identity
from autopass_cc.store import traits
from autopass_cc.store.runs import Runs


@dataclass(frozen=True)
class Task:
    """A module to tune: its score, and the evidence that it was scored by."""

    name: str
    score: ModuleScore
    evidence: Evidence


@dataclass(frozen=True)
class Finding:
    """A module's result so far; `recipe` is the confirmed one, if any, and `log_e` the evidence for it."""

    result: Result
    recipe: Recipe | None = None
    log_e: float = 0.0

    @property
    def median(self) -> float:
        """Return the re-validated log-ratio, 0 where there is none."""
        return self.result.estimate.median if self.result.estimate else 0.0


def tune_module(
    base: Baseline, task: Task, label: str, seconds: float, among: int, reasoning: Reasoning, watch: Watch
) -> Finding:
    """Search for at most `seconds`, then confirm up to two finalists. `among` is the number of modules in the run.

    A module whose search found finalists in a former sitting goes on with them; one where it found none is searched on.
    """
    module, name = base.prepared.modules[task.name], task.name
    runs, run = base.evaluation.runs, base.evaluation.run
    elsewhere = _elsewhere(base, module, task, reasoning)
    search, known, language = search_of(base, module, task, Seconds(seconds), reasoning, elsewhere)
    share = base.profile.share(name)
    key = f"searched:{name}"
    done = runs.get(run.id).facts.get(key)
    if not done:
        base.evaluation.listener.line(f"{label}: {task.score.why}; searching for up to {seconds:.0f} s")
        before = base.evaluation.runner.runs
        finalists = search.run(known)
        _note_cost(base, name, base.evaluation.runner.runs - before, search, elsewhere, finalists)
        earlier = runs.get(run.id).facts.get(f"invalid:{name}", 0)
        runs.note(run.id, **{f"invalid:{name}": earlier + search.invalid})
        if language is not None:
            runs.note(run.id, **{f"model:{name}": asdict(language.tally)})
        if base.evaluation.stop():
            return Finding(Result(name, Verdict.UNFINISHED, share=share))
        runs.note(run.id, **{key: [tried.recipe for tried in finalists]})
    else:
        finalists = [tried for digest in done for tried in known if tried.recipe == digest]
    tried = len(runs.candidates(run.id, name))
    if not finalists:
        return Finding(Result(name, Verdict.BASE_LEVEL, share=share, tried=tried, detail="nothing looked faster in screening"))
    watch(name, Stage.CONFIRMATION)
    return _confirm(base, module, search, finalists, label, among, tried)


def _elsewhere(base: Baseline, module: Module, task: Task, reasoning: Reasoning) -> Transfer:
    """Return what worked elsewhere, and keep the module's traits for those that come after it."""
    runs = base.evaluation.runs
    mine = traits_of(base.prepared, module, task.evidence)
    traits.keep(runs.db, mine)
    return Transfer(hints(runs.db, runs, mine) if reasoning.setting.transfers else ())


def _note_cost(base: Baseline, name: str, count: int, search: Search, elsewhere: Transfer, finalists: Sequence[Tried]) -> None:
    """Note how many runs of the program a search took (over all sittings), and what transfer had to do with it."""
    runs, run = base.evaluation.runs, base.evaluation.run
    facts = runs.get(run.id).facts
    total = facts.get(f"search:{name}", {}).get("runs", 0) + count
    runs.note(run.id, **{f"search:{name}": {"runs": total}})
    found = told(name, elsewhere, search.situation, finalists[0].proposal if finalists else None, total)
    if found is not None:
        others = [each for each in facts.get("transfer", []) if each["module"] != name]
        runs.note(run.id, transfer=[*others, found.to_json()])


def search_of(
    base: Baseline,
    module: Module,
    task: Task,
    allowance: Allowance,
    reasoning: Reasoning,
    elsewhere: Transfer,
    mind: Mind | None = None,
) -> tuple[Search, list[Tried], Language | None]:
    """Return the search of a module, what is known of its candidates, and the model's part in it.

    The search may use up the `allowance`; `mind` proposes in the place of those that `reasoning` has.
    """
    evaluation, prepared = base.evaluation, base.prepared
    toolchain, run = prepared.toolchain, evaluation.run
    earlier = evaluation.runs.earlier_candidates(run, module.name) if reasoning.setting.feedback else []
    memory = [found for row in earlier if (found := tried_of(row)) is not None]
    shown = reasoning.shown(task.evidence)
    start = situate(prepared, module, shown, reasoning.tier(base.inputs), run.seed, memory, evaluation.listener)
    record, situation = module.record, start.situation
    _keep_base(evaluation.runs, run.id, module, start, toolchain.major)
    gate = Gate(prepared.builder, module, toolchain.tool("llvm-nm"), evaluation.runs.avoided(toolchain.id, record.exact))
    minds, language = reasoning.minds(base, module, task.evidence, task.score.heat, situation.base)
    before = language.tally.waited if language is not None else 0.0
    allowance.begin()

    def save(tried: Tried, recipe: Recipe) -> None:
        evaluation.runs.save_candidate(row_of(run.id, module.name, tried), recipe.render())
        if tried.verdict.is_defect and not tried.detail.startswith("remembered"):
            evaluation.runs.avoid(toolchain.id, record.exact, tried.recipe, tried.verdict.value, tried.detail)

    def time_left() -> float:
        if evaluation.stop():
            return GIVEN_UP
        return allowance.left(language.tally.waited - before if language is not None else 0.0)

    screen = RoundScreen(base, module, allowance)

    def counted(recipe: Recipe) -> list[str]:
        return screen.counted(recipe).changes(base.counters)

    search = Search(
        situation,
        mind or minds,
        gate,
        screen,
        evaluation.listener,
        save,
        time_left,
        lambda recipe: cost.measured(prepared.builder, module, recipe, prepared.place),
        base_text=start.base_text,
        pipelines=start.pipelines,
        first=elsewhere if elsewhere.hints else None,
        rounds=language.rounds_left if language is not None else 0,
        feedback=reasoning.setting.feedback,
        diagnose=Diagnostician(prepared, module, task.evidence, counted).diagnose,
    )
    known = [found for row in evaluation.runs.candidates(run.id, module.name) if (found := tried_of(row))]
    return search, known, language


def _keep_base(runs: Runs, run: int, module: Module, start: Start, major: int) -> None:
    """Keep the module's own pipeline, so that whoever looks at a recipe later can be shown what it changes."""
    with contextlib.suppress(RecipeError):  # one beyond the lists is not edited either
        base = identity(start.base_text, module.record.level, major)
        runs.keep_base(run, module.name, base.digest, base.render())


def _confirm(
    base: Baseline, module: Module, search: Search, finalists: Sequence[Tried], label: str, among: int, count: int
) -> Finding:
    """Confirm the finalists in turn; the first that holds is the finding.

    All comparisons of the run share alpha (Bonferroni over finalists and modules), which e-BH at the same level would
    accept as well.
    """
    evaluation, name = base.evaluation, module.name
    share = base.profile.share(name)
    rule = Rule(finalists=FINALISTS * among)
    last = Result(name, Verdict.REJECTED, share=share, tried=count)
    for tried in finalists:
        recipe = search.recipe(tried.proposal)
        edits = tuple(to_json(edit) for edit in tried.proposal.edits)
        found = replace(last, recipe=tried.recipe, edits=edits, mind=tried.proposal.mind)
        # Once more, whatever way it came: a header may have changed since a former sitting looked at it.
        passage = search.gate.unchanged(recipe)
        if passage.verdict is not None:
            last = replace(found, verdict=passage.verdict, detail=passage.detail)
            evaluation.listener.line(f"  {name}: {passage.verdict.value}: {passage.detail}")
            continue
        compiling = search.cost(recipe)
        if problem := compiling.objection:
            last = replace(found, verdict=Verdict.SLOW_TO_COMPILE, detail=problem)
            evaluation.listener.line(f"  {name}: {problem}")
            continue
        evaluation.listener.line(f"  {name}: compiles in {compiling.ratio:.2f}x the plain time")
        ledger.count_confirmation(evaluation.runs.db)
        outcome = evaluation.confirm(label, f"{name}:{tried.recipe}", base.prepared.recipes({name: recipe}), rule)
        evaluation.listener.line(f"  {name}: {outcome.verdict.value} after {outcome.blocks} blocks: {outcome.detail}")
        last = replace(found, verdict=outcome.verdict, detail=outcome.detail)
        if outcome.verdict in (Verdict.CONFIRMED, Verdict.UNFINISHED):
            confirmed = outcome.verdict is Verdict.CONFIRMED
            return Finding(last, recipe if confirmed else None, math.log(outcome.e_value or 1.0))
    return Finding(last)
