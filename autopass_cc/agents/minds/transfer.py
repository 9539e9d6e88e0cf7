"""The mind that proposes what worked elsewhere, and what is told of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autopass_cc.agents.minds.protocol import Proposal, Situation, Tried
from autopass_cc.recipe.edits import Edit, Insert, Knob, Replace, canonical
from autopass_cc.recipe.neighbours import objection


@dataclass(frozen=True)
class Hint:
    """Edits that worked elsewhere, on a module that is so much `alike` (0 to 1; 0: not compared).

    `origin` says where, `gain` is the log-ratio there, `runs` what finding it took there.
    """

    edits: tuple[Edit, ...]
    origin: str
    why: str
    gain: float
    runs: int | None = None
    alike: float = 0.0


NEARLY_THE_SAME = 0.9  # alike: what the search there ended with is what one here would end with
AS_GOOD = 0.8  # of the gain there
WORKS = 0.02  # log-ratio: what worked elsewhere gains at least this, so that less has to be looked for


class Transfer:
    """Proposes what worked elsewhere, where it fits this compiler and this pipeline."""

    name = "transfer"

    def __init__(self, found: Sequence[Hint]) -> None:
        self.hints = tuple(found)

    def propose(self, situation: Situation, wanted: int) -> list[Proposal]:
        """Return up to `wanted` proposals that are not in the history."""
        seen = {canonical(tried.proposal.edits) for tried in situation.history}
        chosen = []
        for hint in self.hints:
            edits = canonical(hint.edits)
            if edits not in seen and _is_offered(edits, situation) and objection(situation.base, edits, situation.menu) is None:
                seen.add(edits)
                chosen.append(Proposal(edits, self.name, hint.why, (f"from:{hint.origin}",)))
        return chosen[:wanted]

    def hint_of(self, proposal: Proposal) -> Hint | None:
        """Return the hint that a proposal came from."""
        return next((hint for hint in self.hints if canonical(hint.edits) == canonical(proposal.edits)), None)

    def holds(self, history: Sequence[Tried]) -> bool:
        """Return whether what won on nearly the same code gains as much here (screening), so that nothing need be looked for."""
        pairs = ((self.hint_of(tried.proposal), tried.screened) for tried in history if tried.screened is not None)
        return any(
            hint.alike >= NEARLY_THE_SAME and hint.gain <= -WORKS and screened <= AS_GOOD * hint.gain
            for hint, screened in pairs
            if hint is not None
        )


def _is_offered(edits: Sequence[Edit], situation: Situation) -> bool:
    offered = {spec.name for spec in situation.menu.knobs} | {spec.name for spec in situation.menu.passes}
    return all(edit.name in offered for edit in edits if isinstance(edit, Knob | Insert | Replace))


@dataclass(frozen=True)
class Told:
    """What transfer came to in one module's search, as it stands in a run's facts and in the report."""

    module: str
    tried: int
    best: float | None  # log-ratio (screening)
    won: bool
    origin: str
    runs: int
    runs_there: int | None

    def to_json(self) -> Mapping[str, object]:
        """Return JSON values."""
        return vars(self)


def told(module: str, mind: Transfer, situation: Situation, winner: Proposal | None, runs: int) -> Told | None:
    """Return what to tell of a search that took `runs` runs of the program; None where nothing was transferred."""
    tried = [each for each in situation.history if each.proposal.mind.startswith(Transfer.name)]
    if not tried:
        return None
    timed = [each.screened for each in tried if each.screened is not None]
    hint = mind.hint_of(winner) if winner is not None else None
    return Told(
        module,
        len(tried),
        min(timed, default=None),
        hint is not None,
        hint.origin if hint else "",
        runs,
        hint.runs if hint else None,
    )
