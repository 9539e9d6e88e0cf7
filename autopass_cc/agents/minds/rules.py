"""The rule planner: turns evidence into ranked edits, needs no model, and is the baseline of every comparison.

It tries single levers in the order that the evidence suggests, combines those that gained, tries values next to the
winning ones, and adds levers that were not tried alone to the best so far.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from autopass_cc.agents.minds import levers, versions
from autopass_cc.agents.minds.protocol import Proposal, Situation, Tried
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.allowlist import AllowList, KnobSpec
from autopass_cc.recipe.edits import Edit, Knob, canonical, join
from autopass_cc.recipe.neighbours import idle, switch
from autopass_cc.recipe.words import KnobType

PARENTS = 5  # how many gains are combined


class Rules:
    """Proposes edits by rules. Deterministic: the same situation gives the same proposals."""

    name = "rules"

    def propose(self, situation: Situation, wanted: int) -> list[Proposal]:
        """Return up to `wanted` new proposals, the most promising first."""
        seen = {canonical(tried.proposal.edits) for tried in situation.history}
        gains = situation.gains()
        chosen: list[Proposal] = []
        streams: list[Iterable[Proposal]] = [singles(situation)]
        if gains:
            alone = iter(singles(situation))  # takes two turns: what is lost on top of one lever may be the best by itself
            untimed = [each for each in singles(situation) if canonical(each.edits) not in seen]
            streams = [combinations(gains), alone, refinements(gains, situation.menu.allow), alone, upon(gains, untimed)]
        for proposal in _take_turns(streams):
            if len(chosen) >= wanted:
                break
            _add(chosen, proposal, seen)
        return chosen


def _add(chosen: list[Proposal], proposal: Proposal, seen: set[tuple[Edit, ...]]) -> None:
    key = canonical(proposal.edits)
    if key not in seen:
        seen.add(key)
        chosen.append(proposal)


def _take_turns(streams: Sequence[Iterable[Proposal]]) -> Iterator[Proposal]:
    """Yield from each stream in turn until all are empty."""
    missing = object()
    for group in itertools.zip_longest(*streams, fillvalue=missing):
        yield from (proposal for proposal in group if isinstance(proposal, Proposal))


def singles(situation: Situation) -> list[Proposal]:
    """Return single levers for the module, by weight: knobs with each of their values, and passes to insert."""
    weights = levers.relevance(situation.evidence)
    offered = {spec.name for spec in situation.menu.knobs} | {spec.name for spec in situation.menu.passes}
    found: list[tuple[float, Proposal]] = []
    for spec in situation.menu.knobs:
        needed = switch(spec, situation.menu)
        if idle(spec, needed, situation.base):
            continue
        weight = weights.get(spec.group, 0.1) * levers.PRIOR.get(spec.name, levers.OTHER)
        for place, value in enumerate(spec.tries):
            text = f"{spec.group}: {spec.name} = {value}"
            found.append(
                (
                    weight * levers.LATER_VALUE**place,
                    Proposal((*needed, Knob(spec.name, value)), "rules", text, (f"group:{spec.group}",)),
                )
            )
    menu = situation.menu
    dear = {canonical(tried.proposal.edits) for tried in situation.history if tried.verdict is Verdict.SLOW_TO_COMPILE}
    for weight, edits, hypothesis in (
        *versions.for_cpu(situation.evidence, situation.base, menu.cpu, menu.allow, dear),
        *levers.passes(situation.evidence, situation.base),
    ):
        if all(getattr(edit, "name", None) in offered for edit in edits):
            found.append((weight, Proposal(edits, "rules", hypothesis, ("features",))))
    found.sort(key=lambda pair: -pair[0])
    return [proposal for _, proposal in found]


def combinations(gains: Sequence[Tried]) -> Iterator[Proposal]:
    """Yield unions of what gained alone, the best pairs first, then more together."""
    best = gains[:PARENTS]
    for size in (2, 3, 4):
        for group in itertools.combinations(best, size):
            if any(versions.clash(one.proposal.edits, other.proposal.edits) for one, other in itertools.combinations(group, 2)):
                continue
            edits: tuple[Edit, ...] = ()
            for tried in group:
                edits = join(edits, tried.proposal.edits)
            yield Proposal(edits, "rules", f"{size} gains together")


def refinements(gains: Sequence[Tried], allow: AllowList) -> Iterator[Proposal]:
    """Yield the best proposals with one knob's value halved, doubled, or the next in the list of values."""
    for tried in gains[:2]:
        for edit in tried.proposal.edits:
            if isinstance(edit, Knob) and edit.name in allow.knobs:
                for value in _near(allow.knobs[edit.name], edit.value):
                    text = f"{edit.name} near its gaining value {edit.value}"
                    yield Proposal(join(tried.proposal.edits, (Knob(edit.name, value),)), "rules", text)


def _near(spec: KnobSpec, value: str) -> Iterator[str]:
    if spec.type is KnobType.INT:
        number = int(value)
        for near in (2 * number, number // 2, number + 1, number - 1):
            if spec.low <= near <= spec.high and near != number:
                yield str(near)
    elif spec.type is KnobType.ENUM:
        yield from (other for other in spec.values if other != value)


def upon(gains: Sequence[Tried], further: Iterable[Proposal]) -> Iterator[Proposal]:
    """Yield further levers on top of the best so far."""
    best = gains[0]
    for proposal in further:
        if versions.clash(best.proposal.edits, proposal.edits):
            continue
        yield Proposal(join(best.proposal.edits, proposal.edits), proposal.mind, f"on top of the best: {proposal.hypothesis}")
