"""The table at the end of `autopass tune`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autopass_cc.agents.outcome import Result, TuneResult
from autopass_cc.measure.verdict import Verdict
from autopass_cc.report import table


def render(result: TuneResult) -> str:
    """Return the table of modules with the whole program below, and what a reader of the numbers must know."""
    shown = sorted(result.modules, key=lambda each: -(each.share or 0.0))
    tried = [each for each in shown if each.verdict is not Verdict.NOT_TRIED]
    quiet = [each for each in shown if each.verdict is Verdict.NOT_TRIED]
    lines = ["", render_table([*tried, result.program], minds=bool(result.facts.get("model")))]
    if quiet:
        lines.append(
            f"{len(quiet)} more {'module has' if len(quiet) == 1 else 'modules have'} too small a share of the time to be tuned"
        )
    estimate = result.program.estimate
    if estimate is not None:
        lines.append(
            f"{estimate.n} re-validation blocks, {estimate.coverage * 100:.0f} % intervals of the change in time; "
            "measured, not added up"
        )
    if asked := result.facts.get("model"):
        lines.append(
            f"the model was asked {asked['calls']} times: {asked['prompt_tokens']} + {asked['completion_tokens']} tokens, "
            f"{asked['waited']:.0f} s of waiting, {asked['proposals']} proposals, {asked['invalid']} invalid"
        )
    lines += map(_transferred, result.facts.get("transfer", []))
    lines += [f"warning: {text}" for text in result.facts.get("warnings", [])]
    accepted = sum(each.verdict is Verdict.ACCEPTED for each in result.modules)
    if accepted:
        lines.append(
            f"{accepted} {'recipe is' if accepted == 1 else 'recipes are'} published for compiles with CC=autopass-cc; "
            "`autopass explain FILE` tells why"
        )
    else:
        lines.append("nothing was proven faster; builds stay as they are")
    return "\n".join(lines)


def _transferred(found: Mapping[str, Any]) -> str:
    """Return the sentence that says what transfer came to, and saved, in one module's search."""
    recipes = "1 recipe" if found["tried"] == 1 else f"{found['tried']} recipes"
    if not found["won"]:
        return f"transfer: {found['module']} began with {recipes} from elsewhere; none of them won"
    there = "" if found["runs_there"] is None else f", against {found['runs_there']} where it was found"
    return f"transfer: {found['module']} took over what won on {found['origin']}; its search took {found['runs']} runs{there}"


def render_table(results: Sequence[Result], *, minds: bool = False) -> str:
    """Return the table of some results, in their order; with `minds`, who proposed each recipe."""
    header = ["module", "share", "baseline", "tuned", "time", "interval", "verdict", *(["proposed by"] if minds else [])]
    rows = [[*_row(each), *([each.mind] if minds else [])] for each in results]
    return table.render(header, rows, right=frozenset({1, 2, 3, 4, 5}))


def _row(each: Result) -> list[str]:
    estimate = each.estimate
    return [
        each.name,
        "" if each.share is None else f"{each.share * 100:.0f} %",
        table.seconds(each.baseline_s),
        table.seconds(each.tuned_s),
        table.change(estimate.median if estimate and estimate.is_evidence else None),
        table.interval(estimate.low, estimate.high) if estimate else "",
        each.verdict.value,
    ]
