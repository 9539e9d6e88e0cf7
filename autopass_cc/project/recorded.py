"""The recorded build of one project, as it stands now: modules, links, the programs that the workload runs."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.errors import NothingRecordedError, RecipeError, SourceError
from autopass_cc.project import journal, linkmap
from autopass_cc.project.config import Config
from autopass_cc.project.linkmap import Link
from autopass_cc.project.modules import HIT, Module, group
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store import builds
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.database import Rows
from autopass_cc.store.entries import recipe_text

BUILD_ONCE = "build once from clean with CC=autopass-cc CXX=autopass-c++, then run `autopass tune` again"


@dataclass(frozen=True)
class Recorded:
    """What of a build is there: tunable modules, all compiles by output, links of the programs that are run."""

    modules: tuple[Module, ...]
    compiles: dict[str, CompileRecord]
    links: tuple[Link, ...]

    def linked(self) -> list[Module]:
        """Return the modules that are part of a program that the workload runs."""
        objects = {out for link in self.links for out in link.objects}
        return [module for module in self.modules if objects & set(module.outs)]


def load(db: Rows, config: Config) -> Recorded:
    """Return the recorded build of a project whose files still exist.

    Raises NothingRecordedError where there is none, or none that can be tuned, and SourceError for a source that was
    edited or removed since.
    """
    all_records = builds.compiles(db, config.root)
    records = [record for record in all_records if Path(record.out).exists()]
    if not records:
        raise nothing_recorded(config, gone=bool(all_records))
    modules = group(records)
    if not modules:
        reasons = Counter(record.reason for record in records)
        text = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common(4))
        unknown = any(record.reason == "unknown-toolchain" for record in records)
        raise NothingRecordedError(
            f"{len(records)} compiles are recorded, but none that autopass can tune ({text}).",
            f"run `autopass doctor` (it looks at the compiler), then {BUILD_ONCE}"
            if unknown
            else 'compile with -O1, -O2, -O3 or -Os, one source a command with -c; README, "Limits", has the reasons',
        )
    by_out = {record.out: record for record in records}
    present = [link for link in builds.links(db) if Path(link.out).exists()]
    links = linkmap.resolve(present, by_out)
    found = Recorded(tuple(modules), by_out, tuple(linkmap.closure(_targets(links, config), links)))
    needed = found.linked() if found.links else modules
    for module in needed:  # objects that nothing links may be left from sources that are gone
        _check_source(module.record)
    return found


def applied(db: Rows, compiles: Mapping[str, CompileRecord]) -> dict[str, Recipe]:
    """Return the recipes that recorded compiles used, by output; without those whose text is not known here any more."""
    found = {}
    for out, record in compiles.items():
        if record.decision == HIT:
            with contextlib.suppress(KeyError, RecipeError):
                found[out] = Recipe.parse(recipe_text(db, record.recipe))
    return found


def nothing_recorded(config: Config, *, gone: bool, then: str = "autopass tune") -> NothingRecordedError:
    """Return the error for a project without a recorded build, or (`gone`) one whose objects are all removed."""
    what = "The recorded build's objects are gone" if gone else "No build of this project is recorded"
    build = BUILD_ONCE.replace("autopass tune", then)
    if not journal.journal_path().exists():
        build = f"run `autopass init` in {config.root} (recording is off), then build with CC=autopass-cc CXX=autopass-c++"
    return NothingRecordedError(f"{what} ({config.root}).", build)


def _check_source(record: CompileRecord) -> None:
    try:
        data = Path(record.src).read_bytes()
    except OSError:
        raise SourceError(f"{record.rel} was compiled in the recorded build but is gone.", BUILD_ONCE) from None
    if digest_of(data) != record.digest:
        raise SourceError(
            f"{record.rel} was edited after it was last built with autopass-cc.",
            "build again, then run `autopass tune`",
        )


def _targets(links: Sequence[Link], config: Config) -> list[Link]:
    """Return the links whose outputs the workload's commands name; all links of the project where they name none."""
    words = {os.path.normpath(config.root / word) for command in (*config.run, *config.checks) for word in command}
    named = [link for link in links if link.record.out in words]
    return named or [link for link in links if Path(link.record.out).is_relative_to(config.root)]
