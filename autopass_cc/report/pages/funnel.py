"""How far candidates came: from a proposal to a recipe that is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autopass_cc.measure.verdict import Stage, Verdict
from autopass_cc.store.runs import CandidateRow

_REFUSED = (Verdict.FAILED_TO_COMPILE, Verdict.SLOW_TO_COMPILE, Verdict.DIAGNOSTICS_CHANGED, Verdict.SYMBOLS_CHANGED)
_WRONG = (Verdict.FAILED_TO_LINK, Verdict.WRONG_OUTPUT, Verdict.CRASHED, Verdict.TIMED_OUT)


@dataclass(frozen=True)
class Step:
    """How many came so far, and what became of those that came no further (verdict and count)."""

    name: str
    count: int
    lost: Sequence[tuple[str, int]]


def funnel(candidates: Iterable[CandidateRow], refused: int, confirming: int, confirmed: int, published: int) -> list[Step]:
    """Return the steps. `refused` proposals never became a candidate, because the grammar did not take them.

    `confirming` candidates were taken to confirmation, `confirmed` of them held, `published` are in use.
    """
    verdicts: Counter[str] = Counter()
    timed = 0
    for each in candidates:
        verdicts[each.verdict] += 1
        timed += each.screened is not None
    total = verdicts.total()
    invalid = verdicts[Verdict.INVALID.value]
    compiled = total - invalid - sum(verdicts[each.value] for each in _REFUSED)
    new = compiled - verdicts[Verdict.SAME_CODE.value]
    correct = new - sum(verdicts[each.value] for each in _WRONG)

    def lost(which: Sequence[Verdict]) -> list[tuple[str, int]]:
        return [(each.value, verdicts[each.value]) for each in which if verdicts[each.value]]

    def left(why: str, count: int) -> list[tuple[str, int]]:
        return [(why, count)] if count > 0 else []

    return [
        Step("proposed", total + refused, left("not in the grammar", refused + invalid)),
        Step("valid", total - invalid, lost(_REFUSED)),
        Step("compiled", compiled, lost((Verdict.SAME_CODE,))),
        Step("new code", new, lost(_WRONG)),
        Step("correct", correct, left("not timed", correct - timed)),
        Step("screened", timed, left("others looked better", timed - confirming)),
        Step("to confirmation", confirming, left("not confirmed", confirming - confirmed)),
        Step("confirmed", confirmed, left("not seen again, or not together", confirmed - published)),
        Step("published", published, []),
    ]


def reached_the_clock(row: CandidateRow) -> bool:
    """Return whether a candidate passed its gates: what stopped it, if anything, was seen while the program ran."""
    try:
        return Verdict.of(row.verdict).stage is not Stage.GATE
    except KeyError:
        return False
