"""The oracle: does a program still do what the unchanged one does? Exit code, stdout, stderr and declared files.

The unchanged program is run twice first. What differs between its own two runs cannot be compared: that is an error
where the user asked for the comparison. Floats are compared exactly (passes keep IEEE semantics) unless the user
declares a tolerance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.errors import NotDeterministicError, WorkloadFailedError
from autopass_cc.measure.runner import Sample

NUMBER = re.compile(rb"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?|[-+]?(?:inf|nan)")
INTEGER = re.compile(rb"[-+]?\d+")


@dataclass(frozen=True)
class Rules:
    """What is compared: names among exit, stdout, stderr; output files; relative tolerance of printed floats (0: exact)."""

    compare: frozenset[str] = frozenset({"exit", "stdout", "stderr"})
    outputs: tuple[str, ...] = ()
    float_tolerance: float = 0.0


@dataclass(frozen=True)
class Expectation:
    """What one command of the unchanged program did; `files` maps declared outputs to digests (None: not written)."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    rules: Rules
    files: Mapping[str, str | None] = field(default_factory=dict)

    def problem(self, sample: Sample, folder: Path | None = None) -> str | None:
        """Return what is wrong with a run in a few words, or None. `folder` is where it wrote its files, if they count."""
        if sample.exit_code < 0 <= self.exit_code:
            return f"ended by signal {-sample.exit_code}"
        if "exit" in self.rules.compare and sample.exit_code != self.exit_code:
            return f"exit code {sample.exit_code} instead of {self.exit_code}"
        for name, got, wanted in (("stdout", sample.stdout, self.stdout), ("stderr", sample.stderr, self.stderr)):
            if name in self.rules.compare and not same_text(got, wanted, self.rules.float_tolerance):
                return f"{name} differs: {first_difference(got, wanted)}"
        for name, digest in (digests(self.rules.outputs, folder) if folder is not None else {}).items():
            if digest != self.files[name]:
                return f"the file {name} differs" if digest else f"the file {name} was not written"
        return None


def expect(label: str, samples: Sequence[Sample], files: Sequence[Mapping[str, str | None]], rules: Rules) -> Expectation:
    """Make the expectation from two runs of the unchanged program and the digests of the files that each wrote.

    Raises WorkloadFailedError for a run that was killed or says nothing that could be compared, NotDeterministicError
    for runs that differ in what the user wants compared.
    """
    first, second = samples
    for sample in samples:
        if sample.timed_out:
            raise WorkloadFailedError(
                f"`{label}` did not end within its time limit ({sample.wall_s:.0f} s).", "raise time_limit in autopass.toml"
            )
        if sample.overflowed:
            raise WorkloadFailedError(
                f"`{label}` writes more output than is kept for comparison.",
                "let it print less, or a checksum of what it computes",
            )
        if sample.exit_code < 0 or sample.exit_code in (126, 127):
            how = f"was killed by signal {-sample.exit_code}" if sample.exit_code < 0 else "could not be started"
            raise WorkloadFailedError(f"`{label}` {how} before anything was changed.", _by_hand(sample))
    if first.exit_code != 0 and not (first.stdout or any(files[0].values())):
        raise WorkloadFailedError(
            f"`{label}` failed with exit code {first.exit_code} before anything was changed.", _by_hand(first)
        )
    expectation = Expectation(first.exit_code, first.stdout, first.stderr, rules, dict(files[0]))
    problem = expectation.problem(second)
    changed = [name for name in rules.outputs if files[0][name] != files[1][name]]
    if problem or changed:
        raise NotDeterministicError(
            f"Two runs of the unchanged `{label}` differ: {problem or f'the file {changed[0]}'}.",
            "make the workload repeatable (fixed seeds, no times in its output), or take what varies out of `compare`",
        )
    nothing = not (first.stdout and "stdout" in rules.compare) and not any(files[0].values())
    if nothing:
        raise WorkloadFailedError(
            f"`{label}` leaves nothing to compare: no output on stdout and no declared output file.",
            "let it print a result (a checksum is enough), or name the files that it writes in `outputs`",
        )
    return expectation


def _by_hand(sample: Sample) -> str:
    lines = sample.stderr.decode("utf-8", "replace").strip().splitlines()
    return "run it by hand in the project's folder" + (f"; it said: {lines[-1][:120]}" if lines else "")


def digests(outputs: Sequence[str], folder: Path) -> dict[str, str | None]:
    """Return the digest of each declared output file in `folder`, None for one that is not there."""
    found: dict[str, str | None] = {}
    for name in outputs:
        path = folder / name
        found[name] = digest_of(path.read_bytes()) if path.is_file() else None
    return found


def same_text(got: bytes, wanted: bytes, tolerance: float) -> bool:
    """Return whether two outputs are equal; floats within a relative tolerance where one is given, integers exactly."""
    if got == wanted:
        return True
    if not tolerance or NUMBER.split(got) != NUMBER.split(wanted):
        return False
    pairs = zip(NUMBER.findall(got), NUMBER.findall(wanted), strict=True)
    return all(a == b or _close(a, b, tolerance) for a, b in pairs)


def _close(a: bytes, b: bytes, tolerance: float) -> bool:
    """Two integers are never close; an integer and a float may be (%g prints 1.0 as 1)."""
    if INTEGER.fullmatch(a) and INTEGER.fullmatch(b):
        return False
    return math.isclose(float(a), float(b), rel_tol=tolerance)


def first_difference(got: bytes, wanted: bytes) -> str:
    """Return the first line that differs, shortened for one line of a report."""
    ours, theirs = got.splitlines(), wanted.splitlines()
    for number, (a, b) in enumerate(zip(ours, theirs, strict=False), start=1):
        if a != b:
            return f"line {number} is {_short(a)} instead of {_short(b)}"
    return f"{len(ours)} lines instead of {len(theirs)}" if len(ours) != len(theirs) else "the last line's end"


def _short(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return repr(text if len(text) <= 40 else text[:37] + "...")
