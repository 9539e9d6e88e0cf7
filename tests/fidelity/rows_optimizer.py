"""Rows 46 to 60: options whose meaning depends on the optimiser. Rows 49, 52 and 57 are in test_whole_rows.py, too."""

from __future__ import annotations

from fidelity.case import CARRIES, case, passes

PRAGMA = """void f(int *x, int n, int stop) {
#pragma clang loop vectorize(enable)
  for (int i = 0; i < n; i++) { if (x[i] == stop) break; x[i + 1] = x[i] * 2; }
}
"""
BUG_ON = """__attribute__((error("the compiler could not tell"))) void fail(void);
__attribute__((warning("kept"))) void warn(void);
static inline int size(int x) { return x ? 4 : 8; }
void f(int x) { if (size(1) != 4) fail(); if (x) warn(); }
"""
FRAME = "void use(char *);\nvoid f(void) { char buffer[1200]; use(buffer); }\n"
DEAD = "void only_elsewhere(void);\nint f(int x) { if (sizeof(int) == 3) only_elsewhere(); return x; }\n"
INLINE_ASM = 'int f(int x) { __asm__ volatile("wibble %0" : "+r"(x)); return x; }\n'
CORO = """#include <coroutine>
struct Task {
  struct promise_type {
    int value = 0;
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(int v) { value = v; return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};
Task count(int n) { for (int i = 0; i < n; i++) co_yield i; }
int sum(int n) {
  Task t = count(n);
  int s = 0;
  for (; !t.handle.done(); t.handle.resume()) s += t.handle.promise().value;
  return s;
}
"""
MATRIX = """typedef float m4 __attribute__((matrix_type(4, 4)));
void f(float *p) { m4 a = __builtin_matrix_column_major_load(p, 4, 4, 4); __builtin_matrix_column_major_store(a * a, p, 4); }
"""
OPENMP = "void f(float *x, int n) {\n#pragma omp parallel for simd\n  for (int i = 0; i < n; i++) x[i] *= 2;\n}\n"

LEVELS = {
    "o1": ("-O1", CARRIES),
    "bare-o": ("-O", CARRIES),
    "o3": ("-O3", CARRIES),
    "os": ("-Os", CARRIES),
    "beyond": ("-O9", CARRIES),
    "o0-o2": ("-O0 -O2", CARRIES),
    "oz-o2": ("-Oz -O2", CARRIES),
    "none": ("", passes("level")),
    "o0": ("-O0", passes("level")),
    "og": ("-Og", passes("level")),
    "oz": ("-Oz", passes("level")),
    "ofast": ("-Ofast", passes("level")),
    "o2-o0": ("-O2 -O0", passes("level")),
    "optimize": ("--optimize=2", passes("level")),
}
SANITIZERS = ("address", "undefined", "thread", "memory", "leak", "cfi -flto -fvisibility=hidden", "safe-stack", "fuzzer-no-link")
INSTRUMENTED = {
    "functions": "-finstrument-functions",
    "functions-after-inlining": "-finstrument-functions-after-inlining",
    "pg": "-pg",
    "fentry": "-pg -mfentry",
    "xray": "-fxray-instrument",
    "patchable": "-fpatchable-function-entry=2",
    "debug-for-profiling": "-g -fdebug-info-for-profiling",
    "pseudo-probes": "-fpseudo-probe-for-profiling",
}
HONOURED = (
    "-fno-vectorize",
    "-fno-slp-vectorize",
    "-fno-unroll-loops",
    "-fno-inline",
    "-fno-inline-functions",
    "-fno-builtin",
    "-ffreestanding",
    "-fwrapv",
    "-fno-strict-aliasing",
    "-fno-builtin-memcpy",
    "-fno-delete-null-pointer-checks",
    "-fno-math-errno",
)
FRONT_END = {
    "disable-passes": "-Xclang -disable-llvm-passes",
    "joined": "-Xclang=-disable-O0-optnone",
    "optnone": "-Xclang -disable-O0-optnone",
    "depfile-entry": "-MD -Xclang -fdepfile-entry=a.h",
}
TARGETS = {
    "m32": ("-m32", CARRIES),
    "aarch64": ("--target=aarch64-linux-gnu", CARRIES),
    "arm": ("-target armv7-linux-gnueabihf", CARRIES),
    "sysroot": ("--sysroot=/", CARRIES),
    "sysroot-separate": ("--sysroot /", CARRIES),
    "arch": ("-arch x86_64", passes("architectures")),
    "two-archs": ("-arch x86_64 -arch arm64", passes("architectures")),
    "xarch": ("-Xarch_host -O1", passes("architectures")),
    "cpu": ("-march=x86-64-v3 -mtune=znver3", CARRIES),
}
MEANINGS = {
    "fast-math": "-ffast-math",
    "contract": "-ffp-contract=fast",
    "rounding": "-frounding-math",
    "trapping": "-ftrapping-math",
    "simd": "-fopenmp-simd",
    "exceptions": "-fexceptions",
    "no-plt": "-fPIC -fno-plt",
    "stack-protector": "-fstack-protector-strong -D_FORTIFY_SOURCE=2 -fcf-protection",
    "sections": "-ffunction-sections -fdata-sections",
    "visibility": "-fvisibility=hidden -fPIC",
    "no-frame-pointer": "-fno-omit-frame-pointer -mno-omit-leaf-frame-pointer",
    "clash": "-fstack-clash-protection -ftrivial-auto-var-init=zero",
}

CASES = [
    *[case(46, name, f"{options} -c a.c", expect) for name, (options, expect) in LEVELS.items()],
    *[case(47, name.split()[0], f"-O2 -fsanitize={name} -c a.c", passes("instrumented")) for name in SANITIZERS],
    case(47, "coverage", "-O2 -fsanitize-coverage=trace-pc-guard -c a.c", passes("instrumented")),
    case(
        47, "ignore-list", "-O2 -fsanitize-ignorelist=i -fsanitize=address -c a.c", passes("instrumented"), files={"i": "fun:f\n"}
    ),
    case(47, "none", "-O2 -fsanitize=address -fno-sanitize=all -c a.c", passes("instrumented")),
    case(47, "no-sanitize", "-O2 -fno-sanitize=all -c a.c", CARRIES),
    *[case(48, name, f"-O2 {options} -c a.c", passes("instrumented")) for name, options in INSTRUMENTED.items()],
    case(48, "vtables", "-O2 -flto -fwhole-program-vtables -c b.cpp", passes("lto"), cxx=True),
    *[case(49, option.lstrip("-"), f"-O2 {option} -c loop.c", CARRIES) for option in HONOURED],
    case(50, "pass-failed", "-O2 -c pragma.c", CARRIES, files={"pragma.c": PRAGMA}),
    case(50, "pass-failed-werror", "-O2 -Werror -c pragma.c", CARRIES, files={"pragma.c": PRAGMA}),
    case(50, "pass-failed-off", "-O2 -Wno-pass-failed -Werror -c pragma.c", CARRIES, files={"pragma.c": PRAGMA}),
    case(51, "diagnosed-after-optimisation", "-O2 -c bugon.c", CARRIES, files={"bugon.c": BUG_ON}),
    case(51, "diagnosed-at-o0", "-O0 -c bugon.c", passes("level"), files={"bugon.c": BUG_ON}),
    case(51, "diagnosed-werror", "-O2 -Werror -c bugon.c", CARRIES, files={"bugon.c": BUG_ON}),
    case(52, "dead-reference", "-O2 -c dead.c", CARRIES, files={"dead.c": DEAD}),
    case(52, "dead-reference-o1", "-O1 -c dead.c", CARRIES, files={"dead.c": DEAD}),
    case(53, "frame-size", "-O2 -Wframe-larger-than=500 -c frame.c", CARRIES, files={"frame.c": FRAME}),
    case(53, "frame-size-werror", "-O2 -Werror -Wframe-larger-than=500 -c frame.c", CARRIES, files={"frame.c": FRAME}),
    case(53, "inline-assembler", "-O2 -c asm.c", CARRIES, files={"asm.c": INLINE_ASM}),
    case(54, "mllvm", "-O2 -mllvm -inline-threshold=5 -c a.c", passes("optimizer-option")),
    case(54, "mllvm-joined", "-O2 -mllvm=-inline-threshold=5 -c a.c", passes("optimizer-option")),
    case(54, "mllvm-twice", "-O2 -mllvm -inline-threshold=5 -mllvm -inline-threshold=6 -c a.c", passes("optimizer-option")),
    case(54, "mllvm-unknown", "-O2 -mllvm -wibble -c a.c", passes("optimizer-option")),
    case(55, "pass-plugin", "-O2 -fpass-plugin=/nowhere/x.so -c a.c", passes("optimizer-option")),
    case(55, "plugin", "-O2 -fplugin=/nowhere/x.so -c a.c", passes("optimizer-option")),
    case(55, "load", "-O2 -Xclang -load -Xclang /nowhere/x.so -c a.c", passes("optimizer-option")),
    *[case(56, name, f"-O2 {options} -c a.c", passes("optimizer-option")) for name, options in FRONT_END.items()],
    case(57, "native", "-O2 -march=native -mtune=native -c loop.c", CARRIES),
    *[case(58, name, f"-O2 {options} -c a.i", expect) for name, (options, expect) in TARGETS.items()],
    *[case(59, name, f"-O2 {options} -c loop.c", CARRIES) for name, options in MEANINGS.items()],
    case(59, "openmp", "-O2 -fopenmp -c openmp.c", CARRIES, files={"openmp.c": OPENMP}),
    case(59, "matrix", "-O2 -fenable-matrix -c matrix.c", CARRIES, files={"matrix.c": MATRIX}),
    case(59, "coroutines", "-std=c++20 -O2 -c coro.cpp", CARRIES, files={"coro.cpp": CORO}, cxx=True),
]
