"""The mark of a test that holds a row as a whole, where one command in one place is not enough."""

from __future__ import annotations

from typing import Any

import pytest


def row(*numbers: int) -> pytest.MarkDecorator:
    """Say which rows the test holds."""
    return pytest.mark.fidelity_row(numbers)


def rows_of(test: Any) -> tuple[int, ...]:
    """Return the rows that a test function holds."""
    marks = getattr(test, "pytestmark", [])
    return tuple(number for mark in marks if mark.name == "fidelity_row" for number in mark.args[0])
