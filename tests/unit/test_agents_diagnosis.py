"""A diagnosis: the cause that explains the direction of the change, what to undo, or honestly none."""

from __future__ import annotations

from collections import Counter

import pytest

from autopass_cc.agents.diagnosis import judge
from autopass_cc.agents.minds.protocol import Diagnosis
from autopass_cc.evidence.assembly import Code
from autopass_cc.evidence.difference import ObjectFacts, compare
from autopass_cc.evidence.remarks import documents
from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.edits import Edit, Insert, Knob

ALLOW = load(22)
EDITS: tuple[Edit, ...] = (
    Knob("unroll-count", "8"),
    Knob("inline-threshold", "0"),
    Knob("misched-prera-direction", "topdown"),
    Insert("gvn", "after", "licm#2"),
)


def code(*lines: str, size: int = 100) -> Code:
    return Code("f", size, lines, "x86")


UNROLLED = "--- !Passed\nPass:            loop-unroll\nName:            PartialUnrolled\nFunction:        f\nArgs:\n...\n"


def diagnose(score: float, before: Code, after: Code, remarks: Counter[str] | None = None) -> Diagnosis:
    plain, tuned = ObjectFacts({"f": before}, Counter()), ObjectFacts({"f": after}, remarks or Counter())
    return judge(score, EDITS, compare(plain, tuned, ["f"]), ALLOW)


PLAIN = code("movl (%rdi), %eax", "jne <L0>", "cmovel %eax, %ecx", "mulsd %xmm1, %xmm0")
SPILLS = code(*PLAIN.lines, *["movq %rax, -8(%rsp)"] * 9)
CALLS = code(*PLAIN.lines, *["callq"] * 3)
SELECTS = code(*PLAIN.lines, *["cmovel %eax, %edx"] * 3)
BRANCHES = code("movl (%rdi), %eax", *["jne <L0>"] * 5, "mulsd %xmm1, %xmm0")
VECTOR = code(*PLAIN.lines, *["mulpd %xmm1, %xmm0"] * 4)


@pytest.mark.parametrize(
    ("score", "after", "words", "undo"),
    [
        (0.05, SPILLS, "registers ran out", {"unroll-count=8", "inline-threshold=0", "misched-prera-direction=topdown"}),
        (0.05, CALLS, "calls came back", {"inline-threshold=0"}),
        (0.05, code(*PLAIN.lines, "nop", size=900), "instruction cache", {"unroll-count=8", "inline-threshold=0"}),
        (0.05, SELECTS, "conditional moves, which wait", set()),
        (0.05, BRANCHES, "hard to predict", {"unroll-count=8"}),
        (-0.05, VECTOR, "more vector code", set()),
        (-0.05, SELECTS, "need no prediction", set()),
        (-0.05, code(*PLAIN.lines, "nop", size=900), "side by side", set()),
    ],
)
def test_the_cause_fits_the_direction(score: float, after: Code, words: str, undo: set[str]) -> None:
    found = diagnose(score, PLAIN, after)
    assert words in found.cause
    knobs = {text for text in found.undo if not text.startswith("insert")}
    assert knobs == undo
    assert ("insert gvn after licm#2" in found.undo) is (score > 0)


def test_the_number_that_a_cause_rests_on_is_told_among_many() -> None:
    busy = (
        "addsd (%rax), %xmm0",
        "movl %eax, (%rdi)",
        "imull %eax, %ecx",
        "divl %ecx",
        "mulpd %xmm1, %xmm0",
        "callq",
        "jmpq *%rax",
    )
    found = diagnose(0.05, PLAIN, code(*PLAIN.lines, *busy * 3, *["movq %rax, -8(%rsp)"] * 9, size=120))
    assert "registers ran out" in found.cause
    assert "stack 0 -> 9" in found.changes[0]


def test_remarks_that_say_only_that_something_was_not_done_are_left_out() -> None:
    vague = "--- !Missed\nPass:            loop-vectorize\nName:            MissedDetails\nFunction:        f\nArgs:\n...\n"
    found = diagnose(-0.05, PLAIN, VECTOR, documents(vague + UNROLLED))
    assert any("PartialUnrolled" in text for text in found.changes)
    assert not any("MissedDetails" in text for text in found.changes)


def test_vector_code_that_is_gone_is_missed() -> None:
    assert "vector code was lost" in diagnose(0.1, VECTOR, PLAIN).cause


def test_what_did_not_change_the_time_is_said_to_limit_nothing() -> None:
    assert "not what limits it" in diagnose(0.001, PLAIN, SPILLS).cause


def test_what_changed_nothing_that_is_seen_is_said() -> None:
    assert diagnose(0.1, PLAIN, PLAIN).cause == "no function that both compiles have was changed"


@pytest.mark.parametrize(("score", "word"), [(0.1, "slower"), (-0.1, "faster")])
def test_a_change_that_no_rule_explains_is_not_explained(score: float, word: str) -> None:
    other = code("movl (%rsi), %eax", *PLAIN.lines[1:])
    assert diagnose(score, PLAIN, other).cause == f"{word} for a reason that the mix of instructions does not show"


def test_changes_are_short_and_name_remarks_that_came_and_went() -> None:
    found = diagnose(0.1, PLAIN, SPILLS, documents(UNROLLED + UNROLLED))
    assert any("stack 0 -> 9" in change for change in found.changes)
    assert "+2 loop-unroll passed PartialUnrolled in f" in found.changes
    assert len(found.changes) <= 8
