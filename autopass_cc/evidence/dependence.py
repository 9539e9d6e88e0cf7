"""Whether messages or references of a source depend on what the optimiser does: evidence from flags, text and compiles.

Such a source compiles in silence only because of a particular pipeline. The gate proves that a recipe keeps it so for
the source that it saw; of an edited source nobody knows. These count, in the project's own text (system headers, which
line markers tell apart, are left out: with _FORTIFY_SOURCE a C library's own may be full of such attributes):

- loop pragmas that ask for something (`#pragma clang loop`, `unroll`, `omp simd` with -fopenmp): -Wpass-failed tells
  when it was not done, and ends a build with -Werror;
- attributes `error` and `warning`: the call must be optimised away (BUILD_BUG_ON and its like);
- inline assembly with operands: an immediate may be a constant only after inlining, and registers may run out;
- -Wframe-larger-than: inlining adds up frames;
- messages that plain clang has from its optimiser or back end already;
- references that only the optimiser drops (`if (feature()) nowhere_defined();`): with less of it, the link would fail.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from autopass_cc.evidence import symbols
from autopass_cc.paths import private_dir
from autopass_cc.project.replay import compile_argv, run
from autopass_cc.store.builds import CompileRecord
from autopass_cc.toolchain.describe import Toolchain

LIMIT = 1800.0  # seconds, as for any compile of the user's
UNOPTIMISED = ("-Xclang", "-disable-llvm-passes")
QUIET = "-Qunused-arguments"  # the driver knows options that only the full compile uses
FRAME = "-Wframe-larger-than"

_MARKER = re.compile(r'^# \d+ ".*?"((?: \d)*)$')
_SYSTEM = "3"  # the flag of a line marker that says: from a system header
_PRAGMA = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+(clang[ \t]+loop\b.*|(?:GCC[ \t]+)?unroll(?:_and_jam)?\b.*)$", re.MULTILINE)
_DISABLED = re.compile(r"\w+[ \t]*\([ \t]*disable[ \t]*\)")
_SIMD = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+omp\b.*\bsimd\b", re.MULTILINE)
_ATTRIBUTE = re.compile(
    r'__attribute(?:__)?\s*\(\s*\([^;{}"]*?\b(?:__)?(error|warning)(?:__)?\s*\(\s*"|\bgnu::(?:__)?(error|warning)\b'
)
_ASM = re.compile(r"\b(?:asm|__asm|__asm__)\b(?:\s+|\b(?:volatile|__volatile__|__volatile|goto|inline|__inline__|__inline)\b)*\(")
_OPERAND = re.compile(r'"\s*\(')
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')

# What clang calls of its own accord, and what every C++ runtime has.
_RUNTIME = re.compile(r"memcpy|memmove|memset|_ZN?K?St|_Z[nd][wlav]|_ZTVN10__cxxabi|__cxa_|__gxx_|_Unwind_|__stack_chk|_GLOBAL_")
_WORD = re.compile(r"[A-Za-z_]\w*")


def dependence(record: CompileRecord, toolchain: Toolchain, place: Path) -> str:
    """Return why messages or references of a recorded compile depend on the optimiser; "" where nothing says so."""
    flag = next((word for word in record.argv if word.startswith(FRAME)), None)
    if flag is not None:
        return f"{flag} warns about what inlining makes of frames"
    folder = private_dir(place / "dependence")
    try:
        mine, system = _preprocessed(record, folder)
        openmp = any(word.startswith("-fopenmp") for word in record.argv)
        found = next(_constructs(mine, openmp=openmp), "")
        return found or _compared(record, toolchain, folder, _library(mine, system))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def split(text: str) -> tuple[str, str]:
    """Return a preprocessed text in two: what comes from the project's files, and what from system headers."""
    parts: tuple[list[str], list[str]] = ([], [])
    current = parts[0]
    for line in text.splitlines():
        marker = _MARKER.match(line)
        if marker:
            current = parts[_SYSTEM in marker[1].split()]
        else:
            current.append(line)
    return "\n".join(parts[0]), "\n".join(parts[1])


def _constructs(text: str, *, openmp: bool) -> Iterator[str]:
    for found in _PRAGMA.finditer(text):
        if not found[1].startswith("clang") or _DISABLED.sub("", found[1].removeprefix("clang")).strip() != "loop":
            yield f"`#pragma {' '.join(found[1].split())}` warns where it is not honoured"
    if openmp and _SIMD.search(text):
        yield "`#pragma omp simd` warns where a loop is not vectorised"
    for found in _ATTRIBUTE.finditer(text):
        yield f"a function has the attribute `{found[1] or found[2]}`, so its calls must be optimised away"
    if any(_OPERAND.search(_arguments(text, found.end())) for found in _ASM.finditer(text)):
        yield "it has inline assembly with operands, which need registers or constants"


def _arguments(text: str, start: int) -> str:
    """Return what stands between the parenthesis that was opened before `start` and the one that closes it."""
    depth, at = 1, start
    while depth and at < len(text):
        string = _STRING.match(text, at)
        depth += (text[at] == "(") - (text[at] == ")")
        at = string.end() if string else at + 1
    return text[start:at]


def _preprocessed(record: CompileRecord, folder: Path) -> tuple[str, str]:
    out = folder / "x.i"
    run(compile_argv(record, out, extra=["-E"]), record, limit=LIMIT)
    return split(out.read_text("utf-8", "replace") if out.exists() else "")


def _library(mine: str, system: str) -> set[str]:
    """Return the names that the C library or the compiler's runtime has: those in system headers, and of built-ins."""
    builtins = (word.removeprefix("__builtin_") for word in _WORD.findall(mine) if word.startswith("__builtin_"))
    words = _WORD.findall(system)
    return {*words, *(word.removeprefix("__builtin_") for word in words), *builtins}


def _compared(record: CompileRecord, toolchain: Toolchain, folder: Path, library: set[str]) -> str:
    """Compare the compile with one that ends before the optimiser: what it says, and what it refers to.

    The latter ends at bitcode, because the back end would stop at calls that are there to be optimised away.
    """
    out, front = folder / "x.o", folder / "x.bc"
    whole = run(compile_argv(record, out, extra=[QUIET]), record, limit=LIMIT)
    half = run(compile_argv(record, front, extra=[QUIET, "-emit-llvm", *UNOPTIMISED]), record, limit=LIMIT)
    if whole.stderr != half.stderr:
        return "clang's optimiser or back end warns about it already"
    if not (whole.ok and half.ok):
        return "it no longer compiles"
    nm = toolchain.tool("llvm-nm")
    dropped = symbols.read(nm, front).undefined - symbols.read(nm, out).undefined
    names = sorted(name for name in dropped if not _RUNTIME.match(name) and not symbols.identifiers(name) <= library)
    return f"only the optimiser drops its reference to {names[0]}" if names else ""
