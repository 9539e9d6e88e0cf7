"""What autopass itself does around a build, in a home of its own: knowing a clang, recording, publishing recipes."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from autopass_cc.project import journal
from autopass_cc.project.modules import TUNABLE
from autopass_cc.project.replay import without_outputs
from autopass_cc.recipe import Edit, Insert, Knob, Recipe, build, identity, parse
from autopass_cc.store.builds import CompileRecord, LinkRecord
from autopass_cc.store.publication import IndexLine, publication_dir, write_publication
from autopass_cc.toolchain import identity as self_test
from autopass_cc.toolchain import probe, registry
from autopass_cc.toolchain.describe import Status, Toolchain


@contextmanager
def living_in(home: Path) -> Iterator[None]:
    """Let autopass keep its data in `home`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOPASS_HOME", str(home))
        patch.delenv("AUTOPASS_CLANG", raising=False)
        yield


@functools.cache
def prepared(major: int, shared: Path) -> tuple[Path, Toolchain]:
    """Look at one clang (plugin, identity self-test), once for all tests; return where it is known, and the toolchain.

    `shared` is a home in which the newest clang is known already.
    """
    with living_in(shared):
        if f"clang-{major}" in (registry.read()[0] or ""):
            return shared, registry.ensure(f"clang-{major}")
    home = Path(tempfile.mkdtemp(prefix=f"autopass-clang-{major}-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with living_in(home):
        return home, registry.ensure(f"clang-{major}")


def new_home(home: Path, major: int, shared: Path) -> Toolchain:
    """Make a home in which one clang is known and is the default, and builds are recorded."""
    known, toolchain = prepared(major, shared)
    assert toolchain.status is Status.OK, toolchain.reason
    home.mkdir(parents=True, mode=0o700)
    (home / "cache").mkdir(mode=0o700)
    (home / "cache" / "plugins").symlink_to(known / "cache" / "plugins")
    (home / "toolchains").write_text((known / "toolchains").read_text().replace(str(known), str(home)))
    (home / "toolchains").chmod(0o600)
    with living_in(home):
        journal.switch_on()
    return toolchain


@dataclass(frozen=True)
class Log:
    """What AUTOPASS_LOG tells of a build: how often each (decision, reason) was."""

    counts: Counter[tuple[str, str]]

    @staticmethod
    def take(path: Path) -> Log:
        """Read a log and begin a new one."""
        lines = path.read_text("latin-1").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return Log(Counter((decision, reason) for decision, reason, *_ in (line.split("\t") for line in lines)))

    @property
    def carried(self) -> int:
        """Return the number of compiles that could carry a recipe or did."""
        return sum(count for (decision, _), count in self.counts.items() if decision in TUNABLE)

    @property
    def calls(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> dict[str, int]:
        """Return the calls that were left to clang, by reason, most frequent first."""
        return {reason: count for (decision, reason), count in self.counts.most_common() if decision not in TUNABLE}


@dataclass(frozen=True)
class Recorded:
    """One recorded compile that can carry a recipe, and the pipeline that clang runs for it."""

    record: CompileRecord
    pipeline: str


def records(home: Path) -> list[CompileRecord | LinkRecord]:
    """Return what was recorded in a home."""
    with living_in(home):
        batch = journal.read_new({})
    assert batch.bad_lines == 0
    return batch.records


def recorded(home: Path, toolchain: Toolchain) -> list[Recorded]:
    """Return the recorded compiles that can carry a recipe, while their sources are still in place."""
    pipelines: dict[tuple[str, ...], str] = {}
    found = []
    for record in records(home):
        if not isinstance(record, CompileRecord) or record.decision not in TUNABLE:
            continue
        # The options decide the pipeline; sources, macros and folders do not.
        options = tuple(word for word in record.argv if word.startswith(("-O", "-f", "-m", "-g", "-std")))
        key = (record.argv[0], record.level, *options)
        if key not in pipelines:
            argv = [record.argv[0], *without_outputs(record.argv)]
            pipelines[key] = probe.base_pipeline(toolchain, argv, record.cwd, record.level)
        found.append(Recorded(record, pipelines[key]))
    return found


def without_identity(toolchain: Toolchain, compiles: list[Recorded], outputs: set[Path]) -> set[Path]:
    """Return those of the outputs for which `autopass tune` would find that clang's own pipeline is not reproduced."""
    found = set()
    for each in compiles:
        record, out = each.record, Path(each.record.out)
        argv = [record.argv[0], *without_outputs(record.argv)]
        if out in outputs and self_test.check(toolchain, argv, record.cwd, record.level):
            found.add(out)
    return found


def unedited(text: str, level: str, major: int) -> Recipe:
    """Make the recipe that must change nothing."""
    return identity(text, level, major)


def edited(text: str, level: str, major: int) -> Recipe:
    """Make a recipe as the tuner's levers do: a second round over the loops' output, and a knob of the inliner."""
    last = max((site for site in parse(text).sites() if site.startswith("instcombine#")), key=lambda site: int(site[12:]))
    edits: list[Edit] = [Insert("gvn", "after", last), Insert("jump-threading", "after", last), Knob("inline-threshold", "500")]
    return build(text, level, major, edits)


def publish(home: Path, compiles: list[Recorded], make: Callable[[str, str, int], Recipe], major: int) -> None:
    """Publish a recipe for every recorded compile, under both of its keys, in place of all that was published."""
    lines, recipes = [], {}
    for each in compiles:
        recipe = make(each.pipeline, each.record.level, major)
        Recipe.parse(recipe.render())
        recipes[recipe.digest] = recipe.render()
        keys = (("x", each.record.exact), ("i", each.record.inherited))
        lines += [IndexLine(kind, key, recipe.digest, each.record.rel) for kind, key in keys if key]
    with living_in(home):
        write_publication(publication_dir(), lines, recipes)
        assert os.access(publication_dir() / "index", os.R_OK)
