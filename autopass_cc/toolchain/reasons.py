"""The launcher's reasons, word by word, from the one list that it is compiled from (`shims/reasons.def`)."""

from __future__ import annotations

import functools
import re

from autopass_cc.toolchain.sources import source_dir


@functools.cache
def sentences() -> dict[str, str]:
    """Return the sentence of each reason by its word."""
    text = (source_dir() / "reasons.def").read_text()
    rows = re.findall(r'^REASON\(\w+, "([^"]+)", (?:HIT|MISS|PASS), "((?:[^"\\]|\\.)*)"\)', text, re.MULTILINE)
    return dict(rows)
