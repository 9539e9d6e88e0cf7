"""What kind of code a function looks like, by rules over its name and its structure. No hint is better than a wrong one.

A mind knows what usually helps a sort or a state machine; the numbers of a function alone do not say that it is one.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass

from autopass_cc.evidence.features import Features
from autopass_cc.evidence.symbols import identifiers


class Kind(enum.StrEnum):
    """A kind of code."""

    SORT = "sort"
    SEARCH = "search"
    HASH = "hash"
    CHECKSUM = "checksum"
    CRYPTO = "crypto"
    COMPRESSION = "compression"
    PARSER = "parser"
    STATE_MACHINE = "state-machine"
    INTERPRETER = "interpreter"
    STENCIL = "stencil"
    LINEAR_ALGEBRA = "linear-algebra"
    TRANSFORM = "transform"
    IMAGE = "image"
    STRING = "string"
    GRAPH = "graph"
    ALLOCATION = "allocation"
    RECURSION = "recursion"
    NUMERIC_LOOP = "numeric-loop"


@dataclass(frozen=True)
class Hint:
    """A kind, the function, and from what it was seen."""

    kind: Kind
    function: str
    why: str


# Words of identifiers (camelCase and snake_case are taken apart, mangled names of C++ too).
NAMES: tuple[tuple[Kind, frozenset[str]], ...] = (
    (Kind.SORT, frozenset({"sort", "qsort", "quicksort", "mergesort", "heapsort", "heapify", "sift", "siftdown", "partition"})),
    (Kind.SEARCH, frozenset({"search", "bsearch", "find", "lookup", "lowerbound"})),
    (Kind.HASH, frozenset({"hash", "rehash", "fnv", "murmur", "siphash", "xxhash"})),
    (Kind.CHECKSUM, frozenset({"crc", "crc32", "adler", "adler32", "checksum", "fletcher"})),
    (Kind.CRYPTO, frozenset({"aes", "sha", "sha1", "sha256", "md5", "blowfish", "rijndael", "chacha", "encrypt", "decrypt"})),
    (
        Kind.COMPRESSION,
        frozenset({"compress", "decompress", "deflate", "inflate", "huffman", "lz", "lz4", "lzma", "bwt", "entropy", "pack"}),
    ),
    (Kind.PARSER, frozenset({"parse", "parser", "lex", "lexer", "token", "tokenize", "scan", "scanner"})),
    (Kind.INTERPRETER, frozenset({"interpret", "interpreter", "execute", "vm", "dispatch", "bytecode", "opcode"})),
    (Kind.STENCIL, frozenset({"stencil", "jacobi", "seidel", "heat", "laplace", "smooth", "diffusion"})),
    (Kind.LINEAR_ALGEBRA, frozenset({"matmul", "gemm", "dgemm", "gemv", "matrix", "multiply", "dot", "axpy", "cholesky", "lu"})),
    (Kind.TRANSFORM, frozenset({"fft", "ifft", "dct", "idct", "dft", "wavelet"})),
    (Kind.IMAGE, frozenset({"blur", "sobel", "convolve", "filter", "pixel", "rgb", "yuv", "jpeg"})),
    (Kind.STRING, frozenset({"strlen", "strcmp", "strcpy", "strstr", "utf8", "tolower", "toupper", "regex"})),
    (Kind.GRAPH, frozenset({"dijkstra", "bfs", "dfs", "bellman", "floyd", "edge", "graph", "neighbour", "neighbor"})),
    (Kind.ALLOCATION, frozenset({"malloc", "alloc", "allocate", "free", "arena", "gc", "collect"})),
)


@dataclass(frozen=True)
class Structure:
    """A kind that shows in the features."""

    kind: Kind
    fits: Callable[[Features], bool]
    why: str


STRUCTURES = (
    Structure(Kind.INTERPRETER, lambda f: f.indirect_branches > 0, "computed jumps"),
    Structure(Kind.INTERPRETER, lambda f: f.loops > 0 and f.cases >= 24, "a switch of many cases in a loop"),
    Structure(Kind.STATE_MACHINE, lambda f: f.loops > 0 and 4 <= f.cases < 24, "a switch in a loop"),
    Structure(
        Kind.STENCIL,
        lambda f: f.loops >= 2 and f.floats >= 5 and f.memory >= 4 and f.calls == 0,
        "nested float loops over memory",
    ),
    Structure(Kind.NUMERIC_LOOP, lambda f: f.loops >= 1 and f.floats >= 2, "floating point in loops"),
    Structure(Kind.RECURSION, lambda f: f.function in f.callees, "it calls itself"),
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*")


def hints(features: Features, *, names: bool = True) -> list[Hint]:
    """Return the hints for one function: from its name (where `names` may be used), else from its structure."""
    found: dict[Kind, Hint] = {}
    if names:
        words = {word.lower() for name in identifiers(features.function) for word in _WORDS.findall(name)}
        for kind, known in NAMES:
            if match := sorted(words & known):
                found[kind] = Hint(kind, features.function, f"named {match[0]}")
    for rule in STRUCTURES:
        if rule.kind not in found and rule.fits(features) and not (rule.kind is Kind.NUMERIC_LOOP and found):
            found[rule.kind] = Hint(rule.kind, features.function, rule.why)
    return list(found.values())[:3]
