"""Stage 0: what a candidate must pass before anything is timed. Cheap checks first; the first failure is the verdict."""

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
        for out in self.module.outs:
            plain = self.builder.plain(out, sections=False)
            done = self.builder.compile(out, recipe, sections=False, limit=self.limit(plain))
            failure = self._compare(plain, done, recipe)
            if failure is not None:
                return failure
            self.builder.compile(out, recipe, sections=True, limit=self.limit(plain))
        return Passage(None)

    def limit(self, plain: Compiled) -> float:
        """Return the time bound (seconds) of a candidate's compile."""
        return SLOWEST_COMPILE * plain.outcome.seconds + COMPILE_GRACE

    def _compare(self, plain: Compiled, done: Compiled, recipe: Recipe) -> Passage | None:
        if done.outcome.exit_code is None:
            return Passage(Verdict.SLOW_TO_COMPILE, f"over {self.limit(plain):.1f} s")
        if not done.outcome.ok:
            return Passage(Verdict.FAILED_TO_COMPILE, _last_line(done.outcome.stderr))
        if done.outcome.stderr != plain.outcome.stderr:
            return Passage(Verdict.DIAGNOSTICS_CHANGED, _last_line(done.outcome.stderr) or "messages are missing")
        if done.digest == plain.digest:
            return Passage(Verdict.SAME_CODE, "as the base level's")
        first = self.seen.setdefault(f"{done.path.name} {done.digest}", recipe.digest)
        if first != recipe.digest:
            return Passage(Verdict.SAME_CODE, f"as recipe {first[:12]}")
        return self._symbols(plain, done)

    def _symbols(self, plain: Compiled, done: Compiled) -> Passage | None:
        before, after = symbols.read(self.nm, plain.path), symbols.read(self.nm, done.path)
        # Weak definitions (inline functions of C++) may come and go with inlining; every user has its own copy.
        changed = {name for name, kind in before.defined ^ after.defined if kind not in "WV"}
        if changed:
            return Passage(Verdict.SYMBOLS_CHANGED, f"defined symbols differ: {', '.join(sorted(changed)[:3])}")
        needed = after.undefined - before.undefined - {name for name, _ in before.defined}
        if needed:
            return Passage(Verdict.SYMBOLS_CHANGED, f"newly needs {', '.join(sorted(needed)[:3])}")
        return None


def _last_line(text: bytes) -> str:
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    found = next((line for line in lines if "error:" in line or "warning:" in line), lines[-1] if lines else "")
    return found.strip()[:200]
