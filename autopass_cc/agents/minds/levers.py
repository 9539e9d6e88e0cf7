"""Which levers suit which evidence: weights for groups of knobs, for single knobs, and for passes to insert.

Weights only order what is tried first; measurement decides. They come from published tuning results (CoreMark, cBench,
PolyBench, LULESH) and from trials on the programs in `examples/`, those of the own suite among them (each knob alone, seven
interleaved runs on other inputs than the bench times, clang 22, Zen 3, 2026-11-26): the suite is no unseen test of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autopass_cc.evidence.collect import Evidence
from autopass_cc.recipe.edits import Edit, Insert, Knob
from autopass_cc.recipe.tree import Node, Pipeline

# How promising one knob is within its group; knobs that are not listed get OTHER.
PRIOR = {
    "inline-threshold": 1.0,
    "inlinehint-threshold": 0.5,
    "inline-instr-cost": 0.3,
    "inline-call-penalty": 0.3,
    "unroll-count": 1.0,
    "unroll-threshold": 0.8,
    "unroll-runtime": 0.9,
    "unroll-partial-threshold": 0.7,
    "unroll-allow-partial": 0.6,
    "unroll-max-count": 0.4,
    "unroll-runtime-multi-exit": 0.5,
    "force-vector-interleave": 1.0,
    "force-vector-width": 0.9,
    "vectorize-loops": 0.6,
    "vectorizer-maximize-bandwidth": 0.5,
    "slp-threshold": 1.0,
    "vectorize-slp": 0.9,
    "slp-max-vf": 0.4,
    "two-entry-phi-node-folding-threshold": 1.0,
    "phi-node-folding-threshold": 0.7,
    "bonus-inst-threshold": 0.4,
    "x86-cmov-converter": 1.0,
    "x86-cmov-converter-threshold": 0.6,
    "x86-cmov-converter-force-all": 0.8,
    "tail-dup-pred-size": 1.0,  # since LLVM 19 the dispatch of a large threaded interpreter is not duplicated without it
    "jump-threading-threshold": 0.8,
    "enable-dfa-jump-thread": 1.0,
    "jump-threading-across-loop-headers": 1.0,
    "dfa-max-cloned-rate": 0.9,
    "disable-select-optimize": 0.9,
    "tail-dup-size": 0.7,
    "tail-dup-placement": 0.7,
    "tail-dup-placement-threshold": 0.6,
    "disable-early-taildup": 0.5,
    "enable-tail-merge": 0.4,
    "min-jump-table-entries": 0.5,
    "rotation-max-header-size": 1.0,
    "indvars-widen-indvars": 0.5,
    "enable-lsr": 0.8,
    "disable-lsr": 0.8,
    "lsr-complexity-limit": 0.3,
    "polly": 1.0,
    "enable-unroll-and-jam": 0.8,
    "enable-loop-distribute": 0.4,
    "misched-prera-direction": 0.7,
    "enable-misched": 0.8,
    "pre-RA-sched": 0.8,
    "terminal-rule": 0.5,
    "enable-post-misched": 0.4,
    "join-globalcopies": 0.6,
    "disable-machine-licm": 0.4,
    "disable-machine-sink": 0.4,
}
OTHER = 0.2
NUMERIC = 4  # operations on floats, above which code is taken for numeric
LATER_VALUE = 0.8  # each further value of a knob weighs this much less than the one before it


def relevance(evidence: Evidence) -> dict[str, float]:
    """Return a weight (0 to 1) for each group of knobs from what the module's hot functions look like."""
    loops, floats, switches = evidence.total("loops"), evidence.total("floats"), evidence.total("switches")
    branches, calls = evidence.total("conditional_branches"), evidence.total("calls")
    looping, numeric = loops > 0, floats > NUMERIC
    branchy = branches > loops  # each loop has a branch of its own
    threaded = evidence.total("indirect_branches") > 0  # computed goto: the dispatch of an interpreter
    missed_inline = evidence.count("inline", "missed") > 0
    vectorized = evidence.count("loop-vectorize", "passed") > 0
    return {
        "inline": 0.3 + 0.4 * (calls > 0) + 0.3 * (missed_inline or evidence.lang == "c++"),
        "unroll": 0.1 + 0.7 * looping,
        "vectorize": (0.9 if vectorized else 0.4) * looping + 0.05,
        "slp": 0.7 if numeric or evidence.count("slp-vectorizer", "passed") else 0.2,
        "loop": 0.1 + 0.6 * looping,
        "jump": 0.9 if threaded or (looping and switches) else 0.35 + 0.3 * branchy,
        "cfg": 0.5 + 0.4 * branchy,
        "polly": 0.95 if numeric and loops > 1 else 0.1,
        "memory": 0.35,
        "schedule": 0.5,
        "regalloc": 0.4,
        "align": 0.15,  # mostly a source of noise
        "cost": 0.15,
    }


def passes(evidence: Evidence, base: Pipeline) -> Iterator[tuple[float, tuple[Edit, ...], str]]:
    """Yield insertions that the evidence suggests: weight, edits, hypothesis."""
    loops, floats, switches = evidence.total("loops"), evidence.total("floats"), evidence.total("switches")
    branches = evidence.total("conditional_branches")
    sites = base.sites()
    threading = [site for site in sites if site.startswith("jump-threading#")]
    across = Knob("jump-threading-across-loop-headers", "true")
    if loops and switches and threading:
        text = "a switch in a loop is a state machine: threading its states removes the dispatch"
        everywhere = tuple(Insert("dfa-jump-threading", "after", site) for site in threading)
        yield 1.0, (Knob("enable-dfa-jump-thread", "true"), across), text
        yield 0.98, (*everywhere, across), text
        yield (
            0.95,
            (*everywhere, across, Knob("dfa-max-cloned-rate", "50")),
            f"{text}; large machines need a higher limit",
        )
        yield (
            0.9,
            (*everywhere, Knob("dfa-max-cloned-rate", "50"), Knob("dfa-cost-threshold", "1000")),
            f"{text}; with higher limits",
        )
        for place, site in enumerate(reversed(threading)):
            yield 0.8 - 0.1 * place, (Insert("dfa-jump-threading", "after", site),), text
    last = "instcombine#1" if "instcombine#1" in sites else None
    final = max((site for site in sites if site.startswith("instcombine#")), default=last, key=lambda site: int(site[12:]))
    if final is None:
        return
    if loops > 1:
        yield from _jam(floats, sites)
        yield 0.35, (Insert("loop-data-prefetch", "after", final),), "loops over memory: prefetch ahead"
        yield (
            0.3,
            (Insert("loop-distribute", "before", "loop-vectorize#1"),),
            "distribution isolates what cannot be vectorised",
        )
    if loops:
        yield (
            0.3,
            (Insert("gvn", "after", final), Insert("jump-threading", "after", final)),
            "a second round over the loops' output",
        )
        yield 0.3, (Insert("newgvn", "after", final),), "a stronger value numbering after the loop passes"
        yield (
            0.3,
            (Insert("separate-const-offset-from-gep", "after", final), Insert("slsr", "after", final)),
            "cheaper addresses",
        )
    if branches:
        yield 0.3, (Insert("mldst-motion", "after", final),), "merge memory operations of diamonds"


def _jam(floats: int, sites: Mapping[str, Node]) -> Iterator[tuple[float, tuple[Edit, ...], str]]:
    """Yield unroll-and-jam in front of the SLP vectoriser, for each count.

    A sum over floats cannot be vectorised along its own loop, because that would reorder it; copies of it from
    different iterations of the loop around can, side by side, and no operation changes its order.
    """
    slp = "slp-vectorizer#1"
    if slp not in sites:
        return
    weight = 1.0 if floats else 0.4
    jam = (Insert("loop-unroll-and-jam", "before", slp), Insert("early-cse", "before", slp), Insert("instcombine", "before", slp))
    for place, count in enumerate(("8", "4", "16", "2")):
        knobs = (Knob("allow-unroll-and-jam", "true"), Knob("unroll-and-jam-count", count))
        text = f"nested loops: jam {count} outer iterations, so that SLP can pack what the inner loop may not reorder"
        yield weight * (1.0 - 0.1 * place), (*jam, *knobs), text
