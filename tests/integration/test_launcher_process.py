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
from launcher_kit import World, built, recipe_text

SOURCES = {
    "a.c": "int f(const int *x, int n) { int s = 0; for (int i = 0; i < n; i++) s += x[i]; return s; }\n",
    "main.c": '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n',
    "b.cpp": "#include <vector>\nint g(const std::vector<int> &v) { int s = 0; for (int x : v) s += x; return s; }\n",
    "bad.c": "int f(void) { return x; }\n",
    "warn.c": "int f(void) { int unused; }\n",
    "crash.c": "#pragma clang __debug crash\n",
    "s.s": ".text\n.globl z\nz: ret\n",
    "p.h": "static inline int sq(int x) { return x * x; }\n",
    "usep.c": "int f(int x) { return sq(x); }\n",
    "args.rsp": "-O2 -c a.c\n-o 'the output.o'\n",
    "sub/deep.c": "int deep;\n",
}

COMMANDS = [
    "",
    "--version",
    "-dumpmachine",
    "-### -O2 -c a.c",
    "-O2 -c a.c",
    "-O2 -c sub/deep.c",
    "-O2 -c a.c -ox.o",
    "-O2 -g -gsplit-dwarf -c a.c -o o1.o",
    "-O2 -c a.c -MMD -MP -MF d.d",
    "-O2 -c a.c -o no/such/a.o",
    "-O2 -c a.c -o /dev/null",
    "-O2 -c a.c -o -",
    "-O2 -c nope.c",
    "-O2 -c bad.c",
    "-O2 -c bad.c -fcolor-diagnostics",
    "-O2 -Wall -c warn.c",
    "-O2 -Werror -Weverything -Wno-padded -c main.c",
    "-O2 -c b.cpp -std=c++20",
    "-O2 -c a.c main.c",
    "-O2 -c a.c main.c -o z.o",
    "main.c -o prog",
    "-E -dM -x c /dev/null",
    "-fsyntax-only a.c",
    "-S -emit-llvm -O2 a.c -o -",
    "-O2 -save-temps -c a.c",
    "-Werror -c s.s",
    "-x c-header p.h -o p.h.pch",
    "@args.rsp",
    "@missing.rsp -c a.c",
    "-O2 -c a.c -unknown-option",
    "-O2 -c a.c --coverage -o x",
    "-MJ x.json -O2 -c a.c",
    "-O2 -flto=thin -c a.c",
    "-O2 -c -x c -",
]


def populate(directory: Path) -> Path:
    for name, text in SOURCES.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, ns=(10**18, 10**18))  # a precompiled header holds the time
    return directory


def run(program: Path, arguments: list[str], place: Path, **env: str) -> tuple[int, bytes, bytes, dict[str, bytes]]:
    """Run in a fresh copy of the sources at `place` (the same path each time); return what can be seen of it."""
    shutil.rmtree(place, ignore_errors=True)
    populate(place)
    done = subprocess.run(
        [program, *arguments], cwd=place, env=os.environ | env, input=b"int z;\n", capture_output=True, check=False
    )
    files = {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}
    return done.returncode, done.stdout, done.stderr, files


@pytest.mark.parametrize("line", COMMANDS)
def test_nobody_can_tell_it_from_clang(tmp_path: Path, clang: Path, line: str) -> None:
    world = World(tmp_path, compiler=clang)
    place = tmp_path / "place"
    plain = run(clang, line.split(), place)
    ours = run(built() / "autopass-cc", line.split(), place, AUTOPASS_CLANG=str(clang), AUTOPASS_HOME=str(world.home))
    assert ours == plain


def test_nor_the_cxx_one(tmp_path: Path, clang: Path) -> None:
    world = World(tmp_path, compiler=clang)
    place, env = tmp_path / "place", {"AUTOPASS_CLANG": str(clang), "AUTOPASS_HOME": str(world.home)}
    for line in ("-O2 -c b.cpp", "-O2 -c a.c", "b.cpp -shared -fPIC -o b.so"):
        plain = run(clang.with_name(clang.name.replace("clang", "clang++")), line.split(), place)
        assert run(built() / "autopass-c++", line.split(), place, **env) == plain


@pytest.mark.parametrize(
    "line",
    [
        "-O2 -c a.c",
        "-O2 -Werror -Wall -Wextra -pedantic -Wunused-command-line-argument -c a.c -MMD -MF d.d",
        "-O2 -include-pch p.pch -c usep.c",
    ],
)
def test_a_recipe_of_knobs_changes_nothing_but_the_code(tmp_path: Path, clang: Path, line: str) -> None:
    world = World(tmp_path, compiler=clang)
    major = int(clang.name.rpartition("-")[2])
    world.know(clang, major=major, status="knobs")
    subprocess.run([clang, "-O2", "-x", "c-header", "p.h", "-o", "p.pch"], cwd=populate(world.project), check=True)
    key = world.keys(*line.split())["exact"]
    plain = subprocess.run([clang, *line.split()], cwd=world.project, capture_output=True, check=True)
    before = {path.name: path.read_bytes() for path in world.project.iterdir() if path.suffix in (".o", ".d")}
    world.publish(key, recipe_text("knob inline-threshold 250", llvm=major))
    call = world.call(*line.split())
    after = {path.name: path.read_bytes() for path in world.project.iterdir() if path.suffix in (".o", ".d")}
    assert world.log()[-1][:2] == ["hit", "exact"]
    assert (call.code, call.stdout, call.stderr) == (0, plain.stdout, plain.stderr)
    assert after == before  # nothing here is inlined: even the code is the same


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
        populate(place)
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


def test_a_crash_ends_as_it_does_in_clang(tmp_path: Path, clang: Path) -> None:
    world = World(tmp_path, compiler=clang)
    place, env = tmp_path / "place", {"AUTOPASS_CLANG": str(clang), "AUTOPASS_HOME": str(world.home)}
    line = ["-O2", "-c", "crash.c", "-fno-crash-diagnostics"]
    assert run(built() / "autopass-cc", line, place, **env)[0] == run(clang, line, place)[0]


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
