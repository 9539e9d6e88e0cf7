"""What a search may use up: seconds, or runs of the program (so that methods are compared at the same budget)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

from autopass_cc.measure.plan import Plan
from autopass_cc.measure.runner import Clock
from autopass_cc.measure.steps import StepsRunner

LINK_S = 0.1  # seconds: about what linking and placing a small program takes


class Allowance(Protocol):
    """Counts what is left, in a unit of its own."""

    def begin(self) -> None:
        """Begin to count."""
        ...

    def left(self, waited: float) -> float:
        """Return how much is left; `waited` are seconds that went into waiting for a model."""
        ...

    def cost(self, plan: Plan) -> float:
        """Return about how much one candidate takes in one round."""
        ...

    def fits(self, samples: int, plan: Plan) -> bool:
        """Return whether so many samples of a plan may still be taken."""
        ...


@dataclass
class Seconds:
    """So many seconds from `begin` on. Waiting for a model does not count: that is bounded by rounds and time limits."""

    seconds: float
    _deadline: float = field(default=0.0, init=False)

    def begin(self) -> None:
        """Begin to count."""
        self._deadline = time.monotonic() + self.seconds

    def left(self, waited: float) -> float:
        """Return the seconds that are left."""
        return self._deadline + waited - time.monotonic()

    def cost(self, plan: Plan) -> float:
        """Return the seconds of one run and its link."""
        return plan.run_s * plan.runs_per_sample + LINK_S

    def fits(self, samples: int, plan: Plan) -> bool:  # noqa: ARG002 - what takes a little longer is no harm
        """Return whether so many samples of a plan may still be taken."""
        return True


@dataclass
class ProgramRuns:
    """What so many runs of the program take, the baseline's and those on other inputs among them; compiles are free."""

    runs: int
    runner: StepsRunner
    plan: Plan
    _before: float = field(default=0.0, init=False)

    def begin(self) -> None:
        """Begin to count."""
        self._before = self._seconds()

    def spent(self) -> float:
        """Return the runs since `begin`, by the time that they took."""
        return (self._seconds() - self._before) / self.plan.run_s

    def left(self, waited: float) -> float:  # noqa: ARG002 - waiting is no run
        """Return the runs that are left."""
        return self.runs - self.spent()

    def cost(self, plan: Plan) -> float:
        """Return the runs of one candidate in one round."""
        return plan.runs_per_sample * plan.run_s / self.plan.run_s

    def fits(self, samples: int, plan: Plan) -> bool:
        """Return whether so many samples of a plan may still be taken."""
        return samples * self.cost(plan) <= self.left(0.0)

    def _seconds(self) -> float:
        return self.runner.wall_s if self.plan.clock is Clock.WALL else self.runner.cpu_s
