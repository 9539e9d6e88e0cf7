"""Several minds over one module: the model chooses levers, rules and numbers follow, and chance listens to nobody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from autopass_cc.agents.minds.chance import Chance
from autopass_cc.agents.minds.protocol import Mind, Proposal, Situation, Tried
from autopass_cc.measure.verdict import Verdict

EXPLORATION = 0.15  # share of the proposals that listens to nobody (10 to 20 % is what published tuners keep)


class Council:
    """Asks minds in their order of trust, and keeps a share of each answer for chance.

    The first minds are asked for all that is wanted, the later ones for what is left. Where no mind has anything new,
    chance does not go on alone, unless it is the only one.
    """

    name = "council"

    def __init__(self, minds: Sequence[Mind], chance: Mind | None = None) -> None:
        self._minds, self._chance = minds, chance or Chance()

    def propose(self, situation: Situation, wanted: int) -> list[Proposal]:
        """Return up to `wanted` new proposals of all minds."""
        if not self._minds:
            return list(self._chance.propose(situation, wanted))
        chosen: list[Proposal] = []
        for mind in self._minds:
            room = wanted - max(1, round(EXPLORATION * wanted)) - len(chosen)
            if room > 0:
                chosen += mind.propose(_with(situation, chosen), room)[:room]
        if not chosen:
            return []
        explored = math.ceil(EXPLORATION / (1 - EXPLORATION) * len(chosen))
        return [*chosen, *self._chance.propose(_with(situation, chosen), min(explored, wanted - len(chosen)))]


def _with(situation: Situation, chosen: Sequence[Proposal]) -> Situation:
    """Return the situation with what is already on the table, so that nobody proposes it again."""
    pending = tuple(Tried(proposal, "", Verdict.NOT_TRIED) for proposal in chosen)
    return replace(situation, history=(*situation.history, *pending))
