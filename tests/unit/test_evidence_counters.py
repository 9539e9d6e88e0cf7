"""Counters: read where the machine has them, and a reason where it has none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from autopass_cc.evidence import counters
from autopass_cc.evidence.counters import Counters

# As perf 6.1 writes it: value, unit, event, time counted, share of it, and two optional columns.
PRINTED = """2000000,,instructions:u,1000000,100.00,2.00,insn per cycle
1000000,,cycles:u,1000000,100.00,,
5000,,branch-misses:u,1000000,100.00,,
<not supported>,,stalled-cycles-frontend:u,0,100.00,,
<not counted>,,cache-misses:u,0,0.00,,
"""


def test_what_is_counted_is_told_for_a_thousand_instructions() -> None:
    found = Counters(counters.read(PRINTED))
    assert found.rates() == {"instructions per cycle": 2.0, "branch-misses per 1000": 2.5}


def test_changes_are_told_from_one_percent_on() -> None:
    before = Counters({"instructions": 1000.0, "cycles": 500.0, "branch-misses": 10.0})
    after = Counters({"instructions": 1001.0, "cycles": 400.0, "branch-misses": 25.0})
    assert after.changes(before) == ["cycles -20 %", "branch-misses +150 %"]
    assert after.changes(Counters()) == []


def test_where_nothing_is_counted_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = counters.take([["true"]], cwd=tmp_path, env={}, stdin=None, limit=5)
    assert (found.rates(), found.missing) == ({}, "perf is not installed")


@pytest.mark.skipif(shutil.which("perf") is None, reason="perf is not installed")
def test_the_real_perf_is_asked_and_its_counts_are_summed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(counters, "EVENTS", ("page-faults",))  # which every machine counts
    once = counters.take([["true"]], cwd=tmp_path, env=dict(os.environ), stdin=None, limit=30)
    twice = counters.take([["true"], ["true"]], cwd=tmp_path, env=dict(os.environ), stdin=None, limit=30)
    assert not once.missing
    assert twice.counts["page-faults"] > 1.5 * once.counts["page-faults"] > 0
