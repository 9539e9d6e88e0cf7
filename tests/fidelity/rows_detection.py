"""Rows 95 to 102: what build systems ask of a compiler before they use it, and how they then call it."""

from __future__ import annotations

from fidelity.case import CARRIES, case, passes

CMAKE_ID = "CMakeFiles/CompilerIdC/CMakeCCompilerId.c"
CMAKE_ABI = "CMakeFiles/CMakeScratch/TryCompile-Ab12Cd/CMakeCCompilerABI.c"
CONFTEST = {"conftest.c": "int main(void) { return 0; }\n"}
MAIN = "int main(void) { return 0; }\n"
SETUPTOOLS = (
    "-Wno-unused-result -Wsign-compare -DNDEBUG -g -fwrapv -O2 -Wall -g -fstack-protector-strong -Wformat "
    "-Werror=format-security -D_FORTIFY_SOURCE=2 -fPIC -I/usr/include"
)

CASES = [
    case(95, "cmake-id", "-O2 CMakeCCompilerId.c", passes("compile-and-link"), files={"CMakeCCompilerId.c": MAIN}),
    case(95, "cmake-id-object", f"-O2 -c {CMAKE_ID} -o id.o", passes("probe"), files={CMAKE_ID: MAIN}),
    case(
        95,
        "cmake-check",
        "-O2 -o CMakeFiles/cmTC_1a2b3.dir/src.c.o -c a.c",
        passes("probe"),
        files={"CMakeFiles/cmTC_1a2b3.dir/x": ""},
    ),
    case(95, "cmake-check-link", "-O2 a.c m.c -o cmTC_1a2b3", passes("probe")),
    case(96, "cmake-abi", f"-v -O2 -o abi.o -c {CMAKE_ABI}", passes("probe"), files={CMAKE_ABI: MAIN}),
    case(96, "cmake-abi-link", "-v -Wl,-v m.o a.o -o cmTC_1a2b3", passes("probe"), before=["-O2 -c a.c m.c"]),
    case(96, "implicit-directories", "-v -c a.c", passes("verbose")),
    case(97, "meson-version", "--version", passes("query")),
    case(97, "meson-macros", "-x c -E -dM -", passes("other-phase")),
    case(97, "meson-linker", "-Wl,--version", passes("no-input")),
    case(97, "meson-sanity", "sanitycheckc.c -o sanitycheckc.exe -pipe", passes("probe"), files={"sanitycheckc.c": MAIN}),
    case(
        97,
        "meson-check",
        "meson-private/tmpx/testfile.c -o meson-private/tmpx/output.obj -c -O2 -Werror=implicit-function-declaration",
        passes("probe"),
        files={"meson-private/tmpx/testfile.c": MAIN},
    ),
    case(99, "conftest", "-O2 -c conftest.c", passes("probe"), files=CONFTEST),
    case(99, "conftest-link", "-o conftest -O2 conftest.c", passes("probe"), files=CONFTEST),
    case(99, "conftest-preprocess", "-E conftest.c", passes("other-phase"), files=CONFTEST),
    case(99, "version-flags", "-qversion", passes("unknown-option")),
    case(99, "version-flag", "-V", passes("unknown-option")),
    case(99, "multi-os-directory", "-print-multi-os-directory", passes("query")),
    case(99, "libtool-link-lines", "-shared -v a.o -o conftest.so", passes("probe"), before=["-O2 -fPIC -c a.c"]),
    case(100, "libtool-compile", "-DHAVE_CONFIG_H -I. -g -O2 -MT a.lo -MD -MP -MF a.Tpo -c a.c -fPIC -DPIC -o sub/a.o", CARRIES),
    case(
        100,
        "libtool-link",
        "-shared -fPIC -DPIC a.o -g -O2 -Wl,-soname -Wl,liba.so.0 -o sub/liba.so.0.0.0",
        passes("link"),
        before=["-O2 -fPIC -c a.c"],
    ),
    case(101, "setuptools", f"{SETUPTOOLS} -c a.c -o sub/a.o", CARRIES),
    case(101, "options-of-gcc", "-O2 -fno-semantic-interposition -fno-ipa-sra -fno-gcse -flifetime-dse=1 -c a.c", CARRIES),
    case(101, "specs-of-gcc", "-O2 -specs=/nowhere/no-pie.specs -c a.c", passes("unknown-option")),
    case(101, "fat-objects-of-gcc", "-O2 -flto=auto -ffat-lto-objects -c a.c", passes("lto")),
    case(101, "preprocess", "-E -O2 -DNDEBUG a.c", passes("other-phase")),
    case(101, "shared", "-shared -Wl,-O1 -Wl,-Bsymbolic-functions -g a.o -o a.so", passes("link"), before=["-O2 -fPIC -c a.c"]),
    case(102, "option-probe", "-Werror -O2 -c -x c /dev/null -o tmp", passes("special-file")),
    case(102, "unknown-option-probe", "-Werror -O2 -mwibble -c -x c /dev/null -o tmp", passes("special-file")),
    case(102, "preprocess-probe", "-E -P -x c -", passes("other-phase"), stdin=b"__clang_major__\n"),
    case(102, "assembler-probe", "-Werror -O2 -c -x assembler-with-cpp /dev/null -o tmp", passes("special-file")),
    case(103, "ninja", "-O2 -MD -MT sub/a.o -MF sub/a.o.d -o sub/a.o -c a.c", CARRIES),
]
