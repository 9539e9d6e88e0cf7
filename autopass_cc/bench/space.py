"""The edits that our minds may propose, as independent choices: the kind of space that general autotuners search.

A configuration names an option for each choice. What is offered is what `recipe.neighbours.legal_edits` lists: each knob is a
choice among its values, each pass of the base pipeline among its removal and its settings, and a few slots hold a pass to insert
and the place it goes behind. (A move or a replacement is a removal and an insertion.) One more choice says whether passes are
edited at all, because what steers how the default pipeline is built, Polly among it, does nothing beside edited passes.

Configurations that differ in nothing that counts are one: `normal` leaves as it is what would change nothing.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autopass_cc.digest import digest_of
from autopass_cc.recipe.allowlist import KnobSpec
from autopass_cc.recipe.edits import MAX_EDITS, Edit, Insert, Knob, Remove, Set
from autopass_cc.recipe.neighbours import Menu, idle, legal_edits
from autopass_cc.recipe.tree import Node, Pipeline

AS_IS = "as it is"
PASSES, EDITED = "passes", "edited"
REMOVED = "removed"
SLOTS = 4  # passes that may be inserted
KNOBS, SITES = 8, 6  # of each so many are changed by a random draw, on average: most of what changes everything is slow
MOST = MAX_EDITS - 4  # edits; to so many a recipe adds knobs of its own and stays within its limits

Configuration = dict[str, str]


@dataclass(frozen=True)
class Choice:
    """One choice. The first of its `options` changes nothing; a random draw is another one with probability `changed`."""

    name: str
    options: tuple[str, ...]
    changed: float

    def weighted(self) -> list[str]:
        """Return a list of options from which a uniform draw has about this choice's probabilities."""
        others = len(self.options) - 1
        if not others:
            return list(self.options)
        return [self.options[0]] * max(1, round(others * (1 - self.changed) / self.changed)) + list(self.options[1:])


class Space:
    """The choices on one base pipeline. `pipelines`: whether its passes may be edited; else there are knobs alone."""

    def __init__(self, base: Pipeline, menu: Menu, *, pipelines: bool) -> None:
        self._base = base
        self._edits: dict[str, dict[str, Edit]] = {}  # by choice and option
        self._inserted: dict[str, Insert] = {}  # by option: each pass that may be inserted, at some place
        self._anchors: dict[str, str] = {}  # by option
        if pipelines:
            self._offer_passes(menu)
        sites = _choices(self._edits, SITES)
        slots = [_slot(number, self._inserted, self._anchors) for number in range(SLOTS if self._inserted else 0)]
        self._slots = [(what.name, where.name) for what, where in slots]
        self._about_passes = [each.name for each in (*sites, *itertools.chain.from_iterable(slots))]
        self._specs = self._knobs(menu)
        knobs: dict[str, dict[str, Edit]] = {
            name: {value: Knob(spec.name, value) for value in spec.tries} for name, spec in self._specs.items()
        }
        self._edits |= knobs
        first = [Choice(PASSES, (AS_IS, EDITED), 0.5)] if self._about_passes else []
        self.choices = (*first, *sites, *itertools.chain.from_iterable(slots), *_choices(knobs, KNOBS))
        self._neutral = {each.name: each.options[0] for each in self.choices}

    @property
    def digest(self) -> str:
        """Name this space: another base pipeline, menu or encoding has another name."""
        return digest_of(json.dumps([str(self._base), [[each.name, each.weighted()] for each in self.choices]]).encode())

    def base(self) -> Configuration:
        """Return the configuration of the base level. Its passes may be edited, so that a single step can do so."""
        return self._neutral | ({PASSES: EDITED} if self._about_passes else {})

    def normal(self, configuration: Mapping[str, str]) -> Configuration:
        """Return the configuration with everything as it is that would change nothing beside the rest, or is too much."""
        found = dict(configuration)
        if found.get(PASSES) == AS_IS:
            self._leave(found, self._about_passes)
        self._leave(found, list(self._named(found))[MOST:])
        self._leave(found, [where for what, where in self._slots if found[what] == AS_IS])
        while useless := self._idle(found):
            self._leave(found, useless)
        return found

    def edits(self, configuration: Mapping[str, str]) -> tuple[Edit, ...]:
        """Return the edits of a configuration. The grammar takes those of every configuration."""
        return tuple(self._named(self.normal(configuration)).values())

    def _leave(self, configuration: Configuration, names: Iterable[str]) -> None:
        configuration.update({name: self._neutral[name] for name in names})

    def _named(self, configuration: Mapping[str, str]) -> dict[str, Edit]:
        """Return the edits of a configuration by the choices that they come from, those of passes first."""
        chosen = ((name, options.get(configuration[name])) for name, options in self._edits.items())
        found = {name: edit for name, edit in chosen if edit is not None}
        for what, where in self._slots:
            if configuration[what] != AS_IS:
                kind = self._inserted[configuration[what]]
                found[what] = Insert(kind.name, kind.at, self._anchors[configuration[where]], kind.params)
        return dict(sorted(found.items(), key=lambda pair: isinstance(pair[1], Knob)))

    def _idle(self, configuration: Mapping[str, str]) -> list[str]:
        named = self._named(configuration)
        edits = tuple(named.values())
        return [name for name in named if name in self._specs and idle(self._specs[name], edits, self._base)]

    def _offer_passes(self, menu: Menu) -> None:
        for edit in legal_edits(self._base, menu):
            match edit:
                case Remove():
                    self._edits.setdefault(edit.target, {})[REMOVED] = edit
                case Set():
                    self._edits.setdefault(edit.target, {})[f"{edit.param}={edit.value}"] = edit
                case Insert():
                    self._inserted[Node(edit.name, edit.params).label] = edit
                    self._anchors[f"{edit.at} {edit.anchor}"] = edit.anchor

    def _knobs(self, menu: Menu) -> dict[str, KnobSpec]:
        """Return the knobs that something in this space lets count, by choice."""
        offered = {spec.name: spec for spec in menu.knobs if spec.tries}
        present = {node.name for node, _ in self._base.walk()} | {each.name for each in self._inserted.values()}
        return {
            f"-{name}": spec
            for name, spec in offered.items()
            if (spec.needs is None or spec.needs in offered) and (spec.needs_pass is None or spec.needs_pass in present)
        }


def _choices(edits: Mapping[str, Mapping[str, Edit]], expected: int) -> list[Choice]:
    """Return the choices among edits; a random draw changes `expected` of them on average."""
    return [Choice(name, (AS_IS, *options), min(0.5, expected / len(edits))) for name, options in edits.items()]


def _slot(number: int, passes: Iterable[str], anchors: Iterable[str]) -> tuple[Choice, Choice]:
    places = tuple(anchors)
    return (
        Choice(f"insert {number + 1}", (AS_IS, *passes), 0.5),
        Choice(f"insert {number + 1}, where", places, 1 - 1 / len(places)),
    )
