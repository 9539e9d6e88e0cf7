"""A machine with a virtual clock: programs whose true speed is known, and the kinds of noise that real machines make.

A program's run takes exp(effect + layout of this link + noise) seconds. Nothing is slept, nothing is timed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autopass_cc.measure.runner import Command, Conditions, Sample


@dataclass(frozen=True)
class Link(Command):
    """One link of a mock program: its own true time, and what it says when it runs."""

    label: str = ""
    seconds: float = 1.0
    exit_code: int = 0
    stdout: bytes = b"42\n"
    timed_out: bool = False
    overflowed: bool = False


@dataclass
class MockSubject:
    """A program: `effect` is its log time ratio to 1 s (negative: faster), `layout_sd` the sd that a layout seed adds to it."""

    label: str
    effect: float = 0.0
    layout_sd: float = 0.0
    exit_code: int = 0
    stdout: bytes = b"42\n"
    timed_out: bool = False
    overflowed: bool = False
    base_s: float = 1.0
    seeds: list[int] = field(default_factory=list)
    """The layout seed of each link that was made."""

    def link(self, seed: int) -> Link:
        """Link with the layout of `seed`: the same seed gives the same speed."""
        self.seeds.append(seed)
        layout = random.Random(seed).gauss(0.0, self.layout_sd) if self.layout_sd else 0.0
        return Link(
            (self.label, str(seed)),
            Path("/"),
            label=self.label,
            seconds=self.base_s * 2.718281828459045 ** (self.effect + layout),
            exit_code=self.exit_code,
            stdout=self.stdout,
            timed_out=self.timed_out,
            overflowed=self.overflowed,
        )


Noise = Callable[[int], float]
"""What the machine adds to the log time of the next run, given how many ran since the block's first timed one."""


def quiet(_position: int) -> float:
    """Give no noise at all."""
    return 0.0


def white(rng: random.Random, sd: float = 0.03) -> Noise:
    """Independent normal noise in each run."""
    return lambda _position: rng.gauss(0.0, sd)


def autoregressive(rng: random.Random, sd: float = 0.03, rho: float = 0.9) -> Noise:
    """A machine that is slow for a while: AR(1) over runs with stationary sd `sd`."""
    state = rng.gauss(0.0, sd)

    def noise(_position: int) -> float:
        nonlocal state
        state = rho * state + rng.gauss(0.0, sd * (1 - rho * rho) ** 0.5)
        return state

    return noise


def spikes(rng: random.Random, share: float = 0.15, size: float = 0.3) -> Noise:
    """Quiet, but for a share of runs that something delays by a lot."""
    return lambda _position: rng.gauss(0.0, 0.005) + (rng.expovariate(1 / size) if rng.random() < share else 0.0)


def bimodal(rng: random.Random, gap: float = 0.08) -> Noise:
    """Two speeds, by run, as of a core that is or is not boosted."""
    return lambda _position: rng.gauss(0.0, 0.005) + (gap if rng.random() < 0.5 else 0.0)


def inner_slower(rng: random.Random, penalty: float = 0.04) -> Noise:
    """Order penalty: the two inner runs of a group of four are slower, as after a program with the same footprint."""
    return lambda position: rng.gauss(0.0, 0.01) + (penalty if position % 4 in (1, 2) else 0.0)


def second_slower(rng: random.Random, penalty: float = 0.04) -> Noise:
    """Order penalty: whoever runs second in a pair is slower, and the longer a block lasts the more."""
    return lambda position: rng.gauss(0.0, 0.01) + penalty * (position % 2) + 0.02 * position


@dataclass
class MockRunner:
    """A `Runner` on two CPUs. `steal` and `waited` give shares of time, by number of the block that runs (0, 1, ...)."""

    noise: Noise = quiet
    steal: Callable[[int], float] = lambda _block: 0.0
    waited: Callable[[int], float | None] = lambda _block: 0.0
    pressure: Callable[[int], float] = lambda _block: 0.0
    threads: float = 1.0
    time: float = 0.0
    runs: list[tuple[str, int | None, tuple[int, ...]]] = field(default_factory=list)
    """Label, CPU and pads of each sample, warm-ups included."""
    _looks: int = 0
    _position: int = 0
    _steal_s: float = 0.0
    _pressure_s: float = 0.0

    def cpus(self) -> tuple[int, ...]:
        return (0, 1)

    def now(self) -> float:
        return self.time

    def conditions(self, cpu: int | None) -> Conditions:
        assert cpu is None or cpu in self.cpus()
        self._looks += 1
        self._position = 0
        return Conditions(self.time, self._steal_s, self._pressure_s)

    def run(self, command: Command, *, cpu: int | None, pads: Sequence[int] = (0,)) -> Sample:
        assert isinstance(command, Link)
        block = self._looks // 2
        seconds = command.seconds * 2.718281828459045 ** self.noise(self._position)
        self._position += 1
        self.runs.append((command.label, cpu, tuple(pads)))
        elapsed = seconds * len(pads)
        self.time += elapsed
        self._steal_s += elapsed * self.steal(block)
        self._pressure_s += elapsed * self.pressure(block)
        waited = self.waited(block)
        return Sample(
            wall_s=seconds,
            user_s=seconds * self.threads,
            waited_s=None if waited is None else seconds * waited,
            exit_code=command.exit_code,
            stdout=command.stdout,
            timed_out=command.timed_out,
            overflowed=command.overflowed,
            runs=len(pads),
        )
