"""One line of an exchange file: JSON read strictly, and entries of which every field is checked.

Whoever wrote the line may be an enemy. A recipe goes through the grammar, names and free text are bounded and printable,
numbers are finite and plausible; nothing is ever used as a path or a command.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from autopass_cc.digest import digest_of
from autopass_cc.errors import RecipeError
from autopass_cc.recipe.edits import edits_from_json, to_json
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.imports import Imported

MAX_LINE = 64 << 10  # bytes
MAX_DIGITS = 18
LONGEST_NAME, LONGEST_TEXT = 1024, 1000

_HEX = re.compile(r"[0-9a-f]{32}")
_MACHINE = re.compile(r"[0-9a-f]{16}|")
_NUMBERS = {"median": (-5.0, 5.0), "low": (-5.0, 5.0), "high": (-5.0, 5.0), "log_e": (-1e3, 1e3), "share": (0.0, 1.0)}
_KEYS = ("exact", "inherited", "portable_exact", "portable_inherited")
_PROVENANCE = ("compiler", "target", "cpu", "machine", "kernel", "blocks", "coverage")
_FIELDS = {"project", "module", "keys", "toolchain", "level", "recipe", "edits", "evidence", "exact_only", "provenance"}


class BadLineError(Exception):
    """A line that is not taken; the text says why, without anything that a terminal would obey."""

    def __init__(self, why: str) -> None:
        super().__init__("".join(c if c.isprintable() else "?" for c in why)[:200])


def canonical(value: Any) -> bytes:
    """Return the one form in which a value is written: compact, keys sorted, ASCII; with its newline."""
    return (json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n").encode()


def parse(line: bytes) -> dict[str, Any]:
    """Return the object that a line holds; raises BadLineError for all that two readers could understand in two ways."""
    if len(line) > MAX_LINE:
        raise BadLineError(f"longer than {MAX_LINE} bytes")
    try:
        found = _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadLineError("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadLineError(f"not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise BadLineError("nested too deeply") from None
    if not isinstance(found, dict):
        raise BadLineError("not a JSON object")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadLineError("a key stands twice in an object")
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise BadLineError("a number with too many digits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadLineError("a number that is not finite")
    return value


def _constant(text: str) -> NoReturn:
    raise BadLineError(f"{text} is not a number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)


def recipe_of(found: Mapping[str, Any]) -> tuple[str, bytes, str]:
    """Return digest, text and level of a line's recipe, which went through the grammar; raises BadLineError."""
    digest, text = found["recipe"], found["text"]
    if not isinstance(text, str) or not isinstance(digest, str):
        raise BadLineError("a recipe's name and text are strings")
    try:
        data = text.encode("ascii")
        recipe = Recipe.parse(data)
    except UnicodeEncodeError:
        raise BadLineError("a recipe is plain ASCII") from None
    except RecipeError as error:
        raise BadLineError(f"a recipe outside the grammar: {error.sentence}") from None
    if digest_of(data) != digest:
        raise BadLineError("a recipe whose name is not its digest")
    return digest, data, recipe.level


def entry_of(found: Mapping[str, Any], levels: Mapping[str, str]) -> Imported:
    """Return the entry that a line holds; `levels` are those of the recipes seen so far. Raises BadLineError."""
    _fields("an entry", found, _FIELDS, _FIELDS)
    keys, evidence = found["keys"], found["evidence"]
    _fields("keys", keys, _KEYS, _KEYS)
    _fields("evidence", evidence, _NUMBERS, _NUMBERS)
    numbers = {name: _number(name, evidence[name], *bounds) for name, bounds in _NUMBERS.items()}
    if not numbers["low"] <= numbers["median"] <= numbers["high"]:
        raise BadLineError("the median lies outside its interval")
    recipe = _matching("recipe", found["recipe"], _HEX)
    if recipe not in levels:
        raise BadLineError("its recipe does not stand before it in the file")
    if found["level"] != levels[recipe]:
        raise BadLineError("its level is not its recipe's")
    try:
        edits = [to_json(edit) for edit in edits_from_json(found["edits"])]
    except RecipeError as error:
        raise BadLineError(f"edits outside the grammar: {error.sentence}") from None
    return Imported(
        source="",
        project=_matching("project", found["project"], _HEX),
        module=_name(found["module"]),
        exact=_matching("exact", keys["exact"], _HEX),
        inherited=_digest_or_none("inherited", keys["inherited"]),
        portable_exact=_digest_or_none("portable_exact", keys["portable_exact"]),
        portable_inherited=_digest_or_none("portable_inherited", keys["portable_inherited"]),
        toolchain=_matching("toolchain", found["toolchain"], _HEX),
        level=levels[recipe],
        recipe=recipe,
        edits=edits,
        exact_only=_text("exact_only", found["exact_only"]),
        provenance=_provenance(found["provenance"]),
        median=numbers["median"],
        low=numbers["low"],
        high=numbers["high"],
        log_e=numbers["log_e"],
        share=numbers["share"],
    )


def line_of(entry: Imported) -> bytes:
    """Return an entry as its line; `entry_of` gives it back."""
    return canonical(
        {
            "project": entry.project,
            "module": entry.module,
            "keys": {name: getattr(entry, name) for name in _KEYS},
            "toolchain": entry.toolchain,
            "level": entry.level,
            "recipe": entry.recipe,
            "edits": entry.edits,
            "evidence": {name: getattr(entry, name) for name in _NUMBERS},
            "exact_only": entry.exact_only,
            "provenance": entry.provenance,
        }
    )


def _fields(what: str, found: object, needed: Collection[str], known: Collection[str]) -> None:
    if not isinstance(found, Mapping):
        raise BadLineError(f"{what}: not an object")
    unknown = sorted(found.keys() - set(known))
    if unknown:
        raise BadLineError(f"{what}: nothing is known of {unknown[0][:40]!r}")
    missing = sorted(set(needed) - found.keys())
    if missing:
        raise BadLineError(f"{what}: {missing[0]} is missing")


def _number(name: str, value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadLineError(f"{name} is not a number")
    if not least <= value <= most:
        raise BadLineError(f"{name} is not between {least:g} and {most:g}")
    return float(value)


def _matching(name: str, value: object, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise BadLineError(f"{name} is not a digest")
    return value


def _digest_or_none(name: str, value: object) -> str:
    return "" if value == "" else _matching(name, value, _HEX)


def _text(name: str, value: object, longest: int = LONGEST_TEXT) -> str:
    # printable: no control characters, no marks that turn text around, no lone surrogates
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise BadLineError(f"{name} is not a printable text of at most {longest} characters")
    return value


def _name(value: object) -> str:
    name = _text("module", value, LONGEST_NAME)
    if not name or name.startswith("/") or ".." in name.split(" (")[0].split("/"):
        raise BadLineError("the module's name is not a path within its project")
    return name


def _provenance(found: object) -> dict[str, Any]:
    _fields("provenance", found, (), _PROVENANCE)
    assert isinstance(found, Mapping)  # noqa: S101 - for mypy: _fields has looked
    checked: dict[str, Any] = {}
    for name, value in found.items():
        if name == "blocks":
            if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 10**6:
                raise BadLineError("blocks is not a count")
            checked[name] = value
        elif name == "coverage":
            checked[name] = _number(name, value, 0.0, 1.0)
        elif name == "machine":
            checked[name] = _matching(name, value, _MACHINE)
        else:
            checked[name] = _text(name, value, 300)
    return checked
