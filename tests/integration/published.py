"""Publish a real recipe for a recorded source as tuning would, without measuring anything."""

from __future__ import annotations

import shutil
from pathlib import Path

from autopass_cc.project import config
from autopass_cc.project.intake import ingest, latest
from autopass_cc.recipe import Edit, Recipe, build
from autopass_cc.store import entries as store
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.database import writer
from autopass_cc.store.publication import HEADER, publication_dir, read_index
from autopass_cc.store.runs import Runs
from autopass_cc.toolchain import probe, registry


def recorded(root: Path) -> dict[str, CompileRecord]:
    """Return the last compile of each object, by path relative to the project (or absolute outside of it)."""
    with writer() as db:
        ingest(db)
        found = latest(db, root)
    return {str(Path(out).relative_to(root)) if Path(out).is_relative_to(root) else out: each for out, each in found.items()}


def recipe_for(record: CompileRecord, *edits: Edit) -> Recipe:
    """Return the recipe of these edits for a recorded compile, with the compiler's own pipeline as its base."""
    toolchain = registry.ensure()
    base = probe.base_pipeline(toolchain, [record.argv[0], f"-{record.level}", "-c", "-x", "c", "/dev/null"], "/", record.level)
    return build(base, record.level, toolchain.major, edits)


def publish(root: Path, record: CompileRecord, *edits: Edit, median: float = -0.1, exact_only: str = "") -> Recipe:
    """Accept these edits for a recorded compile, as `autopass tune` does at its end."""
    recipe = recipe_for(record, *edits)
    entry = store.Entry(
        project=config.load(root).id,
        module=record.rel,
        variant=record.inherited,
        root=str(root),
        recipe=recipe.digest,
        exact=record.exact,
        inherited=record.inherited,
        toolchain="t",
        digest=record.digest,
        edits=[],
        median=median,
        low=median - 0.05,
        high=median + 0.05,
        log_e=5.0,
        share=0.5,
        run=1,
        exact_only=exact_only,
    )
    with writer() as db:
        db.table("recipe").upsert({"digest": recipe.digest, "text": recipe.render()}, pk="digest")
        store.accept(db, [entry])
        assert Runs(db).recipe_text(recipe.digest) == recipe.render()
    return recipe


def lock(root: Path) -> None:
    """Write the project's lock: what the user's publication says of the recorded compiles, as proven on this toolchain."""
    portable: dict[str, str] = {}
    for record in recorded(root).values():
        portable |= {record.exact: record.portable_exact, record.inherited: record.portable_inherited}
    (line,) = registry.read()[1]
    published = read_index(publication_dir() / "index")
    lines = [f"{each.kind}{portable[each.key]} {each.recipe} {line.id} {each.remark}\n" for each in published]
    (root / "autopass.lock").write_bytes(HEADER + "".join(sorted(lines)).encode())
    shutil.copytree(publication_dir() / "recipes", root / "autopass.lock.d")
