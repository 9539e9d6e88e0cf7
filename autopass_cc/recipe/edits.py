"""Edits: what a proposal is made of. Each is small, immutable and has one JSON form; `apply` gives them meaning.

An address is `name#k`, the k-th node of that name (from 1) in pre-order of the *base*
pipeline, whatever other edits do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from autopass_cc.errors import RecipeError

MAX_EDITS = 64

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}#[1-9][0-9]{0,3}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,95}")
_TEXT = re.compile(r"[A-Za-z0-9=;-]{0,1024}")
_VALUE = re.compile(r"[A-Za-z0-9-]{1,64}")
_SIDES = re.compile(r"before|after")

# fields by what may stand in them; "pass" is the JSON key of the attribute `name` in insert and replace
_SHAPES = {
    "anchor": _ADDRESS,
    "target": _ADDRESS,
    "at": _SIDES,
    "name": _WORD,
    "param": _WORD,
    "params": _TEXT,
    "value": _VALUE,
}


@dataclass(frozen=True, slots=True)
class Insert:
    """A new pass before or after a node; wrapped in, or moved out of, adaptors as its level asks."""

    op: ClassVar[str] = "insert"
    name: str
    at: str
    anchor: str
    params: str | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """A node, with all that is in it, taken out."""

    op: ClassVar[str] = "remove"
    target: str


@dataclass(frozen=True, slots=True)
class Move:
    """A node, with all that is in it, put before or after another."""

    op: ClassVar[str] = "move"
    target: str
    at: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Another pass in the place of one."""

    op: ClassVar[str] = "replace"
    target: str
    name: str
    params: str | None = None


@dataclass(frozen=True, slots=True)
class Set:
    """One parameter of a pass: a number, `true`/`false` for a word that has a `no-` form, or a `choice`."""

    op: ClassVar[str] = "set"
    target: str
    param: str
    value: str


@dataclass(frozen=True, slots=True)
class Knob:
    """One -mllvm option."""

    op: ClassVar[str] = "knob"
    name: str
    value: str


Edit = Insert | Remove | Move | Replace | Set | Knob

# The order edits are applied in: structure last, so that no edit works on what another has taken away.
_KINDS: dict[str, type[Edit]] = {kind.op: kind for kind in (Set, Replace, Move, Insert, Remove, Knob)}
_RANK = {op: rank for rank, op in enumerate(_KINDS)}


def _keys(kind: type[Edit]) -> dict[str, str]:
    """Map JSON keys to attributes."""
    passes = kind in (Insert, Replace)
    return {("pass" if passes and f.name == "name" else f.name): f.name for f in fields(kind)}


def to_json(edit: Edit) -> dict[str, str]:
    """Give the JSON object of an edit; absent parameters are left out."""
    pairs = ((key, getattr(edit, name)) for key, name in _keys(type(edit)).items())
    return {"op": edit.op, **{key: value for key, value in pairs if value is not None}}


def _scalar(key: str, value: object) -> str:
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, int) and key == "value" and abs(value) < 10**12:
        value = str(value)
    if not isinstance(value, str):
        raise RecipeError(f"An edit's {key!r} is a {type(value).__name__}; it must be a string.")
    return value


def from_json(data: object) -> Edit:
    """Read one edit, strictly: raises RecipeError on an unknown op, an unknown or missing key, or a malformed value."""
    if not isinstance(data, Mapping):
        raise RecipeError(f"An edit is an object, not a {type(data).__name__}.")
    op = data.get("op")
    kind = _KINDS.get(op) if isinstance(op, str) else None
    if kind is None:
        raise RecipeError(f"{str(op)[:40]!r} is not an edit; there are {', '.join(_KINDS)}.")
    keys = _keys(kind)
    given = {key: value for key, value in data.items() if key != "op" and not (key == "params" and value is None)}
    unknown = [str(key)[:40] for key in given if key not in keys]
    missing = [key for key in keys if key not in given and key != "params"]
    if unknown or missing:
        raise RecipeError(f"An edit {op!r} has {', '.join(keys)}; unknown here: {unknown}, missing: {missing}.")
    return checked(kind(**{keys[key]: _scalar(key, value) for key, value in given.items()}))


def edits_from_json(data: object) -> tuple[Edit, ...]:
    """Read a list of up to MAX_EDITS edits; raises RecipeError."""
    if not isinstance(data, Sequence) or isinstance(data, str | bytes):
        raise RecipeError(f"Edits are a list, not a {type(data).__name__}.")
    if len(data) > MAX_EDITS:
        raise RecipeError(f"{len(data)} edits; the limit is {MAX_EDITS}.")
    return tuple(map(from_json, data))


def checked(edit: Edit) -> Edit:
    """Give the edit back if all its words are well-formed; raises RecipeError."""
    for attribute in fields(edit):
        text = getattr(edit, attribute.name)
        if text is None and attribute.name == "params":
            continue
        if not isinstance(text, str) or not _SHAPES[attribute.name].fullmatch(text):
            raise RecipeError(f"{edit.op}: {attribute.name} is {str(text)[:64]!r}, which is not well-formed.")
    return edit


def _key(edit: Edit) -> tuple[int, str, str, str]:
    match edit:
        case Insert():
            return _RANK["insert"], edit.anchor, edit.at, ""  # several at one place keep the order they were given in
        case Knob():
            return _RANK["knob"], edit.name, edit.value, ""
        case Set():
            return _RANK["set"], edit.target, edit.param, edit.value
        case _:
            return _RANK[edit.op], edit.target, "", ""


def canonical(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Sort edits into the order they are applied in: lists that mean the same become equal."""
    return tuple(sorted(edits, key=_key))


def without(edits: Sequence[Edit], index: int) -> tuple[Edit, ...]:
    """Leave out one edit: the step of a minimisation. Addresses are of the base, so the rest keep their meaning."""
    if not 0 <= index < len(edits):
        raise RecipeError(f"There is no edit {index} of {len(edits)}.")
    return tuple(edits[:index]) + tuple(edits[index + 1 :])


def join(first: Sequence[Edit], second: Sequence[Edit]) -> tuple[Edit, ...]:
    """Return the edits of both; where both set a knob, the second does."""
    names = {edit.name for edit in second if isinstance(edit, Knob)}
    kept = [edit for edit in first if not (isinstance(edit, Knob) and edit.name in names) and edit not in second]
    return (*kept, *second)


def text_of(edit: Edit) -> str:
    """Say one edit in short words: `unroll-count=4`, `insert gvn after licm#2`."""
    match edit:
        case Knob():
            return f"{edit.name}={edit.value}"
        case Insert():
            return f"insert {_pass(edit)} {edit.at} {edit.anchor}"
        case Remove():
            return f"remove {edit.target}"
        case Move():
            return f"move {edit.target} {edit.at} {edit.anchor}"
        case Replace():
            return f"replace {edit.target} by {_pass(edit)}"
        case Set():
            return f"set {edit.target} {edit.param}={edit.value}"


def _pass(edit: Insert | Replace) -> str:
    return f"{edit.name}<{edit.params}>" if edit.params else edit.name
