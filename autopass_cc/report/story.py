"""The story of a module's tuning: who proposed what and why, what came of it, and why the winner wins."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autopass_cc.recipe.edits import from_json, text_of
from autopass_cc.report import table
from autopass_cc.store.runs import CandidateRow

WIDTH = 120  # columns of a line
SHOWN = 8  # candidates in the table of the fastest; --json has all
Story = Mapping[str, Any]


def candidate(row: CandidateRow) -> dict[str, Any]:
    """Return one candidate as JSON values; changes of time are fractions (-0.1: 10 % less)."""
    removals = row.facts.get("removals", [])
    return {
        "recipe": row.recipe,
        "edits": row.edits,
        "mind": row.mind,
        "hypothesis": row.hypothesis,
        "evidence": row.evidence,
        "verdict": row.verdict,
        "detail": row.detail,
        "screening": None if row.screened is None else math.expm1(row.screened),
        "round": row.facts.get("round", 0),
        "expected": row.facts.get("expected", ""),
        "risk": row.facts.get("risk", ""),
        "diagnosis": row.facts.get("diagnosis"),
        "removals": [{**each, "cost": None if each["cost"] is None else math.expm1(each["cost"])} for each in removals],
    }


def lines(candidates: Sequence[Story], tally: Story | None, winner: str) -> Iterator[str]:
    """Yield the story in lines: the model's rounds, all candidates by verdict, the fastest, the winner's edits."""
    if not candidates:
        return
    if tally:
        yield from _tally(tally)
    for number in sorted({each["round"] for each in candidates if each["round"]}):
        yield f"round {number}"
        for each in candidates:
            if each["round"] == number:
                yield from _proposal(each)
    counts = Counter(each["verdict"] for each in candidates)
    yield f"tried     {len(candidates)} candidates: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    minds = Counter(each["mind"] for each in candidates)
    yield "proposed  " + ", ".join(f"{count} by {mind}" for mind, count in minds.most_common())
    timed = sorted((each for each in candidates if each["screening"] is not None), key=lambda each: each["screening"])
    rows = [[_percent(each["screening"]), each["mind"], each["hypothesis"][:90]] for each in timed[:SHOWN]]
    if rows:
        yield "\n" + table.render(["time (screening)", "mind", "hypothesis"], rows, right=frozenset({0}))
    chosen = next((each for each in candidates if each["recipe"] == winner), None)
    if chosen is not None:
        yield from _winner(chosen)


def _tally(tally: Story) -> Iterator[str]:
    yield (
        f"model     {tally['rounds']} rounds, {tally['calls']} calls, "
        f"{tally['prompt_tokens']} + {tally['completion_tokens']} tokens; "
        f"{tally['proposals']} proposals, {tally['invalid']} unusable, {tally['dropped_edits']} edits dropped, "
        f"{tally['questions']} questions to the compiler"
    )
    for why in tally["failures"]:
        yield f"          {why}"


def _proposal(each: Story) -> Iterator[str]:
    outcome = (
        f"{_percent(each['screening'])} (screening)" if each["screening"] is not None else f"{each['verdict']} {each['detail']}"
    )
    edits = ", ".join(text_of(from_json(edit)) for edit in each["edits"])
    yield from _wrapped(f"{edits}: {outcome.strip()}", "  ", "      ")
    if each["mind"].endswith("+values"):  # the proposal that it varies has told the rest
        return
    expected = f" (expected {each['expected']})" if each["expected"] else ""
    told = {"because": [f"{each['hypothesis']}{expected}"], "evidence": each["evidence"]}
    if found := each["diagnosis"]:
        where = f" ({found['function']})" if found.get("function") else ""
        told |= {"diagnosis": [f"{found['cause']}{where}"], "undo": [", ".join(found["undo"])]}
    for name, texts in told.items():
        for text in filter(None, texts):
            yield from _wrapped(text, f"    {name:<10}", " " * 14)


def _wrapped(text: str, first: str, following: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=following, break_on_hyphens=False)


def _winner(chosen: Story) -> Iterator[str]:
    yield f"\nwinner    {chosen['recipe'][:12]}, proposed by {chosen['mind']}: {chosen['hypothesis']}"
    yield from (f"  evidence {line}" for line in chosen["evidence"])
    kept = chosen["edits"]
    removals = {str(each["edit"]): each for each in chosen["removals"]}
    for edit in kept:
        found = removals.get(str(edit))
        if found is None or found["cost"] is None:
            cost = "the recipe is this edit alone" if len(kept) == 1 else "not measured alone"
        else:
            cost = f"without it {_percent(found['cost'])} time (screening)"
        yield f"  {text_of(from_json(edit))}: {cost}"
    for each in chosen["removals"]:
        if each["edit"] not in kept:
            why = "same code without it" if each["same_code"] else f"without it {_percent(each['cost'])} time (screening)"
            yield f"  dropped {text_of(from_json(each['edit']))}: {why}"


def _percent(change: float | None) -> str:
    return "not timed" if change is None else f"{change * 100:+.1f} %"
