"""To everyone who calls it the launcher is clang: same result, output, files, descriptors, signals and environment."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from launcher_kit import World, built


def test_the_process_is_the_same_one(tmp_path: Path) -> None:
    """Process id, open descriptors, signal dispositions, blocked signals, umask and environment."""
    world = World(tmp_path)
    world.record()
    read_end, write_end = os.pipe()
    for descriptor in (read_end, write_end):
        os.set_inheritable(descriptor, True)

    def prepare() -> None:
        os.umask(0o031)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

    env = {key: value for key, value in os.environ.items() if key != "PWD"} | {
        "MIRROR": str(tmp_path / "seen.json"),
        "AUTOPASS_HOME": str(world.home),
        "AUTOPASS_CLANG": str(world.compiler),
        "AUTOPASS_LOG": str(tmp_path / "log"),
    }
    seen = []
    for program in (world.compiler, built() / "autopass-cc"):
        process = subprocess.Popen([program, "-O2", "-c", "a.c"], cwd=world.project, env=env, close_fds=False, preexec_fn=prepare)
        assert process.wait() == 0
        facts = (tmp_path / "seen.json").read_bytes()
        assert str(process.pid).encode() in facts
        seen.append(facts.replace(str(process.pid).encode(), b"PID"))
    os.close(read_end)
    os.close(write_end)
    assert len(world.records()) == 1
    assert seen[0] == seen[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_reaches_the_compiler(tmp_path: Path, number: signal.Signals) -> None:
    world = World(tmp_path)

    def heed() -> None:
        """Take the signal as it comes, where the tests themselves run under nohup."""
        if number is not signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)

    process = subprocess.Popen(
        [built() / "autopass-cc", "300"],
        env=os.environ | {"AUTOPASS_CLANG": "/bin/sleep", "AUTOPASS_HOME": str(world.home)},
        preexec_fn=heed,
    )
    while Path(f"/proc/{process.pid}/exe").resolve().name in ("autopass-cc", Path(sys.executable).resolve().name):
        time.sleep(0.005)
    process.send_signal(number)
    assert process.wait(timeout=30) == -number


def test_ctrl_c_ends_a_build_as_it_does_with_clang(tmp_path: Path, clang: Path) -> None:
    """Make and its compilers are interrupted together, in the middle of a compile: nothing is left, all say the same."""
    world = World(tmp_path, compiler=clang)
    place, ends = tmp_path / "place", []
    for program in (clang, built() / "autopass-cc"):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / "a.c").write_text("int a;\n")
        (place / "wait.c").write_text('#include "fifo.h"\nint w;\n')
        (place / "Makefile").write_text("all: a.o wait.o\n%.o: %.c\n\t$(CC) -O2 -c $< -o $@\n")
        os.mkfifo(place / "fifo.h")
        env = os.environ | {"AUTOPASS_CLANG": str(clang), "AUTOPASS_HOME": str(world.home)}
        make = subprocess.Popen(
            ["make", "-s", f"CC={program}"],
            cwd=place,
            env=env,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        with (place / "fifo.h").open("wb", buffering=0):  # opened once clang reads it
            os.killpg(make.pid, signal.SIGINT)
            out, err = make.communicate(timeout=60)
        ends.append((make.returncode, out, err, sorted(path.name for path in place.iterdir())))
    assert ends[1] == ends[0]
    assert ends[0][0] != 0


def test_a_directory_that_is_gone_is_no_matter(tmp_path: Path) -> None:
    world = World(tmp_path)
    gone = tmp_path / "gone"
    gone.mkdir()

    def leave() -> None:
        os.chdir(gone)
        gone.rmdir()

    call = world.call("-O2", "-c", "/nonexistent.c", preexec_fn=leave)
    assert (call.code, call.stderr) == (0, b"")
    assert world.log()[-1][1] == "no-directory"


def test_an_empty_environment_is_enough(tmp_path: Path) -> None:
    world = World(tmp_path)
    done = subprocess.run(
        [built() / "autopass-cc", "--version"],
        cwd=world.project,
        env={"AUTOPASS_CLANG": "/bin/true"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_file_system_without_write_access_sees_no_attempt(tmp_path: Path) -> None:
    """A sandbox may report attempts: trace the launcher's own system calls (strace is not everywhere)."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    world = World(tmp_path)
    trace = tmp_path / "trace"
    env = os.environ | {"AUTOPASS_HOME": str(world.home), "AUTOPASS_CLANG": "/bin/true"}
    subprocess.run([strace, "-o", trace, built() / "autopass-cc", "-O2", "-c", "a.c"], cwd=world.project, env=env, check=True)
    own = trace.read_text().partition('execve("/bin/true"')[0]
    assert "execve" in own
    for word in ("O_WRONLY", "O_RDWR", "O_CREAT", "mkdir", "unlink", "rename", "socket", "fork", "clone"):
        assert word not in own
    opened = [line for line in own.splitlines() if "openat(" in line]
    assert opened
    assert all("O_CLOEXEC" in line for line in opened)
