"""The unchanged program: its oracle, its noise, its profile. Everything later is compared with this."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from autopass_cc.agents import ledger
from autopass_cc.agents.evaluation import BASELINE_SLOT, CANDIDATE_SLOT, Evaluation, seed_of
from autopass_cc.agents.events import Listener
from autopass_cc.agents.oracle import Oracle, capture
from autopass_cc.agents.prepare import Prepared
from autopass_cc.errors import InterruptedRunError, TooShortError
from autopass_cc.evidence import counters, symbols
from autopass_cc.evidence import profile as profiles
from autopass_cc.evidence.counters import Counters
from autopass_cc.evidence.profile import Profile
from autopass_cc.measure import calibration
from autopass_cc.measure.blocks import Block, read_blocks
from autopass_cc.measure.local import LocalRunner
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.runner import Sample, StoppedError, runs_per_sample
from autopass_cc.measure.steps import StepsRunner
from autopass_cc.project import mutant
from autopass_cc.project.subject import Placed
from autopass_cc.store.runs import Run, Runs

AA_SHARE = 0.2  # of the budget may go to the A/A blocks
SHORT = 0.7  # of the time of the workload: what takes longer is no shorter run
WARM_UPS, GROUP = 2, 4  # runs of a block: to warm up, and in each group


@dataclass(frozen=True)
class Baseline:
    """What is known before the search begins. `short` is how the shorter run is timed, where there is one that saves time."""

    prepared: Prepared
    evaluation: Evaluation
    short: Plan | None
    oracle: Oracle
    profile: Profile
    counters: Counters
    warnings: tuple[str, ...]

    @property
    def inputs(self) -> int:
        """Return on how many inputs a candidate's results are compared."""
        return 1 + len(self.oracle.checks)


def establish(
    runs: Runs, run: Run, prepared: Prepared, budget_s: float, listener: Listener, stop: Callable[[], bool]
) -> Baseline:
    """Check the workload, measure its noise, profile it. Raises the errors that say what is wrong with a workload."""
    runner = StepsRunner(LocalRunner(scratch=prepared.place, stop=stop))
    config = prepared.config
    evaluation = Evaluation(
        runs, run, runner, Plan(), prepared.programs, prepared.workspace, config, listener, lambda _sample: None, stop
    )
    program = evaluation.program("the unchanged program", BASELINE_SLOT)
    listener.progress("running the unchanged program")
    placed = program.place(prepared.programs.build({}, program.folder, seed=1))
    oracle = capture(placed, runner, config)

    def check(sample: Sample) -> str | None:
        return oracle.workload.problem(sample)

    evaluation = replace(evaluation, check=check)
    evaluation = replace(evaluation, plan=_calibrate(evaluation, budget_s))
    ledger.note_calibration(evaluation)
    listener.line(_describe(evaluation, oracle))
    short = _short(evaluation, placed)
    profile = _profile(prepared, placed)
    warnings = tuple(_warnings(prepared, evaluation, oracle, profile))
    return Baseline(prepared, evaluation, short, oracle, profile, count(placed), warnings)


def _calibrate(evaluation: Evaluation, budget_s: float) -> Plan:
    """Run the 12 A/A blocks, or take them from a former sitting of the same run."""
    runs, run, seed = evaluation.runs, evaluation.run, seed_of(evaluation.run.seed, "aa")
    program = evaluation.program("the unchanged program", BASELINE_SLOT)
    stored = runs.get(run.id).facts.get("probe")
    base = Plan.from_json(json.dumps(stored)) if stored else calibration.probe(evaluation.runner, program, seed, evaluation.check)
    runs_a_block = AA_SHARE * budget_s / (calibration.BLOCKS * base.run_s * base.runs_per_sample)
    fitting = int((runs_a_block - WARM_UPS) / GROUP)
    base = replace(base, repeats=max(1, min(base.repeats, fitting)))
    runs.note(run.id, probe=json.loads(base.to_json()))
    past = read_blocks(runs.measurements(run.id, "aa", "baseline"))

    def store(block: Block) -> None:
        runs.add_measurement(run.id, "aa", "baseline", len(past) + counter, json.loads(block.to_json()))
        count()

    counter = 0

    def count() -> None:
        nonlocal counter
        counter += 1
        evaluation.listener.progress(f"measuring this machine's noise: A/A block {len(past) + counter}/{calibration.BLOCKS}")

    try:
        return calibration.calibrate(
            evaluation.runner,
            program,
            seed=seed,
            base=base,
            past=past,
            store=store,
            check=evaluation.check,
            stop=evaluation.stop,
            twin=evaluation.program("the unchanged program", CANDIDATE_SLOT),
        )
    except StoppedError:
        raise InterruptedRunError("Interrupted; the finished blocks are kept.", "run `autopass tune` again to go on") from None


def _short(evaluation: Evaluation, placed: Placed) -> Plan | None:
    """Return how the project's shorter run is timed, or None where it has none that saves time."""
    if not placed.config.screen:
        return None
    plan = evaluation.plan
    samples = [evaluation.runner.run(placed.short, cpu=None) for _ in range(2)]
    run_s = min(sample.seconds(plan.clock) for sample in samples)
    try:
        short = replace(plan, run_s=run_s, runs_per_sample=runs_per_sample(run_s))
    except TooShortError:
        short = plan
    if short.run_s * short.runs_per_sample > SHORT * plan.run_s * plan.runs_per_sample:
        evaluation.listener.line(
            f"warning: the shorter run (`screen`) takes {run_s:.3f} s, which is too little to be timed alone or saves no time: "
            "candidates are looked at with the workload"
        )
        return None
    evaluation.listener.line(f"candidates are looked at first with the shorter run, {run_s:.3f} s")
    return short


def _describe(evaluation: Evaluation, oracle: Oracle) -> str:
    plan = evaluation.plan
    layout = {"shuffle-sections": "a fresh layout each", "object-order": "object order permuted", "fixed": "one fixed layout"}
    return (
        f"workload {plan.run_s:.3f} s a run ({plan.clock.value} time), compared on {1 + len(oracle.checks)} inputs; "
        f"12 A/A blocks ({layout[evaluation.builder.layout]}): sd {plan.sd * 100:.1f} %, "
        f"smallest gain that can be confirmed here: {plan.smallest_gain * 100:.1f} %"
    )


def _profile(prepared: Prepared, placed: Placed) -> Profile:
    nm = prepared.toolchain.tool("llvm-nm")
    defined = {
        name: symbols.read(nm, prepared.builder.plain(module.outs[0], sections=True).path).code
        for name, module in prepared.modules.items()
    }
    commands = [placed.command(argv) for argv in placed.config.workload]
    return profiles.take(
        [command.argv for command in commands],
        cwd=placed.view,
        env=commands[0].env,
        place=prepared.place,
        stdin=commands[0].stdin,
        owners=profiles.owners(defined),
        modules=list(prepared.modules),
        limit=prepared.config.time_limit,
    )


def count(placed: Placed) -> Counters:
    """Return what the machine's counters say of the workload of a program."""
    commands = [placed.command(argv) for argv in placed.config.workload]
    return counters.take(
        [command.argv for command in commands],
        cwd=placed.view,
        env=commands[0].env,
        stdin=commands[0].stdin,
        limit=placed.config.time_limit,
    )


def _warnings(prepared: Prepared, evaluation: Evaluation, oracle: Oracle, profile: Profile) -> list[str]:
    found = []
    if profile.source == "equal":
        found.append("no profiler could be used (perf, valgrind): all modules are taken to be equally hot")
    if evaluation.builder.layout == "fixed":
        found.append("layouts could not be varied: a part of the measured change may be luck of code placement")
    if _vacuous(prepared, evaluation, oracle, profile):
        found.append(
            "the output does not change when the hottest function returns at once: the check may miss wrong code; "
            "compare more (outputs, checks)"
        )
    for text in found:
        evaluation.listener.line(f"warning: {text}")
    return found


def _vacuous(prepared: Prepared, evaluation: Evaluation, oracle: Oracle, profile: Profile) -> bool:
    """Return whether a program whose hottest function returns at once passes the oracle (False where that is unknown)."""
    if not profile.functions or not profile.functions[0].function or prepared.programs is not prepared.builder:
        return False
    hot = profile.functions[0]
    module = prepared.modules[hot.module]
    broken = prepared.place / "mutant" / "mutant.o"
    broken.parent.mkdir(exist_ok=True)
    if not mutant.make(module.record, hot.function, broken, prepared.toolchain.arch):
        return False
    evaluation.listener.progress("checking that the output would show a fault")
    program = evaluation.program("mutant", BASELINE_SLOT)
    placed = program.place(prepared.builder.build({}, program.folder, seed=1, instead={module.outs[0]: broken}))
    sample = evaluation.runner.run(replace(placed.workload, timeout_s=max(2.0, 5 * evaluation.plan.run_s)), cpu=None)
    return not sample.timed_out and oracle.workload.problem(sample, placed.view) is None
