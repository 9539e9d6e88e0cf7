"""The mark of rows, and the summary of a run."""

from __future__ import annotations

from collections import Counter

import pytest

from fidelity.case import MAJORS, STATES, Case
from fidelity.elsewhere import ELSEWHERE, NOT_APPLICABLE
from fidelity.rows import CASES, ROWS

CASES_TEST = "test_nobody_can_tell_it_from_clang"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fidelity_row(numbers): the test holds these rows as a whole")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each test of the harness carry the rows that it holds into its report."""
    for item in items:
        found = [number for mark in item.iter_markers("fidelity_row") for number in mark.args[0]]
        if item.name.startswith(CASES_TEST) and isinstance(item, pytest.Function):
            each = item.callspec.params["each"]
            assert isinstance(each, Case)
            found.append(each.row)
        if found:
            item.user_properties.append(("fidelity rows", tuple(found)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many cases ran in how many states with how many compilers, and how many rows are covered."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    held: set[int] = set()
    cases: set[str] = set()
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            rows = dict(getattr(report, "user_properties", ())).get("fidelity rows")
            if rows is None:
                continue
            counts[outcome] += 1
            if outcome == "skipped":
                reasons[report.longrepr[2].removeprefix("Skipped: ")] += 1
            if outcome == "passed":
                held.update(rows)
            if CASES_TEST in report.nodeid:
                cases.add(report.nodeid.partition("[")[2].rsplit("-", 2)[0])
    if not counts:
        return
    covered = held | {each.row for each in ELSEWHERE} | {each.row for each in NOT_APPLICABLE}
    numbers = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped"))
    numbers += "".join(f"; {count} of them: {reason}" for reason, count in reasons.items())
    terminalreporter.section("fidelity")
    terminalreporter.line(
        f"fidelity: {len(cases)} of {len(CASES)} cases x {len(STATES)} states x {len(MAJORS)} compilers, and whole rows: "
        f"{numbers}; rows covered {len(covered)} of {len(ROWS)} "
        f"({len(ELSEWHERE)} named tests elsewhere, {len(NOT_APPLICABLE)} not applicable)"
    )
