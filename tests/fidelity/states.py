"""One case in the three states of autopass: what was wrong in each, as text; nothing where all is as with plain clang."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from plugin_kit import prepared

from autopass_cc.recipe import Recipe
from autopass_cc.toolchain.describe import Toolchain
from fidelity.bench import Bench
from fidelity.case import CARRIES, STATES, Case, case
from fidelity.outcome import Outcome, differences
from fidelity.published import Home, unchanged, visible

# What the plugin logs of a pipeline that it runs; a module with coroutines keeps clang's own, by its decision.
TAKEN = {"applied", "coroutines"}
PLAIN = (("a.c", False), ("b.cpp", True), ("a.c", True), ("loop.c", False))  # source, by the C++ driver
_ONE_AT_A_TIME = threading.Lock()


class UnlikeClangError(AssertionError):
    """The launcher did something else than plain clang, or decided something else than the case says."""


def toolchain_of(major: int) -> Toolchain | None:
    """Return an installed clang with its plugin, built once."""
    with _ONE_AT_A_TIME:
        found = shutil.which(f"clang-{major}")
        return prepared(Path(found)) if found else None


def observe(each: Case, toolchain: Toolchain, base: Path, others: tuple[str, ...]) -> dict[str, str | None]:
    """Run one case in all states below `base`; return for each state what is wrong, or None."""
    bench = Bench(each, toolchain.clang, base)
    plain = bench.plain()
    found: dict[str, str | None] = {}
    for state in STATES:
        run = _State(bench, plain, Home(bench.base / f"home-{state}", toolchain), others)
        try:
            getattr(run, state)()
            found[state] = None
        except UnlikeClangError as problem:
            found[state] = str(problem)
    bench.close()
    return found


class _State:
    """A case in one home of autopass."""

    def __init__(self, bench: Bench, plain: Outcome, home: Home, others: tuple[str, ...]) -> None:
        self._bench = bench
        self._plain = plain
        self._home = home
        self._others = others

    def off(self) -> None:
        """Switched off: there is nothing to log."""
        self._expect([], self._same(AUTOPASS="off"))

    def cold(self) -> None:
        """The compiler is known, nothing is published."""
        reason = self._bench.case.expect.reason
        self._expect([["miss", "no-recipe", "-"] if reason is None else ["pass", reason, "-"]], self._same())

    def hit(self) -> None:
        """Something is published: for this very compile, or for compiles that differ in what makes this one pass."""
        if self._bench.case.expect.reason is None:
            self._hit()
            return
        self._home.publish(dict.fromkeys(self._others, visible(self._home.toolchain)))
        self.cold()

    def _hit(self) -> None:
        """Learn the key of the compile from its record, publish its own pipeline under it, and see it applied."""
        self._home.record()
        self.cold()
        recipe = publish_unchanged(self._bench, self._home)
        logged = self._same()
        self._expect([["hit", "exact", recipe.digest]], logged[:1])
        words = {line[1] for line in logged[1:]}
        if recipe.pipeline is not None and self._plain.code == 0 and not (words and words <= TAKEN):
            raise UnlikeClangError(f"the plugin did not run the pipeline: {words}")

    def _same(self, **env: str) -> list[list[str]]:
        """Run the launcher, which must do what plain clang did. Returns what was logged."""
        wrong = differences(self._bench.ours(self._home, **env), self._plain)
        if wrong:
            raise UnlikeClangError("\n".join(wrong))
        return self._home.logged()

    @staticmethod
    def _expect(wanted: list[list[str]], logged: list[list[str]]) -> None:
        if [line[:3] for line in logged] != wanted:
            raise UnlikeClangError(f"logged {logged} instead of {wanted}")


def publish_unchanged(bench: Bench, home: Home) -> Recipe:
    """Publish a compile's own pipeline under the key in its record; return that recipe."""
    record = home.recorded()
    bench.begin()
    recipe = unchanged(home.toolchain, list(record["argv"]), bench.place, record["level"])
    home.publish({f"x{record['exact']}": recipe})
    return recipe


def keys_of_others(toolchain: Toolchain, base: Path) -> tuple[str, ...]:
    """Return the keys of the plain compiles that passing cases would be without what makes them pass."""
    keys = []
    for number, (source, cxx) in enumerate(PLAIN):
        bench = Bench(case(0, "other", f"-O2 -c {source}", CARRIES, cxx=cxx), toolchain.clang, base / str(number))
        home = Home(base / f"home-{number}", toolchain)
        home.record()
        plain = bench.ours(home)
        record = home.recorded()
        keys += [f"x{record['exact']}", f"i{record['inherited']}"]
        home.publish({keys[-2]: visible(toolchain)})
        if plain.files == bench.ours(home).files:
            raise UnlikeClangError(f"the recipe that must not leak changes nothing of {source}")
        bench.close()
    return tuple(keys)
