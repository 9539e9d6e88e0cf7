"""A run of the bench: every method enters every program, then all rivals of a program race each other."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from autopass_cc.agents.events import Listener
from autopass_cc.agents.prepare import launcher
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.flavours import PLAIN
from autopass_cc.bench.manifest import BenchProgram
from autopass_cc.bench.methods import Method
from autopass_cc.bench.race import interrupted, race
from autopass_cc.bench.results import Entrant, Results
from autopass_cc.bench.site import Compilers, Site
from autopass_cc.errors import AutopassError, BenchError, InterruptedRunError
from autopass_cc.measure.runner import StoppedError
from autopass_cc.model.connect import Confirm
from autopass_cc.model.settings import Settings
from autopass_cc.toolchain.describe import Toolchain

COMPILES = 3  # of each object and side; the least counts, because delays only add time


@dataclass(frozen=True)
class Plan:
    """What is to be run: programs, methods, the runs that a search may take for each module, a random seed, and the model."""

    programs: Sequence[BenchProgram]
    methods: Sequence[Method]
    budget: int
    seed: int
    model: Settings | None = None
    confirm: Confirm | None = None


def run(
    db: Database, toolchain: Toolchain, work: Path, plan: Plan, results: Results, listener: Listener, stop: Callable[[], bool]
) -> list[str]:
    """Run what is not in the results yet; return a sentence for each program that could not be run to its end."""
    problems: list[str] = []
    here = launcher()
    launchers = Compilers(str(here), str(here.with_name("autopass-c++")))
    for number, program in enumerate(plan.programs, start=1):
        listener.line(f"{program.name} ({number}/{len(plan.programs)}{', ' + program.kind if program.kind else ''})")
        site = Site(work / "programs" / program.name, program)
        contest = Contest(
            program, site, db, toolchain, launchers, listener, stop, plan.seed, plan.budget, plan.model, plan.confirm
        )
        try:
            for method in plan.methods:
                _enter(contest, method, results)
            race(contest, results)
        except InterruptedRunError:
            raise
        except StoppedError:  # in the middle of a run of the program
            raise interrupted() from None
        except AutopassError as error:
            problems.append(error.sentence)
            listener.line(f"  left out: {error.sentence}")
    return problems


def _enter(contest: Contest, method: Method, results: Results) -> None:
    """Let a method enter the program, unless it has; one that failed tries again."""
    known = results.entrants.get((contest.program.name, method.name))
    if known is not None and not known.failed:
        return
    contest.listener.progress(f"{contest.program.name}: {method.title}")
    contest.baseline()  # a program that cannot be timed here is found out before methods spend time on it
    try:
        entrant = _with_costs(contest, method.enter(contest, method.name))
    except InterruptedRunError:
        raise
    except AutopassError as error:
        if contest.stop():  # what it called was ended together with the bench
            raise interrupted() from None
        entrant = Entrant(contest.program.name, method.name, PLAIN, failed=error.sentence)
    results.add_entrant(entrant)
    contest.listener.line(f"  {method.title}: {_told(entrant)}")


def _told(entrant: Entrant) -> str:
    if entrant.failed:
        return f"failed: {entrant.failed}"
    facts = entrant.facts
    words = [f"{facts.get('search_s', 0.0):.1f} s"]
    words += [f"{facts['runs']:.0f} runs"] if "runs" in facts else []
    words += ["the base's code"] if entrant.same_code else [f"compiles in {facts['compile']:.2f}x"]
    return ", ".join(words)


def _with_costs(contest: Contest, entrant: Entrant) -> Entrant:
    """Add what the entrant's build costs: compile time and code size, over the base's; and whether its code is another at all."""
    base, own = contest.base(), contest.subject(entrant, 1)
    plain, tuned = (contest.prepared(flavour) for flavour in (PLAIN, entrant.flavour))
    built = [list(each.builder.build(each.recipes, each.folder, seed=1).values()) for each in (base, own)]
    same = [path.read_bytes() for path in built[0]] == [path.read_bytes() for path in built[1]]
    seconds = [plain.builder.compile_seconds({}, COMPILES), tuned.builder.compile_seconds(own.recipes, COMPILES)]
    sizes = [sum(_code_size(contest.toolchain, path) for path in paths) for paths in built]
    costs = {"compile": seconds[1] / seconds[0], "size": sizes[1] / sizes[0]}
    return dataclasses.replace(entrant, same_code=same, facts={**entrant.facts, **costs})


def _code_size(toolchain: Toolchain, path: Path) -> int:
    """Return the bytes of code and constants of a linked file, as `size` tells them."""
    done = subprocess.run([str(toolchain.tool("llvm-size")), str(path)], capture_output=True, text=True, check=False)
    try:
        return int(done.stdout.splitlines()[1].split()[0])
    except (IndexError, ValueError):
        raise BenchError(f"llvm-size cannot read {path}.") from None
