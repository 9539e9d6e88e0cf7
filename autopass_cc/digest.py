"""The digest that names recipes, keys, sources and objects, here and in the launcher (`shims/digest.c`)."""

from __future__ import annotations

import hashlib


def digest_of(data: bytes) -> str:
    """Return BLAKE2b of 16 bytes (RFC 7693), as 32 hex digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
