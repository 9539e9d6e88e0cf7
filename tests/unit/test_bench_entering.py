"""How methods enter: what ends one in the middle of a run of the program ends the bench, and nothing was entered."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from autopass_cc.bench.methods import Method
from autopass_cc.bench.results import Results
from autopass_cc.bench.run import _enter
from autopass_cc.errors import InterruptedRunError
from autopass_cc.measure.runner import StoppedError


def test_a_method_that_is_ended_in_the_middle_of_a_run_has_entered_nothing(tmp_path: Path) -> None:
    def stopped(_contest: Any, _method: str) -> Any:
        raise StoppedError

    quiet = SimpleNamespace(progress=lambda _text: None, line=lambda _text: None)
    contest = cast("Any", SimpleNamespace(program=SimpleNamespace(name="p"), listener=quiet, baseline=lambda: None))
    results = Results(tmp_path / "results")
    with pytest.raises(InterruptedRunError, match="what was finished is kept"):
        _enter(contest, Method("m", "a method", stopped), results)
    assert results.entrants == {}
