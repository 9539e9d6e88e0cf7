"""One protocol for every mind: from evidence and history to proposals, which are lists of edits and never pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from autopass_cc.evidence.collect import Evidence
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import Edit
from autopass_cc.recipe.neighbours import Menu
from autopass_cc.recipe.tree import Pipeline

MODEL = "model"  # with which the names of a language model's minds begin
NOISE = 0.01  # log-ratio below which a screened gain is no hint


@dataclass(frozen=True)
class Proposal:
    """Edits to try together, with the hypothesis behind them, the evidence (ids) that it rests on, and what is expected.

    `round` is the model's round that the proposal came from (from 1), 0 for other minds.
    """

    edits: tuple[Edit, ...]
    mind: str
    hypothesis: str
    evidence: tuple[str, ...] = ()
    expected: str = ""
    risk: str = ""
    round: int = 0


@dataclass(frozen=True)
class Diagnosis:
    """What a timed candidate changed in its module, the likeliest cause of its time, and what to undo.

    `function` is where the cause was seen. `changes` are short sentences about functions (instruction mix, remarks gained
    and lost), `numbers` such that name none (counters, code size); `undo` names edits (as text).
    """

    cause: str
    changes: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    hot_loop: str = ""
    function: str = ""
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Removal:
    """What a recipe loses without one of its edits: a log-ratio of times (None: not timed), or nothing (same code)."""

    edit: Edit
    cost: float | None
    same_code: bool = False


@dataclass(frozen=True)
class Tried:
    """A proposal and what became of it; `screened` is the log-ratio of its time to the baseline's, if timed."""

    proposal: Proposal
    recipe: str
    verdict: Verdict
    screened: float | None = None
    detail: str = ""
    diagnosis: Diagnosis | None = None
    removals: tuple[Removal, ...] = ()


@dataclass(frozen=True)
class Situation:
    """What a mind may know of a module: evidence, base pipeline, what may be proposed, and what was tried.

    `memory` is what earlier runs know of this module; `wave` counts the looks at new candidates, from 1.
    """

    evidence: Evidence
    base: Pipeline
    menu: Menu
    seed: int
    history: tuple[Tried, ...] = field(default=())
    memory: tuple[Tried, ...] = ()
    wave: int = 1

    def gains(self, noise: float = NOISE) -> list[Tried]:
        """Return what was timed and came out faster than the baseline by more than `noise` (log), best first."""
        timed = [tried for tried in self.history if tried.screened is not None and tried.screened < -noise]
        return sorted(timed, key=lambda tried: tried.screened or 0.0)

    def without_results(self) -> Situation:
        """Return the situation of a mind that is told what was tried, but not what came of it."""
        untold = tuple(Tried(tried.proposal, tried.recipe, Verdict.NOT_TRIED) for tried in self.history)
        return replace(self, history=untold, memory=())


class Mind(Protocol):
    """Something that proposes; it sees measurements only through the history."""

    name: str

    def propose(self, situation: Situation, wanted: int) -> Sequence[Proposal]:
        """Return up to `wanted` proposals that are not in the history, the most promising first."""
        ...
