"""One module of a run: its evidence, its search, and the confirmation of its finalists."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from autopass_cc.agents import cost
from autopass_cc.agents.baseline import Baseline
from autopass_cc.agents.gate import Gate
from autopass_cc.agents.outcome import Result
from autopass_cc.agents.protocol import Proposal, Situation, Tried
from autopass_cc.agents.rules import Rules
from autopass_cc.agents.search import FINALISTS, GIVEN_UP, Search
from autopass_cc.agents.timing import RoundScreen
from autopass_cc.errors import RecipeError
from autopass_cc.evidence.collect import collect
from autopass_cc.measure.stats import Rule
from autopass_cc.measure.verdict import Verdict
from autopass_cc.project.modules import Module
from autopass_cc.project.replay import without_outputs
from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.edits import edits_from_json, to_json
from autopass_cc.recipe.neighbours import menu
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.recipe.tree import parse
from autopass_cc.recipe.words import Tier
from autopass_cc.store.runs import CandidateRow
from autopass_cc.toolchain import identity, probe
from autopass_cc.toolchain.describe import Status


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


def tune_module(base: Baseline, name: str, label: str, seconds: float, among: int, max_tier: Tier | None) -> Finding:
    """Search for at most `seconds`, then confirm up to two finalists. `among` is the number of modules in the run.

    A module whose search found finalists in a former sitting goes on with them; one where it found none is searched on.
    """
    module = base.prepared.modules[name]
    search, known = _search(base, module, seconds, max_tier)
    share = base.profile.share(name)
    key = f"searched:{name}"
    done = base.evaluation.runs.get(base.evaluation.run.id).facts.get(key)
    if not done:
        base.evaluation.listener.line(f"{label}: {share * 100:.0f} % of the time, searching for up to {seconds:.0f} s")
        finalists = search.run(known)
        if base.evaluation.stop():
            return Finding(Result(name, Verdict.UNFINISHED, share=share))
        base.evaluation.runs.note(base.evaluation.run.id, **{key: [tried.recipe for tried in finalists]})
    else:
        finalists = [tried for digest in done for tried in known if tried.recipe == digest]
    tried = len(base.evaluation.runs.candidates(base.evaluation.run.id, name))
    if not finalists:
        return Finding(Result(name, Verdict.BASE_LEVEL, share=share, tried=tried, detail="nothing looked faster in screening"))
    return _confirm(base, module, search, finalists, label, among, tried)


def _search(base: Baseline, module: Module, seconds: float, max_tier: Tier | None) -> tuple[Search, list[Tried]]:
    evaluation, prepared = base.evaluation, base.prepared
    toolchain, run = prepared.toolchain, evaluation.run
    allowed = max_tier or (Tier.B if base.inputs >= 2 else Tier.A)
    record = module.record
    evidence = collect(module, base.profile.of(module.name), prepared.place / "evidence")
    problem = identity.check(toolchain, [record.argv[0], *without_outputs(record.argv)], record.cwd, record.level)
    pipelines = toolchain.status is Status.OK and problem is None
    if toolchain.status is Status.OK and problem:
        evaluation.listener.line(f"  {module.name}: only knobs are tried, because identity does not hold for it ({problem})")
    base_text = probe.base_pipeline(toolchain, [record.argv[0], *without_outputs(record.argv)], record.cwd, record.level)
    offered = menu(
        load(toolchain.major),
        allowed,
        probe.passes(toolchain) if pipelines else (),
        probe.knobs(toolchain),
        toolchain.knob_arch,
    )
    avoided = evaluation.runs.avoided(toolchain.id, record.exact)
    gate = Gate(prepared.builder, module, toolchain.tool("llvm-nm"), avoided)
    situation = Situation(evidence, parse(base_text), offered, run.seed)
    deadline = time.monotonic() + seconds

    def save(tried: Tried, recipe: Recipe) -> None:
        row = CandidateRow(
            run=run.id,
            module=module.name,
            recipe=tried.recipe,
            edits=[to_json(edit) for edit in tried.proposal.edits],
            mind=tried.proposal.mind,
            hypothesis=tried.proposal.hypothesis,
            evidence=list(tried.proposal.evidence),
            verdict=tried.verdict.value,
            detail=tried.detail,
            screened=tried.screened,
            facts={},
        )
        evaluation.runs.save_candidate(row, recipe.render())
        if tried.verdict.is_defect and not tried.detail.startswith("remembered"):
            evaluation.runs.avoid(toolchain.id, record.exact, tried.recipe, tried.verdict.value, tried.detail)

    search = Search(
        situation,
        Rules(),
        gate,
        RoundScreen(base, module),
        evaluation.listener,
        save,
        lambda: GIVEN_UP if evaluation.stop() else deadline - time.monotonic(),
        lambda recipe: cost.ratio(prepared.builder, module, recipe, prepared.place),
        base_text=base_text,
        pipelines=pipelines,
    )
    return search, [known for row in evaluation.runs.candidates(run.id, module.name) if (known := _known(row))]


def _known(row: CandidateRow) -> Tried | None:
    """Return what a former sitting of this run knew of a candidate."""
    try:
        edits = edits_from_json(row.edits)
    except RecipeError:
        return None
    proposal = Proposal(edits, row.mind, row.hypothesis, tuple(row.evidence))
    return Tried(proposal, row.recipe, Verdict.of(row.verdict), row.screened, row.detail)


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
        # Once more, whatever way it came: a header may have changed since a former sitting looked at it.
        passage = search.gate.unchanged(recipe)
        if passage.verdict is not None:
            detail = passage.detail
            last = Result(name, passage.verdict, share=share, recipe=tried.recipe, edits=edits, tried=count, detail=detail)
            evaluation.listener.line(f"  {name}: {passage.verdict.value}: {detail}")
            continue
        ratio = search.cost(recipe)
        if problem := cost.objection(ratio):
            verdict = Verdict.SLOW_TO_COMPILE
            last = Result(name, verdict, share=share, recipe=tried.recipe, edits=edits, tried=count, detail=problem)
            evaluation.listener.line(f"  {name}: {problem}")
            continue
        evaluation.listener.line(f"  {name}: compiles in {ratio:.2f}x the plain time")
        outcome = evaluation.confirm(label, f"{name}:{tried.recipe}", base.prepared.recipes({name: recipe}), rule)
        evaluation.listener.line(f"  {name}: {outcome.verdict.value} after {outcome.blocks} blocks: {outcome.detail}")
        result = Result(name, outcome.verdict, share=share, recipe=tried.recipe, edits=edits, tried=count, detail=outcome.detail)
        if outcome.verdict in (Verdict.CONFIRMED, Verdict.UNFINISHED):
            confirmed = outcome.verdict is Verdict.CONFIRMED
            return Finding(result, recipe if confirmed else None, math.log(outcome.e_value or 1.0))
        last = result
    return Finding(last)
