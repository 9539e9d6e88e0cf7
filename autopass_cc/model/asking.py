"""What every source of answers has in common: an endpoint, its cache, or a recorded transcript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict


class Message(TypedDict):
    """One message of a conversation; the role is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Where:
    """Which question of a run this is: module, the model's round for it, and the turn within the round (from 1)."""

    run: int
    module: str
    round: int
    turn: int


@dataclass(frozen=True)
class Answer:
    """A usable answer: its JSON object, its text, what it weighed (tokens), and where it came from.

    `source` is "model", "cache" or "transcript"; `warning` says what is odd about it, though it can be used.
    """

    data: Mapping[str, Any]
    text: str
    prompt_tokens: int
    completion_tokens: int
    source: str
    warning: str = ""


class Asker(Protocol):
    """Something that can be asked."""

    def ask(self, where: Where, messages: Sequence[Message], schema: Mapping[str, Any], most: int) -> Answer:
        """Return the answer, of at most `most` tokens. Raises ModelError, and nothing else."""
        ...
