"""The machine code of an object: its functions as text, their sizes, and the loops that their branches make."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autopass_cc.evidence.mix import Mix, mix
from autopass_cc.toolchain.describe import Toolchain

_HEAD = re.compile(r"^[0-9a-f]+ <(.+)>:$", re.MULTILINE)
_INSTRUCTION = re.compile(r"^\s+([0-9a-f]+):\s+(\S.*)$", re.MULTILINE)
_BRANCH = re.compile(r"^(?:j|loop|b |b\.|bc\.|cb|tb)")  # x86 and AArch64, calls left out
# What an operand relative to the instruction pointer comes to, which before linking is nothing.
_RELATIVE = re.compile(r" # 0x[0-9a-f]+ <[^>]+>$")
_ADDRESS = re.compile(r"0x([0-9a-f]+) <[^>]+>")  # of a branch, as objdump writes it: 0x88 <dot+0x88>
_CALL = re.compile(r"^(callq?|bl) 0x.*")
LIMIT = 60.0  # seconds for a tool that reads an object
_TARGET = re.compile(r"<(L\d+)>")


@dataclass(frozen=True)
class Code:
    """A function: its size in bytes (padding at its end included), and its lines, labels (`L3:`) among instructions."""

    name: str
    size: int
    lines: tuple[str, ...]
    arch: str

    @property
    def instructions(self) -> list[str]:
        """Return the instructions without labels."""
        return [line for line in self.lines if not line.endswith(":")]

    @cached_property
    def mix(self) -> Mix:
        """Return what the instructions are."""
        return mix(self.instructions, self.arch)

    def hot_loop(self) -> tuple[str, ...]:
        """Return the lines of the loop that is nested deepest, of several the longest; none without a loop.

        A loop is what lies between a label and the last branch back to it. Where the profile is of functions only, depth
        is the best guess at where the time goes.
        """
        spans = self._loops()
        if not spans:
            return ()

        def depth(span: tuple[int, int]) -> int:
            return sum(first <= span[0] and span[1] <= last for first, last in spans)

        first, last = max(spans, key=lambda span: (depth(span), span[1] - span[0], -span[0]))
        return self.lines[first : last + 1]

    def _loops(self) -> list[tuple[int, int]]:
        labels = {line[:-1]: place for place, line in enumerate(self.lines) if line.endswith(":")}
        spans: dict[int, int] = {}
        for place, line in enumerate(self.lines):
            target = _TARGET.search(line)
            if target and (start := labels.get(target[1])) is not None and start <= place:
                spans[start] = place
        return list(spans.items())


def read(
    toolchain: Toolchain, path: Path, only: Collection[str] = (), lengths: Mapping[str, int] | None = None
) -> Mapping[str, Code]:
    """Return the functions of an object by name (`only`: these); none where the toolchain's tools cannot read it in time.

    `lengths` are their sizes, where these have been read already.
    """
    lengths, arch = sizes(toolchain, path) if lengths is None else lengths, toolchain.knob_arch
    listing = disassembled(toolchain, path, only)
    return {name: Code(name, lengths.get(name, 0), lines, arch) for name, lines in parse(listing, only)}


def sizes(toolchain: Toolchain, path: Path) -> Mapping[str, int]:
    """Return the bytes of each function that an object defines."""
    found = {}
    for line in _run([str(toolchain.tool("llvm-nm")), "--format=posix", "--defined-only", str(path)]).splitlines():
        words = line.rsplit(" ", 3)
        if len(words) == 4 and words[1] in "tTwW" and words[3]:
            found[words[0]] = int(words[3], 16)
    return found


def disassembled(toolchain: Toolchain, path: Path, only: Collection[str] = ()) -> str:
    """Return what objdump says of an object's code (`only`: of these functions); nothing where it cannot read it in time."""
    which = f"--disassemble-symbols={','.join(only)}" if only else "--disassemble"
    return _run([str(toolchain.tool("llvm-objdump")), which, "--no-show-raw-insn", str(path)])


def parse(listing: str, only: Collection[str] = ()) -> list[tuple[str, tuple[str, ...]]]:
    """Return the functions of a disassembly (`only`: these) and the lines of each.

    Labels are made from the addresses that a function branches to: objdump's own (--symbolize-operands) are there for
    AArch64 only since LLVM 20.
    """
    _, *rest = _HEAD.split(listing)  # what stands before the first function, then name and text in turn
    return [
        (name, _labelled([(int(address, 16), _spaced(code)) for address, code in _INSTRUCTION.findall(text)]))
        for name, text in zip(rest[::2], rest[1::2], strict=True)
        if not only or name in only
    ]


def _spaced(code: str) -> str:
    """Return an instruction with one space between its parts, where objdump has a tab or several."""
    code = code.replace("\t", " ", 1)
    return " ".join(code.split()) if "\t" in code or "  " in code or code.endswith(" ") else code


def _labelled(lines: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    # A call is no branch; before linking, objdump names the instruction behind it as its target.
    lines = [(address, _RELATIVE.sub("", _CALL.sub(r"\1", code)) if "<" in code else code) for address, code in lines]
    own = {address for address, _ in lines}
    targets = sorted({int(found, 16) for _, code in lines if _BRANCH.match(code) for found in _ADDRESS.findall(code)} & own)
    names = {address: f"L{number}" for number, address in enumerate(targets)}

    def named(match: re.Match[str]) -> str:
        name = names.get(int(match[1], 16))
        return f"<{name}>" if name else match[0].partition(" ")[2]

    result = []
    for address, code in lines:
        if address in names:
            result.append(f"{names[address]}:")
        result.append(_ADDRESS.sub(named, code) if "<" in code else code)
    return tuple(result)


def _run(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")
