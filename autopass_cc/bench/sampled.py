"""AutoFDO: a build with debug lines, samples of its training run, a sample profile, a build with it.

Where the machine keeps last branch records, the samples are of branches and `llvm-profgen` makes the profile (that way is tested
with a stand-in for perf, and was never measured on such a machine); most virtual ones keep none and leave samples of a timer. The
table says which it was.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from autopass_cc.bench.contest import Contest
from autopass_cc.bench.flavours import Flavour
from autopass_cc.bench.instrumented import merge
from autopass_cc.bench.perf import branches, count, has_branch_records, recorded
from autopass_cc.bench.profgen import profiled
from autopass_cc.bench.results import Entrant
from autopass_cc.bench.sampleprof import MASK, Located, Place, decoded, render
from autopass_cc.errors import BenchError

# Addresses of samples are those of the file (-no-pie); discriminators tell copies and branches of one line apart.
BUILD = ("-gline-tables-only", "-fdebug-info-for-profiling", "-no-pie", "-Wno-unused-command-line-argument")
LEAST = 100  # samples that make a profile
TIMER = "timer samples (perf cpu-clock), no branch records"
RECORDS = "branch records (perf record -b)"


@dataclass(frozen=True)
class Sampled:
    """How many samples a profile is of, the seconds of the runs that they were taken in, and of what they are."""

    samples: int
    seconds: float
    remark: str


def autofdo(contest: Contest, method: str) -> Entrant:
    """Return the program built with a sample profile of its training run. Raises BenchError where nothing can be sampled."""
    began, site, program = time.monotonic(), contest.site, contest.program
    perf = shutil.which("perf")
    if perf is None:
        raise BenchError(f"{program.name}: perf is not on PATH.", "apt-get install linux-perf")
    folder = site.copy("autofdo-train")
    site.build(folder, contest.compilers, BUILD)
    profile = site.place / "autofdo.prof"
    profile.unlink(missing_ok=True)
    make = _by_branches if has_branch_records(perf, folder / "tried") else _by_timer
    found = make(contest, folder, perf, folder / program.run[0][0], profile)
    shutil.rmtree(folder, ignore_errors=True)
    facts = {
        "search_s": time.monotonic() - began,
        "trained_s": found.seconds,
        "samples": found.samples,
        "remark": found.remark,
    }
    return Entrant(program.name, method, Flavour("autofdo", (f"-fprofile-sample-use={profile}",)), facts=facts)


def _by_branches(contest: Contest, folder: Path, perf: str, built: Path, profile: Path) -> Sampled:
    text = folder / "branches.txt"
    seconds = branches(contest, folder, perf, text)
    found = Sampled(count(text), seconds, RECORDS)
    _refuse_few(contest, found)
    profiled(contest, built, text, profile)
    return found


def _by_timer(contest: Contest, folder: Path, perf: str, built: Path, profile: Path) -> Sampled:
    written, seconds = recorded(contest, folder, perf, "-e", "cpu-clock")
    samples = sum((_samples(perf, data, built) for data in written), Counter[int]())
    found = Sampled(samples.total(), seconds, TIMER)
    _refuse_few(contest, found)
    listing = contest.site.place / "autofdo.txt"
    listing.write_text(render(samples, *_code(contest, built)))
    merge(contest, profile, [listing], "--sample", "--extbinary")
    return found


def _refuse_few(contest: Contest, found: Sampled) -> None:
    if found.samples < LEAST:
        why = f"{contest.program.name}: {found.samples} samples of the training run are too few for a profile."
        raise BenchError(why, "give it a longer `train` in suite.toml")


def _samples(perf: str, data: Path, built: Path) -> Counter[int]:
    """Return the samples by address in one file."""
    argv = [perf, "script", "-i", str(data), "-F", "ip,dso"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = re.findall(rf"^\s*([0-9a-f]+) \({re.escape(str(built.resolve()))}\)", done.stdout, re.MULTILINE)
    return Counter(int(address, 16) for address in found)


def _code(contest: Contest, built: Path) -> tuple[dict[int, Located], dict[int, str], list[int]]:
    """Return where each instruction of a file comes from, whom its calls call, and where its functions begin."""
    tool = contest.toolchain.tool
    argv = [str(tool("llvm-objdump")), "-d", "--no-show-raw-insn", "--section=.text", str(built)]
    text = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    starts = [int(address, 16) for address in re.findall(r"^([0-9a-f]+) <[^>]+>:$", text, re.MULTILINE)]
    rows = re.findall(r"^\s*([0-9a-f]+):\s+(\S+)(.*)$", text, re.MULTILINE)
    calls = {
        int(address, 16): target[1]
        for address, word, rest in rows
        if word.startswith(("call", "bl")) and (target := re.search(r"<([^+>@]+)>", rest))
    }
    addresses = [address for address, _, _ in rows]
    argv = [str(tool("llvm-symbolizer")), f"--obj={built}", "--no-demangle", "--output-style=JSON", "--inlines"]
    asked = "".join(f"0x{address}\n" for address in addresses)
    lines = subprocess.run(argv, input=asked, capture_output=True, text=True, check=False).stdout.splitlines()
    where = {}
    for address, line in zip(addresses, lines, strict=False):
        found = _located(json.loads(line))
        if found is not None:
            where[int(address, 16)] = found
    return where, calls, starts


def _located(answer: dict[str, object]) -> Located | None:
    """Return what the symbolizer says of an address, None where a line of it is not known."""
    symbols = answer.get("Symbol")
    if not isinstance(symbols, list) or not symbols or not all(each["Line"] and each["FunctionName"] for each in symbols):
        return None
    stack, factor = [], 1
    for each in reversed(symbols):  # the innermost comes first
        base, factor = decoded(each["Discriminator"])
        stack.append(Place(each["FunctionName"], (each["Line"] - each["StartLine"]) & MASK, base))
    return Located(tuple(stack), factor)
