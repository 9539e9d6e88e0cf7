"""One protocol for every mind: from evidence and history to proposals, which are lists of edits and never pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from autopass_cc.evidence.collect import Evidence
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import Edit
from autopass_cc.recipe.neighbours import Menu
from autopass_cc.recipe.tree import Pipeline


@dataclass(frozen=True)
class Proposal:
    """Edits to try together, with the hypothesis behind them and the evidence that it rests on."""

    edits: tuple[Edit, ...]
    mind: str
    hypothesis: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tried:
    """A proposal and what became of it; `screened` is the log-ratio of its time to the baseline's, if timed."""

    proposal: Proposal
    recipe: str
    verdict: Verdict
    screened: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Situation:
    """What a mind may know of a module: evidence, base pipeline, what may be proposed, and what was tried."""

    evidence: Evidence
    base: Pipeline
    menu: Menu
    seed: int
    history: tuple[Tried, ...] = field(default=())

    def gains(self, noise: float) -> list[Tried]:
        """Return what was timed and came out faster than the baseline by more than `noise` (log), best first."""
        timed = [tried for tried in self.history if tried.screened is not None and tried.screened < -noise]
        return sorted(timed, key=lambda tried: tried.screened or 0.0)


class Mind(Protocol):
    """Something that proposes; it sees measurements only through the history."""

    name: str

    def propose(self, situation: Situation, wanted: int) -> Sequence[Proposal]:
        """Return up to `wanted` proposals that are not in the history, the most promising first."""
        ...
