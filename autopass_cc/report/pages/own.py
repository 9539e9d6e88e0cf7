"""The pipelines of levels, asked of a clang of this machine where it is the very one that a recipe was made for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

from autopass_cc.errors import NoClangError, RefusedCompilerError, ToolchainError
from autopass_cc.report.pages.recipes import Own
from autopass_cc.toolchain import probe, registry
from autopass_cc.toolchain.describe import Toolchain, describe
from autopass_cc.toolchain.find import find_clang


def own_pipelines(fits: Callable[[Toolchain], bool]) -> Own:
    """Return what tells the pipeline of a level by the first known clang that `fits`; it tells none where there is no such."""

    @functools.cache
    def toolchain() -> Toolchain | None:
        return next(filter(fits, _known()), None)

    @functools.cache
    def own(level: str) -> str | None:
        found = toolchain()
        if found is None:
            return None
        try:
            return probe.base_pipeline(found, [str(found.clang), f"-{level}", "-c", "-x", "c", "/dev/null"], "/", level)
        except ToolchainError:
            return None

    return own


def _known() -> Iterator[Toolchain]:
    _, lines = registry.read()
    for path in [Path(line.path) for line in lines]:
        try:
            yield describe(path)
        except RefusedCompilerError:
            continue
    try:
        yield describe(find_clang(None))
    except (NoClangError, RefusedCompilerError):
        return
