"""What an autotuner's evaluations came to, a line each, so that a run that takes hours goes on wherever it was ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from autopass_cc.bench.asktell import Tuner
from autopass_cc.bench.lines import Lines
from autopass_cc.bench.space import Configuration
from autopass_cc.errors import BenchError
from autopass_cc.measure.verdict import Verdict


@dataclass(frozen=True)
class Outcome:
    """What one evaluation came to: the time over the base's, or none and why.

    `code` names the compiled code, where there is any. `runs` (program-run equivalents) and `seconds` are what it took.
    """

    verdict: Verdict
    ratio: float | None = None
    detail: str = ""
    recipe: str = ""
    code: str = ""
    runs: float = 0.0
    seconds: float = 0.0

    @property
    def state(self) -> str:
        """Return OpenTuner's word for it."""
        if self.ratio is not None:
            return "OK"
        return "TIMEOUT" if self.verdict in (Verdict.TIMED_OUT, Verdict.SLOW_TO_COMPILE) else "ERROR"


Evaluate = Callable[[Configuration, float], Outcome]
"""Measures a configuration; beyond the limit (a ratio) nobody needs to know."""


class Log:
    """The outcomes of one tuning run by configuration, as JSON Lines. A last line that was cut off is taken away.

    Raises BenchError on anything else that is no outcome.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Outcome] = {}
        self._lines = Lines(path)
        for number, line in enumerate(self._lines.read()[0], start=1):
            try:
                values = json.loads(line)
                key, _, _ = (values.pop(name) for name in ("configuration", "by", "state"))
                self.known[key] = Outcome(**values | {"verdict": Verdict.of(values["verdict"])})
            except (ValueError, KeyError, TypeError, AttributeError):
                raise BenchError(
                    f"{path}:{number}: this is no evaluation.", "remove the file; its program is tuned anew"
                ) from None

    def add(self, key: str, by: str, outcome: Outcome) -> None:
        """Keep the outcome of a configuration that `by` asked for."""
        values = {"configuration": key, "by": by, "state": outcome.state, **asdict(outcome), "verdict": outcome.verdict.value}
        self._lines.add(values)
        self.known[key] = outcome


def tune(tuner: Tuner, evaluations: int, log: Log, evaluate: Evaluate) -> list[tuple[Configuration, Outcome]]:
    """Let OpenTuner ask for so many evaluations, and return their outcomes in order, the base level's first.

    What the log knows is told from there: OpenTuner asks the same again, and learns the same from it, so it goes on where it
    was. Should it ask otherwise (it is another version, say), the new questions are measured, and each counts all the same.
    """
    found = []
    for asked in tuner.questions(evaluations):
        outcome = log.known.get(asked.key)
        if outcome is None:
            outcome = evaluate(asked.configuration, asked.limit)
            log.add(asked.key, asked.by, outcome)
        tuner.tell(asked, outcome.state, outcome.ratio)
        found.append((asked.configuration, outcome))
    tuner.finish()
    return found
