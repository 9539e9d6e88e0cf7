"""What llvm-mca says of a loop: cycles an iteration and what holds it up, by LLVM's model of the CPU.

A static model: caches always hit, branches are always predicted. It tells latency chains and busy ports from each
other, and nothing about memory.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence

from autopass_cc.toolchain.describe import Toolchain

ITERATIONS = 100  # llvm-mca's own default
LIMIT = 20.0  # seconds
LARGEST = 200  # instructions: a longer body is no loop that one reads

_FIGURES = {"total": r"Total Cycles: +(\d+)", "least": r"Block RThroughput: +([\d.]+)"}
_PRESSURE = re.compile(r"^\s+- (.+?)\s+\[\s*([\d.]+)%", re.MULTILINE)


def analyse(toolchain: Toolchain, loop: Sequence[str]) -> str:
    """Return a line about a loop's body, or why there is none."""
    body = [line for line in loop if not line.endswith(":")]
    if not body:
        return "no loop"
    if len(body) > LARGEST:
        return f"llvm-mca was not asked: {len(body)} instructions"
    if any(line.startswith(("call", "bl ", "blr")) for line in body):
        return "llvm-mca was not asked: the loop has calls"
    tool = toolchain.find_tool("llvm-mca")
    if tool is None:
        return "llvm-mca is not installed"
    argv = [str(tool), f"-mtriple={toolchain.target}", f"-iterations={ITERATIONS}", "-bottleneck-analysis", "-"]
    if toolchain.cpu and toolchain.cpu != "generic":
        argv.insert(1, f"-mcpu={toolchain.cpu}")
    text = "".join(f"{_plain(line)}\n" for line in loop)
    try:
        done = subprocess.run(argv, input=text.encode(), capture_output=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "llvm-mca did not answer"
    told = done.stdout.decode("utf-8", "replace")
    found = {name: match[1] for name, pattern in _FIGURES.items() if (match := re.search(pattern, told))}
    if done.returncode != 0 or len(found) < len(_FIGURES):
        return "llvm-mca could not read the loop"
    causes = [f"{what.rstrip(' :')} {share} %" for what, share in _PRESSURE.findall(told) if float(share) >= 5]
    held = f"; held up by {', '.join(causes[:3])}" if causes else ""
    cycles = int(found["total"]) / ITERATIONS
    return f"llvm-mca ({toolchain.cpu}): {cycles:.1f} cycles an iteration, {found['least']} if nothing had to wait{held}"


def _plain(line: str) -> str:
    """Return a line as an assembler reads it: targets of branches by their names alone."""
    return re.sub(r"<([\w.$@+-]+)>", r"\1", line)
