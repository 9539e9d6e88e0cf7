"""Workloads of several commands: run one after the other, timed as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from autopass_cc.measure.runner import Command, Conditions, Runner, Sample


@dataclass(frozen=True)
class Steps(Command):
    """Commands that make one run together; as a `Command` it looks like the first of them."""

    steps: tuple[Command, ...] = ()

    @classmethod
    def of(cls, commands: Sequence[Command]) -> Steps:
        """Join commands (at least one)."""
        first = commands[0]
        return cls(first.argv, first.cwd, first.env, first.stdin, sum(c.timeout_s for c in commands), tuple(commands))


class StepsRunner:
    """A `Runner` that runs the steps of a `Steps` on another runner, and passes everything else on.

    `runs` counts the runs of the program so far; a `Steps` is one. `wall_s` and `cpu_s` are the seconds that they took.
    """

    total = 0  # runs of all runners of this process

    def __init__(self, inner: Runner) -> None:
        self._inner = inner
        self.runs = 0
        self.wall_s = self.cpu_s = 0.0

    def cpus(self) -> tuple[int, ...]:
        """Give the CPUs of the inner runner."""
        return self._inner.cpus()

    def now(self) -> float:
        """Give the inner runner's clock."""
        return self._inner.now()

    def conditions(self, cpu: int | None) -> Conditions:
        """Give the inner runner's counters."""
        return self._inner.conditions(cpu)

    def run(self, command: Command, *, cpu: int | None, pads: Sequence[int] = (0,)) -> Sample:
        """Run as `Runner.run` says; a `Steps` stops at its first step that fails."""
        sample = self._run(command, cpu, pads)
        self.runs += len(pads)
        StepsRunner.total += len(pads)
        self.wall_s += sample.wall_s * sample.runs
        self.cpu_s += sample.cpu_s * sample.runs
        return sample

    def _run(self, command: Command, cpu: int | None, pads: Sequence[int]) -> Sample:
        if not isinstance(command, Steps):
            return self._inner.run(command, cpu=cpu, pads=pads)
        samples = []
        for step in command.steps:
            samples.append(self._inner.run(step, cpu=cpu, pads=pads))
            if samples[-1].exit_code != 0 or samples[-1].timed_out or samples[-1].overflowed:
                break
        return _joined(samples)


def _joined(samples: Sequence[Sample]) -> Sample:
    """Add up the costs of steps; outputs follow each other, the exit code is the last step's."""
    waits = [sample.waited_s for sample in samples]
    return dataclasses.replace(
        samples[-1],
        wall_s=sum(sample.wall_s for sample in samples),
        user_s=sum(sample.user_s for sample in samples),
        sys_s=sum(sample.sys_s for sample in samples),
        waited_s=None if None in waits else sum(wait or 0.0 for wait in waits),
        voluntary=sum(sample.voluntary for sample in samples),
        involuntary=sum(sample.involuntary for sample in samples),
        stdout=b"".join(sample.stdout for sample in samples),
        stderr=b"".join(sample.stderr for sample in samples),
        max_rss_kib=max(sample.max_rss_kib for sample in samples),
    )
