"""Whether bytes are what nearly all lines are made of, looked at all at once."""

from __future__ import annotations

PRINTABLE = bytes([*range(0x20, 0x7F), 0x0A])  # of ASCII, and the end of a line


def is_printable_ascii(data: bytes) -> bool:
    """Return whether `data` is printable ASCII and ends of lines."""
    return not data.translate(None, PRINTABLE)
