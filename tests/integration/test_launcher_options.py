"""The option table and the list of reasons in themselves; tests/fidelity/ holds the table against clang's own options."""

from __future__ import annotations

import re

from launcher_kit import REPOSITORY


def test_the_table_has_no_line_twice() -> None:
    rows = re.findall(r'OPTION\("([^"]+)", (\w+), (\w+), (\w+)\)', (REPOSITORY / "shims" / "options.def").read_text())
    spellings = [(text, shape) for text, shape, _, _ in rows]
    assert len(spellings) == len(set(spellings))
    assert len(rows) > 250


def test_every_refusal_has_its_reason() -> None:
    rows = re.findall(r'OPTION\("([^"]+)", (\w+), (\w+), (\w+)\)', (REPOSITORY / "shims" / "options.def").read_text())
    for text, _, meaning, reason in rows:
        assert (reason != "NONE") == (meaning in ("REFUSE", "PHASE", "QUERY")), text


def test_every_reason_can_be_told() -> None:
    rows = re.findall(r'REASON\((\w+), "([^"]+)", (\w+),\s+"([^"]+)"\)', (REPOSITORY / "shims" / "reasons.def").read_text())
    assert len(rows) == (REPOSITORY / "shims" / "reasons.def").read_text().count("\nREASON(")
    words = [word for _, word, _, _ in rows]
    assert len(words) == len(set(words))
    assert all(identifier.lower().replace("_", "-") == word for identifier, word, _, _ in rows)
    assert {decision for _, _, decision, _ in rows} == {"HIT", "MISS", "PASS"}
