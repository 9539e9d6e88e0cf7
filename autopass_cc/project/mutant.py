"""A broken variant of a module, to see whether the oracle would notice: its hot function returns at once.

The function is cut short in assembly, so the mutant goes through the user's own compile and link. A check that does
not notice it checks nothing (DeMillo, Lipton, Sayward 1978, "Hints on test data selection").
"""

from __future__ import annotations

import re
from pathlib import Path

from autopass_cc.project.replay import compile_argv, run
from autopass_cc.store.builds import CompileRecord

RETURN_ZERO = {  # a whole number, or a floating one
    "x86_64": "\txorl\t%eax, %eax\n\txorps\t%xmm0, %xmm0\n\tretq\n",
    "aarch64": "\tmov\tx0, #0\n\tfmov\td0, xzr\n\tret\n",
}
LIMIT = 600.0


def cut_short(text: str, function: str, arch: str) -> str | None:
    """Return assembly in which `function` returns zero at once, None where it is not there."""
    # the label, and the unwinding directive that must stay first in the function
    pattern = re.compile(rf'^("?){re.escape(function)}\1:[^\n]*\n(?:.*?\.cfi_startproc[^\n]*\n)?', re.MULTILINE | re.DOTALL)
    match = pattern.search(text)
    return None if match is None else text[: match.end()] + RETURN_ZERO[arch] + text[match.end() :]


def make(record: CompileRecord, function: str, out: Path, arch: str) -> bool:
    """Compile `record` into object `out` with `function` returning zero at once; False where that cannot be done."""
    assembly = out.with_suffix(".s")
    if arch not in RETURN_ZERO or not run(compile_argv(record, assembly, (), ["-S"]), record, limit=LIMIT).ok:
        return False
    text = cut_short(assembly.read_text("latin-1"), function, arch)
    if text is None:
        return False
    assembly.write_text(text, "latin-1")
    target = [word for word in record.argv[1:] if word.startswith(("--target=", "-m32", "-m64"))]
    return run([record.argv[0], *target, "-c", "-o", str(out), str(assembly)], record, limit=LIMIT).ok
