"""Candidates as rows of the store, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autopass_cc.agents.minds.protocol import Diagnosis, Proposal, Removal, Tried
from autopass_cc.errors import RecipeError
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.edits import edits_from_json, from_json, to_json
from autopass_cc.store.runs import CandidateRow


def row_of(run: int, module: str, tried: Tried) -> CandidateRow:
    """Return the row of a candidate; what tables do not sort by stands in its facts."""
    proposal = tried.proposal
    facts: dict[str, Any] = {"expected": proposal.expected, "risk": proposal.risk, "round": proposal.round}
    if tried.diagnosis is not None:
        facts["diagnosis"] = vars(tried.diagnosis)
    if tried.removals:
        facts["removals"] = [
            {"edit": to_json(each.edit), "cost": each.cost, "same_code": each.same_code} for each in tried.removals
        ]
    return CandidateRow(
        run=run,
        module=module,
        recipe=tried.recipe,
        edits=[to_json(edit) for edit in proposal.edits],
        mind=proposal.mind,
        hypothesis=proposal.hypothesis,
        evidence=list(proposal.evidence),
        verdict=tried.verdict.value,
        detail=tried.detail,
        screened=tried.screened,
        facts={name: value for name, value in facts.items() if value},
    )


def tried_of(row: CandidateRow) -> Tried | None:
    """Read a row; None when its edits are not in the grammar of this version, or its facts are none."""
    try:
        return _tried(row)
    except (RecipeError, KeyError, TypeError, AttributeError):
        return None


def _tried(row: CandidateRow) -> Tried:
    edits = edits_from_json(row.edits)
    removals = tuple(_removal(data) for data in row.facts.get("removals", ()))
    proposal = Proposal(
        edits,
        row.mind,
        row.hypothesis,
        tuple(row.evidence),
        expected=row.facts.get("expected", ""),
        risk=row.facts.get("risk", ""),
        round=row.facts.get("round", 0),
    )
    told = row.facts.get("diagnosis")
    diagnosis = told and _diagnosis(told)
    return Tried(proposal, row.recipe, Verdict.of(row.verdict), row.screened, row.detail, diagnosis, removals)


def _diagnosis(data: Mapping[str, Any]) -> Diagnosis:
    return Diagnosis(
        data["cause"],
        tuple(data["changes"]),
        tuple(data["undo"]),
        data["hot_loop"],
        data.get("function", ""),
        tuple(data.get("numbers", ())),
    )


def _removal(data: Mapping[str, Any]) -> Removal:
    return Removal(from_json(data["edit"]), data["cost"], same_code=data["same_code"])
