"""What was brought in and then measured here: the history says so once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sharing_kit import proven, recipe, shared

from autopass_cc.store import entries as store
from autopass_cc.store import history, imports
from autopass_cc.store.database import writer
from autopass_cc.store.history import Event


@pytest.mark.parametrize(
    ("state", "events"), [(imports.VERIFIED, ["imported", "verified"]), (imports.REFUTED, ["imported", "refuted"])]
)
def test_what_was_measured_here_stands_in_the_history_once(state: str, events: list[str]) -> None:
    brought, mine = replace(shared(1), source="team"), proven(1, origin="team")
    with writer() as db:
        imports.take(db, "team", [brought], dict([recipe(1)]))
        if state == imports.VERIFIED:
            store.accept(db, [mine], Event.VERIFIED)
        imports.decide(db, brought, state)
        assert [row["event"] for row in history.history(db, mine.project, mine.module)] == events
        assert [each.state for each in imports.imported(db, "team")] == [state]
