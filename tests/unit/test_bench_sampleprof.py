"""The sample profile: counts by source line, below the calls that were inlined, in LLVM's own text format."""

from __future__ import annotations

import pytest

from autopass_cc.bench.sampleprof import SCALE, Located, Place, decoded, render

MAIN, LOOP = Place("main", 3, 0), Place("main", 4, 2)
INNER = Place("work", 1, 0)


@pytest.mark.parametrize(
    ("raw", "base", "factor"),
    [
        (0, 0, 1),
        (2, 1, 1),  # base 1
        (4, 2, 1),
        (0b1000001, 0, 16),  # no base, a factor of 16
        (2 | 8 << 7, 1, 4),  # base 1 in seven bits, then a factor of 4
    ],
)
def test_a_discriminator_is_a_base_and_how_often_code_was_copied(raw: int, base: int, factor: int) -> None:
    assert decoded(raw) == (base, factor)


def test_counts_are_samples_over_the_instructions_of_a_line() -> None:
    where = {0: Located((MAIN,)), 4: Located((MAIN,)), 8: Located((LOOP,))}
    assert render({0: 3, 4: 1, 8: 5, 999: 7}, where, {}) == f"main:{7 * SCALE}:0\n 3: {2 * SCALE}\n 4.2: {5 * SCALE}\n"


def test_code_that_was_copied_ran_as_often_as_all_copies_together() -> None:
    assert render({0: 2}, {0: Located((MAIN,), 8)}, {}).splitlines()[1] == f" 3: {16 * SCALE}"


def test_an_inlined_line_stands_below_its_call_and_counts_for_both() -> None:
    text = render({0: 1, 4: 3}, {0: Located((MAIN,)), 4: Located((LOOP, INNER))}, {})
    assert text.splitlines() == [
        f"main:{4 * SCALE}:0",
        f" 3: {SCALE}",
        f" 4.2: work:{3 * SCALE}",
        f"  1: {3 * SCALE}",
    ]


def test_a_call_names_its_target_and_a_function_how_often_it_was_entered() -> None:
    text = render({0: 2}, {0: Located((MAIN,)), 8: Located((INNER,))}, {0: "work"}, starts=[0, 8])
    assert text.splitlines() == [f"main:{2 * SCALE}:{2 * SCALE}", f" 3: {2 * SCALE} work:{2 * SCALE}"]


def test_without_samples_there_is_no_profile() -> None:
    assert render({}, {0: Located((MAIN,))}, {}) == ""
