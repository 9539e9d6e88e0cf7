"""How much a text weighs for a language model, before any model has seen it."""

from __future__ import annotations

# Byte-pair vocabularies take 3.5 to 4.5 bytes of English or code for a token, and down to 3 of JSON with many digits and
# brackets. An estimate that is too high wastes a little room; one that is too low loses the end of a prompt.
BYTES = 3


def tokens_of(text: str) -> int:
    """Return an upper estimate of a text's tokens."""
    return -(-len(text.encode()) // BYTES)
