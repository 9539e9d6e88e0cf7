"""What a model may answer: proposals and questions, as a JSON schema, and how an answer is read.

The schema is strict in the sense of structured outputs: every key is required and none may be added, so that servers
which enforce schemas can. Servers that do not are held to the same by `read`, which keeps what is usable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autopass_cc.agents.minds.protocol import MODEL, Proposal
from autopass_cc.agents.minds.repair import Repairer
from autopass_cc.recipe.edits import Edit, Knob

MOST_PROPOSALS, MOST_QUERIES = 5, 4  # of one answer
LONGEST = 300  # characters of a hypothesis, an expectation or a risk that are kept

_TEXT = {"type": "string"}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}


def _edit(op: str, **fields: Any) -> dict[str, Any]:
    return _object({"op": {"type": "string", "enum": [op]}, **fields})


_SIDE = {"type": "string", "enum": ["before", "after"]}
_OPTIONAL = {"type": ["string", "null"]}
EDITS = {
    "anyOf": [
        _edit("knob", name=_TEXT, value=_TEXT, **{"try": {"type": "array", "items": _TEXT}}),
        _edit("insert", **{"pass": _TEXT}, at=_SIDE, anchor=_TEXT, params=_OPTIONAL),
        _edit("remove", target=_TEXT),
        _edit("move", target=_TEXT, at=_SIDE, anchor=_TEXT),
        _edit("replace", target=_TEXT, **{"pass": _TEXT}, params=_OPTIONAL),
        _edit("set", target=_TEXT, param=_TEXT, value=_TEXT),
    ]
}
QUERY = _object({"ask": _TEXT, "function": _TEXT, "pass": _OPTIONAL, "site": _OPTIONAL, "candidate": _OPTIONAL})
SCHEMA: Mapping[str, Any] = _object(
    {
        "queries": {"type": "array", "items": QUERY},
        "proposals": {
            "type": "array",
            "items": _object(
                {
                    "hypothesis": _TEXT,
                    "evidence": {"type": "array", "items": _TEXT},
                    "edits": {"type": "array", "items": EDITS},
                    "expected": _TEXT,
                    "risk": _TEXT,
                }
            ),
        },
    }
)


@dataclass(frozen=True)
class Reply:
    """An answer as it was read: proposals (legal ones only), further values of their knobs, questions, and complaints.

    `notes` are sentences for the model: what was changed, dropped or not understood. `invalid` counts the proposals of
    which nothing legal was left, `dropped` the edits that were.
    """

    proposals: tuple[Proposal, ...]
    variants: tuple[Proposal, ...]
    queries: tuple[Mapping[str, object], ...]
    notes: tuple[str, ...]
    invalid: int
    dropped: int


def read(data: object, repairer: Repairer, known: Mapping[str, str]) -> Reply:
    """Read a model's answer (JSON values); `known` is the evidence that it was shown, a line of text by id. Never raises."""
    if not isinstance(data, Mapping):
        return Reply((), (), (), ("the answer must be one JSON object with `queries` and `proposals`",), 0, 0)
    proposals: list[Proposal] = []
    variants: list[Proposal] = []
    notes: list[str] = []
    invalid = dropped = 0
    given = _list(data.get("proposals"))
    if len(given) > MOST_PROPOSALS:
        notes.append(f"only the first {MOST_PROPOSALS} of {len(given)} proposals were looked at")
    for number, item in enumerate(given[:MOST_PROPOSALS], start=1):
        if not isinstance(item, Mapping):
            invalid += 1
            notes.append(f"proposal {number} is not an object")
            continue
        found = repairer.repair(item.get("edits"))
        notes += [f"proposal {number}: {note}" for note in found.notes]
        dropped += sum(note.startswith("dropped") for note in found.notes)
        if not found.edits:
            invalid += 1
            notes.append(f"proposal {number}: nothing legal was left of it")
            continue
        proposal = Proposal(
            found.edits,
            MODEL,
            _short(item.get("hypothesis")) or "no hypothesis given",
            tuple(f"{each}: {known[each]}" for each in map(str, _list(item.get("evidence"))) if each in known),
            expected=_short(item.get("expected")),
            risk=_short(item.get("risk")),
        )
        proposals.append(proposal)
        variants += _variants(proposal, found.values)
    queries = tuple(query for query in _list(data.get("queries")) if isinstance(query, Mapping))[:MOST_QUERIES]
    return Reply(tuple(proposals), tuple(variants), queries, tuple(notes), invalid, dropped)


def _variants(proposal: Proposal, values: Mapping[str, tuple[str, ...]]) -> list[Proposal]:
    """Return the proposal with each further value of each knob: the model chose the lever, these fill in its value."""
    found = []
    for name, others in values.items():
        for value in others:
            edits: tuple[Edit, ...] = tuple(
                Knob(name, value) if isinstance(edit, Knob) and edit.name == name else edit for edit in proposal.edits
            )
            text = f"{name} = {value}: {proposal.hypothesis}"
            found.append(Proposal(edits, f"{MODEL}+values", text[:LONGEST], proposal.evidence))
    return found


def _list(data: object) -> list[object]:
    return list(data) if isinstance(data, Sequence) and not isinstance(data, str | bytes) else []


def _short(text: object) -> str:
    """Return a text in one line, bounded: it ends up in tables and in the store."""
    return " ".join(str(text).split())[:LONGEST] if isinstance(text, str) else ""
