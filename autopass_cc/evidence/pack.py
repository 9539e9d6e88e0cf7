"""The evidence of one module for a model: one small JSON text that fits a number of tokens and says what it left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.features import Features
from autopass_cc.evidence.hints import hints
from autopass_cc.evidence.items import items
from autopass_cc.evidence.profile import Hot
from autopass_cc.share import Share
from autopass_cc.tokens import tokens_of

LIMIT = 3000  # tokens; what local servers with a context of 8,192 still take together with the menu of edits
UNRANKED: Mapping[str, float] = {}
LOOPS, LOOP_LINES = 2, 40  # hot loops that are shown where machine code may be, and their lines, at most
FOR_LOOPS = 0.3  # of the limit at most, for both
NOTHING_FITS = {"functions": 10**6, "evidence": 10**6}  # what was left out, at its longest
FOR_FUNCTIONS = 0.4  # of the limit at most, so that many hot functions leave room for what was refused
COUNTS = ("blocks", "loops", "conditional_branches", "switches", "cases", "indirect_branches", "calls", "memory", "floats")


@dataclass(frozen=True)
class Pack:
    """A text for a model, its weight, the evidence in it (a line for each id), and what was left out."""

    text: str
    tokens: int
    known: Mapping[str, str]
    left_out: Mapping[str, int]


def pack(evidence: Evidence, share: Share = Share.REMARKS, limit: int = LIMIT, ranked: Mapping[str, float] = UNRANKED) -> Pack:
    """Return the pack of a module: at most `limit` tokens of what `share` allows. Deterministic.

    `ranked` are functions by what they matter (Score's numbers); the others are left out where it names any.
    """
    chosen = _ordered(evidence, ranked)
    named = replace(evidence, features=tuple(chosen))
    if share is Share.STATS:
        named = _renamed(named)
    found = items(named)
    functions = [_function(named, features, names=share is not Share.STATS) for features in named.features]
    head: dict[str, Any] = {
        "module": named.module,
        "language": named.lang,
        "level": named.level,
        "flags": " ".join(named.flags),
        "share_of_time": round(named.share, 3),
        **({"counters_of_the_program": dict(named.counters)} if named.counters else {}),
    }
    if share is Share.IR:
        head["hot_loops"] = _hot_loops(named, int(FOR_LOOPS * limit))
    kept_functions = _fitting(functions, min(int(FOR_FUNCTIONS * limit), limit - tokens_of(_text(head, [], [], NOTHING_FITS))))
    # the head is written once more with what was left out, which is longer by no more than this
    spare = tokens_of(_text(head, functions[:kept_functions], [], NOTHING_FITS))
    kept_items = _fitting((item.to_json() for item in found), limit - spare)
    records = [item.to_json() for item in found[:kept_items]]
    left_out = {"functions": len(evidence.features) - kept_functions, "evidence": len(found) - kept_items}
    text = _text(head, functions[:kept_functions], records, left_out)
    return Pack(text, tokens_of(text), {item.id: item.text for item in found[:kept_items]}, left_out)


def bare(evidence: Evidence, share: Share = Share.REMARKS) -> Pack:
    """Return what a model is told without analysis: the module, and the names of its hot functions, if `share` allows."""
    named = _renamed(evidence.names_only()) if share is Share.STATS else evidence
    head = {"module": named.module, "language": named.lang, "level": named.level}
    functions = [{"name": hot.function} for hot in named.hot[:10]]
    text = _text(head, functions, [], {})
    return Pack(text, tokens_of(text), {}, {})


def _text(head: Mapping[str, Any], functions: Sequence[Any], records: Sequence[Any], left_out: Mapping[str, int]) -> str:
    """Return JSON with a line for each record, which models and people read better than one long line."""
    parts = [json.dumps(head, ensure_ascii=False, sort_keys=False)[1:-1]]
    for name, rows in (("functions", functions), ("evidence", records)):
        inside = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
        parts.append(f'"{name}": [\n{inside}]' if rows else f'"{name}": []')
    if any(left_out.values()):
        parts.append(f'"left_out": {json.dumps({key: count for key, count in left_out.items() if count})}')
    return "{" + ",\n".join(parts) + "}"


def _fitting(rows: Iterable[Any], limit: int) -> int:
    """Return how many of the first rows fit a number of tokens."""
    used = number = 0
    for number, row in enumerate(rows, start=1):
        used += tokens_of(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + ",\n")
        if used > limit:
            return number - 1
    return number


def _ordered(evidence: Evidence, ranked: Mapping[str, float]) -> list[Features]:
    """Return the functions that matter, the most first; all of them, largest first, where nothing ranks any."""
    heat = ranked or {hot.function: hot.share for hot in evidence.hot}
    matter = [found for found in evidence.features if found.function in ranked] or list(evidence.hot_features())
    return sorted(matter, key=lambda found: (-heat.get(found.function, 0.0), -found.instructions, found.function))


def _function(evidence: Evidence, features: Features, *, names: bool) -> dict[str, Any]:
    shares = {hot.function: hot.share for hot in evidence.hot}
    depth = max(evidence.depths.get(features.function, {}).values(), default=0)
    data: dict[str, Any] = {
        "name": features.function,
        "hot": round(shares[features.function], 3) if features.function in shares else None,
        "static": features.local,
        "instructions": features.instructions,
        **{name: getattr(features, name) for name in COUNTS},
        "loop_depth": depth,
        "machine_code": _machine_code(evidence, features.function),
        "hot_loop": evidence.waits.get(features.function),
        "like": [f"{hint.kind.value} ({hint.why})" for hint in hints(features, names=names)],
    }
    return {key: value for key, value in data.items() if value not in (None, 0, False, [], "")}


def _machine_code(evidence: Evidence, function: str) -> dict[str, int] | None:
    code = evidence.code.get(function)
    return {"bytes": code.size, **code.mix.to_json()} if code else None


def _hot_loops(evidence: Evidence, limit: int) -> dict[str, str]:
    """Return the deepest loops of the hottest functions as text, each of them within its part of `limit` tokens."""
    loops = {name: code.hot_loop() for name, code in evidence.code.items()}
    hottest = [hot.function for hot in evidence.hot if loops.get(hot.function)][:LOOPS]
    return {name: text for name in hottest if (text := _shortened(loops[name], limit // len(hottest)))}


def _shortened(lines: Sequence[str], limit: int) -> str:
    """Return as many of the first lines as fit a number of tokens, and "…" where that is not all."""
    kept = min(LOOP_LINES, _fitting(lines, limit))
    return "; ".join(lines[:kept]) + (" …" if kept < len(lines) else "") if kept else ""


def _renamed(evidence: Evidence) -> Evidence:
    """Return the evidence with functions called f1, f2, … and without files, places and callees."""
    order = dict.fromkeys([*(hot.function for hot in evidence.hot), *(found.function for found in evidence.features)])
    names = {name: f"f{number}" for number, name in enumerate(order, start=1)}

    def short(name: str) -> str:
        return names.setdefault(name, f"f{len(names) + 1}")

    return replace(
        evidence,
        module="module",
        hot=tuple(Hot("module", short(hot.function), hot.share) for hot in evidence.hot),
        remarks=tuple(
            remark._replace(
                function=short(remark.function),
                location="",
                text="",
                arguments={key: value for key, value in remark.arguments.items() if key not in ("Callee", "ClobberedBy")},
            )
            for remark in evidence.remarks
        ),
        features=tuple(
            replace(
                found,
                function=short(found.function),
                callees=tuple(short(callee) for callee in found.callees if callee in names),
            )
            for found in evidence.features
        ),
        depths={short(name): lines for name, lines in evidence.depths.items()},
        code={short(name): code for name, code in evidence.code.items()},
        waits={short(name): told for name, told in evidence.waits.items()},
    )
