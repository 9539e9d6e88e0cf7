"""CSSPGO: a build with pseudo probes, branch stacks of its training run, a profile by calling context, a build with it.

Pseudo probes mark basic blocks and calls before anything is optimised and survive as metadata alone, so samples are put down
to the right block whatever the optimiser did; stacks of callers tell one caller's profile from another's, and `llvm-profgen`
decides by them what is worth inlining where. Source: He et al., "Revamping Sampling-Based PGO with Context-Sensitivity and
Pseudo-instrumentation", CGO 2024.
"""

from __future__ import annotations

import shutil
import time

from autopass_cc.bench.branch_stacks import record
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.flavours import Flavour
from autopass_cc.bench.profgen import profiled
from autopass_cc.bench.results import Entrant
from autopass_cc.errors import BenchError

PROBES = "-fpseudo-probe-for-profiling"
BUILD = (
    PROBES,
    "-gline-tables-only",  # llvm-profgen finds functions by them, and the next puts all of those there
    "-fdebug-info-for-profiling",
    "-fno-omit-frame-pointer",
    "-mno-omit-leaf-frame-pointer",
    "-Wno-unused-command-line-argument",
)
SECTION = b".pseudo_probe_desc"


def csspgo(contest: Contest, method: str) -> Entrant:
    """Return the program built with a context-sensitive sample profile of its training run.

    Raises BenchError where the machine gives no branch stacks, or the program too few.
    """
    began, site, program = time.monotonic(), contest.site, contest.program
    folder = site.copy("csspgo-train")
    site.build(folder, contest.compilers, BUILD)
    built = folder / program.run[0][0]
    if SECTION not in built.read_bytes():  # a line profile would take its place, without a word
        why = f"{program.name}: {program.run[0][0]} was built without pseudo probes."
        raise BenchError(why, "let its `build` take CC and CXX from the environment")
    stacks = record(contest, folder, built)
    profile = site.place / "csspgo.prof"
    profiled(contest, built, stacks.text, profile)
    shutil.rmtree(folder, ignore_errors=True)
    facts = {
        "search_s": time.monotonic() - began,
        "trained_s": stacks.seconds,
        "samples": stacks.samples,
        "remark": stacks.remark,
    }
    return Entrant(program.name, method, Flavour("csspgo", (PROBES, f"-fprofile-sample-use={profile}")), facts=facts)
