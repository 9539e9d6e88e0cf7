"""The project's oracle: what the unchanged program does on every input, and whether that check could notice a fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.measure.oracle import Expectation, Rules, digests, expect
from autopass_cc.measure.runner import Command, Runner, Sample
from autopass_cc.project.config import Config
from autopass_cc.project.subject import Placed


@dataclass(frozen=True)
class Oracle:
    """Expectations of the workload, of the shorter run (the workload, where there is none) and of each further check."""

    workload: Expectation
    short: Expectation
    checks: tuple[Expectation, ...]

    def check_inputs(self, placed: Placed, runner: Runner) -> str | None:
        """Run the further checks on a program; return what is wrong, or None. The workload is checked when it is timed."""
        for command, expectation in zip(placed.checks, self.checks, strict=True):
            _clear(placed)
            sample = runner.run(command, cpu=None)
            if sample.timed_out:
                return f"`{' '.join(command.argv)}` did not end in time"
            problem = expectation.problem(sample, placed.view)
            if problem:
                return f"`{' '.join(command.argv)}`: {problem}"
        _clear(placed)
        return None


def capture(placed: Placed, runner: Runner, config: Config) -> Oracle:
    """Run each command of the unchanged program twice and keep what it did. Raises as `measure.oracle.expect`."""
    rules = Rules(frozenset(config.compare), config.outputs, config.float_tolerance)

    def of(command: Command, label: Sequence[str]) -> Expectation:
        samples: list[Sample] = []
        files: list[dict[str, str | None]] = []
        for _ in range(2):
            _clear(placed)
            samples.append(runner.run(command, cpu=None))
            files.append(digests(config.outputs, placed.view))
        return expect(" ".join(label), samples, files, rules)

    workload = of(placed.workload, config.workload[0])
    short = of(placed.short, config.screen[0]) if config.screen else workload
    checks = [of(command, argv) for command, argv in zip(placed.checks, config.checks, strict=True)]
    return Oracle(workload, short, tuple(checks))


def _clear(placed: Placed) -> None:
    """Remove declared outputs, so that a file of a former run cannot pass for this one's."""
    for name in placed.config.outputs:
        Path(placed.view / name).unlink(missing_ok=True)
