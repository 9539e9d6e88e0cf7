"""How many rows of the store are no records: left out wherever they are met, counted where somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autopass_cc.store.builds import COMPILES, LINKS, unstored
from autopass_cc.store.database import Rows
from autopass_cc.store.entries import ENTRIES
from autopass_cc.store.history import PAST
from autopass_cc.store.imports import IMPORTS
from autopass_cc.store.jobs import JOBS
from autopass_cc.store.rows import BadRowError, Form, Row
from autopass_cc.store.runs import CANDIDATES, RUNS
from autopass_cc.store.traits import TRAITS

FORMS: tuple[Form[Any], ...] = (COMPILES, LINKS, ENTRIES, PAST, IMPORTS, JOBS, RUNS, CANDIDATES, TRAITS)
PATHS: dict[str, Callable[[dict[str, Any]], Row]] = {COMPILES.table: unstored, LINKS.table: unstored}


def unreadable(db: Rows) -> dict[str, int]:
    """Return how many rows of each table cannot be read, of those that have any."""
    found: dict[str, int] = {}
    for form in FORMS:
        for row in db.query(f"select * from [{form.table}]"):
            try:
                form.read(PATHS.get(form.table, dict)(row))
            except BadRowError:
                found[form.table] = found.get(form.table, 0) + 1
    bad = "typeof(data) <> 'text' or not json_valid(data)"
    blocks = db.execute(f"select count(*) from measurement where {bad}").fetchone()[0]
    return found | ({"measurement": int(blocks)} if blocks else {})
