"""What a tuning run came to, in one shape for tables and for `--json`."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from autopass_cc.measure.stats import Estimate
from autopass_cc.measure.verdict import Verdict


@dataclass(frozen=True)
class Result:
    """A module, or the whole program: times (median seconds a run), the estimate that was re-validated, the verdict.

    `mind` is who proposed the recipe.
    """

    name: str
    verdict: Verdict
    share: float | None = None
    baseline_s: float | None = None
    tuned_s: float | None = None
    estimate: Estimate | None = None
    recipe: str = ""
    edits: tuple[dict[str, Any], ...] = ()
    tried: int = 0
    detail: str = ""
    mind: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON values; changes are fractions of the baseline's time (-0.1: 10 % less)."""
        data: dict[str, Any] = asdict(self) | {"verdict": self.verdict.value, "estimate": None}
        if self.estimate is not None:
            data["estimate"] = {
                "change": math.expm1(self.estimate.median),
                "interval": [math.expm1(self.estimate.low), math.expm1(self.estimate.high)],
                "coverage": self.estimate.coverage,
                "blocks": self.estimate.n,
            }
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Result:
        """Read what `to_json` wrote."""
        found = data["estimate"]
        estimate = found and Estimate(
            median=math.log1p(found["change"]),
            low=math.log1p(found["interval"][0]),
            high=math.log1p(found["interval"][1]),
            coverage=found["coverage"],
            n=found["blocks"],
        )
        values: dict[str, Any] = {
            **data,
            "verdict": Verdict.of(data["verdict"]),
            "estimate": estimate,
            "edits": tuple(data["edits"]),
        }
        return cls(**values)


@dataclass(frozen=True)
class TuneResult:
    """The whole run: modules, the program with all accepted recipes, and the facts that belong to the numbers."""

    run: int
    modules: tuple[Result, ...]
    program: Result
    facts: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {
            "run": self.run,
            "program": self.program.to_json(),
            "modules": [module.to_json() for module in self.modules],
            "facts": self.facts,
        }
