"""Runs on this machine (Linux): own process group, one CPU, output to unlinked files, cost from wait4.

Output goes to files rather than pipes so that we sleep while the program runs instead of sharing its core. The CPU is set on
*this thread* around the spawn and inherited: setting it in the child would need `preexec_fn` (unsafe with threads, and it
turns off vfork), and setting it after the spawn would let the program touch its first pages elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from autopass_cc.errors import WorkloadFailedError
from autopass_cc.measure.runner import Command, Conditions, Sample, StoppedError

PAD_VARIABLE = "AUTOPASS_PAD"
"""Its random length moves the stack (Mytkowicz et al. 2009, "Producing wrong data without doing anything obviously wrong")."""
MAX_OUTPUT = 64 << 20
_POLL_S = 0.25


class LocalRunner:
    """A `Runner` for programs of this machine. `max_output`: bytes of stdout and of stderr after which a run is killed.

    `stop` is looked at four times a second while a program runs; when it says so the run is killed, and StoppedError raised.
    """

    def __init__(
        self, *, max_output: int = MAX_OUTPUT, scratch: Path | None = None, stop: Callable[[], bool] = lambda: False
    ) -> None:
        self._max_output = max_output
        self._scratch = scratch
        self._stop = stop

    def cpus(self) -> tuple[int, ...]:
        """Give the CPUs that this process may use."""
        return tuple(sorted(os.sched_getaffinity(0)))

    def now(self) -> float:
        """Give CLOCK_MONOTONIC in seconds."""
        return time.monotonic()

    def conditions(self, cpu: int | None) -> Conditions:
        """Read steal from /proc/stat and CPU pressure from /proc/pressure/cpu; 0 where the kernel has neither."""
        return Conditions(time.monotonic(), _steal_s(cpu), _pressure_s())

    def run(self, command: Command, *, cpu: int | None, pads: Sequence[int] = (0,)) -> Sample:
        """Run as `Runner.run` says; raises WorkloadFailedError if the program cannot be started."""
        done: list[Sample] = []
        for pad in pads:
            done.append(self._once(command, cpu, pad))
            if done[-1].timed_out or done[-1].overflowed or done[-1].exit_code != done[0].exit_code:
                break
        return done[0] if len(done) == 1 else _average(done)

    def _once(self, command: Command, cpu: int | None, pad: int) -> Sample:
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(tempfile.TemporaryFile(dir=self._scratch))
            err = stack.enter_context(tempfile.TemporaryFile(dir=self._scratch))
            stdin = stack.enter_context(_opened(command.stdin)) if command.stdin else None
            stack.enter_context(_pinned(cpu))
            started = time.monotonic()
            child = _spawn(command, pad, stdin, out, err)
            try:
                _bound(child.pid, command.timeout_s)
                _step_aside(cpu)
                reason = self._await(child.pid, started + command.timeout_s, (out, err))
                wall_s = time.monotonic() - started
            finally:
                waited_s = _run_queue_wait_s(child.pid)
                usage = _reap(child)
            if reason == "stop" or (child.returncode < 0 and self._stop()):  # a signal to all of us hits the program, too
                raise StoppedError
            return Sample(
                wall_s=wall_s,
                user_s=usage.ru_utime,
                sys_s=usage.ru_stime,
                waited_s=waited_s,
                voluntary=usage.ru_nvcsw,
                involuntary=usage.ru_nivcsw,
                exit_code=child.returncode,
                stdout=_read(out, self._max_output),
                stderr=_read(err, self._max_output),
                max_rss_kib=usage.ru_maxrss,
                timed_out=reason == "time",
                overflowed=reason == "output",
            )

    def _await(self, pid: int, deadline: float, files: tuple[IO[bytes], ...]) -> str | None:
        """Sleep until the process ends, without reaping it; "time", "output" or "stop" if it is to be killed for one of these."""
        pidfd = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            while True:
                left = deadline - time.monotonic()
                if poll.poll(max(0.0, min(_POLL_S, left)) * 1000):
                    return "output" if any(_size(file) > self._max_output for file in files) else None
                if left <= 0:
                    return "time"
                if any(_size(file) > self._max_output for file in files):
                    return "output"
                if self._stop():
                    return "stop"
        finally:
            os.close(pidfd)


def _bound(pid: int, timeout_s: float) -> None:
    """Let the kernel end a run that outlives us (kill -9 of the tuner): no program may compute for ever unwatched."""
    seconds = int(timeout_s * (os.cpu_count() or 1)) + 10
    with contextlib.suppress(OSError, ValueError):
        _, most = resource.prlimit(pid, resource.RLIMIT_CPU)
        if most == resource.RLIM_INFINITY or most > seconds:
            resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, most))


def _spawn(command: Command, pad: int, stdin: IO[bytes] | None, out: IO[bytes], err: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env={**command.env, PAD_VARIABLE: "x" * pad},
            stdin=stdin or subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            process_group=0,
        )
    except OSError as error:
        raise WorkloadFailedError(
            f"{command.argv[0]} cannot be started in {command.cwd}: {error.strerror}.", "check `run` in autopass.toml"
        ) from error


def _opened(stdin: Path) -> IO[bytes]:
    try:
        return stdin.open("rb")
    except OSError as error:
        raise WorkloadFailedError(f"{stdin} cannot be read: {error.strerror}.", "check `stdin` in autopass.toml") from error


def _reap(child: subprocess.Popen[bytes]) -> resource.struct_rusage:
    """Kill what is left of the group, then take the exit code and the cost; the unreaped leader keeps its number ours."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage


@contextlib.contextmanager
def _pinned(cpu: int | None) -> Iterator[None]:
    """Put the calling thread on `cpu`, and back where it may be at the end."""
    if cpu is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _step_aside(cpu: int | None) -> None:
    """Leave the CPU to the program that was just spawned on it, where there is another one to sleep on."""
    if cpu is not None and (others := set(range(os.cpu_count() or 1)) - {cpu}):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, others)


def _run_queue_wait_s(pid: int) -> float | None:
    """Second field of /proc/PID/schedstat (Documentation/scheduler/sched-stats.rst): ns waited on a run queue, main thread."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_bytes().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None


def _steal_s(cpu: int | None) -> float:
    name = b"cpu" if cpu is None else b"cpu%d" % cpu
    try:
        lines = Path("/proc/stat").read_bytes().splitlines()
    except OSError:
        return 0.0
    for line in lines:
        fields = line.split()
        if fields and fields[0] == name and len(fields) > 8:
            share = (os.cpu_count() or 1) if cpu is None else 1
            return int(fields[8]) / os.sysconf("SC_CLK_TCK") / share
    return 0.0


def _pressure_s() -> float:
    try:
        text = Path("/proc/pressure/cpu").read_bytes()
    except OSError:
        return 0.0
    for line in text.splitlines():
        if line.startswith(b"some "):
            return int(line.rpartition(b"total=")[2]) / 1e6
    return 0.0


def _average(samples: Sequence[Sample]) -> Sample:
    n, last = len(samples), samples[-1]
    waits = [sample.waited_s for sample in samples if sample.waited_s is not None]
    return Sample(
        wall_s=sum(sample.wall_s for sample in samples) / n,
        user_s=sum(sample.user_s for sample in samples) / n,
        sys_s=sum(sample.sys_s for sample in samples) / n,
        waited_s=sum(waits) / n if len(waits) == n else None,
        voluntary=sum(sample.voluntary for sample in samples),
        involuntary=sum(sample.involuntary for sample in samples),
        exit_code=last.exit_code,
        stdout=last.stdout,
        stderr=last.stderr,
        max_rss_kib=max(sample.max_rss_kib for sample in samples),
        timed_out=last.timed_out,
        overflowed=last.overflowed,
        runs=n,
    )


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _read(file: IO[bytes], limit: int) -> bytes:
    file.seek(0)
    return file.read(limit)
