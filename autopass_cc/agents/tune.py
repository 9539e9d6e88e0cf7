"""One tuning run, from a recorded build to a publication: calibrate, search, confirm, re-validate, together, publish."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from autopass_cc.agents import ledger
from autopass_cc.agents.baseline import Baseline, establish
from autopass_cc.agents.choice import choose
from autopass_cc.agents.evaluation import Evaluation
from autopass_cc.agents.events import Listener, Watch
from autopass_cc.agents.finalists import FINALISTS
from autopass_cc.agents.module_run import Finding, Task, tune_module
from autopass_cc.agents.outcome import Result, TuneResult
from autopass_cc.agents.prepare import Prepared, prepare
from autopass_cc.agents.publish import entry_of
from autopass_cc.agents.reasoning import Reasoning, Setting
from autopass_cc.agents.together import together
from autopass_cc.digest import digest_of
from autopass_cc.errors import InterruptedRunError
from autopass_cc.machine import description
from autopass_cc.measure.confirm import REVALIDATION_BLOCKS
from autopass_cc.measure.runner import StoppedError
from autopass_cc.measure.stats import Rule
from autopass_cc.measure.verdict import Stage, Verdict
from autopass_cc.model.connect import Confirm, connect, replay
from autopass_cc.model.errors import ModelError
from autopass_cc.model.settings import Settings
from autopass_cc.model.transcript import calls
from autopass_cc.project.config import Config
from autopass_cc.recipe.words import Tier
from autopass_cc.store import entries as store
from autopass_cc.store.database import backup
from autopass_cc.store.entries import Entry
from autopass_cc.store.runs import Run, Runs, fingerprint_parts

PROVING_BLOCKS = 26  # about what one confirmation and its re-validation take; kept back from the search's time
LEAST_SEARCH = 0.3  # of the budget goes to the search, however many modules wait to be proven
LEAST_MORE = 0.1  # of the budget must be left for a module to be searched once more


@dataclass(frozen=True)
class Options:
    """What a user may choose: seconds of budget, globs of modules, highest risk (None: by the oracle), a new search, minds."""

    budget_s: float = 600.0
    modules: tuple[str, ...] = ()
    max_tier: Tier | None = None
    seed: int | None = None
    again: bool = False
    setting: Setting = field(default_factory=Setting)
    model: Settings | None = None
    replay: Path | None = None  # a transcript that answers in the model's place
    confirm: Confirm | None = None
    parked: Mapping[str, str] = field(default_factory=dict)  # modules to leave out, and why
    watch: Watch = lambda _module, _stage: None  # told where each module stands
    ledger: bool = False  # whether some confirmations are hidden A/A tests


def tune(db: Database, config: Config, options: Options, listener: Listener, stop: Callable[[], bool]) -> TuneResult:
    """Tune a project; everything finished is in the store at any moment. Raises AutopassErrors."""
    started = time.monotonic()
    if options.replay is not None:
        calls(options.replay)  # before anything is measured
    prepared = prepare(db, config, listener)
    runs = Runs(db)
    run, resumed = _begin(runs, prepared, options)
    if run.state == "done":
        listener.line("already tuned; nothing has changed since (--again searches further)")
        return _from_facts(run)
    spent = float(run.facts.get("spent", 0.0))
    if resumed:
        listener.line(f"resuming the run that was interrupted after {spent:.0f} s; finished blocks are kept")

    def elapsed() -> float:
        return spent + time.monotonic() - started

    def stopping() -> bool:
        runs_out = stop()
        if runs_out:
            runs.note(run.id, spent=elapsed())
        return runs_out

    try:
        base = establish(runs, run, prepared, options.budget_s, listener, stopping)
        result = _search_and_prove(db, runs, base, options, elapsed)
    except StoppedError:
        raise _interrupted() from None
    finally:
        runs.note(run.id, spent=elapsed())
    runs.note(run.id, program=result.program.to_json(), modules=[each.to_json() for each in result.modules], **result.facts)
    runs.finish(run.id, "done")
    backup(db)
    return result


def _begin(runs: Runs, prepared: Prepared, options: Options) -> tuple[Run, bool]:
    """Return the run to work on: the unfinished one of the same sources, flags, workload and toolchain, or a new one."""
    parts = [
        prepared.toolchain.id,
        repr(prepared.config),
        *sorted(module.record.exact for module in prepared.modules.values()),
    ]
    parts += [repr(sorted(options.modules)), str(options.max_tier), repr(options.setting)]
    parts += [_stamp(prepared.config, name) for name in prepared.config.inputs]
    fingerprint = fingerprint_parts(parts)
    unfinished = runs.latest(prepared.config.id, fingerprint=fingerprint, state="running")
    if unfinished is not None:
        return unfinished, True
    done = runs.latest(prepared.config.id, fingerprint=fingerprint, state="done")
    if done is not None and not options.again:
        return done, False
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4))
    root = str(prepared.config.root)
    run = runs.begin(project=prepared.config.id, root=root, fingerprint=fingerprint, toolchain=prepared.toolchain.id, seed=seed)
    return run, False


def _stamp(config: Config, name: str) -> str:
    path = config.root / name
    return digest_of(path.read_bytes()) if path.is_file() else name


def _search_and_prove(db: Database, runs: Runs, base: Baseline, options: Options, elapsed: Callable[[], float]) -> TuneResult:
    evaluation, prepared = base.evaluation, base.prepared
    reasoning = _reasoning(db, base, options)
    chosen, skipped = choose(db, base, options.modules, options.parked, scored=options.setting.scored)
    runs.note(evaluation.run.id, budget=options.budget_s, among=len(chosen), machine=description())
    total = sum(task.score.score for task in chosen) or 1.0
    per_block = evaluation.plan.seconds_per_block
    proving = PROVING_BLOCKS * per_block * (len(chosen) + (len(chosen) > 1))
    searching = max(LEAST_SEARCH * options.budget_s, options.budget_s - elapsed() - proving)
    findings: list[Finding] = []
    for number, task in enumerate(chosen, start=1):
        label = f"{task.name} {number}/{len(chosen)}"
        options.watch(task.name, Stage.SCREENING)
        findings.append(
            tune_module(base, task, label, searching * task.score.score / total, len(chosen), reasoning, options.watch)
        )
        _stop_here(evaluation)
    _search_on(base, options, chosen, findings, reasoning, elapsed)
    if options.ledger and chosen and ledger.is_due(db):
        ledger.confirm_null(evaluation, Rule(finalists=FINALISTS * len(chosen)))
        _stop_here(evaluation)
    results: dict[str, Result] = {finding.result.name: finding.result for finding in findings}
    accepted: dict[str, Finding] = {}
    for finding in findings:
        if finding.recipe is not None:
            options.watch(finding.result.name, Stage.REVALIDATION)
            proven = _revalidate(evaluation, prepared, finding)
            results[proven.result.name] = proven.result
            if proven.result.verdict is Verdict.ACCEPTED:
                accepted[proven.result.name] = proven
            _stop_here(evaluation)
    options.watch("", Stage.TOGETHER)
    program, kept = together(evaluation, prepared, accepted)
    for name in set(accepted) - kept:
        results[name] = changed(results[name], verdict=Verdict.WITHDRAWN)
    entries = [_entry(prepared, accepted[name], evaluation.run.id) for name in sorted(kept)]
    if entries:
        store.accept(db, entries)
    noted = runs.get(evaluation.run.id).facts
    facts = {
        "smallest_gain": evaluation.plan.smallest_gain,
        "block_sd": evaluation.plan.sd,
        "clock": evaluation.plan.clock.value,
        "layout": prepared.programs.layout,
        "profile": base.profile.source,
        "counters": base.counters.rates() or base.counters.missing,
        "seconds": elapsed(),
        "warnings": list(base.warnings),
        "toolchain": prepared.toolchain.version,
        "cpu": prepared.toolchain.cpu,
        "transfer": noted.get("transfer", []),
        "search_runs": {key[7:]: value["runs"] for key, value in noted.items() if key.startswith("search:")},
        "scores": [{"module": each.name, "score": each.score.score, "why": each.score.why} for each in chosen],
        "model": _told(noted),
        "invalid_proposals": sum(value for key, value in noted.items() if key.startswith("invalid:")),
        "program_runs": evaluation.runner.runs,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    return TuneResult(evaluation.run.id, (*results.values(), *skipped), program, facts)


def _entry(prepared: Prepared, finding: Finding, run: int) -> Entry:
    if finding.recipe is None:
        raise ValueError(f"{finding.result.name} has no recipe")
    return entry_of(prepared, finding.result, finding.recipe, finding.result.edits, run, log_e=finding.log_e)


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the model's side came to over all modules; empty where none was asked."""
    tallies = [value for key, value in facts.items() if key.startswith("model:")]
    numbers = [name for name, value in (tallies[0] if tallies else {}).items() if isinstance(value, int | float)]
    return {name: sum(each[name] for each in tallies) for name in numbers}


def _reasoning(db: Database, base: Baseline, options: Options) -> Reasoning:
    """Return what the run reasons with. Where the model is wanted and cannot be asked, the rules go on, and that is said."""
    run, listener = base.evaluation.run, base.evaluation.listener
    setting, about = options.setting, {"toolchain": base.prepared.toolchain.version}
    if not setting.asks_a_model:
        return Reasoning(setting, options.max_tier, None)
    if options.replay is not None:
        asker = replay(run.id, options.replay, **about)  # asked for by name: without it the run is not what was wanted
        return Reasoning.asking(setting, options.max_tier, asker, options.model)
    try:
        asker = connect(db, run.id, options.model, options.confirm, **about)
    except ModelError as error:
        listener.line(f"model: {error.sentence} The rules go on alone ({error.next_step})")
        return Reasoning(setting, options.max_tier, None)
    return Reasoning.asking(setting, options.max_tier, asker, options.model)


def _search_on(
    base: Baseline,
    options: Options,
    tasks: Sequence[Task],
    findings: list[Finding],
    reasoning: Reasoning,
    elapsed: Callable[[], float],
) -> None:
    """Give what proving does not need to the modules where nothing was found, hottest first; replaces their findings."""
    per_block = base.evaluation.plan.seconds_per_block
    for place, finding in enumerate(findings):
        if finding.result.verdict is not Verdict.BASE_LEVEL:
            continue
        confirmed = sum(each.recipe is not None for each in findings)
        kept_back = per_block * (PROVING_BLOCKS + REVALIDATION_BLOCKS * (confirmed + (confirmed > 0)))
        left = options.budget_s - elapsed() - kept_back
        if left >= LEAST_MORE * options.budget_s:
            task = tasks[place]
            findings[place] = tune_module(base, task, f"{task.name} once more", left, len(findings), reasoning, options.watch)
            _stop_here(base.evaluation)


def _revalidate(evaluation: Evaluation, prepared: Prepared, finding: Finding) -> Finding:
    name = finding.result.name
    recipes = prepared.recipes({name: finding.recipe} if finding.recipe else {})
    outcome, blocks = evaluation.revalidate(name, f"{name}:{finding.result.recipe}", recipes)
    evaluation.say(name, outcome)
    result = changed(
        finding.result,
        verdict=outcome.verdict,
        estimate=outcome.estimate,
        detail=outcome.detail,
        baseline_s=evaluation.seconds(blocks, "A"),
        tuned_s=evaluation.seconds(blocks, "B"),
    )
    return changed(finding, result=result)


def _stop_here(evaluation: Evaluation) -> None:
    if evaluation.stop():
        raise _interrupted()


def _interrupted() -> InterruptedRunError:
    return InterruptedRunError("Interrupted; everything that was finished is kept.", "run `autopass tune` again to go on")


def _from_facts(run: Run) -> TuneResult:
    """Return the stored result of a finished run."""
    modules = tuple(Result.from_json(data) for data in run.facts.get("modules", []))
    facts = {key: value for key, value in run.facts.items() if key not in ("modules", "program")}
    return TuneResult(run.id, modules, Result.from_json(run.facts["program"]), facts)
