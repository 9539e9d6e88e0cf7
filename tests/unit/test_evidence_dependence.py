"""What in a preprocessed text says that messages depend on the optimiser, and what only looks like it."""

from __future__ import annotations

import pytest

from autopass_cc.evidence.dependence import _constructs, split
from autopass_cc.evidence.symbols import identifiers

ASKS = [
    "#pragma clang loop vectorize(enable)",
    "  # pragma clang loop unroll(full) vectorize(disable)",
    "#pragma clang loop interleave_count(4)",
    "#pragma unroll",
    "#pragma GCC unroll 8",
    "#pragma unroll_and_jam(2)",
    'void bad(void) __attribute__((error("no")));',
    'void bad(void) __attribute__ ((__noreturn__, __warning__ ("odd")));',
    '[[gnu::error("no")]] void bad(void);',
    '__asm__ volatile ("bswap %0" : "+r" (x));',
    'asm("cpuid" : "=a"(a) : "a"(leaf));',
    'asm volatile goto("jmp %l[out]" : : "r"(x) : : out);',
    '__asm__("(" : "=r"(x));',
]
SILENT = [
    "#pragma clang loop unroll(disable)",
    "#pragma clang loop vectorize(disable) interleave( disable )",
    "#pragma nounroll",
    "#pragma once",
    "#pragma clang diagnostic push",
    'error("cannot open %s", name);',
    'if (x) { warning("odd"); }',
    '__attribute__((format(printf, 1, 2))) void error(const char *, ...); void f(void) { error("x"); }',
    '__asm__ volatile("" ::: "memory");',
    '__asm__("pause");',
    'extern int open_it(void) __asm__("open64");',
    'const char *text = "asm volatile(1)";',
    "int clang_loop_unroll = 1;",
]


@pytest.mark.parametrize("text", ASKS)
def test_constructs_that_depend_on_the_optimiser(text: str) -> None:
    assert list(_constructs(f"int a;\n{text}\nint b;\n", openmp=False))


@pytest.mark.parametrize("text", SILENT)
def test_constructs_that_do_not(text: str) -> None:
    assert not list(_constructs(f"int a;\n{text}\nint b;\n", openmp=True))


def test_openmp_pragmas_count_where_they_are_read() -> None:
    text = "#pragma omp parallel for simd\nfor (;;) ;\n"
    assert list(_constructs(text, openmp=True))
    assert not list(_constructs(text, openmp=False))


def test_text_is_split_by_where_it_comes_from() -> None:
    text = '# 1 "a.c"\nint a;\n# 1 "/usr/x.h" 1 3 4\nint x;\n# 2 "own.h" 1\nint own;\n# 3 "a.c" 2\nint b\n# 9 "y.h" 3\nint y'
    assert split(text) == ("int a;\nint own;\nint b", "int x;\nint y")


def test_names_in_symbols() -> None:
    assert identifiers("printf") == {"printf"}
    assert identifiers("_ZN3foo3barEv") == {"foo", "bar"}
    assert identifiers("_ZNK3BoxIlE5grownEi") == {"Box", "grown"}
