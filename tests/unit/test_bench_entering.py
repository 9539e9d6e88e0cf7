"""What ends a method or the baseline in the middle of a run of the program ends the bench, and nothing was entered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from autopass_cc.bench import run as running
from autopass_cc.bench.methods import Method
from autopass_cc.bench.results import Results
from autopass_cc.errors import BenchError, InterruptedRunError
from autopass_cc.measure.runner import StoppedError


def stopped(*_words: Any) -> Any:
    raise StoppedError


def ended(*_words: Any) -> Any:
    raise BenchError("the training run ended by signal 2")


def entered(tmp_path: Path, patch: pytest.MonkeyPatch, enter: Callable[..., Any], baseline: Callable[..., Any]) -> Results:
    """Run the bench with one method, the user having asked it to stop."""
    quiet = SimpleNamespace(progress=lambda _text: None, line=lambda _text: None)
    program = SimpleNamespace(name="p", kind="")
    contest = SimpleNamespace(program=program, listener=quiet, baseline=baseline, stop=lambda: True)
    patch.setattr(running, "Contest", lambda *_words: contest)
    patch.setattr(running, "Site", lambda *_words: None)
    results = Results(tmp_path / "results")
    plan = running.Plan([cast("Any", program)], [Method("m", "a method", enter)], budget=10, seed=1)
    with pytest.raises(InterruptedRunError, match="what was finished is kept"):
        running.run(cast("Any", None), cast("Any", None), tmp_path, plan, results, cast("Any", quiet), lambda: True)
    return results


@pytest.mark.parametrize(
    ("enter", "baseline"),
    [(stopped, lambda: None), (ended, lambda: None), (stopped, stopped)],
    ids=["method", "child", "baseline"],
)
def test_what_is_ended_has_entered_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enter: Callable[..., Any], baseline: Callable[..., Any]
) -> None:
    assert entered(tmp_path, monkeypatch, enter, baseline).entrants == {}
