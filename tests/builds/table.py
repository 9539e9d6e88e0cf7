"""The table at the end of a run: one row a project and build system, filled in as its builds go on."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from autopass_cc.report.table import render

COLUMNS = (
    "project",
    "version",
    "build system",
    "clang",
    "calls",
    "carried",
    "left to clang",
    "configured",
    "objects",
    "messages",
    "upstream tests",
    "unchanged recipes",
    "edited recipes",
)


@dataclass
class Table:
    """Rows by project; registered as a plugin of pytest, it prints itself after the results."""

    rows: dict[str, dict[str, str]] = field(default_factory=dict)

    def set(self, row: str, **cells: str) -> None:
        """Fill in cells of a row."""
        self.rows.setdefault(row, {}).update({name.replace("_", " "): text for name, text in cells.items()})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table; pytest calls this at the end of the run."""
        if self.rows:
            terminalreporter.section("real builds: plain clang against autopass")
            terminalreporter.write_line(render(COLUMNS, [[row.get(name, "-") for name in COLUMNS] for row in self.rows.values()]))


def of(config: pytest.Config) -> Table:
    """Return the table of this run."""
    found = config.pluginmanager.get_plugin("table of builds")
    if found is None:
        found = Table()
        config.pluginmanager.register(found, "table of builds")
    assert isinstance(found, Table)
    return found
