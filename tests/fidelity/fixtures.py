"""The sources that every case finds in its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

NOW = 1_600_000_000 * 10**9  # precompiled headers and __TIMESTAMP__ hold the time of a source

SHARED: dict[str, str] = {
    "autopass.toml": f'id = "{"0" * 32}"\n',
    "a.c": """#include "a.h"
static int square(int x) { return x * x; }
int f(const int *x, int n) { int s = SEED; for (int i = 0; i < n; i++) s += square(x[i]); return s; }
""",
    "a.h": "#ifndef SEED\n#define SEED 1\n#endif\n",
    "m.c": "int f(const int *, int);\nint main(void) { int x[3] = {1, 2, 3}; return f(x, 3) != 15; }\n",
    "b.cpp": """template <typename T> struct Sum { T s{}; void add(T x) { s += x * x; } };
int g(const int *x, int n) { Sum<int> sum; for (int i = 0; i < n; i++) sum.add(x[i]); return sum.s; }
""",
    "sub/a.c": '#include "../a.h"\nint deep(int x) { return x * SEED; }\n',
    "b.s": "\t.text\n\t.globl z\nz:\tret\n",
    "b2.S": "#define NAME z2\n\t.text\n\t.globl NAME\nNAME:\tret\n",
    "a.ll": "define i32 @from_ir(i32 %x) {\n  %y = add i32 %x, 0\n  ret i32 %y\n}\n",
    "a.i": '# 1 "a.c"\nint preprocessed(int x) { return x * 2 / 2; }\n',
    "a.ii": '# 1 "b.cpp"\nint preprocessed(int x) { return x * 2 / 2; }\n',
    "a.m": "int objective(int x) { return x + x; }\n",
    "a.mm": "int objective(int x) { return x + x; }\n",
    "a.cu": "__attribute__((global)) void kernel(int *x) { *x = 1; }\nint host(int x) { return x + 1; }\n",
    "m.cppm": "export module m;\nexport int from_module(int x) { return x + 1; }\n",
    "use.cpp": "import m;\nint use(int x) { return from_module(x); }\n",
    "p.h": "#pragma once\nstatic inline int sq(int x) { return x * x; }\n",
    "usep.c": "int f(int x) { return sq(x); }\n",
    "bad.c": "int f(void) { return x; }\nint g(void) { int unused; return 1 +; }\n",
    "warn.c": "int f(int argument) { int unused = 1; char c = 300; return c; }\n",
    "loop.c": "void scale(float *restrict y, const float *restrict x, int n) "
    "{ for (int i = 0; i < n; i++) y[i] = x[i] * 2 + y[i]; }\n",
    "crash.c": "int before;\n#pragma clang __debug crash\n",
    "date.c": "const char *stamp(void) { return __DATE__ __TIME__ __TIMESTAMP__ __FILE__; }\n",
}


def populate(place: Path, extra: Mapping[str, bytes]) -> None:
    """Write the shared sources and a case's own into `place`, all of them with the same old time."""
    everything = {**{path: text.encode() for path, text in SHARED.items()}, **extra}
    for name, data in everything.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(NOW, NOW))
