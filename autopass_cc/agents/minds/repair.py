"""What a model says, made legal edit by edit: the nearest valid name, values within their range, the rest dropped.

Nothing here lets anything through: what is kept is checked by the recipe grammar like everybody's edits. Each change
and each drop is a sentence, which the next message tells the model.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from autopass_cc.errors import RecipeError
from autopass_cc.recipe.allowlist import KnobSpec, PassSpec
from autopass_cc.recipe.edits import MAX_EDITS, Edit, Knob, from_json, text_of
from autopass_cc.recipe.neighbours import Menu, idle, objection, switch
from autopass_cc.recipe.params import settings
from autopass_cc.recipe.tree import Pipeline
from autopass_cc.recipe.words import KnobType

CUT_OFF = 0.8  # of difflib's ratio: `loop-unrol` is loop-unroll, `licm` is not `lnicm`'s fault
SHOWN = 60  # characters of a wrong word that a sentence repeats
YES, NO = ("1", "yes", "on"), ("0", "no", "off")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "insert": ("pass", "at", "anchor", "params"),
    "remove": ("target",),
    "move": ("target", "at", "anchor"),
    "replace": ("target", "pass", "params"),
    "set": ("target", "param", "value"),
    "knob": ("name", "value"),
}


@dataclass(frozen=True)
class Repaired:
    """Legal edits, what was changed or dropped on the way (a sentence each), and further values worth trying by knob."""

    edits: tuple[Edit, ...]
    notes: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]


class _DroppedError(Exception):
    """An edit that cannot be repaired, and why."""


class Repairer:
    """Repairs edits for one base pipeline and one menu."""

    def __init__(self, base: Pipeline, choice: Menu) -> None:
        self._base, self._choice = base, choice
        self._sites = base.sites()
        self._knobs: dict[str, KnobSpec] = {spec.name: spec for spec in choice.knobs}
        self._passes: dict[str, PassSpec] = {spec.name: spec for spec in choice.passes}

    def repair(self, data: object) -> Repaired:
        """Return what is legal of a list of edits (JSON values), in its order; never raises."""
        if not isinstance(data, Sequence) or isinstance(data, str | bytes):
            return Repaired((), (f"edits must be a list, not a {type(data).__name__}",), {})
        notes = [f"only the first {MAX_EDITS} of {len(data)} edits were looked at"] if len(data) > MAX_EDITS else []
        kept: list[Edit] = []
        values: dict[str, tuple[str, ...]] = {}
        named = frozenset(str(item.get("name")) for item in data[:MAX_EDITS] if isinstance(item, Mapping))
        for item in data[:MAX_EDITS]:
            try:
                edit = self._edit(item, notes)
                self._add(kept, edit, notes, named)
            except (_DroppedError, RecipeError) as problem:
                sentence = problem.sentence if isinstance(problem, RecipeError) else str(problem)
                notes.append(f"dropped {_brief(item)}: {sentence.rstrip('.')}")
            else:
                if isinstance(edit, Knob) and isinstance(item, Mapping):
                    values[edit.name] = tuple(self._further(self._knobs[edit.name], item.get("try"), edit.value))
        kept = self._without_idle(kept, notes)
        knobs = {edit.name for edit in kept if isinstance(edit, Knob)}
        return Repaired(tuple(kept), tuple(notes), {name: found for name, found in values.items() if found and name in knobs})

    def _edit(self, item: object, notes: list[str]) -> Edit:
        if not isinstance(item, Mapping):
            raise _DroppedError("an edit is an object")
        op = _nearest(str(item.get("op")), FIELDS)
        if op is None:
            raise _DroppedError(f"there are {', '.join(FIELDS)}")
        given = {key: item[key] for key in FIELDS[op] if item.get(key) is not None}
        named: Mapping[str, Callable[[str], str]] = {
            "pass": self._pass,
            "name": self._knob,
            "target": self._address,
            "anchor": self._address,
        }
        for key in (key for key in FIELDS[op] if key in named):
            word = given.get(key)
            if not isinstance(word, str):
                raise _DroppedError(f"its {key} is missing")
            given[key] = named[key](word)
            if given[key] != word:
                notes.append(f"{word[:SHOWN]!r} was read as {given[key]}")
        if op == "knob":
            given["value"] = self._value(self._knobs[given["name"]], given.get("value"), notes)
        if op == "set":
            self._setting(given, notes)
        if op in ("insert", "replace"):
            given = self._parameters(op, given, notes)
        return from_json({"op": op, **given})

    def _pass(self, name: str) -> str:
        bare = name.partition("<")[0].strip()
        found = _nearest(bare, self._passes)
        if found is None:
            raise _DroppedError(f"{bare[:SHOWN]!r} is not a pass that may be inserted here")
        return found

    def _knob(self, name: str) -> str:
        bare = name.strip().removeprefix("-mllvm").strip(" =").lstrip("-").partition("=")[0]
        found = _nearest(bare, self._knobs)
        if found is None:
            raise _DroppedError(f"{bare[:SHOWN]!r} is not a knob of this toolchain that may be set")
        return found

    def _address(self, address: str) -> str:
        if address in self._sites:
            return address
        name, _, number = address.partition("#")
        found = _nearest(name, {site.partition("#")[0] for site in self._sites})
        if found is None:
            raise _DroppedError(f"there is no {address[:SHOWN]!r} in the base pipeline")
        count = sum(site.startswith(f"{found}#") for site in self._sites)
        place = int(number) if number.isdecimal() and len(number) < 5 else 1
        return f"{found}#{min(max(place, 1), count)}"

    def _value(self, spec: KnobSpec, value: object, notes: list[str]) -> str:
        text = _scalar(value)
        if spec.type is KnobType.INT:
            return _clamped(text, spec.low, spec.high, spec.name, notes)
        if spec.type is KnobType.BOOL:
            return "true" if text in YES else "false" if text in NO else text
        return _nearest(text, spec.values) or text

    def _further(self, spec: KnobSpec, data: object, chosen: str) -> Iterable[str]:
        """Yield the other legal values that the model wants tried for a knob, each once."""
        if not isinstance(data, Sequence) or isinstance(data, str | bytes):
            return
        seen = {chosen}
        for item in data[:8]:
            try:
                value = self._value(spec, item, [])
            except _DroppedError:
                continue
            if value not in seen and objection(self._base, [Knob(spec.name, value)], self._choice) is None:
                seen.add(value)
                yield value

    def _setting(self, given: dict[str, object], notes: list[str]) -> None:
        """Find the nearest parameter of the pass at `target`, and clamp a number to what it may be."""
        node = self._sites[str(given["target"])]
        spec = self._choice.allow.passes.get(node.name)
        if spec is None or not spec.params.any:
            raise _DroppedError(f"{node.name} has no parameters to set")
        names = {name for name, _ in settings(spec.params, node.params)} | set(spec.params.ints)
        found = _nearest(str(given.get("param")), names)
        if found is None:
            raise _DroppedError(f"{node.name} has {', '.join(sorted(names)) or 'nothing left to set'}")
        given["param"] = found
        value = _scalar(given.get("value"))
        if found in spec.params.ints:
            value = _clamped(value, *spec.params.ints[found], found, notes)
        elif found in spec.params.switches | spec.params.flags:
            value = "true" if value in YES else "false" if value in NO else value
        given["value"] = value

    def _parameters(self, op: str, given: dict[str, object], notes: list[str]) -> dict[str, object]:
        """Leave parameters away that the pass does not take: its own defaults are legal."""
        try:
            trial = from_json({"op": op, **given})
        except RecipeError:
            trial = None
        if given.get("params") is None:
            return given
        if trial is not None and objection(self._base, [trial], self._choice) is None:
            return given
        notes.append(
            f"parameters {str(given['params'])[:SHOWN]!r} of {given.get('pass')} are not allowed; its defaults were taken"
        )
        return {key: value for key, value in given.items() if key != "params"}

    def _add(self, kept: list[Edit], edit: Edit, notes: list[str], named: frozenset[str]) -> None:
        """Add an edit if it goes with those kept, with the switch that it needs unless that is `named` by another edit."""
        if edit in kept:
            return
        knobs = {each.name for each in kept if isinstance(each, Knob)}
        switches = switch(self._knobs[edit.name], self._choice) if isinstance(edit, Knob) else ()
        missing = [needed for needed in switches if needed.name not in named and needed.name not in knobs]
        for needed in missing:
            if needed.name not in self._knobs:
                raise _DroppedError(f"it needs {needed.name}, which may not be set here")
        problem = objection(self._base, [*kept, *missing, edit], self._choice)
        if problem is not None:
            raise _DroppedError(problem)
        notes += [f"{text_of(needed)} was added, because {text_of(edit)} does nothing without it" for needed in missing]
        kept += [*missing, edit]

    def _without_idle(self, kept: list[Edit], notes: list[str]) -> list[Edit]:
        """Drop knobs that would change nothing beside the other edits."""
        useful = []
        for edit in kept:
            if isinstance(edit, Knob) and idle(self._knobs[edit.name], kept, self._base):
                spec = self._knobs[edit.name]
                notes.append(f"dropped {edit.name}: it does nothing without the pass {spec.needs_pass or spec.needs}")
            else:
                useful.append(edit)
        return useful


def _nearest(word: str, known: Iterable[str]) -> str | None:
    names = list(known)
    if word in names:
        return word
    close = difflib.get_close_matches(word[:100].lower(), names, n=1, cutoff=CUT_OFF)
    return close[0] if close else None


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int) or len(str(value)) > 64:
        raise _DroppedError("its value is missing or not a number or word")
    return str(value).strip()


def _clamped(text: str, low: int, high: int, name: str, notes: list[str]) -> str:
    try:
        number = int(text)
    except ValueError:
        raise _DroppedError(f"{name} takes a number from {low} to {high}, not {text[:SHOWN]!r}") from None
    inside = min(max(number, low), high)
    if inside != number:
        notes.append(f"{name}={number} was set to {inside}: the range is {low} to {high}")
    return str(inside)


def _brief(item: object) -> str:
    if not isinstance(item, Mapping):
        return repr(item)[:SHOWN]
    words = [str(item.get(key)) for key in ("op", "pass", "name", "target", "anchor", "value") if item.get(key) is not None]
    return " ".join(words)[: 2 * SHOWN]
