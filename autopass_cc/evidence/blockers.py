"""Why an optimisation was refused: the many words of the passes, in a closed set that edits can answer.

The rules were read off what clang 16, 19 and 22 say about the examples, Debian's lua and zstd, and the sources of the
passes named; a remark that no rule knows has no blocker.
"""

from __future__ import annotations

import enum

from autopass_cc.evidence.remarks import Remark


class Blocker(enum.StrEnum):
    """What stood in the way."""

    TOO_COSTLY = "too-costly"  # over a threshold: a knob can raise it
    NOT_PROFITABLE = "not-profitable"  # the cost model says no
    NO_DEFINITION = "no-definition"  # the callee is in another module
    NEVER_INLINE = "never-inline"  # recursion, attributes, what inlining cannot do
    CALL_IN_LOOP = "call-in-loop"
    UNKNOWN_TRIP_COUNT = "unknown-trip-count"
    EARLY_EXIT = "early-exit"
    CONTROL_FLOW = "control-flow"
    SWITCH = "switch"
    FLOAT_ORDER = "float-order"  # a sum that may not be reordered
    DEPENDENCE = "dependence"  # iterations depend on one another, or may
    ALIASING = "aliasing"  # what a pointer reaches is unknown
    MEMORY_CLOBBERED = "memory-clobbered"  # a store or call in between may change what was loaded
    CONDITIONAL = "conditional"  # executed on some paths only
    CARRIED_VALUE = "carried-value"  # a value of the loop is used after it
    NOT_VECTORISABLE = "not-vectorisable"  # an instruction or type with no vector form
    NO_PATTERN = "no-pattern"  # nothing alike side by side
    REGISTERS = "registers"  # there were too few


_BY_NAME = {
    ("inline", "TooCostly"): Blocker.TOO_COSTLY,
    ("inline", "NoDefinition"): Blocker.NO_DEFINITION,
    ("inline", "NeverInline"): Blocker.NEVER_INLINE,
    ("inline", "NotInlined"): Blocker.NEVER_INLINE,
    ("inline", "IncreaseCostInOtherContexts"): Blocker.TOO_COSTLY,
    ("gvn", "LoadClobbered"): Blocker.MEMORY_CLOBBERED,
    ("licm", "LoadWithLoopInvariantAddressInvalidated"): Blocker.MEMORY_CLOBBERED,
    ("licm", "LoadWithLoopInvariantAddressCondExecuted"): Blocker.CONDITIONAL,
    ("loop-vectorize", "CantReorderFPOps"): Blocker.FLOAT_ORDER,
    ("loop-vectorize", "CantReorderMemOps"): Blocker.ALIASING,
    ("loop-vectorize", "UnsafeDep"): Blocker.DEPENDENCE,
    ("loop-vectorize", "CantIdentifyArrayBounds"): Blocker.ALIASING,
    ("loop-vectorize", "CantVectorizeLibcall"): Blocker.CALL_IN_LOOP,
    ("loop-vectorize", "CantVectorizeCall"): Blocker.CALL_IN_LOOP,
    ("loop-vectorize", "CantVectorizeInstruction"): Blocker.NOT_VECTORISABLE,
    ("loop-vectorize", "CantVectorizeInstructionReturnType"): Blocker.NOT_VECTORISABLE,
    ("loop-vectorize", "CantVectorizeStore"): Blocker.NOT_VECTORISABLE,
    ("loop-vectorize", "PotentiallyFaultingLoadsNotSupported"): Blocker.EARLY_EXIT,
    ("loop-vectorize", "CantComputeNumberOfIterations"): Blocker.UNKNOWN_TRIP_COUNT,
    ("loop-vectorize", "UnsupportedUncountableLoop"): Blocker.UNKNOWN_TRIP_COUNT,
    ("loop-vectorize", "NoInductionVariable"): Blocker.UNKNOWN_TRIP_COUNT,
    ("loop-vectorize", "NonReductionValueUsedOutsideLoop"): Blocker.CARRIED_VALUE,
    ("loop-vectorize", "NoCFGForSelect"): Blocker.CONTROL_FLOW,
    ("loop-vectorize", "CFGNotUnderstood"): Blocker.CONTROL_FLOW,
    ("loop-vectorize", "LoopContainsSwitch"): Blocker.SWITCH,
    ("loop-vectorize", "LoopContainsUnsupportedSwitch"): Blocker.SWITCH,
    ("loop-vectorize", "LoopContainsUnsupportedTerminator"): Blocker.CONTROL_FLOW,
    ("loop-vectorize", "VectorizationNotBeneficial"): Blocker.NOT_PROFITABLE,
    ("loop-vectorize", "InterleavingNotBeneficial"): Blocker.NOT_PROFITABLE,
    ("loop-vectorize", "InterleavingNotBeneficialAndDisabled"): Blocker.NOT_PROFITABLE,
    ("slp-vectorizer", "NotBeneficial"): Blocker.NOT_PROFITABLE,
    ("slp-vectorizer", "HorSLPNotBeneficial"): Blocker.NOT_PROFITABLE,
    ("slp-vectorizer", "NotPossible"): Blocker.NO_PATTERN,
    ("slp-vectorizer", "UnsupportedType"): Blocker.NOT_VECTORISABLE,
    ("loop-idiom", "LoopMayAccessLoad"): Blocker.ALIASING,
    ("loop-idiom", "LoopMayAccessStore"): Blocker.ALIASING,
    ("loop-idiom", "SizeStrideUnequal"): Blocker.NO_PATTERN,
    ("regalloc", "SpillReloadCopies"): Blocker.REGISTERS,
    ("regalloc", "LoopSpillReloadCopies"): Blocker.REGISTERS,
    ("shrink-wrap", "UnsupportedIrreducibleCFG"): Blocker.CONTROL_FLOW,
    ("loop-distribute", "NotPossible"): Blocker.DEPENDENCE,
    ("TTI", "DontUnroll"): Blocker.CALL_IN_LOOP,
}
# For names that are made from a pattern, and for those that a later LLVM may add.
_BY_WORDS = (
    ("EarlyExit", Blocker.EARLY_EXIT),
    ("floating-point", Blocker.FLOAT_ORDER),
    ("early exit", Blocker.EARLY_EXIT),
    ("number of loop iterations", Blocker.UNKNOWN_TRIP_COUNT),
    ("uncountable", Blocker.UNKNOWN_TRIP_COUNT),
    ("depend", Blocker.DEPENDENCE),
    ("not beneficial", Blocker.NOT_PROFITABLE),
    ("too costly", Blocker.TOO_COSTLY),
    ("control flow", Blocker.CONTROL_FLOW),
    ("alias", Blocker.ALIASING),
)


def blocker(remark: Remark) -> Blocker | None:
    """Return why a remark's optimisation was refused; None where it was done, or where no rule knows."""
    known = _BY_NAME.get((remark.pass_name, remark.name))
    if known is not None or remark.kind == "passed":
        return known
    return next((found for words, found in _BY_WORDS if words in remark.name or words in remark.text), None)
