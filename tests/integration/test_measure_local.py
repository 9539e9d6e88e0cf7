"""The local runner on real processes: what comes back of a run, and what it leaves behind. Nothing here looks at speed."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from autopass_cc.errors import WorkloadFailedError
from autopass_cc.measure.local import PAD_VARIABLE, LocalRunner
from autopass_cc.measure.runner import Command, Sample

CPU = min(os.sched_getaffinity(0))


def python(program: str, folder: Path, *, timeout_s: float = 60.0, stdin: Path | None = None, **env: str) -> Command:
    """Make a command that runs `program` in a fresh Python."""
    return Command((sys.executable, "-I", "-c", program), folder, env, stdin, timeout_s)


def run(program: str, folder: Path, *, cpu: int | None = None, pads: tuple[int, ...] = (0,)) -> Sample:
    """Run a Python program with the default bounds."""
    return LocalRunner().run(python(program, folder), cpu=cpu, pads=pads)


@pytest.mark.parametrize("code", [0, 1, 77, 255])
def test_the_exit_code_comes_back(code: int, tmp_path: Path) -> None:
    assert run(f"raise SystemExit({code})", tmp_path).exit_code == code


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGTERM"])
def test_a_signal_comes_back_as_a_negative_exit_code(name: str, tmp_path: Path) -> None:
    number = signal.Signals[name]
    sample = run(f"import os; os.kill(os.getpid(), {int(number)})", tmp_path)
    assert (sample.exit_code, sample.timed_out, sample.overflowed) == (-number, False, False)


def test_both_streams_come_back_byte_for_byte(tmp_path: Path) -> None:
    sample = run(r"import sys; sys.stdout.buffer.write(b'\0\xff\n'); sys.stderr.buffer.write(b'e\r\n')", tmp_path)
    assert (sample.stdout, sample.stderr) == (b"\0\xff\n", b"e\r\n")


def test_stdin_is_the_given_file_or_empty(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"input")
    program = "import sys; sys.stdout.write(sys.stdin.read())"
    assert LocalRunner().run(python(program, tmp_path, stdin=tmp_path / "in"), cpu=None).stdout == b"input"
    assert run(program, tmp_path).stdout == b""


def test_every_run_reads_stdin_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"input")
    command = python("import sys; sys.exit(len(sys.stdin.read()))", tmp_path, stdin=tmp_path / "in")
    sample = LocalRunner().run(command, cpu=None, pads=(1, 2, 3))
    assert (sample.exit_code, sample.runs) == (5, 3)


def test_the_program_sees_its_folder_its_environment_and_nothing_else_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS", "1")
    program = "import os; print(os.getcwd(), os.environ.get('GIVEN'), os.environ.get('OURS'))"
    sample = LocalRunner().run(python(program, tmp_path, GIVEN="yes"), cpu=None)
    assert sample.stdout.decode().split() == [str(tmp_path), "yes", "None"]


@pytest.mark.parametrize("length", [0, 1, 4095])
def test_the_pad_is_as_long_as_asked(length: int, tmp_path: Path) -> None:
    sample = run(f"import os; print(len(os.environ['{PAD_VARIABLE}']))", tmp_path, pads=(length,))
    assert sample.stdout == b"%d\n" % length


def test_each_run_of_a_sample_has_its_own_pad(tmp_path: Path) -> None:
    program = f"import os; open('pads', 'a').write(str(len(os.environ['{PAD_VARIABLE}'])) + ' ')"
    assert run(program, tmp_path, pads=(5, 0, 9)).runs == 3
    assert (tmp_path / "pads").read_text("ascii") == "5 0 9 "


def test_the_program_runs_on_the_cpu_asked_for_and_we_get_ours_back(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    sample = run("import os; print(*os.sched_getaffinity(0))", tmp_path, cpu=CPU)
    assert sample.stdout.split() == [b"%d" % CPU]
    assert os.sched_getaffinity(0) == before


def test_an_unpinned_program_may_use_all_cpus_that_we_may(tmp_path: Path) -> None:
    sample = run("import os; print(*sorted(os.sched_getaffinity(0)))", tmp_path)
    assert {int(word) for word in sample.stdout.split()} == os.sched_getaffinity(0)
    assert set(LocalRunner().cpus()) == os.sched_getaffinity(0)


def test_a_run_past_its_time_is_killed_with_all_its_children(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-I', '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    for timeout_s in (1.0, 10.0, 100.0):  # a slow machine may need longer until the child is there
        sample = LocalRunner().run(python(program, tmp_path, timeout_s=timeout_s), cpu=None)
        assert (sample.timed_out, sample.exit_code) == (True, -signal.SIGKILL)
        if sample.stdout:
            break
    assert is_gone(int(sample.stdout))


def test_children_that_outlive_the_program_are_killed_too(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-I', '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid)\n"
    )
    sample = run(program, tmp_path)
    assert (sample.exit_code, sample.timed_out) == (0, False)
    assert is_gone(int(sample.stdout))


def is_gone(pid: int) -> bool:
    """Whether a process ends; killed orphans are reaped by init a moment later."""
    for _ in range(600):
        try:
            state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        time.sleep(0.05)
    return False


def test_a_run_that_writes_without_end_is_killed_and_its_output_cut(tmp_path: Path) -> None:
    program = "import sys\nwhile True: sys.stdout.write('x' * 1000)"
    sample = LocalRunner(max_output=5000).run(python(program, tmp_path), cpu=None, pads=(0, 0, 0))
    assert (sample.overflowed, sample.timed_out, sample.exit_code) == (True, False, -signal.SIGKILL)
    assert sample.stdout == b"x" * 5000
    assert sample.runs == 1


def test_a_run_that_ends_by_itself_past_the_output_bound_has_overflowed_too(tmp_path: Path) -> None:
    command = python("import sys; sys.stderr.write('x' * 6000)", tmp_path)
    sample = LocalRunner(max_output=5000).run(command, cpu=None)
    assert (sample.overflowed, len(sample.stderr)) == (True, 5000)


def test_a_sample_ends_at_the_first_run_that_exits_differently(tmp_path: Path) -> None:
    program = f"import os; raise SystemExit(len(os.environ['{PAD_VARIABLE}']) // 10)"
    sample = run(program, tmp_path, pads=(1, 2, 30, 4))
    assert (sample.runs, sample.exit_code) == (3, 3)


def test_costs_are_there_and_make_sense(tmp_path: Path) -> None:
    sample = run("sum(range(1000))", tmp_path, cpu=CPU)
    assert sample.cpu_s > 0
    assert sample.wall_s > 0
    assert sample.max_rss_kib > 1000
    assert sample.waited_s is None or sample.waited_s >= 0


@pytest.mark.parametrize("cpu", [None, CPU])
def test_counters_of_the_machine_never_go_back(cpu: int | None) -> None:
    runner = LocalRunner()
    first, second = runner.conditions(cpu), runner.conditions(cpu)
    assert first.at_s <= second.at_s
    assert first.steal_s <= second.steal_s
    assert first.pressure_s <= second.pressure_s


def test_a_program_that_is_not_there_is_said_by_name(tmp_path: Path) -> None:
    with pytest.raises(WorkloadFailedError, match=r"\./nothing cannot be started in .*: No such file"):
        LocalRunner().run(Command(("./nothing",), tmp_path), cpu=CPU)


def test_a_file_that_may_not_be_executed_is_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello", "utf-8")
    with pytest.raises(WorkloadFailedError, match=r"\./text cannot be started"):
        LocalRunner().run(Command(("./text",), tmp_path), cpu=None)


def test_a_folder_that_is_not_there_is_an_error_of_the_workload(tmp_path: Path) -> None:
    with pytest.raises(WorkloadFailedError):
        LocalRunner().run(Command((sys.executable,), tmp_path / "gone"), cpu=None)


def test_an_input_that_is_not_there_is_an_error_of_the_workload(tmp_path: Path) -> None:
    with pytest.raises(WorkloadFailedError, match="nothing cannot be read: No such file"):
        LocalRunner().run(python("pass", tmp_path, stdin=tmp_path / "nothing"), cpu=None)


def test_we_are_where_we_were_after_a_run_that_could_not_be_started(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    with pytest.raises(WorkloadFailedError):
        LocalRunner().run(Command(("./nothing",), tmp_path), cpu=CPU)
    assert os.sched_getaffinity(0) == before


def test_no_file_is_left_behind(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    LocalRunner(scratch=scratch).run(python("print(1)", tmp_path), cpu=None)
    assert list(scratch.iterdir()) == []
