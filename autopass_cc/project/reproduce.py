"""Check once that the replay is the user's build: every object and every linked file comes out byte for byte.

A build that already used recipes is repeated with them; everything later starts from the plain compile again.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.errors import ReplayError
from autopass_cc.project.builder import Builder
from autopass_cc.recipe.recipe import Recipe


@dataclass(frozen=True)
class Reproduction:
    """How many objects and linked files were compared, and which of them came out differently."""

    objects: int
    links: int
    different: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Return whether everything was equal."""
        return not self.different


def reproduce(
    builder: Builder,
    applied: Mapping[str, Recipe],
    *,
    workers: int = 2,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Reproduction:
    """Recompile and relink the recorded build in a private place and compare it with the user's files.

    `applied` are the recipes that the recorded compiles used, by output (`recorded.applied`). Raises SourceError where a
    source no longer compiles. An object that the user has deleted is not compared; the linked file that it went into is.
    """
    outs = sorted({out for link in builder.links for out in link.objects})
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for number, _ in enumerate(pool.map(lambda out: builder.plain(out, sections=False), outs), start=1):
            progress(number, len(outs))
    objects = {out: builder.compile(out, applied.get(out), sections=False).path for out in outs}
    different = [out for out in outs if _differs(Path(out), objects[out])]
    try:
        built = builder.build(applied, builder.place / "reproduction", seed=None)
    except ReplayError as error:
        return Reproduction(len(outs), 0, (error.sentence,))
    different += [str(original) for original, copy in built.items() if _differs(original, copy, missing=True)]
    return Reproduction(len(outs), len(built), tuple(different))


def _differs(original: Path, copy: Path, *, missing: bool = False) -> bool:
    try:
        before = original.read_bytes()
    except FileNotFoundError:
        return missing
    return not copy.exists() or before != copy.read_bytes()
