"""Remarks as evidence: one small record for each thing that was refused or done, the most valuable first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autopass_cc.evidence.blockers import Blocker, blocker
from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.remarks import VAGUE, Remark

# Arguments that say how much or of what; the rest of a message is in the blocker and the name.
NUMBERS = {
    "VectorizationFactor": "width",
    "InterleaveCount": "interleave",
    "UnrollCount": "count",
    "PeelCount": "count",
    "Cost": "cost",
    "Threshold": "threshold",
    "Treshold": "threshold",  # LLVM's spelling in slp-vectorizer
    "TreeSize": "tree",
    "NumSpills": "spills",
    "NumReloads": "reloads",
    "NumVRCopies": "copies",
    "Callee": "callee",
    "ClobberedBy": "by",
}
ORDER = {"missed": 0, "analysis": 1, "passed": 2}
# No edit of a pipeline can answer these; they come last, so that what one can answer is told.
BEYOND_EDITS = frozenset({Blocker.NO_DEFINITION, Blocker.NEVER_INLINE})
NO_LOOPS: Mapping[int, int] = {}
PLACES = 3  # locations that an item names


# Pass, name, outcome, function, loop depth, and what the remark measured: remarks alike in these are one item.
Key = tuple[str, str, str, str, int, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Item:
    """One piece of evidence.

    `outcome`: passed, missed or analysis. `numbers`: what the remark measured or names. `hotness`: the share (0 to 1) of
    the program's time of its function, or of the callee where that is hotter, None where no profile says. `count` remarks
    alike were put together; `locations` are the first of them.
    """

    id: str
    pass_name: str
    name: str
    outcome: str
    function: str
    locations: tuple[str, ...]
    loop_depth: int
    numbers: Mapping[str, str]
    blocker: Blocker | None
    hotness: float | None
    count: int

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values, without what is empty."""
        data = {
            "id": self.id,
            "pass": self.pass_name,
            "name": self.name,
            "outcome": self.outcome,
            "function": self.function,
            "at": list(self.locations),
            "depth": self.loop_depth,
            **self.numbers,
            "blocker": self.blocker and self.blocker.value,
            "hot": None if self.hotness is None else round(self.hotness, 3),
            "times": self.count if self.count > 1 else None,
        }
        return {key: value for key, value in data.items() if value not in (None, [], "", 0)}

    @property
    def text(self) -> str:
        """Return one line for people."""
        numbers = "".join(f", {key} {value}" for key, value in self.numbers.items())
        why = f" ({self.blocker.value})" if self.blocker else ""
        where = f" at {self.locations[0]}" if self.locations else ""
        return f"{self.pass_name} {self.outcome} {self.name}{why} in {self.function}{where}{numbers}"


def items(evidence: Evidence) -> list[Item]:
    """Return the evidence in a module's remarks, the hottest, deepest and most refused first; ids e1, e2, … in that order."""
    shares = {hot.function: hot.share for hot in evidence.hot if hot.function}  # without a profile only modules have shares
    groups: dict[Key, list[Remark]] = defaultdict(list)
    for remark in _without_vague(evidence.remarks):
        depth = evidence.depths.get(remark.function, NO_LOOPS).get(remark.line, 0)
        counted = (remark.pass_name, remark.kind) == ("inline", "passed")  # one item says how many calls were inlined
        kept = () if counted else _numbers(remark)
        groups[remark.pass_name, remark.name, remark.kind, remark.function, depth, kept].append(remark)
    reasons = {key: blocker(group[0]) for key, group in groups.items()}
    ordered = sorted((_rank(key, len(group), reasons[key], shares), key) for key, group in groups.items())
    return [_item(f"e{number}", key, groups[key], reasons[key], shares) for number, (_, key) in enumerate(ordered, start=1)]


def _numbers(remark: Remark) -> tuple[tuple[str, str], ...]:
    return tuple([(NUMBERS[name], value) for name, value in remark.arguments.items() if name in NUMBERS and value])


def _heat(key: Key, shares: Mapping[str, float]) -> float:
    """Return the share of the time that an item is about: its function's, or that of what was not inlined into it."""
    function, kept = key[3], dict(key[5])
    return max(shares.get(function, 0.0), shares.get(kept.get("callee", ""), 0.0))


def _without_vague(remarks: Iterable[Remark]) -> list[Remark]:
    told = list(remarks)
    explained = {(remark.pass_name, remark.function) for remark in told if remark.kind == "analysis"}
    return [
        remark
        for remark in told
        if (remark.pass_name, remark.name) not in VAGUE or (remark.pass_name, remark.function) not in explained
    ]


def _item(id_: str, key: Key, group: list[Remark], why: Blocker | None, shares: Mapping[str, float]) -> Item:
    pass_name, name, kind, function, depth, kept = key
    places = sorted(
        {remark.location for remark in group if remark.line and remark.location}, key=lambda place: (len(place), place)
    )
    return Item(
        id=id_,
        pass_name=pass_name,
        name=name,
        outcome=kind,
        function=function,
        locations=tuple(place.rpartition("/")[2] for place in places[:PLACES]),
        loop_depth=depth,
        numbers=dict(kept[:4]),
        blocker=why,
        hotness=_heat(key, shares) if shares else None,
        count=len(group),
    )


def _rank(key: Key, count: int, why: Blocker | None, shares: Mapping[str, float]) -> tuple[Any, ...]:
    pass_name, name, kind, function, depth, _ = key
    return (-_heat(key, shares), why in BEYOND_EDITS, -depth, ORDER[kind], why is None, function, pass_name, name, -count)
