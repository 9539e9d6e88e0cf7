"""A small suite, and the bench over it in this process: real clang, real runs, made-up times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sample_project import SOURCES, Silent, SmallIsFast, made_up

from autopass_cc.bench import manifest, standings
from autopass_cc.bench.methods import METHODS
from autopass_cc.bench.results import Results
from autopass_cc.bench.run import Plan, run
from autopass_cc.measure.stats import Rule
from autopass_cc.model.settings import Settings
from autopass_cc.project.journal import switch_on
from autopass_cc.store.database import writer
from autopass_cc.toolchain import registry

SUITE = """name = "small"
flags = ["-O2"]
[program.prog]
sources = ["main.c", "kernel.c"]
run = ["./prog", "1000"]
checks = [["./prog", "3"], ["./prog", "10"]]
train = ["./prog", "200"]
"""


@pytest.fixture
def suite(tmp_path: Path, ready: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a small suite whose times are made up."""
    assert ready.is_dir()
    made_up(monkeypatch)
    monkeypatch.setattr(standings, "RULE", Rule(max_blocks=12))  # as few heats as can decide
    folder = tmp_path / "suite"
    folder.mkdir()
    for name in ("main.c", "kernel.c"):
        (folder / name).write_text(SOURCES[name])
    (folder / "suite.toml").write_text(SUITE)
    switch_on()
    return folder


def bench(
    suite: Path,
    *names: str,
    stop_after: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    model: Settings | None = None,
    budget: int = 30,
) -> tuple[Results, list[str], list[str]]:
    """Run the programs through methods, with a model where one is given; return results, problems, and the lines said."""
    listener, results = Silent(), Results(suite.parent / "results.jsonl")
    results.begin(suite="small")
    plan = Plan(manifest.load(suite).programs, [METHODS[name] for name in names], budget=budget, seed=1, model=model)
    with writer() as db:
        toolchain = registry.ensure()
        work = suite.parent / "work"
        problems = run(
            db,
            toolchain,
            work,
            plan,
            results,
            listener,
            lambda: stop() or (stop_after is not None and SmallIsFast.runs >= stop_after),
        )
    return results, problems, listener.lines
