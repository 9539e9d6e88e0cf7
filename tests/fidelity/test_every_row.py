"""Each row is a case, a test of its own, a test elsewhere that exists, or has a reason."""

from __future__ import annotations

import ast
import re

import pytest
from launcher_kit import REPOSITORY

from fidelity import test_whole_rows
from fidelity.elsewhere import ELSEWHERE, NOT_APPLICABLE, Elsewhere
from fidelity.row import rows_of
from fidelity.rows import CASES, ROWS


def rows_with_a_case() -> set[int]:
    return {each.row for each in CASES}


def rows_with_a_test() -> set[int]:
    return {number for test in vars(test_whole_rows).values() for number in rows_of(test)}


def rows_elsewhere() -> set[int]:
    return {each.row for each in ELSEWHERE}


def test_every_row_is_held() -> None:
    held = rows_with_a_case() | rows_with_a_test() | rows_elsewhere() | {each.row for each in NOT_APPLICABLE}
    assert held == set(ROWS)


def test_a_row_that_does_not_apply_has_no_case() -> None:
    assert not {each.row for each in NOT_APPLICABLE} & (rows_with_a_case() | rows_with_a_test() | rows_elsewhere())


def test_no_case_has_the_name_of_another() -> None:
    names = [each.id for each in CASES]
    assert len(names) == len(set(names))


def test_a_case_expects_a_reason_that_there_is() -> None:
    reasons = set(re.findall(r'REASON\(\w+, "([^"]+)", PASS', (REPOSITORY / "shims" / "reasons.def").read_text()))
    assert {each.expect.reason for each in CASES if each.expect.reason is not None} <= reasons


@pytest.mark.parametrize("each", ELSEWHERE, ids=lambda each: f"r{each.row}")
def test_a_test_elsewhere_exists(each: Elsewhere) -> None:
    tree = ast.parse((REPOSITORY / each.file).read_text())
    assert each.test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
