"""What may be said to one LLVM major: passes, parameters, nesting and knobs, read from `data/llvm-NN.toml`.

Everything that reaches a compiler goes through `check_pipeline` and `check_knob`, whoever wrote it.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from autopass_cc.errors import RecipeError
from autopass_cc.recipe.params import PARAM_KEYS, ParamSpec, check_params
from autopass_cc.recipe.tree import MAX_DEPTH, MAX_NODES, Node, Pipeline
from autopass_cc.recipe.words import KnobType, Level, Mssa, Stage, Tier

MAJORS = (16, 19, 22)

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class PassSpec:
    """A pass: the level of the list it stands in, its risk, and its parameters.

    `pinned` passes are part of the default text and may not be touched by edits; `also` are other levels of list that LLVM
    prints the pass in; `mssa` says for a loop pass which of `loop(...)` and `loop-mssa(...)` it can run in. `own` ones are not
    LLVM's but the plugin's; `arch` is the only target ("x86" or "aarch64") on which one does anything.
    """

    name: str
    level: Level
    tier: Tier
    params: ParamSpec
    pinned: bool = False
    also: frozenset[Level] = frozenset()
    mssa: Mssa | None = None
    own: bool = False
    arch: str | None = None


@dataclass(frozen=True, slots=True)
class AdaptorSpec:
    """An adaptor: the levels of list it may stand in, and the level of the list it holds."""

    name: str
    inside: frozenset[Level]
    holds: Level
    params: ParamSpec


@dataclass(frozen=True, slots=True)
class KnobSpec:
    """One `-mllvm` option. `tries` are the values a planner should try; `low` and `high` bound an integer.

    `needs` names a knob, `needs_pass` a pass, without which this one changes nothing; `arch` the only target
    ("x86" or "aarch64") that has it.
    """

    name: str
    type: KnobType
    tries: tuple[str, ...]
    group: str
    tier: Tier
    stage: Stage
    low: int = 0
    high: int = 0
    values: tuple[str, ...] = ()
    arch: str | None = None
    needs: str | None = None
    needs_pass: str | None = None


@dataclass(frozen=True, slots=True)
class AllowList:
    """All that is allowed for one LLVM major. Get one with `load`."""

    major: int
    passes: Mapping[str, PassSpec]
    adaptors: Mapping[str, AdaptorSpec]
    knobs: Mapping[str, KnobSpec]
    analyses: Mapping[str, frozenset[str]]  # of "require" and of "invalidate"

    def pinned(self, node: Node) -> bool:
        """Whether edits must leave this node alone; an adaptor is pinned by a pinned pass anywhere inside it."""
        if node.children is not None:
            return any(map(self.pinned, node.children))
        return node.name in self.analyses or self.passes[node.name].pinned

    def tier(self, node: Node) -> Tier:
        """Give the risk of a pass; adaptors and analyses have none of their own."""
        spec = self.passes.get(node.name)
        return spec.tier if spec else Tier.A


def _spec(table: dict[str, Any], kind: type[Any], **fixed: Any) -> Any:
    return kind(**fixed, **{key.replace("-", "_"): value for key, value in table.items()})


def _params(table: dict[str, Any]) -> ParamSpec:
    return ParamSpec.from_table({key: table.pop(key) for key in PARAM_KEYS if key in table})


def _pass(name: str, table: dict[str, Any]) -> PassSpec:
    mssa = table.pop("mssa", None)
    params = _params(table)
    level, tier = Level[table.pop("level").upper()], Tier(table.pop("tier"))
    table["also"] = frozenset(Level[word.upper()] for word in table.get("also", ()))
    spec: PassSpec = _spec(table, PassSpec, name=name, level=level, tier=tier, params=params, mssa=mssa and Mssa(mssa))
    if (spec.level is Level.LOOP) is not (spec.mssa is not None):
        raise ValueError(f"{name}: mssa is for loop passes, and all of them")
    return spec


def _adaptor(name: str, table: dict[str, Any]) -> AdaptorSpec:
    params = _params(table)
    inside = frozenset(Level[word.upper()] for word in table["inside"])
    return AdaptorSpec(name, inside, Level[table["holds"].upper()], params)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _knob(name: str, table: dict[str, Any]) -> KnobSpec:
    kind, tries = KnobType(table.pop("type")), tuple(map(_text, table.pop("try")))
    rename = {"min": "low", "max": "high"}
    table = {rename.get(key, key): tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    tier, stage = Tier(table.pop("tier")), Stage(table.pop("stage"))
    spec: KnobSpec = _spec(table, KnobSpec, name=name, type=kind, tries=tries, tier=tier, stage=stage)
    for value in tries:
        _check_value(spec, value)
    return spec


@functools.cache
def load(major: int) -> AllowList:
    """Read the allow-list of one LLVM major; raises RecipeError when there is none."""
    if major not in MAJORS:
        raise RecipeError(f"There is no allow-list for LLVM {major}.", f"use clang {', '.join(map(str, MAJORS))}")
    source = resources.files("autopass_cc.recipe").joinpath("data", f"llvm-{major}.toml")
    data = tomllib.loads(source.read_text("utf-8"))
    return AllowList(
        major,
        {name: _pass(name, table) for name, table in data["passes"].items()},
        {name: _adaptor(name, table) for name, table in data["adaptors"].items()},
        {name: _knob(name, table) for name, table in data["knobs"].items()},
        {name: frozenset(words) for name, words in data["analyses"].items()},
    )


def _check_value(spec: KnobSpec, value: str) -> None:
    if spec.type is KnobType.INT:
        if not _INTEGER.fullmatch(value) or not spec.low <= int(value) <= spec.high:
            raise RecipeError(f"{spec.name}={value[:40]!r} is not an integer from {spec.low} to {spec.high}.")
        return
    allowed = ("true", "false") if spec.type is KnobType.BOOL else spec.values
    if value not in allowed:
        raise RecipeError(f"{spec.name}={value[:40]!r} is not one of {', '.join(allowed)}.")


def check_knob(allow: AllowList, name: str, value: str) -> KnobSpec:
    """Give the specification of a knob, or raise RecipeError when the name, the type or the range is not allowed."""
    spec = allow.knobs.get(name)
    if spec is None:
        raise RecipeError(f"{name[:64]!r} is not a knob allowed for LLVM {allow.major}.")
    _check_value(spec, value)
    return spec


def _check_leaf(allow: AllowList, node: Node, holder: Level, around: str | None) -> None:
    if node.name in allow.analyses:
        if node.params not in allow.analyses[node.name]:
            raise RecipeError(f"{node.label} is not allowed.")
        return
    spec = allow.passes.get(node.name)
    if spec is None:
        raise RecipeError(f"{node.name!r} is not a pass allowed for LLVM {allow.major}.")
    if holder is not spec.level and holder not in spec.also:
        raise RecipeError(f"{node.name} is a {spec.level.word} pass and stands in a {holder.word} list.")
    if spec.mssa is Mssa.REQUIRED and around != "loop-mssa":
        raise RecipeError(f"{node.name} can only run in loop-mssa(...).")
    if spec.mssa is Mssa.LOST and around == "loop-mssa":
        raise RecipeError(f"{node.name} cannot run in loop-mssa(...): it does not keep MemorySSA.")
    check_params(spec.name, spec.params, node.params)


def _check_list(allow: AllowList, nodes: tuple[Node, ...], holder: Level, around: str | None, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise RecipeError(f"The pipeline is nested deeper than {MAX_DEPTH}.")
    if not nodes:
        raise RecipeError(f"{around or 'The pipeline'} is empty.")
    count = len(nodes)
    for node in nodes:
        if node.children is None:
            _check_leaf(allow, node, holder, around)
            continue
        adaptor = allow.adaptors.get(node.name)
        if adaptor is None:
            raise RecipeError(f"{node.name!r} is not an adaptor allowed for LLVM {allow.major}.")
        if holder not in adaptor.inside:
            raise RecipeError(f"{node.name}(...) cannot stand in a {holder.word} list.")
        check_params(adaptor.name, adaptor.params, node.params)
        count += _check_list(allow, node.children, adaptor.holds, node.name, depth + 1)
    return count


def check_pipeline(allow: AllowList, pipeline: Pipeline) -> None:
    """Raise RecipeError unless every name, nesting and parameter of the tree is on the list, within the limits."""
    if _check_list(allow, pipeline.nodes, Level.MODULE, None, 1) > MAX_NODES:
        raise RecipeError(f"The pipeline has more than {MAX_NODES} elements.")
