"""Bars: what a run was given, and where it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autopass_cc.report.html.scale import duration
from autopass_cc.report.pages.project import HIDDEN, ProjectPage

STAGES = {  # of blocks, in the words of the page
    "aa": "A/A blocks",
    "confirmation": "confirmation",
    "revalidation": "re-validation",
    "together": "the whole program",
    HIDDEN: HIDDEN,
}
MODEL = {  # facts about a language model, in the words of the page
    "calls": "calls",
    "prompt_tokens": "prompt tokens",
    "completion_tokens": "completion tokens",
    "waited": "s of waiting",
    "proposals": "proposals",
    "invalid": "invalid",
}
REST = "search, and all else"


@dataclass(frozen=True)
class Bar:
    """A bar: its name, the number beside it, its length in per cent, and a remark below."""

    name: str
    number: str
    length: float
    remark: str = ""


@dataclass(frozen=True)
class Budget:
    """A sentence, bars of time, and lines of what else was used."""

    sentence: str
    bars: Sequence[Bar]
    lines: Sequence[str]


def budget(data: ProjectPage) -> Budget:
    """Return where the time of a run went, as far as the store tells, and what else it used."""
    facts = data.facts
    spent, given = _number(facts.get("spent")), _number(facts.get("budget"))
    parts = [(name, value) for stage, name in STAGES.items() if (value := data.seconds.get(stage, 0.0))]
    if rest := max(0.0, spent - sum(value for _, value in parts)):
        parts.append((REST, rest))
    longest = max([given, *(value for _, value in parts)], default=0.0) or 1.0
    bars = [Bar(name, duration(value), 100 * value / longest) for name, value in parts]
    sentence = f"{duration(spent)} were used" + (f" of a budget of {duration(given)}" if given else "") if spent else ""
    return Budget(sentence, bars, [*_runs(facts), *_model(facts)])


def _runs(facts: Any) -> list[str]:
    searches = facts.get("search_runs")
    lines = [f"{facts['program_runs']} runs of the program in the last sitting"] if _number(facts.get("program_runs")) else []
    if isinstance(searches, dict) and searches:
        lines.append("runs of the program in each search: " + ", ".join(f"{name} {count}" for name, count in searches.items()))
    return lines


def _model(facts: Any) -> list[str]:
    asked = facts.get("model")
    if not isinstance(asked, dict) or not asked:
        return []
    told = ", ".join(f"{_number(asked[name]):.0f} {word}" for name, word in MODEL.items() if name in asked)
    return [f"language model: {told}"]


def _number(value: Any) -> float:
    ok = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
    return float(value) if ok else 0.0
