"""What the passes of our own can do for the CPU that runs the program: versions of its hot functions, and tuning for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from autopass_cc.agents.minds.levers import NUMERIC
from autopass_cc.evidence.collect import Evidence
from autopass_cc.recipe.allowlist import AllowList
from autopass_cc.recipe.edits import Edit, Insert
from autopass_cc.recipe.params import function_word
from autopass_cc.recipe.tree import Pipeline

VERSIONS, TUNING = "function-versions", "tune-cpu"
VECTORIZER = "loop-vectorize#1"
SHARES = (0.02, 0.1, 0.3)  # of the time, from which on a function gets a version: each takes time to compile
NAMED = 32  # functions: with more, a recipe names most of a module, and can as well mean all of it


def for_cpu(
    evidence: Evidence, base: Pipeline, cpu: str, allow: AllowList, dear: Collection[Sequence[Edit]] = ()
) -> Iterator[tuple[float, tuple[Edit, ...], str]]:
    """Yield what suits the CPU that runs the program, though its compile asks for any CPU: weight, edits, hypothesis.

    Versions of functions are made late, when inlining is done and before loops are vectorised, so that little is compiled
    twice; or at the beginning, where all passes see what the versions may use. They come first where there are vectors or
    floats: on the own suite wider vectors made such programs faster, and branchy ones hardly, or slower. Where they are
    among what is known to be too `dear` to compile, fewer functions get one.
    """
    sites = base.sites()
    first = next((site for site, node in sites.items() if node.name in allow.passes), None)
    if first is None:
        return
    tuning = allow.passes.get(TUNING)
    tune: tuple[Edit, ...] = ()
    if tuning is not None and cpu in tuning.params.choices:
        tune = (Insert(tuning.name, "before", first, cpu),)
        yield 0.35, tune, f"instructions in the order, and loops of the shape, that suit {cpu}"
    vectors = evidence.count("loop-vectorize", "passed") + evidence.count("slp-vectorizer", "passed") > 0
    weight = 1.6 if vectors or evidence.total("floats") > NUMERIC else 0.5
    text = "hot functions may use the vectors and bit operations of newer CPUs, and others still run the old code"
    hot = [[each.function for each in evidence.hot if each.share >= share] for share in SHARES]
    if VECTORIZER in sites:
        choices = (Insert(VERSIONS, "before", VECTORIZER, _params(names)) for names in hot if names or not hot[0])
        chosen = next((choice for choice in choices if (choice,) not in dear), None)
        if chosen is not None:
            yield weight, (chosen,), text
            if tune:
                yield 0.95 * weight, (chosen, *tune), f"{text}; scheduled for {cpu}"
    inlined = [found.function for found in evidence.hot_features()] if hot[0] else []
    early = Insert(VERSIONS, "before", first, _params(dict.fromkeys([*hot[0], *inlined])))
    yield 0.9 * weight, (early, *tune), f"{text}; all passes know"


def _params(functions: Collection[str]) -> str:
    """Return the parameters that make versions of these functions; of all, where there are none or too many to name."""
    words = [function_word(name) for name in functions]
    return ";".join(["avx2", *(words if len(words) <= NAMED else ())])


def compiles_twice(edits: Sequence[Edit]) -> bool:
    """Whether edits do nothing but make versions, so that what they cost is the compile: it is timed before the program is."""
    names = {edit.name if isinstance(edit, Insert) else "" for edit in edits}
    return VERSIONS in names and names <= {VERSIONS, TUNING}


def clash(first: Sequence[Edit], second: Sequence[Edit]) -> bool:
    """Whether two proposals do in different ways what is done once."""
    ours = {edit.name: edit for edit in first if isinstance(edit, Insert) and edit.name in (VERSIONS, TUNING)}
    return any(isinstance(edit, Insert) and ours.get(edit.name, edit) != edit for edit in second)
