"""The closed set of things that can be said about a candidate, each with its sentence.

Values are what the store holds and what tables print: they may be added to, never renamed.
"""

from __future__ import annotations

import enum


class Stage(enum.Enum):
    """Where in a candidate's life a verdict falls."""

    BEFORE = "before"
    GATE = "gate"
    SCREENING = "screening"
    CONFIRMATION = "confirmation"
    REVALIDATION = "re-validation"
    TOGETHER = "together"
    ANY_RUN = "any run"


class Verdict(enum.Enum):
    """What became of a candidate. `CONFIRMED` waits for re-validation; only `ACCEPTED` may be published."""

    stage: Stage
    sentence: str

    def __new__(cls, value: str, stage: Stage, sentence: str) -> Verdict:
        """Attach stage and sentence to a member whose value is the word."""
        member = object.__new__(cls)
        member._value_ = value
        member.stage = stage
        member.sentence = sentence
        return member

    BASE_LEVEL = "base-level", Stage.BEFORE, "The plain compile at the module's own level; nothing was changed."
    NOT_TRIED = "not-tried", Stage.BEFORE, "Nothing was measured: there was no time, no target, or no hope of telling."

    INVALID = "invalid", Stage.GATE, "The recipe is outside the grammar or the allow-list; no compiler saw it."
    FAILED_TO_COMPILE = "failed-to-compile", Stage.GATE, "Clang failed or crashed with this recipe."
    SLOW_TO_COMPILE = "slow-to-compile", Stage.GATE, "Clang takes too long over the module with this recipe."
    DIAGNOSTICS_CHANGED = "diagnostics-changed", Stage.GATE, "Clang's exit code or diagnostics differ from the plain compile's."
    SYMBOLS_CHANGED = "symbols-changed", Stage.GATE, "The object defines or needs other symbols than the plain object."
    SAME_CODE = "same-code", Stage.GATE, "The object equals the baseline's or one already judged: nothing to measure."
    FAILED_TO_LINK = "failed-to-link", Stage.GATE, "The program does not link with this object."

    WRONG_OUTPUT = "wrong-output", Stage.ANY_RUN, "The program's exit code, output or files differ from the baseline's."
    CRASHED = "crashed", Stage.ANY_RUN, "The program was ended by a signal that the baseline does not get."
    TIMED_OUT = "timed-out", Stage.ANY_RUN, "The program did not end within its time bound."
    TOO_NOISY = "too-noisy", Stage.ANY_RUN, "Too many blocks were dropped because the machine was disturbed; no claim is made."
    UNFINISHED = "unfinished", Stage.ANY_RUN, "Time ran out or the run was interrupted; what was measured is kept."

    SCREENED_OUT = "screened-out", Stage.SCREENING, "Others looked better in screening; no claim is made about this one."
    REJECTED = "rejected", Stage.CONFIRMATION, "Not shown to be faster by more than the margin."
    CONFIRMED = "confirmed", Stage.CONFIRMATION, "Faster by more than the margin on fresh builds; waits for re-validation."
    UNCONFIRMED = "unconfirmed", Stage.REVALIDATION, "Confirmed once, but not seen again in re-validation; the baseline stays."
    ACCEPTED = "accepted", Stage.REVALIDATION, "Proven faster: confirmed, and seen again at another time."
    WITHDRAWN = "withdrawn", Stage.TOGETHER, "Faster alone, but not together with the other accepted recipes."

    @classmethod
    def of(cls, word: str) -> Verdict:
        """Return the verdict of a word; raises KeyError for one that is none."""
        return _BY_WORD[word]

    @property
    def is_defect(self) -> bool:
        """Whether the recipe broke something: worth a diagnosis, never worth a retry."""
        return self in _DEFECTS

    @property
    def is_open(self) -> bool:
        """Whether more measurement may still change it."""
        return self in _OPEN


_BY_WORD = {verdict.value: verdict for verdict in Verdict}
_DEFECTS = frozenset(
    {
        Verdict.FAILED_TO_COMPILE,
        Verdict.SLOW_TO_COMPILE,
        Verdict.DIAGNOSTICS_CHANGED,
        Verdict.SYMBOLS_CHANGED,
        Verdict.FAILED_TO_LINK,
        Verdict.WRONG_OUTPUT,
        Verdict.CRASHED,
        Verdict.TIMED_OUT,
    }
)
_OPEN = frozenset({Verdict.NOT_TRIED, Verdict.UNFINISHED, Verdict.TOO_NOISY, Verdict.CONFIRMED})
