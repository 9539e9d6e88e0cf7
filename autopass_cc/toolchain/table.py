"""The allow-list of one LLVM major as C++ tables: what the plugin enforces natively is what `recipe` enforces here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from autopass_cc.recipe.allowlist import AllowList, PassSpec
from autopass_cc.recipe.params import ParamSpec
from autopass_cc.recipe.tree import MAX_DEPTH, MAX_NODES

_MSSA = {None: "Irrelevant", "required": "Required", "preserved": "Preserved", "lost": "Lost"}


def _literal(text: str) -> str:
    if not all(c.isalnum() or c in "-=" for c in text) or not text.isascii():
        raise ValueError(f"{text!r} cannot be a name or a parameter")
    return f'"{text}"'


def _parameters(spec: ParamSpec) -> Iterator[str]:
    """Give one `Parameter` initialiser per permitted word or integer."""
    words = {*spec.flags, *spec.choices, *spec.switches, *(f"no-{switch}" for switch in spec.switches)}
    for word in sorted(words):
        yield f"{{{_literal(word)}, false, {str(word in spec.required).lower()}, 0, 0}}"
    for name, (low, high) in sorted(spec.ints.items()):
        yield f"{{{_literal(name + '=')}, true, false, {low}, {high}}}"
    if spec.functions:
        yield '{"f", false, false, 0, 8}'
    if spec.value is not None:
        yield f'{{"", true, true, {spec.value[0]}, {spec.value[1]}}}'


@dataclass
class _Parameters:
    """The one array of parameters that all passes and adaptors point into."""

    rows: list[str] = field(default_factory=list)

    def add(self, rows: Iterable[str]) -> str:
        """Append `rows` and give the `Range` initialiser for them."""
        first = len(self.rows)
        self.rows.extend(rows)
        return f"{{{first}, {len(self.rows) - first}}}"


def _pass(spec: PassSpec, params: _Parameters) -> str:
    levels = "".join(sorted(level.word[0] for level in {spec.level, *spec.also}))
    return f'{{{_literal(spec.name)}, "{levels}", {_MSSA[spec.mssa]}, {params.add(_parameters(spec.params))}}}'


def render(allow: AllowList) -> bytes:
    """Give the text of allowlist.inc for `shims/plugin_allowlist.cpp`; the same list gives the same bytes."""
    params = _Parameters([])
    passes = {name: _pass(spec, params) for name, spec in allow.passes.items()}
    for name, analyses in allow.analyses.items():
        words = (f"{{{_literal(word)}, false, false, 0, 0}}" for word in sorted(analyses))
        passes[name] = f'{{{_literal(name)}, "cflm", Irrelevant, {params.add(words)}}}'
    adaptors = {
        name: f'{{{_literal(name)}, "{"".join(sorted(level.word[0] for level in spec.inside))}", '
        f"'{spec.holds.word[0]}', {params.add(_parameters(spec.params))}}}"
        for name, spec in allow.adaptors.items()
    }
    lines = [
        *_array("Parameter", "Parameters", params.rows),
        *_array("Pass", "Passes", [passes[name] for name in sorted(passes)]),
        *_array("Adaptor", "Adaptors", [adaptors[name] for name in sorted(adaptors)]),
        f"constexpr unsigned MaxDepth = {MAX_DEPTH};",
        f"constexpr unsigned MaxElements = {MAX_NODES};",
    ]
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _array(kind: str, name: str, rows: list[str]) -> list[str]:
    return [f"constexpr {kind} {name}[] = {{", *(f"    {row}," for row in rows), "};"]
