"""What worked elsewhere: recipes of modules that are alike, and a small portfolio learned from all verdicts of the store.

Modules are alike when their hot code is: densities of loops, branches, calls, memory and floating point, and of what clang
refused to do, on a logarithmic scale, so that size alone makes no difference. The same module under another compiler, CPU
or flags is its own nearest neighbour. The portfolio is chosen greedily: each recipe is the one that adds most to the best
known gain of the modules, summed over all of them (the usual approximation of the best small set, Nemhauser, Wolsey and
Fisher 1978). Nothing here is believed: what is proposed goes the way of every candidate.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autopass_cc.agents.minds.transfer import Hint
from autopass_cc.agents.prepare import Prepared
from autopass_cc.errors import RecipeError
from autopass_cc.evidence.collect import Evidence
from autopass_cc.measure.verdict import Verdict
from autopass_cc.project.modules import Module
from autopass_cc.recipe.edits import Edit, canonical, edits_from_json
from autopass_cc.store import traits as known_traits
from autopass_cc.store.database import Rows
from autopass_cc.store.entries import Entry, entries
from autopass_cc.store.imports import TRUSTED, UNVERIFIED, imported
from autopass_cc.store.states import ACTIVE
from autopass_cc.store.traits import Traits

if TYPE_CHECKING:
    from autopass_cc.store.runs import RunReader

NEAREST, PORTFOLIO, BROUGHT = 3, 4, 3  # recipes that a search begins with, at most
LEAST_ALIKE = 0.5
COUNTED = ("loops", "conditional_branches", "switches", "indirect_branches", "calls", "memory", "floats")
REFUSED = ("loop-vectorize", "inline", "licm", "gvn", "slp-vectorizer", "loop-unroll")
ROWS = 20_000  # of the newest candidates that the portfolio is learned from
WORTH = 0.01  # log-ratio: a gain that counts
LEAST_MODULES = 2  # that a recipe of the portfolio has gained on
DEFECTS = frozenset(verdict.value for verdict in Verdict if verdict.is_defect)


def traits_of(prepared: Prepared, module: Module, evidence: Evidence) -> Traits:
    """Return the traits of a module."""
    hot = evidence.hot_features()
    instructions = max(1, sum(each.instructions for each in hot))
    names = {each.function for each in hot}
    vector = {name: math.log1p(100 * sum(getattr(each, name) for each in hot) / instructions) for name in COUNTED}
    for name in REFUSED:
        count = sum(r.pass_name == name and r.kind == "missed" and r.function in names for r in evidence.remarks)
        vector[f"missed {name}"] = math.log1p(100 * count / instructions)
    vector["depth"] = float(max((depth for lines in evidence.depths.values() for depth in lines.values()), default=0))
    record = module.record
    variant = record.inherited or record.exact
    toolchain = prepared.toolchain
    return Traits(prepared.config.id, module.name, variant, toolchain.id, record.lang, record.level, toolchain.cpu, vector)


def alike(one: Traits, other: Traits) -> float:
    """Return how much two modules are alike, 0 to 1."""
    if (one.project, one.module) == (other.project, other.module):
        return 1.0
    names = one.vector.keys() | other.vector.keys()
    distance = math.sqrt(
        sum((one.vector.get(name, 0.0) - other.vector.get(name, 0.0)) ** 2 for name in names) / max(1, len(names))
    )
    surroundings = [one.project == other.project, one.cpu == other.cpu, one.lang == other.lang, one.level == other.level]
    return math.exp(-distance) * (0.8 + 0.05 * sum(surroundings))


def hints(db: Rows, runs: RunReader, mine: Traits) -> list[Hint]:
    """Return what a search of a module should begin with, the most promising first."""
    chosen: list[Hint] = []
    for hint in [*_nearest(db, runs, mine), *_brought(db, mine), *_portfolio(db, mine)]:
        if all(canonical(hint.edits) != canonical(other.edits) for other in chosen):
            chosen.append(hint)
    return chosen


def _nearest(db: Rows, runs: RunReader, mine: Traits) -> list[Hint]:
    known = known_traits.traits(db)
    found: list[tuple[float, Entry]] = []
    for entry in entries(db):
        other = known.get(entry.key)
        if entry.state != ACTIVE or entry.key == (mine.project, mine.module, mine.variant):
            continue
        if (entry.project, entry.module) == (mine.project, mine.module):
            found.append((1.0, entry))
        elif other is not None and (near := alike(mine, other)) >= LEAST_ALIKE:
            found.append((near, entry))
    found.sort(key=lambda pair: (-pair[0], pair[1].median, pair[1].recipe))
    result = []
    for near, entry in found[:NEAREST]:
        edits = _edits(entry.edits)
        if edits:
            where = f"{entry.module} of {Path(entry.root).name}"
            why = f"gained {-math.expm1(entry.median):.1%} on {where}, which is {near:.0%} alike"
            result.append(Hint(edits, where, why, entry.median, _cost(runs, entry), near))
    return result


def _cost(runs: RunReader, entry: Entry) -> int | None:
    """Return how many runs of the program the search took that found an entry, where that is known."""
    try:
        found = runs.get(entry.run).facts.get(f"search:{entry.module}")
    except KeyError:
        return None
    return int(found["runs"]) if found else None


def _brought(db: Rows, mine: Traits) -> list[Hint]:
    """Return what other publications say of modules of the same project or name; not yet measured here."""
    offered = [each for state in (TRUSTED, UNVERIFIED) for each in imported(db, state=state)]
    fitting = [each for each in offered if each.level == mine.level and each.module == mine.module]
    fitting.sort(key=lambda each: (each.project != mine.project, -each.log_e, each.recipe))
    found = []
    for each in fitting[:BROUGHT]:
        edits = _edits(each.edits)
        if edits:
            why = f"{each.source} says it gained {-math.expm1(each.median):.1%} on {each.module} elsewhere"
            found.append(Hint(edits, f"{each.module} from {each.source}", why, each.median))
    return found


def _portfolio(db: Rows, mine: Traits) -> list[Hint]:
    gains, refused = _learned(db, mine.level)
    best: dict[str, float] = {}
    chosen: list[Hint] = []
    while len(chosen) < PORTFOLIO:
        ranked = []
        for text, by_module in gains.items():
            helped = [module for module, gain in by_module.items() if gain > WORTH]
            added = sum(max(0.0, gain - best.get(module, 0.0)) for module, gain in by_module.items())
            if len(helped) >= LEAST_MODULES and len(helped) > refused.get(text, 0):
                ranked.append((added, len(helped), text))
        if not ranked or (most := max(ranked))[0] < WORTH:
            break
        _, helped_count, text = most
        by_module = gains.pop(text)
        for module, gain in by_module.items():
            best[module] = max(best.get(module, 0.0), gain)
        edits = _edits(json.loads(text))
        if edits:
            why = f"gained on {helped_count} of the {len(by_module)} modules that it was timed on (screening)"
            chosen.append(Hint(edits, "portfolio", why, -max(by_module.values())))
    return chosen


def _learned(db: Rows, level: str) -> tuple[dict[str, dict[str, float]], dict[str, int]]:
    """Return, by edits as text, the screened gain on each module, and on how many modules they broke something."""
    rows = db.query(
        "select r.project as project, c.module as module, c.edits as edits, c.screened as screened, c.verdict as verdict, "
        "x.text as text from candidate c join run r on r.id = c.run join recipe x on x.digest = c.recipe "
        "where c.screened is not null or c.verdict not in ('invalid', 'same-code') order by c.rowid desc limit ?",
        [ROWS],
    )
    gains: dict[str, dict[str, float]] = {}
    refused: dict[str, int] = {}
    for row in rows:
        if f"\nlevel {level}\n".encode() not in bytes(row["text"]):
            continue
        if row["verdict"] in DEFECTS:
            refused[row["edits"]] = refused.get(row["edits"], 0) + 1
        elif row["screened"] is not None:
            module = f"{row['project']} {row['module']}"
            gains.setdefault(row["edits"], {}).setdefault(module, max(0.0, -float(row["screened"])))
    return gains, refused


def _edits(data: Sequence[object]) -> tuple[Edit, ...]:
    try:
        return edits_from_json(data)
    except RecipeError:
        return ()
