"""Which modules a run tunes, in which order, and which it leaves."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence

from sqlite_utils import Database

from autopass_cc.agents import score
from autopass_cc.agents.baseline import Baseline
from autopass_cc.agents.module_run import Task
from autopass_cc.agents.outcome import Result
from autopass_cc.agents.score import Earlier
from autopass_cc.evidence.collect import collect
from autopass_cc.measure.verdict import Verdict
from autopass_cc.store import entries as store
from autopass_cc.store.states import ACTIVE

MOST = 40  # modules whose evidence is collected, the hottest: each costs two compiles
MORE_THAN_MOST = f"the {MOST} hottest modules come first"


def choose(
    db: Database, base: Baseline, patterns: Sequence[str], parked: Mapping[str, str], *, scored: bool
) -> tuple[list[Task], list[Result]]:
    """Return the modules worth tuning, the most promising first, and results for those that are not.

    `patterns` are globs of module names (none: all); `parked` are left out, each with its reason. Without scoring all
    modules count alike, in the order of their names.
    """
    smallest = base.evaluation.plan.smallest_gain
    worth: list[str] = []
    skipped: list[Result] = []
    for name in sorted(base.prepared.modules, key=lambda name: (-base.profile.share(name), name)):
        share = base.profile.share(name)
        if patterns and not any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
            continue
        if name in parked:
            skipped.append(Result(name, Verdict.NOT_TRIED, share=share, detail=parked[name]))
        elif share <= smallest:
            detail = f"{share * 100:.1f} % of the time; the smallest gain that can be confirmed is {smallest * 100:.1f} %"
            skipped.append(Result(name, Verdict.NOT_TRIED, share=share, detail=detail))
        elif len(worth) == MOST:
            skipped.append(Result(name, Verdict.NOT_TRIED, share=share, detail=MORE_THAN_MOST))
        else:
            worth.append(name)
    tasks = {name: _task(db, base, name, scored=scored) for name in worth}
    ranked = score.rank([task.score for task in tasks.values()])
    return [tasks[each.module] for each in ranked], skipped


def _task(db: Database, base: Baseline, name: str, *, scored: bool) -> Task:
    base.evaluation.listener.progress(f"reading what clang says about {name}")
    evidence = collect(
        base.prepared.modules[name],
        base.profile.of(name),
        base.prepared.place / "evidence",
        base.prepared.toolchain,
        base.counters.rates(),
    )
    if not scored:
        return Task(name, score.alike(evidence), evidence)
    run = base.evaluation.run
    in_place = any(entry.module == name and entry.state == ACTIVE for entry in store.entries(db, base.prepared.config.id))
    return Task(name, score.score(evidence, Earlier(base.evaluation.runs.in_vain(run, name), in_place)), evidence)
