"""What the agents' own work takes for one round on a module of 5,000 lines: without the model, clang and the program.

    python tests/benchmarks/agents_cost.py [--clang clang-22] [--level O2]

Prints seconds by step and the peak memory of this process; exits with 1 above 2 s or 300 MiB.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from autopass_cc.agents import score
from autopass_cc.agents.diagnosis import AMONG, judge
from autopass_cc.agents.minds import prompt, reply
from autopass_cc.agents.minds.protocol import Situation
from autopass_cc.agents.minds.repair import Repairer
from autopass_cc.agents.minds.rules import Rules
from autopass_cc.evidence import assembly, difference, features, loops, remarks
from autopass_cc.evidence.collect import LISTING, Evidence
from autopass_cc.evidence.difference import ObjectFacts
from autopass_cc.evidence.pack import pack
from autopass_cc.evidence.profile import Hot
from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.neighbours import menu
from autopass_cc.recipe.tree import parse
from autopass_cc.recipe.words import Tier
from autopass_cc.tokens import tokens_of
from autopass_cc.toolchain import probe
from autopass_cc.toolchain.describe import describe

FUNCTION = """static int g{n}(const int *x, int i) {{ return x[i] * {n} + i; }}
int f{n}(const int *x, double *y, int n) {{
  int s = 0;
  for (int i = 0; i < n; i++) {{
    switch (x[i] & 7) {{ case 1: s += g{n}(x, i); break; case 2: s ^= x[i]; break; default: s--; }}
    for (int j = 0; j < 8; j++) y[j] += y[i] * x[j];
  }}
  return s;
}}
"""
LINES = 5000
TUNED = ("-mllvm=-inline-threshold=500", "-mllvm=-force-vector-width=2")  # of the candidate that is diagnosed
CANDIDATES = 5  # that a model proposes in a round
SECONDS, MEBIBYTES = 2.0, 300  # what one round may take
T = TypeVar("T")


class Clock:
    """Seconds by step; `apart` of them are clang's and its tools'."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}

    def time(self, name: str, work: Callable[[], T]) -> T:
        start = time.perf_counter()
        result = work()
        self.steps[name] = self.steps.get(name, 0.0) + time.perf_counter() - start
        return result


def main() -> int:
    """Do one round's work and print what it took."""
    parser = argparse.ArgumentParser(description="Time the agents' own work on a module of 5,000 lines.")
    parser.add_argument("--clang", default="clang-22")
    parser.add_argument("--level", default="O2")
    options = parser.parse_args()
    toolchain = describe(Path(shutil.which(options.clang) or options.clang))
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="agents-cost-") as folder:
        place = Path(folder)
        source = place / "long.c"
        count = LINES // len(FUNCTION.splitlines()) + 1
        source.write_text("".join(FUNCTION.format(n=number) for number in range(count)))
        base = [str(toolchain.clang), f"-{options.level}", str(source)]
        record = ["-fsave-optimization-record=yaml", f"-foptimization-record-file={place / 'r.yaml'}"]
        plain = ["-c", "-o", str(place / "a.o"), *record]
        other = ["-c", "-o", str(place / "b.o"), *record[:-1], f"-foptimization-record-file={place / 's.yaml'}", *TUNED]
        for words in (plain, [*LISTING, "-o", str(place / "a.ll")], other):
            subprocess.run([*base, *words], check=True)
        text = probe.base_pipeline(toolchain, [*base, "-c"], place)
        changed = (place / "s.yaml").read_text()
        yaml, listing = (place / "r.yaml").read_text(), (place / "a.ll").read_text()
        told = clock.time("read remarks", lambda: tuple(remarks.parse(yaml)))
        known = clock.time("read IR", lambda: tuple(features.parse(listing)))
        depths = clock.time("find loops", lambda: loops.depths(listing))
        hot = tuple(Hot("long.c", f"f{number}", 1 / (number + 2) ** 2) for number in range(100))
        evidence = Evidence("long.c", options.level, "c", 0.9, hot, told, known, depths)
        clock.time("score", lambda: score.score(evidence, score.Earlier()))
        packed = clock.time("pack", lambda: pack(evidence))
        offered = menu(load(toolchain.major), Tier.B, probe.passes(toolchain), probe.knobs(toolchain), toolchain.knob_arch)
        situation = Situation(evidence, parse(text), offered, 1)
        opening = clock.time("prompt", lambda: prompt.opening(packed.text, situation, 1, 3, ()))
        answer = {"proposals": [{"edits": [{"op": "knob", "name": "unrol-count", "value": "4", "try": ["2", "8"]}]}] * 5}
        repairer = Repairer(situation.base, offered)
        clock.time("read and repair an answer", lambda: reply.read(answer, repairer, packed.known))
        clock.time("rules: 28 proposals", lambda: Rules().propose(situation, 28))
        names = [each.function for each in hot][:AMONG]
        before = ObjectFacts(assembly.read(toolchain, place / "a.o"), remarks.documents(yaml))
        listed = assembly.disassembled(toolchain, place / "b.o", names)

        def diagnose() -> None:
            for _ in range(CANDIDATES):
                code = {
                    name: assembly.Code(name, len(lines), lines, toolchain.knob_arch)
                    for name, lines in assembly.parse(listed, names)
                }
                judge(0.1, (), difference.compare(before, ObjectFacts(code, remarks.documents(changed)), names), offered.allow)

        clock.time(f"diagnose {CANDIDATES} candidates", diagnose)
    total, peak = sum(clock.steps.values()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{LINES} lines, {len(known)} functions, {len(told)} remarks, clang {toolchain.version}, -{options.level}")
    for name, seconds in clock.steps.items():
        print(f"  {name:<28} {seconds:7.3f} s")
    print(f"  {'in all':<28} {total:7.3f} s (limit {SECONDS}), peak memory {peak:.0f} MiB (limit {MEBIBYTES})")
    size = {"task": tokens_of(prompt.task([])), "evidence": packed.tokens, "opening": tokens_of(opening)}
    print(f"  prompt, in tokens at most: {json.dumps(size)}")
    return int(total > SECONDS or peak > MEBIBYTES)


if __name__ == "__main__":
    sys.exit(main())
