"""Random legal edits: the part of a search that listens to nobody, and the baseline of every ablation."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from autopass_cc.agents.minds.protocol import Proposal, Situation
from autopass_cc.errors import RecipeError
from autopass_cc.recipe.edits import Edit, canonical, join
from autopass_cc.recipe.neighbours import random_edit

PARENTS = 2  # of the best gains that an edit may be drawn on top of
TRIES = 20  # draws for each proposal that is wanted: many have been seen already


class Chance:
    """Draws edits on top of nothing or of the best so far. Deterministic: the same situation gives the same draws."""

    name = "exploration"

    def propose(self, situation: Situation, wanted: int) -> list[Proposal]:
        """Return up to `wanted` new proposals."""
        seen = {canonical(tried.proposal.edits) for tried in situation.history}
        chosen: list[Proposal] = []
        for proposal in itertools.islice(self._draws(situation), TRIES * wanted):
            if len(chosen) == wanted:
                break
            key = canonical(proposal.edits)
            if key not in seen:
                seen.add(key)
                chosen.append(proposal)
        return chosen

    def _draws(self, situation: Situation) -> Iterator[Proposal]:
        rng = random.Random(f"{situation.seed} {len(situation.history)}")  # noqa: S311 - repeatable on purpose
        parents: Sequence[tuple[Edit, ...]] = [(), *(tried.proposal.edits for tried in situation.gains()[:PARENTS])]
        while True:
            parent = rng.choice(parents)
            try:
                edit = random_edit(rng, situation.base, situation.menu, parent)
            except RecipeError:
                return
            yield Proposal(join(parent, (edit,)), self.name, "drawn at random from what is legal")
