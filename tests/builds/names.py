"""By what names a build calls its compilers and the tools that belong to them: all that two builds may differ in."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from building import Compilers, Messages, search_path

# CMake takes these from beside the compiler, by the compiler's own name: clang-NN has llvm-ar-NN.
BESIDE = ("ADDR2LINE", "AR", "DLLTOOL", "LINKER", "NM", "OBJCOPY", "OBJDUMP", "RANLIB", "READELF", "STRIP")
OF_A_LANGUAGE = ("AR", "RANLIB")
CMAKE_TOOLS = frozenset(
    [f"CMAKE_{tool}" for tool in BESIDE]
    + [f"CMAKE_{language}_COMPILER_{tool}" for language in ("ASM", "C", "CXX") for tool in OF_A_LANGUAGE]
)
# Those of them that CMake does not find, or finds in another LLVM, beside a compiler of the name `autopass-cc`.
NOT_FOUND_BY_NAME = CMAKE_TOOLS

# What pip prints of a build that no two have in common: its temporary folders, and the digest of a wheel it made.
PASSING = (
    (rb"\bpip-[a-z-]+-[a-z0-9_]{8}\b", b"@TEMPORARY@"),
    (rb"(?<=/)\.tmp-[a-z0-9_]{8}\b", b"@TEMPORARY@"),
    (rb"size=\d+ sha256=[0-9a-f]{64}", b"@DIGEST@"),
)


@dataclass(frozen=True)
class Names:
    """Spellings of one build, longest first, each with the word that stands for it in comparisons; its CMake tools."""

    spellings: tuple[tuple[bytes, bytes], ...]
    tools: dict[str, str]

    @staticmethod
    def of(compilers: Compilers, tree: Path) -> Names:
        """Return the names that a build with these compilers in this tree uses."""
        tools = _cmake_tools(tree)
        words = {path: _kind(name) for name, path in tools.items()}
        cc, cxx = compilers.real
        for word, name in ((compilers.cxx, "CXX"), (compilers.cc, "CC"), (cxx, "CXX"), (cc, "CC")):
            words |= {word: name, shutil.which(word, path=search_path()) or word: name}
        spellings = [(os.fsencode(word), f"@{name}@".encode()) for word, name in words.items()]
        return Names(tuple(sorted(spellings, key=lambda pair: len(pair[0]), reverse=True)), tools)

    def neutral(self, text: bytes) -> bytes:
        """Return text with names replaced by the words that stand for them."""
        for spelling, word in self.spellings:
            text = re.sub(re.escape(spelling) + rb"(?![\w+-]|\.\w)", word, text)
        return text

    def without(self, messages: Messages) -> Messages:
        """Return messages made neutral, and without what passes with a build."""
        texts = [self.neutral(messages.stdout), self.neutral(messages.stderr)]
        for pattern, word in PASSING:
            texts = [re.sub(pattern, word, text) for text in texts]
        return Messages(*texts)


def other_tools(first: Names, second: Names) -> set[str]:
    """Return the CMake variables of tools that are not the same program in two builds."""
    names = first.tools.keys() | second.tools.keys()
    return {name for name in names if _program(first.tools.get(name)) != _program(second.tools.get(name))}


def _cmake_tools(tree: Path) -> dict[str, str]:
    found = {}
    for cache in tree.glob("**/CMakeCache.txt"):
        for line in cache.read_text().splitlines():
            name, _, path = line.partition(":FILEPATH=")
            if name in CMAKE_TOOLS:
                found[name] = path
    return found


def _kind(name: str) -> str:
    return name.removeprefix("CMAKE_").split("COMPILER_")[-1]


def _program(path: str | None) -> Path | str | None:
    return Path(path).resolve() if path and path.startswith("/") else path
