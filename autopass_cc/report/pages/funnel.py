"""How far candidates came: from a proposal to a recipe that is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autopass_cc.measure.verdict import Stage, Verdict
from autopass_cc.store.runs import CandidateRow

_REFUSED = (Verdict.FAILED_TO_COMPILE, Verdict.SLOW_TO_COMPILE, Verdict.DIAGNOSTICS_CHANGED, Verdict.SYMBOLS_CHANGED)
_WRONG = (Verdict.FAILED_TO_LINK, Verdict.WRONG_OUTPUT, Verdict.CRASHED, Verdict.TIMED_OUT)

# What is said of those that were screened, taken to confirmation and confirmed, and came no further.
_ENDED = ("others looked better", "not confirmed", "not seen again, or not together")
_OPEN = ("not chosen so far", "not confirmed so far", "not proven so far")


@dataclass(frozen=True)
class Step:
    """How many came so far, and what became of those that came no further (verdict and count)."""

    name: str
    count: int
    lost: Sequence[tuple[str, int]]


def funnel(
    candidates: Iterable[CandidateRow], refused: int, confirming: int, confirmed: int, published: int, *, done: bool
) -> list[Step]:
    """Return the steps. `refused` proposals never became a candidate, because the grammar did not take them.

    `confirming` candidates were taken to confirmation, `confirmed` of them held, `published` are in use. Until a run is
    `done`, those that came no further may still do so.
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

    unchosen, unconfirmed, unproven = _ENDED if done else _OPEN

    def left(why: str, count: int) -> list[tuple[str, int]]:
        return [(why, count)] if count > 0 else []

    return [
        Step("proposed", total + refused, left("not in the grammar", refused + invalid)),
        Step("valid", total - invalid, lost(_REFUSED)),
        Step("compiled", compiled, lost((Verdict.SAME_CODE,))),
        Step("new code", new, lost(_WRONG)),
        Step("correct", correct, left("not timed", correct - timed)),
        Step("screened", timed, left(unchosen, timed - confirming)),
        Step("to confirmation", confirming, left(unconfirmed, confirming - confirmed)),
        Step("confirmed", confirmed, left(unproven, confirmed - published)),
        Step("published", published, []),
    ]


def reached_the_clock(row: CandidateRow) -> bool:
    """Return whether a candidate passed its gates: what stopped it, if anything, was seen while the program ran."""
    try:
        return Verdict.of(row.verdict).stage is not Stage.GATE
    except KeyError:
        return False
