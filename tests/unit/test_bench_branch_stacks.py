"""Branch stacks: from hardware where perf can record them, and enough of them, or a reason why not."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from autopass_cc.bench import branch_stacks
from autopass_cc.bench.branch_stacks import HARDWARE, LEAST, record
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.manifest import BenchProgram
from autopass_cc.errors import BenchError

# As `perf script -F ip,brstack --show-mmap-events` prints an event and a sample (Linux, tools/perf/builtin-script.c).
MAPPED = "prog 41 5.1: PERF_RECORD_MMAP2 41/41: [0x401000(0x1000) @ 0x1000 fe:01 7 0]: r-xp /somewhere/prog\n"
SAMPLE = """\t          4011a6
\t          4011f0
\t    7f83e84e7793
 0x4011a2/0x4011a6/P/-/-/1/RET/-  0x4011c4/0x401190/P/-/-/3/CALL/-  0x4011d0/0x4011c0/P/-/-/2/COND/-

"""
# A perf that can record branches (or cannot), runs what it is to record, and has recorded so many samples.
PERF = """#!{python}
import pathlib, subprocess, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(" ".join(words) + chr(10))
if words[0] == "script":
    print({mapped!r} + {sample!r} * {samples}, end="")
elif not {able}:
    sys.exit(255)
else:
    sys.exit(subprocess.call(words[words.index("--") + 1:]))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def perf(folder: Path, *, samples: int = LEAST, able: bool = True) -> Path:
    log = folder / "log"
    text = PERF.format(python=sys.executable, log=str(log), mapped=MAPPED, sample=SAMPLE, samples=samples, able=able)
    (folder / "perf").write_text(text)
    (folder / "perf").chmod(0o755)
    return log


def contest(folder: Path, *, commands: int = 1) -> Contest:
    train = (sys.executable, "-c", "open('ran', 'a').write('1')")
    program = BenchProgram("p", folder, "", run=(("./p",),), train=(train,) * commands)
    return cast("Contest", SimpleNamespace(program=program))


def test_branch_records_of_the_machine_are_used_where_it_has_them_with_the_chain_of_callers(folder: Path) -> None:
    log = perf(folder)
    stacks = record(contest(folder), folder, folder / "p")
    assert (stacks.samples, stacks.remark) == (LEAST, HARDWARE)
    assert stacks.text.read_text() == MAPPED + SAMPLE * LEAST
    assert (folder / "ran").read_text() == "1"
    tried, recorded, printed = log.read_text().splitlines()
    assert tried.endswith("-- true")
    assert {"-b", "--call-graph"} <= set(recorded.split())
    assert "-F ip,brstack --show-mmap-events" in printed


def test_every_training_command_is_sampled(folder: Path) -> None:
    log = perf(folder)
    assert record(contest(folder, commands=2), folder, folder / "p").samples == 2 * LEAST
    assert (folder / "ran").read_text() == "11"
    files = [word for line in log.read_text().splitlines()[1:] for word in line.split() if word.endswith(".data")]
    assert len(files) == 4
    assert len(set(files)) == 2


def test_too_few_samples_make_no_profile(folder: Path) -> None:
    perf(folder, samples=LEAST - 1)
    with pytest.raises(BenchError, match=f"{LEAST - 1} branch stacks of the training run are too few"):
        record(contest(folder), folder, folder / "p")


def test_without_records_and_without_our_tracer_the_reason_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = perf(folder, able=False)
    monkeypatch.setattr(branch_stacks, "launcher", lambda: folder / "autopass-cc")
    with pytest.raises(BenchError, match="need Linux on x86-64"):
        record(contest(folder), folder, folder / "p")
    assert not (folder / "ran").exists()
    assert len(log.read_text().splitlines()) == 1


def test_a_tracer_that_may_not_trace_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    perf(folder, able=False)
    (folder / branch_stacks.TRACER).write_text("#!/bin/sh\necho 'the command cannot be traced: no' >&2\nexit 125\n")
    (folder / branch_stacks.TRACER).chmod(0o755)
    monkeypatch.setattr(branch_stacks, "launcher", lambda: folder / "autopass-cc")
    with pytest.raises(BenchError, match="cannot be traced: no"):
        record(contest(folder), folder, folder / "p")
