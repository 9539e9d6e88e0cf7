"""Objects that the next compile would make with another recipe: published, changed or taken back since they were built.

Make and Ninja look at time stamps of files, and no file of the project changes when a recipe does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autopass_cc.digest import digest_of
from autopass_cc.project.modules import HIT
from autopass_cc.project.resolve import Answer, Resolver
from autopass_cc.store.builds import CompileRecord


@dataclass(frozen=True)
class Outdated:
    """An object as it was last compiled, and what its compile gets now."""

    record: CompileRecord
    now: Answer

    @property
    def before(self) -> str:
        """Return the recipe that the object was compiled with; "" for none."""
        return built_with(self.record)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; `from` and `to` are recipes, null for plain clang."""
        return {
            "object": self.record.out,
            "source": self.record.src,
            "from": self.before or None,
            "to": self.now.recipe or None,
            "key": self.now.kind,
        }


def built_with(record: CompileRecord) -> str:
    """Return the recipe that a recorded compile used; "" for none."""
    return record.recipe if record.decision == HIT else ""


def outdated(root: Path, compiles: Mapping[str, CompileRecord]) -> list[Outdated]:
    """Return the objects on disk whose compile now gets another recipe than it had, by path.

    Sources that were edited since are left out: their build system compiles them anyway, under other keys.
    """
    resolver = Resolver(root)
    answers = ((record, resolver.answer(record)) for _, record in sorted(compiles.items()))
    return [
        Outdated(record, now)
        for record, now in answers
        if now.recipe != built_with(record) and os.path.lexists(record.out) and _is_unedited(record)
    ]


def _is_unedited(record: CompileRecord) -> bool:
    try:
        data = Path(record.src).read_bytes()
    except OSError:
        return False
    return digest_of(data) == record.digest


def advice(count: int) -> str:
    """Return the sentence that tells about `count` outdated objects; "" for none."""
    if not count:
        return ""
    what = "1 object was" if count == 1 else f"{count} objects were"
    return f"{what} compiled with another recipe than now published: run `autopass apply`, then build"
