"""Stage 0: what a candidate must pass before anything is timed. Cheap checks first; the first failure is the verdict.

A candidate's compile must come out as the plain one does: the same exit code, the same messages under the user's own
flags, the same symbols. That is a proof for this source with these flags only; `agents/exact_only.py` decides whether
it may be carried over to edited sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autopass_cc.evidence import symbols
from autopass_cc.measure.verdict import Verdict
from autopass_cc.project.builder import Builder, Compiled
from autopass_cc.project.modules import Module
from autopass_cc.recipe.recipe import Recipe

SLOWEST_COMPILE = 3.0  # times the plain compile, at the gate; finalists are measured properly (agents/cost.py)
COMPILE_GRACE = 2.0  # seconds on top, so that a busy machine does not look like a slow pass


@dataclass(frozen=True)
class Passage:
    """Whether a candidate passed, and if not, why not."""

    verdict: Verdict | None
    detail: str = ""


@dataclass
class Gate:
    """The gate of one module. Remembers every object it saw, because equal code needs no second look."""

    builder: Builder
    module: Module
    nm: Path
    avoided: Mapping[str, tuple[str, str]]
    seen: dict[str, str] = field(default_factory=dict)

    def check(self, recipe: Recipe) -> Passage:
        """Compile the module with `recipe`, as the user's build would, and compare it with the plain compile."""
        if recipe.digest in self.avoided:
            verdict, detail = self.avoided[recipe.digest]
            return Passage(Verdict.of(verdict), f"remembered: {detail}")
        same: list[str] = []
        for out in self.module.outs:
            plain = self.builder.plain(out, sections=False)
            done = self.builder.compile(out, recipe, sections=False, limit=self.limit(plain))
            failure = self._compare(plain, done)
            if failure is not None:
                return failure
            same += [as_what for as_what in [self._same_code(plain, done, recipe)] if as_what]
        if same:
            # Only now: outputs of one module differ in their warnings, and each must be found unchanged.
            return Passage(Verdict.SAME_CODE, same[0])
        return self._with_sections(recipe) or Passage(None)

    def unchanged(self, recipe: Recipe) -> Passage:
        """Return whether a recipe changes nothing but code, be the code known or not."""
        passage = self.check(recipe)
        return Passage(None) if passage.verdict is Verdict.SAME_CODE else passage

    def limit(self, plain: Compiled) -> float:
        """Return the time bound (seconds) of a candidate's compile."""
        return SLOWEST_COMPILE * plain.outcome.seconds + COMPILE_GRACE

    def _compare(self, plain: Compiled, done: Compiled) -> Passage | None:
        if done.outcome.exit_code is None:
            return Passage(Verdict.SLOW_TO_COMPILE, f"over {self.limit(plain):.1f} s")
        if not done.outcome.ok:
            return Passage(Verdict.FAILED_TO_COMPILE, _last_line(done.outcome.stderr))
        if done.outcome.stderr != plain.outcome.stderr:
            return Passage(Verdict.DIAGNOSTICS_CHANGED, _last_line(done.outcome.stderr) or "messages are missing")
        return None if done.digest == plain.digest else self._symbols(plain, done)

    def _same_code(self, plain: Compiled, done: Compiled, recipe: Recipe) -> str:
        if done.digest == plain.digest:
            return "as the base level's"
        first = self.seen.setdefault(f"{done.path.name} {done.digest}", recipe.digest)
        return f"as recipe {first[:12]}" if first != recipe.digest else ""

    def _with_sections(self, recipe: Recipe) -> Passage | None:
        """Compile as measured programs are, with a section for each function; that must work too."""
        for out in self.module.outs:
            done = self.builder.compile(out, recipe, sections=True, limit=self.limit(self.builder.plain(out, sections=False)))
            if not done.outcome.ok:
                return Passage(Verdict.FAILED_TO_COMPILE, f"with -ffunction-sections: {_last_line(done.outcome.stderr)}")
        return None

    def _symbols(self, plain: Compiled, done: Compiled) -> Passage | None:
        before, after = symbols.read(self.nm, plain.path), symbols.read(self.nm, done.path)
        # Weak definitions (inline functions of C++) may come and go with inlining; every user has its own copy. So one
        # that is still called must still be here.
        changed = {name for name, kind in before.defined ^ after.defined if kind not in "WV"}
        if changed:
            return Passage(Verdict.SYMBOLS_CHANGED, f"defined symbols differ: {', '.join(sorted(changed)[:3])}")
        needed = after.undefined - before.undefined
        if needed:
            return Passage(Verdict.SYMBOLS_CHANGED, f"newly needs {', '.join(sorted(needed)[:3])}")
        return None


def _last_line(text: bytes) -> str:
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    found = next((line for line in lines if "error:" in line or "warning:" in line), lines[-1] if lines else "")
    return found.strip()[:200]
