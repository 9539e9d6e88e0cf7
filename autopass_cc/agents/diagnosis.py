"""Diagnosis: from what a candidate changed in the code, and what that did to the time, to the likeliest cause.

A number alone teaches a mind nothing; the next round reads a cause and what to undo. The causes are rules over the same
facts of the hot functions before and after (sizes, instruction mix, remarks): the one that explains a change in the
direction that was seen. Where none does, that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from autopass_cc.agents.minds.protocol import NOISE, Diagnosis, Tried
from autopass_cc.agents.prepare import Prepared
from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.difference import Difference, FunctionChange, ObjectFacts, compare, facts
from autopass_cc.project.modules import Module
from autopass_cc.recipe.allowlist import AllowList, load
from autopass_cc.recipe.edits import Edit, Insert, Knob, Replace, text_of
from autopass_cc.recipe.recipe import Recipe

GROWN = 1.5  # times the size, from which the instruction cache and the decoder are suspected
# How many more or fewer instructions of a kind count: at least two, and a tenth of those that were there.
FEWEST, SHARE = 2, 0.1


@dataclass(frozen=True)
class Rule:
    """A cause: whether it fits a function's change, in words, and which groups of knobs bring it about."""

    fits: Callable[[FunctionChange], bool]
    words: str
    groups: frozenset[str] = frozenset()


def _more(change: FunctionChange, kind: str) -> bool:
    """Return whether a function has clearly more instructions of a kind than before."""
    before, after = getattr(change.before.mix, kind), getattr(change.after.mix, kind)
    return bool(after - before >= max(FEWEST, SHARE * before))


def _fewer(change: FunctionChange, kind: str) -> bool:
    before, after = getattr(change.before.mix, kind), getattr(change.after.mix, kind)
    return bool(before - after >= max(FEWEST, SHARE * before))


def _grown(change: FunctionChange) -> bool:
    return change.after.size > GROWN * max(change.before.size, 64)


WIDEN = frozenset({"unroll", "vectorize", "slp", "inline"})
SLOWER = (
    Rule(lambda it: _more(it, "stack"), "more stack accesses: registers ran out", WIDEN | {"regalloc", "schedule"}),
    Rule(lambda it: _fewer(it, "vector"), "vector code was lost", frozenset({"vectorize", "slp", "loop", "polly"})),
    Rule(lambda it: _more(it, "calls"), "calls came back that had been inlined", frozenset({"inline"})),
    Rule(lambda it: _grown(it), "the hot code grew: instruction cache and decoder", WIDEN | {"jump", "cfg"}),
    Rule(lambda it: _more(it, "selects"), "branches became conditional moves, which wait for data", frozenset({"cfg"})),
    Rule(lambda it: _more(it, "branches"), "more branches, some hard to predict", frozenset({"cfg", "jump", "unroll"})),
)
FASTER = (
    Rule(lambda it: _more(it, "vector"), "more vector code"),
    Rule(lambda it: _fewer(it, "calls"), "calls were inlined"),
    Rule(lambda it: _fewer(it, "stack"), "fewer stack accesses"),
    Rule(lambda it: _fewer(it, "selects"), "conditional moves became branches, which are predicted well"),
    Rule(lambda it: _more(it, "selects"), "branches became conditional moves, which need no prediction"),
    Rule(lambda it: _fewer(it, "indirect") or _fewer(it, "branches"), "fewer branches"),
    Rule(lambda it: _grown(it), "more code side by side: unrolled, duplicated or specialised"),
    Rule(lambda it: it.after.size < it.before.size / GROWN, "less code"),
)
HOT = 3  # changed functions that a diagnosis looks at,
AMONG = 20  # of the hottest
WORDS = 8  # numbers of a function that are told: at least its size and all that a cause may rest on
CHANGES = 8  # sentences of a diagnosis at most


class Diagnostician:
    """Diagnoses the candidates of one module. The plain compile is looked at once.

    `counted` returns how the machine's counters change with a candidate, in words; none where it has none.
    """

    def __init__(self, prepared: Prepared, module: Module, evidence: Evidence, counted: Callable[[Recipe], list[str]]) -> None:
        self._prepared, self._module, self._counted = prepared, module, counted
        self._hot = [hot.function for hot in evidence.hot]
        self._before: ObjectFacts | None = None

    def diagnose(self, tried: Tried, recipe: Recipe) -> Diagnosis | None:
        """Return the diagnosis of a timed candidate; None where it was not timed, or cannot be compiled any more."""
        builder, toolchain = self._prepared.builder, self._prepared.toolchain
        if tried.screened is None:
            return None
        if self._before is None:
            self._before = facts(builder, self._module, toolchain, None)
            self._hot = [name for name in self._hot if name in self._before.code][:AMONG]
        after = facts(builder, self._module, toolchain, recipe, self._hot)
        if not after.code or not self._before.code:
            return None
        found = compare(self._before, after, self._hot)
        return judge(tried.screened, tried.proposal.edits, found, load(toolchain.major), self._counted(recipe))


def judge(score: float, edits: Sequence[Edit], found: Difference, allow: AllowList, counted: Sequence[str] = ()) -> Diagnosis:
    """Return the likeliest cause of a log-ratio of times, from what changed in the functions that matter.

    `counted` is how the machine's counters changed, in words.
    """
    looked_at = [each for each in found.functions if each.changed][:HOT]
    numbers = [*counted, *([f"code {found.size[0]} -> {found.size[1]} bytes"] if found.size[0] != found.size[1] else [])]
    changes = [f"{each.name}: {', '.join(each.words[:WORDS]) or 'other instructions'}" for each in looked_at]
    changes += found.remarks()[: CHANGES - len(changes)]
    loop = next((text for each in looked_at if (text := each.hot_loop())), "")

    def told(cause: str, function: str = "", undo: Iterable[str] = ()) -> Diagnosis:
        return Diagnosis(cause, tuple(changes), tuple(undo), loop, function, tuple(numbers))

    if not looked_at:
        return told("no function that both compiles have was changed")
    rules = SLOWER if score > NOISE else FASTER if score < -NOISE else ()
    if not rules:
        return told("the code changed, and the time did not: this is not what limits it")
    for rule in rules:
        for each in looked_at:
            if rule.fits(each):
                return told(rule.words, each.name, _undo(edits, rule.groups, allow) if rules is SLOWER else ())
    return told(f"{'slower' if rules is SLOWER else 'faster'} for a reason that the mix of instructions does not show")


def _undo(edits: Iterable[Edit], groups: frozenset[str], allow: AllowList) -> Iterator[str]:
    """Yield the edits that bring about what was found: knobs of its groups, and passes inserted."""
    for edit in edits:
        if isinstance(edit, Knob):
            if edit.name in allow.knobs and allow.knobs[edit.name].group in groups:
                yield text_of(edit)
        elif isinstance(edit, Insert | Replace):
            yield text_of(edit)
