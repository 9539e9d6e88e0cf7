"""Score: deterministic, explained, and in the direction that makes sense for each thing that it looks at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autopass_cc.agents.score import Earlier, alike, functions, rank, score
from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.features import Features, parse
from autopass_cc.evidence.profile import Hot
from autopass_cc.evidence.remarks import Remark

LOOPY = Features("loopy", blocks=9, loops=3, conditional_branches=5, calls=2, instructions=100, callees=("helper", "printf"))
STRAIGHT = Features("straight", blocks=1, instructions=100)
HELPER = Features("helper", local=True, blocks=2, conditional_branches=1, instructions=30)


def evidence(*features: Features, share: float = 0.5, remarks: tuple[Remark, ...] = (), module: str = "a.c") -> Evidence:
    hot = (Hot(module, features[0].function, share),) if features else ()
    return Evidence(module, "O2", "c", share, hot, remarks, features)


def test_equal_evidence_gives_equal_scores() -> None:
    assert score(evidence(LOOPY, HELPER), Earlier()) == score(evidence(LOOPY, HELPER), Earlier())


def test_a_score_is_the_product_of_its_three_factors() -> None:
    found = score(evidence(LOOPY), Earlier(in_vain=1))
    assert found.score == pytest.approx(found.share * found.potential * found.room)


def test_of_two_alike_the_hotter_comes_first() -> None:
    hot, cold = (score(evidence(LOOPY, share=share, module=name), Earlier()) for name, share in (("hot.c", 0.6), ("cold.c", 0.3)))
    assert [each.module for each in rank([cold, hot])] == ["hot.c", "cold.c"]


def test_a_little_hotter_straight_code_comes_after_loops() -> None:
    loops, straight = score(evidence(LOOPY, share=0.45), Earlier()), score(evidence(STRAIGHT, share=0.55), Earlier())
    assert loops.score > straight.score
    assert "loops" in loops.why
    assert "straight code" in straight.why


def test_refused_optimisations_raise_the_potential() -> None:
    missed = tuple(Remark("missed", "inline", "NoDefinition", "straight") for _ in range(10))
    assert score(evidence(STRAIGHT, remarks=missed), Earlier()).potential > score(evidence(STRAIGHT), Earlier()).potential


@pytest.mark.parametrize(
    ("earlier", "words"), [(Earlier(in_vain=2), "nothing was found in 2 earlier runs"), (Earlier(in_place=True), "in place")]
)
def test_what_earlier_runs_left_shrinks_the_room_and_is_told(earlier: Earlier, words: str) -> None:
    found = score(evidence(LOOPY), earlier)
    assert found.score < score(evidence(LOOPY), Earlier()).score
    assert words in found.why


def test_code_that_could_not_be_read_is_not_held_against_a_module() -> None:
    assert score(evidence(), Earlier()).potential == 1.0


def test_switched_off_all_modules_are_alike() -> None:
    assert alike(evidence(LOOPY)).score == alike(evidence(STRAIGHT, share=0.01)).score


def test_a_function_that_is_called_from_a_hot_one_matters_and_says_why() -> None:
    first, second = functions(evidence(LOOPY, HELPER))
    assert (first.function, second.function) == ("loopy", "helper")
    assert second.why == "called by loopy"


def test_functions_that_nothing_hot_reaches_do_not_appear() -> None:
    assert [each.function for each in functions(evidence(LOOPY, STRAIGHT))] == ["loopy"]


def test_a_cold_hot_list_still_ranks_by_share() -> None:
    both = replace(evidence(LOOPY, STRAIGHT), hot=(Hot("a.c", "straight", 0.4), Hot("a.c", "loopy", 0.1)))
    assert [each.function for each in functions(both)] == ["straight", "loopy"]


def test_callees_are_read_from_the_ir() -> None:
    (found,) = parse(
        "define i32 @f(ptr %p) {\nentry:\n  %a = call i32 @g(i32 1)\n  %b = tail call i32 @g(i32 2)\n"
        "  call void @llvm.lifetime.start(i64 4, ptr %p)\n  %c = call i32 %p(i32 3)\n"
        '  %d = call i32 @"odd name"()\n  ret i32 0\n}\n'
    )
    assert found.callees == ("g", "odd name")
