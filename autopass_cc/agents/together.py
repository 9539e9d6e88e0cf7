"""The whole program with all accepted recipes. Gains of modules need not add up, so their sum is measured, never computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autopass_cc.agents.evaluation import Evaluation
from autopass_cc.agents.module_run import Finding
from autopass_cc.agents.outcome import Result
from autopass_cc.agents.prepare import Prepared
from autopass_cc.measure.verdict import Verdict

WHOLE = "whole program"


def together(evaluation: Evaluation, prepared: Prepared, accepted: Mapping[str, Finding]) -> tuple[Result, set[str]]:
    """Measure the program with all accepted recipes; return its result and the names of the modules that stay.

    With one module the program is what was just re-validated. Where the whole fails, halves are measured, and what
    holds in a half stays.
    """
    if not accepted:
        return Result(WHOLE, Verdict.BASE_LEVEL, detail="no recipe was accepted"), set()
    names = sorted(accepted, key=lambda name: accepted[name].median)
    if len(names) == 1:
        only = accepted[names[0]].result
        program = replace(only, name=WHOLE, share=None, recipe="", edits=(), tried=0, detail=f"measured with {names[0]}")
        return program, set(names)
    return _bisect(evaluation, prepared, accepted, names)


def _bisect(
    evaluation: Evaluation, prepared: Prepared, accepted: Mapping[str, Finding], names: Sequence[str]
) -> tuple[Result, set[str]]:
    program = _measure(evaluation, prepared, accepted, names)
    if program.verdict is Verdict.ACCEPTED:
        return program, set(names)
    if len(names) == 1:
        return Result(WHOLE, Verdict.WITHDRAWN, detail=program.detail), set()
    half = (len(names) + 1) // 2
    for part in (names[:half], names[half:]):
        found, kept = _bisect(evaluation, prepared, accepted, part)
        if kept:
            return found, kept
    return program, set()


def _measure(evaluation: Evaluation, prepared: Prepared, accepted: Mapping[str, Finding], names: Sequence[str]) -> Result:
    chosen = {name: recipe for name in names if (recipe := accepted[name].recipe) is not None}
    subject = "+".join(sorted(recipe.digest for recipe in chosen.values()))
    label = f"{len(names)} modules together"
    outcome, blocks = evaluation.revalidate(label, subject, prepared.recipes(chosen), stage="together")
    evaluation.say(label, outcome)
    return Result(
        WHOLE,
        outcome.verdict,
        baseline_s=evaluation.seconds(blocks, "A"),
        tuned_s=evaluation.seconds(blocks, "B"),
        estimate=outcome.estimate,
        detail=outcome.detail,
    )
