"""Modules of a project: recorded compiles grouped by what the launcher will treat alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.store.builds import CompileRecord

HIT = "hit"
TUNABLE = (HIT, "miss")  # decisions of the launcher that say: a recipe may be applied to this compile


@dataclass(frozen=True)
class Module:
    """One variant of one source: all recorded compiles with the same exact key, which get the same recipe."""

    name: str
    records: tuple[CompileRecord, ...]

    @property
    def record(self) -> CompileRecord:
        """Return the first of the compiles (they differ in their outputs only)."""
        return self.records[0]

    @property
    def outs(self) -> tuple[str, ...]:
        """Return the recorded object files."""
        return tuple(record.out for record in self.records)

    @property
    def level(self) -> str:
        """Return the base level: O1, O2, O3 or Os."""
        return self.record.level


def group(records: Sequence[CompileRecord]) -> list[Module]:
    """Return the modules among recorded compiles; where one source has several variants, names carry the object's."""
    by_key: dict[str, list[CompileRecord]] = {}
    for record in records:
        if record.decision in TUNABLE and record.exact:
            by_key.setdefault(record.exact, []).append(record)
    counts: dict[str, int] = {}
    for members in by_key.values():
        counts[members[0].rel] = counts.get(members[0].rel, 0) + 1
    modules = []
    for members in by_key.values():
        rel = members[0].rel
        name = rel if counts[rel] == 1 else f"{rel} ({Path(members[0].out).name})"
        modules.append(Module(name, tuple(members)))
    names = [module.name for module in modules]
    return [
        module if names.count(module.name) == 1 else Module(f"{module.name} {module.record.exact[:6]}", module.records)
        for module in modules
    ]
