"""Score: what tuning a module can bring, from where the time goes and what the code looks like. Deterministic.

A module's score is the product of three numbers, each of which is told:

- its *share* of the program's time (no change of a module saves more than that; Amdahl's law);
- its *potential*, 0.25 to 1: loops, branches, calls, switches and refused optimisations (remarks that say missed) per
  instruction of its hot functions, because code without them gives the optimiser little to decide;
- its *room*, what earlier verdicts leave: halved by each run that found nothing, and by a recipe that is in place.

The paper's Score agent ranks functions from the call graph and the same IR features, for the context of its model; here
functions inherit a part of their callers' heat, because they may end up inside of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.features import Features

LEAST_POTENTIAL = 0.25
# How many per 100 instructions are plenty: the 90th percentile over 1,523 functions of lua 5.4, zstd 1.5.4 and examples/
# (clang 22, -O2, before optimisation). Two are set apart: one computed jump is an interpreter, and the tail of missed
# remarks is so long that their upper quartile was taken.
PLENTY = {"loops": 2.1, "conditional_branches": 6.5, "switches": 1.4, "indirect_branches": 0.1, "calls": 11.8, "missed": 25.0}
# A judgement, that most of published gains come from loops; what the whole score is worth, the ablation without it tells.
WEIGHT = {"loops": 0.3, "conditional_branches": 0.2, "switches": 0.1, "indirect_branches": 0.1, "calls": 0.15, "missed": 0.15}
MUCH = 0.6  # of the weights together: no code has plenty of everything
ROOM_LEFT = 0.5  # after a run that found nothing, or with a recipe in place
INHERITED = 0.3  # of its callers' heat, divided among what they call


@dataclass(frozen=True)
class FunctionScore:
    """A function and how much it matters, 0 to 1; `why` says from what."""

    function: str
    score: float
    why: str


@dataclass(frozen=True)
class ModuleScore:
    """A module's score (expected gain, in no unit but comparable), its three factors, its functions, the reasons."""

    module: str
    score: float
    share: float
    potential: float
    room: float
    functions: tuple[FunctionScore, ...]
    why: str

    @property
    def heat(self) -> dict[str, float]:
        """Return the functions that matter and how much, 0 to 1."""
        return {each.function: each.score for each in self.functions}


@dataclass(frozen=True)
class Earlier:
    """What former runs came to for a module: how many found nothing, and whether a recipe is in place."""

    in_vain: int = 0
    in_place: bool = False


def score(evidence: Evidence, earlier: Earlier) -> ModuleScore:
    """Score one module."""
    hot = evidence.hot_features()
    counted = _counted(evidence, hot)
    potential, reasons = _potential(counted, sum(found.instructions for found in hot))
    room = ROOM_LEFT ** (earlier.in_vain + earlier.in_place)
    told = [f"{evidence.share * 100:.0f} % of the time", *reasons]
    if earlier.in_vain:
        told.append(f"nothing was found in {earlier.in_vain} earlier run{'s' if earlier.in_vain > 1 else ''}")
    if earlier.in_place:
        told.append("a recipe is in place")
    return ModuleScore(
        module=evidence.module,
        score=evidence.share * potential * room,
        share=evidence.share,
        potential=potential,
        room=room,
        functions=tuple(functions(evidence)),
        why=", ".join(told),
    )


def alike(evidence: Evidence) -> ModuleScore:
    """Return the score that every module has where scoring is switched off (an ablation)."""
    return ModuleScore(evidence.module, 1.0, evidence.share, 1.0, 1.0, (), "scores are switched off")


def rank(scores: Sequence[ModuleScore]) -> list[ModuleScore]:
    """Return the scores, the most promising module first; equal ones by name."""
    return sorted(scores, key=lambda each: (-each.score, each.module))


def _counted(evidence: Evidence, hot: Sequence[Features]) -> Mapping[str, float]:
    names = {found.function for found in hot}
    missed = sum(remark.kind == "missed" and remark.function in names for remark in evidence.remarks)
    return {name: float(sum(getattr(found, name) for found in hot)) for name in PLENTY if name != "missed"} | {"missed": missed}


def _potential(counted: Mapping[str, float], instructions: int) -> tuple[float, list[str]]:
    """Return a potential and its two strongest reasons."""
    if instructions == 0:
        return 1.0, ["its code could not be read"]  # nothing speaks against it
    filled = {name: min(1.0, 100 * count / instructions / PLENTY[name]) for name, count in counted.items()}
    parts = {name: WEIGHT[name] * level for name, level in filled.items()}
    potential = LEAST_POTENTIAL + (1 - LEAST_POTENTIAL) * min(1.0, sum(parts.values()) / MUCH)
    strongest = sorted((name for name in parts if parts[name] > 0), key=lambda name: (-parts[name], name))[:2]
    return potential, [_counted_words(name, int(counted[name])) for name in strongest] or ["straight code"]


def _counted_words(name: str, count: int) -> str:
    word = _WORDS.get(name, name.rstrip("s"))
    return f"{count} {word}" if count == 1 else f"{count} {_PLURALS.get(name, f'{word}s')}"


_WORDS = {
    "missed": "refused optimisation",
    "conditional_branches": "branch",
    "indirect_branches": "computed jump",
    "switches": "switch",
}
_PLURALS = {"conditional_branches": "branches", "switches": "switches"}


def functions(evidence: Evidence) -> list[FunctionScore]:
    """Return the functions of a module that matter, most first: their own share of time, and a part of their callers'."""
    own = {hot.function: hot.share for hot in evidence.hot}
    known = {found.function: found for found in evidence.features}
    heat: dict[str, float] = dict.fromkeys(known, 0.0) | own
    callers: dict[str, list[str]] = {}
    for name, found in known.items():
        targets = [callee for callee in dict.fromkeys(found.callees) if callee in known and callee != name]
        for callee in targets:
            heat[callee] += INHERITED * own.get(name, 0.0) / len(targets)
            callers.setdefault(callee, []).append(name)
    result = []
    for name, value in heat.items():
        reasons = [f"{own[name] * 100:.1f} % of the time"] if own.get(name) else []
        hot_callers = [caller for caller in callers.get(name, []) if own.get(caller)]
        if hot_callers:
            reasons.append(f"called by {', '.join(hot_callers[:2])}")
        if value > 0:
            result.append(FunctionScore(name, value, "; ".join(reasons)))
    return sorted(result, key=lambda each: (-each.score, each.function))
