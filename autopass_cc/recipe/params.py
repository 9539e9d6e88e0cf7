"""Typed parameters of passes and adaptors: `bonus-inst-threshold=1;no-keep-loops`, `O3`, `4`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from autopass_cc.errors import RecipeError

CHOICE = "choice"  # the name under which edits set a parameter that is one word out of several: sroa<preserve-cfg>
VALUE = "value"  # and a bare number: devirt<4>

PARAM_KEYS: tuple[str, ...] = (
    "flags",
    "switches",
    "choices",
    "ints",
    "required",
    "value",
    "choose",
    "functions",
)  # in a data file

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_FUNCTION = re.compile(r"f[0-9a-f]{8}")
_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193  # of FNV-1a with 32 bits (Fowler, Noll, Vo)


def function_word(symbol: str) -> str:
    """Return the word that stands for the function with this symbol name: `f` and the FNV-1a hash of the name in hex.

    Two functions of one word are both meant; that costs some code, and never correctness.
    """
    value = _FNV_OFFSET
    for byte in symbol.encode():
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return f"f{value:08x}"


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """What may stand between `<` and `>`.

    `flags` stand as they are, `switches` as WORD or no-WORD, of `choices` at most one, `ints` as WORD=N with N in
    [low, high], `value` is a bare number in [low, high]; `required` words must be there, and one of the choices where `choose`.
    With `functions`, words that stand for functions (`function_word`) may be there, each once.
    """

    flags: frozenset[str] = frozenset()
    switches: frozenset[str] = frozenset()
    choices: tuple[str, ...] = ()
    ints: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    value: tuple[int, int] | None = None
    choose: bool = False
    functions: bool = False

    @staticmethod
    def from_table(table: dict[str, Any]) -> ParamSpec:
        """Read the parameter keys of a pass or adaptor in a data file."""
        value = table.get("value")
        return ParamSpec(
            frozenset(table.get("flags", ())),
            frozenset(table.get("switches", ())),
            tuple(table.get("choices", ())),
            {name: (low, high) for name, (low, high) in table.get("ints", {}).items()},
            tuple(table.get("required", ())),
            (value[0], value[1]) if value else None,
            table.get("choose", False),
            table.get("functions", False),
        )

    @property
    def any(self) -> bool:
        """Whether the pass takes parameters at all."""
        return bool(self.flags or self.switches or self.choices or self.ints or self.value)


def _inside(text: str, bounds: tuple[int, int]) -> bool:
    return _NUMBER.fullmatch(text) is not None and bounds[0] <= int(text) <= bounds[1]


def key_of(spec: ParamSpec, word: str) -> str | None:
    """Give the name of the parameter that `word` sets, or None when it is not allowed.

    WORD and no-WORD are one parameter, the choices are another, and so is a bare number.
    """
    name, equals, number = word.partition("=")
    if equals:
        return name if name in spec.ints and _inside(number, spec.ints[name]) else None
    if spec.value is not None and _inside(word, spec.value):
        return VALUE
    if word in spec.choices:
        return CHOICE
    if word in spec.flags or (spec.functions and _FUNCTION.fullmatch(word)):
        return word
    bare = word.removeprefix("no-")
    return bare if bare in spec.switches else None


def check_params(name: str, spec: ParamSpec, params: str | None) -> None:
    """Raise RecipeError unless `params` (None: no brackets) is allowed for the pass or adaptor `name`."""
    if params is not None and not spec.any:
        raise RecipeError(f"{name} takes no parameters.")
    words = [word for word in (params or "").split(";") if word]  # LLVM prints `gvn<>` and a trailing ';'
    keys = [key_of(spec, word) for word in words]
    for word, key in zip(words, keys, strict=True):
        if key is None:
            raise RecipeError(f"{name}<{word[:64]}> is not an allowed parameter.")
    if len(set(keys)) != len(keys):
        raise RecipeError(f"{name}<{(params or '')[:64]}> says the same thing twice.")
    missing = set(spec.required).difference(words)
    if missing:
        raise RecipeError(f"{name} needs {', '.join(sorted(missing))}.")
    if spec.choose and CHOICE not in keys:
        raise RecipeError(f"{name} needs one of {', '.join(spec.choices)}.")
    if spec.value is not None and params is None:
        raise RecipeError(f"{name} needs a number: {name}<{spec.value[0]}>.")


def completed(spec: ParamSpec, params: str | None) -> str | None:
    """Add the required words that an inserted pass was given without, and the first choice where one must be made."""
    words = [word for word in (params or "").split(";") if word]
    if spec.choose and not any(word in spec.choices for word in words):
        words.insert(0, spec.choices[0])
        params = ";".join(words)
    missing = [word for word in spec.required if word not in words]
    return ";".join([*words, *missing]) if missing else params


def _word(spec: ParamSpec, param: str, value: str) -> str:
    """Give the word that sets `param` to `value`; "" takes a flag away."""
    if param in spec.ints:
        return f"{param}={value}"
    if param in (CHOICE, VALUE):
        return value
    if value in ("true", "false"):
        on = value == "true"
        if param in spec.switches:
            return param if on else f"no-{param}"
        if param in spec.flags:
            return param if on else ""
    raise RecipeError(f"{param[:64]!r} cannot be set to {value[:64]!r}.")


def with_param(name: str, spec: ParamSpec, params: str | None, param: str, value: str) -> str:
    """Give the parameter text with one parameter set, in its old place if it has one; raises RecipeError."""
    word = _word(spec, param, value)
    old = params.split(";") if params else []
    if word and key_of(spec, word) != param:
        raise RecipeError(f"{name}: {param[:64]!r} cannot be set to {value[:64]!r}.")
    new = [word if key_of(spec, part) == param else part for part in old]
    if word and word not in new:
        new.insert(len(new) - 1 if new and not new[-1] else len(new), word)
    if not word:
        new = [part for part in new if part]
    return ";".join(new)


def settings(spec: ParamSpec, params: str | None) -> Iterator[tuple[str, str]]:
    """Give the (param, value) pairs that would change `params`: what a search can try on one node."""
    now = {key_of(spec, word): word for word in (params or "").split(";") if word}
    required = {key_of(spec, word) for word in spec.required}
    for switch in sorted(spec.switches - required):
        if switch in now:
            yield switch, "false" if now[switch] == switch else "true"
        else:
            yield from ((switch, "true"), (switch, "false"))
    for flag in sorted(spec.flags.difference(spec.required)):
        yield flag, "false" if flag in now else "true"
    yield from ((CHOICE, word) for word in spec.choices if now.get(CHOICE) != word)
    for name, (low, high) in sorted(spec.ints.items()):
        steps = (value for value in (0, 1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512) if low <= value <= high)
        yield from ((name, str(value)) for value in steps if now.get(name) != f"{name}={value}")
    if spec.value:
        yield from ((VALUE, str(n)) for n in range(spec.value[0], spec.value[1] + 1) if now.get(VALUE) != str(n))
