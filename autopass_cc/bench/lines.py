"""A file of JSON Lines that is only added to, so that whatever ends a run loses at most the line that was being written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Lines:
    """One such file. Reading changes nothing: a last line that was cut off goes when the next one is added."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = 0  # bytes of whole lines

    def read(self) -> tuple[list[bytes], bytes]:
        """Return the whole lines, and what was cut off; nothing where there is no file."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            data = b""
        self._size = data.rfind(b"\n") + 1
        return data[: self._size].splitlines(), data[self._size :]

    def add(self, values: Mapping[str, Any]) -> str:
        """Add a line, on disk when this returns; return its text."""
        text = json.dumps(values, separators=(",", ":"))
        line = text.encode() + b"\n"
        with self.path.open("ab") as stream:
            stream.truncate(self._size)
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        self._size += len(line)
        return text
