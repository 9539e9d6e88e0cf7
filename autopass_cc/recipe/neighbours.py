"""What can be tried next: the edits that are legal on a base pipeline, listed for planners and drawn at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autopass_cc.errors import RecipeError
from autopass_cc.recipe.allowlist import AllowList, KnobSpec, PassSpec, check_knob
from autopass_cc.recipe.apply import apply, check_list
from autopass_cc.recipe.edits import Edit, Insert, Knob, Move, Remove, Replace, Set
from autopass_cc.recipe.params import settings
from autopass_cc.recipe.tree import Node, Pipeline
from autopass_cc.recipe.words import KnobType, Level, Stage, Tier

_TRIES = 400


@dataclass(frozen=True, slots=True)
class Menu:
    """The part of an allow-list that may be proposed on one toolchain. Get one with `menu`.

    `defaults` are the values that knobs have of themselves, where they are known; `cpu` is the one that programs run on.
    """

    allow: AllowList
    passes: tuple[PassSpec, ...]
    knobs: tuple[KnobSpec, ...]
    defaults: Mapping[str, str] = field(default_factory=dict)
    cpu: str = ""


def menu(
    allow: AllowList,
    max_tier: Tier = Tier.A,
    passes: Collection[str] | None = None,
    knobs: Mapping[str, str] | Collection[str] | None = None,
    arch: str | None = None,
    cpu: str = "",
) -> Menu:
    """Choose what may be proposed: up to a risk, of the names a probe found (None: all), for one target (None: any).

    Knobs may come with their defaults.
    """
    return Menu(
        allow,
        tuple(
            spec
            for spec in allow.passes.values()
            if spec.tier <= max_tier
            and not spec.pinned
            and (passes is None or spec.name in passes)
            and (arch is None or spec.arch in (None, arch))
        ),
        tuple(
            spec
            for spec in allow.knobs.values()
            if spec.tier <= max_tier and (knobs is None or spec.name in knobs) and (arch is None or spec.arch in (None, arch))
        ),
        knobs if isinstance(knobs, Mapping) else {},
        cpu,
    )


@dataclass(frozen=True, slots=True)
class _Site:
    address: str
    node: Node
    level: Level
    free: bool  # may be removed, moved, replaced


def _sites(base: Pipeline, allow: AllowList) -> list[_Site]:
    """Give the passes of the base, without adaptors and without what requires or invalidates analyses."""
    return [
        _Site(address, node, allow.passes[node.name].level, not allow.pinned(node))
        for address, node in base.sites().items()
        if node.name in allow.passes
    ]


def _forms(base: Pipeline, spec: PassSpec) -> list[str | None]:
    """Give the parameters a pass is seen with in the base; when it is not there its choices, or None, its own defaults."""
    if spec.params.choose:
        return list(spec.params.choices)
    seen = {node.params for node in base.sites().values() if node.name == spec.name}
    return sorted(seen, key=str) or [None]


def switch(spec: KnobSpec, choice: Menu) -> tuple[Knob, ...]:
    """Return the knob that a knob needs in order to do anything, at a value that lets it: none, or one."""
    needed = choice.allow.knobs.get(spec.needs) if spec.needs else None
    return (Knob(needed.name, "true" if needed.type is KnobType.BOOL else needed.tries[0]),) if needed else ()


def idle(spec: KnobSpec, edits: Sequence[Edit], base: Pipeline) -> bool:
    """Tell whether a knob would change nothing beside these edits: it needs what is missing, or is read too early."""
    if spec.stage is Stage.CONSTRUCT and any(not isinstance(edit, Knob) for edit in edits):
        return True
    if spec.needs and not any(isinstance(e, Knob) and e.name == spec.needs and e.value != "false" for e in edits):
        return True
    if spec.needs_pass is None or any(node.name == spec.needs_pass for node, _ in base.walk()):
        return False
    return not any(isinstance(edit, Insert | Replace) and edit.name == spec.needs_pass for edit in edits)


def legal_edits(base: Pipeline, choice: Menu, current: Sequence[Edit] = ()) -> Iterator[Edit]:
    """List, lazily, the edits that are legal on the base by themselves: knobs, settings, removals, insertions.

    Insertions are after passes of the same level, and loop passes also after function passes. Moves and replacements
    are left to `random_edit`: there are tens of thousands. Knobs that would be idle beside `current` are left out.
    """
    yield from (Knob(k.name, value) for k in choice.knobs if not idle(k, current, base) for value in k.tries)
    sites = _sites(base, choice.allow)
    for site in sites:
        if site.free:
            params = choice.allow.passes[site.node.name].params
            yield from (Set(site.address, param, value) for param, value in settings(params, site.node.params))
            yield Remove(site.address)
    for spec in choice.passes:
        forms = _forms(base, spec)
        for site in sites:
            if site.level is spec.level or (spec.level is Level.LOOP and site.level is Level.FUNCTION):
                yield from (Insert(spec.name, "after", site.address, form) for form in forms)


class _Draw:
    """One source of random edits; each method draws one kind, or None when there is none to draw."""

    def __init__(self, rng: random.Random, base: Pipeline, choice: Menu, current: Sequence[Edit]) -> None:
        self.rng, self.base, self.choice, self.current = rng, base, choice, current
        self.sites = _sites(base, choice.allow)
        self.free = [site for site in self.sites if site.free]

    def knob(self) -> Edit | None:
        specs = [k for k in self.choice.knobs if k.tries and not idle(k, self.current, self.base)]
        if not specs:
            return None
        spec = self.rng.choice(specs)
        return Knob(spec.name, self.rng.choice(spec.tries))

    def insert(self) -> Edit | None:
        if not self.choice.passes or not self.sites:
            return None
        spec = self.rng.choice(self.choice.passes)
        near = [s for s in self.sites if s.level is spec.level] or self.sites
        params = self.rng.choice(_forms(self.base, spec))
        return Insert(spec.name, self.rng.choice(("before", "after")), self.rng.choice(near).address, params)

    def remove(self) -> Edit | None:
        return Remove(self.rng.choice(self.free).address) if self.free else None

    def move(self) -> Edit | None:
        if not self.free:
            return None
        site = self.rng.choice(self.free)
        near = [s for s in self.sites if s.level is site.level and s is not site]
        return Move(site.address, self.rng.choice(("before", "after")), self.rng.choice(near).address) if near else None

    def replace(self) -> Edit | None:
        if not self.free:
            return None
        site = self.rng.choice(self.free)
        specs = [s for s in self.choice.passes if s.level is site.level and s.name != site.node.name]
        if not specs:
            return None
        spec = self.rng.choice(specs)
        return Replace(site.address, spec.name, self.rng.choice(_forms(self.base, spec)))

    def set(self) -> Edit | None:
        if not self.free:
            return None
        passes = self.choice.allow.passes
        site = self.rng.choice([site for site in self.free if passes[site.node.name].params.any] or self.free)
        pairs = list(settings(passes[site.node.name].params, site.node.params))
        return Set(site.address, *self.rng.choice(pairs)) if pairs else None


def random_edit(rng: random.Random, base: Pipeline, choice: Menu, current: Sequence[Edit] = ()) -> Edit:
    """Draw one edit that is legal on the base together with `current`; raises RecipeError when none is found.

    Half the draws are knobs, which alone keep the default pipeline; the rest fall on the five kinds of pipeline edits.
    """
    draw = _Draw(rng, base, choice, current)
    kinds: tuple[Callable[[], Edit | None], ...] = (draw.insert, draw.remove, draw.move, draw.replace, draw.set)
    for _ in range(_TRIES):
        edit = draw.knob() if rng.random() < 0.5 else rng.choice(kinds)()
        if edit is not None and edit not in current and _fits(base, [*current, edit], choice):
            return edit
    raise RecipeError("No further edit was found that fits the ones there are.")


def _fits(base: Pipeline, edits: Sequence[Edit], choice: Menu) -> bool:
    return objection(base, edits, choice) is None


def objection(base: Pipeline, edits: Sequence[Edit], choice: Menu) -> str | None:
    """Return why these edits cannot go together on the base (a sentence), or None when they can."""
    try:
        ordered = check_list(edits)
        specs = [check_knob(choice.allow, edit.name, edit.value) for edit in ordered if isinstance(edit, Knob)]
        construct = [spec for spec in specs if spec.stage is Stage.CONSTRUCT]
        if construct and len(specs) < len(ordered):
            return f"{construct[0].name} steers how the default pipeline is built: it does nothing beside edits of passes."
        apply(base, ordered, choice.allow)
    except RecipeError as error:
        return error.sentence
    return None
