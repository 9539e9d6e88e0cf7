"""The identity self-test: the unedited base pipeline, run by the plugin, gives the same object as plain clang, byte for byte.

If it does not, a measured difference would not be the recipe's, so such a toolchain is not tuned with.
"""

from __future__ import annotations

import concurrent.futures
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.background import gives_way
from autopass_cc.environment import without_ours
from autopass_cc.errors import AutopassError
from autopass_cc.recipe.recipe import Recipe, arguments, identity
from autopass_cc.toolchain import probe
from autopass_cc.toolchain.describe import Toolchain

LEVELS = ("O1", "O2", "O3", "Os")
LIMIT = 600.0
# Modules with coroutines keep the default pipeline, by the plugin's own decision; that too must change nothing.
APPLIED = re.compile(rb"^plugin\t(applied|coroutines)\t", re.MULTILINE)


@dataclass(frozen=True)
class Identity:
    """How many objects were compared, and what differed ("loops.c at -O3: why")."""

    compared: int
    failures: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Return whether every object was equal."""
        return not self.failures and self.compared > 0


def sources() -> list[Path]:
    """Return the probe sources: small C and C++ files that between them use most of the language and its passes."""
    package = Path(__file__).parents[1]
    # the recipe room's are those that show which knobs bite: many shapes of loop and call in one file
    folders = (package / "toolchain" / "probe", package / "recipe" / "data")
    return sorted(path for folder in folders for path in folder.iterdir() if path.suffix in (".c", ".cpp"))


def self_test(
    toolchain: Toolchain, *, workers: int = 2, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Identity:
    """Compare every probe source at every level. The toolchain must have its plugin."""
    cases = list(_cases(toolchain))
    failures = []
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done, (label, problem) in enumerate(pool.map(lambda case: (case[0], check(toolchain, *case[1:])), cases), start=1):
            failures += [f"{label}: {problem}"] if problem else []
            progress(done, len(cases))
    return Identity(len(cases), tuple(failures))


def _cases(toolchain: Toolchain) -> Iterator[tuple[str, list[str], str, str]]:
    for source in sources():
        for level in LEVELS:
            cxx = source.suffix == ".cpp"
            driver = toolchain.clangxx if cxx else toolchain.clang
            argv = [str(driver), f"-{level}", *(["-std=c++20"] if cxx else []), "-c", str(source)]
            yield f"{source.name} at -{level}", argv, "/", level


def check(toolchain: Toolchain, argv: Sequence[str], cwd: str | Path, level: str) -> str | None:
    """Compare one compile (driver and arguments, without outputs) with itself through the plugin; return what differs."""
    try:
        recipe = identity(probe.base_pipeline(toolchain, argv, cwd, level), level, toolchain.major)
        return _compare(toolchain, recipe, argv, cwd)
    except AutopassError as error:
        return error.sentence
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)


def _compare(toolchain: Toolchain, recipe: Recipe, argv: Sequence[str], cwd: str | Path) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{recipe.digest}.recipe"
        path.write_bytes(recipe.render())
        log = Path(folder) / "log"
        # One name for both outputs: -gsplit-dwarf writes it into the object.
        out = Path(folder) / "out"
        out.mkdir()
        first = _compile([argv[0], "-o", str(out / "x.o"), *argv[1:]], cwd, None)
        plain = _taken(out)
        tuned = arguments(path, recipe, toolchain.plugin)
        second = _compile([argv[0], *tuned, "-o", str(out / "x.o"), *argv[1:]], cwd, log)
        if first.returncode != 0:
            return "plain clang does not compile it"
        if second.returncode != 0:
            return f"clang fails with the plugin: {second.stderr.decode('utf-8', 'replace').strip()[:200]}"
        if not log.exists() or not APPLIED.search(log.read_bytes()):
            reason = log.read_text().strip() if log.exists() else "it was not asked"
            return f"the plugin did not apply the pipeline ({reason})"
        if (first.stdout, first.stderr) != (second.stdout, second.stderr):
            return "the diagnostics differ"
        return None if plain == _taken(out) else "the objects differ"


def _taken(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder, and remove them."""
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in found:
        (folder / name).unlink()
    return found


def _compile(argv: list[str], cwd: str | Path, log: Path | None) -> subprocess.CompletedProcess[bytes]:
    env = without_ours()
    if log is not None:
        env["AUTOPASS_LOG"] = str(log)
    return subprocess.run(
        gives_way(argv), cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False
    )
