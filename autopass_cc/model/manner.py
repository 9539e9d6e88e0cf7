"""How a server wants to be asked: the rungs of structured output, and the names of two parameters.

Servers differ in what they take. One that answers 400 is asked in a plainer manner, and what worked is remembered for
it: first a JSON schema, then any JSON object, then a fenced block in a text.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlite_utils import Database

from autopass_cc.model.asking import Message
from autopass_cc.model.settings import Settings
from autopass_cc.store.database import transaction

# Of complaints about the prompt's length, which no plainer manner answers.
TOO_LONG = ("context length", "context window", "context_length", "prompt is too long", "too many tokens")
FENCED = "Answer with one JSON object in a ```json block, and nothing else."


class Rung(enum.StrEnum):
    """From the strictest to the plainest."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    TEXT = "text"


@dataclass(frozen=True)
class Manner:
    """The rung, the name of the limit on an answer's tokens, and whether a temperature may be set."""

    rung: Rung = Rung.SCHEMA
    limit: str = "max_tokens"
    temperature: bool = True

    def arguments(self, settings: Settings, messages: Sequence[Message], schema: Mapping[str, Any], most: int) -> dict[str, Any]:
        """Return the body of a request."""
        body: dict[str, Any] = {"model": settings.model, "messages": list(messages), self.limit: most}
        if self.temperature:
            body["temperature"] = settings.temperature
        if self.rung is Rung.SCHEMA:
            described = {"name": "answer", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        elif self.rung is Rung.OBJECT:
            body["response_format"] = {"type": "json_object"}
        else:
            *before, last = messages
            body["messages"] = [*before, {"role": last["role"], "content": f"{last['content']}\n\n{FENCED}"}]
        return body

    def plainer(self, complaint: str) -> Manner | None:
        """Return the manner to try after a 400 with these words, None where there is none left."""
        if self.limit in complaint and self.limit != "max_completion_tokens":
            return replace(self, limit="max_completion_tokens")
        if "temperature" in complaint and self.temperature:
            return replace(self, temperature=False)
        if any(words in complaint.lower() for words in TOO_LONG):
            return None
        rungs = list(Rung)
        place = rungs.index(self.rung) + 1
        return replace(self, rung=rungs[place]) if place < len(rungs) else None


def remembered(db: Database, settings: Settings) -> Manner:
    """Return what worked with this server and model last time, or the strictest manner."""
    rows = db.query("select manner from model_manner where base_url = ? and model = ?", [settings.base_url, settings.model])
    for row in rows:
        data = json.loads(row["manner"])
        return Manner(Rung(data["rung"]), data["limit"], data["temperature"])
    return Manner()


def remember(db: Database, settings: Settings, manner: Manner) -> None:
    """Keep what worked."""
    row = {"base_url": settings.base_url, "model": settings.model, "manner": json.dumps(asdict(manner))}
    with transaction(db):
        db.table("model_manner").upsert(row, pk=("base_url", "model"))
