"""One compile of a module that keeps its remarks beside its object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.project.replay import compile_argv, run
from autopass_cc.store.builds import CompileRecord


@dataclass(frozen=True)
class Remarked:
    """An object (None: the compile failed) and what clang wrote of its optimisations (YAML documents, unread)."""

    path: Path | None
    remarks: str


def compiled(record: CompileRecord, folder: Path, recipe_arguments: Sequence[str], limit: float) -> Remarked:
    """Compile once more within `limit` seconds. What an earlier compile left in `folder` is never taken for this one's."""
    out, yaml = folder / "remarked.o", folder / "remarked.yaml"
    for path in (out, yaml):
        path.unlink(missing_ok=True)
    extra = ["-fsave-optimization-record=yaml", f"-foptimization-record-file={yaml}"]
    done = run(compile_argv(record, out, recipe_arguments, extra), record, limit=limit)
    if not done.ok or not out.exists():
        return Remarked(None, "")
    return Remarked(out, yaml.read_text("utf-8", "replace") if yaml.exists() else "")
