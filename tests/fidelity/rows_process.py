"""Rows 78 to 88: surroundings and the real compiler. Most of rows 72 to 79 are in test_whole_rows.py."""

from __future__ import annotations

from fidelity.case import CARRIES, case, passes

NOTHING = ("PATH", "HOME", "TMPDIR", "PWD", "LANG", "AUTOPASS_HOME")
CONFIG = {"x.cfg": "-O1 -DSEED=4\n"}
DIRECTORIES = {"inc/a.h": "#define SEED 5\n", "search.c": "#include <a.h>\nint seed = SEED;\n"}

CASES = [
    case(78, "no-pwd", "-O2 -g -c a.c", CARRIES, remove=["PWD"]),
    case(78, "wrong-pwd", "-O2 -g -c a.c", CARRIES, env={"PWD": "/nowhere"}),
    case(80, "no-home", "-O2 -c a.c", passes("unknown-toolchain"), remove=["AUTOPASS_HOME"], env={"HOME": "/nonexistent"}),
    case(
        80,
        "empty-data-home",
        "-O2 -c a.c",
        passes("unknown-toolchain"),
        remove=["AUTOPASS_HOME"],
        env={"HOME": "/nonexistent", "XDG_DATA_HOME": ""},
    ),
    case(80, "no-temporary-directory", "-O2 -c a.c", CARRIES, env={"TMPDIR": "/nonexistent"}),
    case(80, "no-temporary-directory-link", "-O2 a.c m.c -o prog", passes("compile-and-link"), remove=["TMPDIR"]),
    case(82, "no-environment", "-O2 -c a.c", passes("unknown-toolchain"), remove=NOTHING),
    case(82, "no-environment-link", "-O2 a.c m.c -o prog", passes("compile-and-link"), remove=NOTHING),
    case(82, "no-environment-query", "--version", passes("query"), remove=NOTHING),
    case(82, "no-path", "-O2 -c a.c", CARRIES, remove=["PATH"]),
    case(83, "override", "-O2 -c a.c", passes("environment"), env={"CCC_OVERRIDE_OPTIONS": "+-O0"}),
    case(83, "override-silently", "-O2 -c a.c", passes("environment"), env={"CCC_OVERRIDE_OPTIONS": "#+-O0"}),
    case(83, "override-of-gcc", "-O2 -c a.c", passes("environment"), env={"QA_OVERRIDE_GCC3_OPTIONS": "+-O0"}),
    case(83, "config-path", "-O2 -c a.c", passes("environment"), env={"CLANG_CONFIG_PATH": "x.cfg"}, files=CONFIG),
    case(83, "no-default-config", "-O2 -c a.c", CARRIES, env={"CLANG_NO_DEFAULT_CONFIG": "1"}),
    case(
        83,
        "forced-crash-report",
        "-O2 -c a.c",
        passes("environment"),
        env={"FORCE_CLANG_DIAGNOSTICS_CRASH": "1"},
        mask=[rb"\ba-[0-9a-f]{6}"],
    ),
    case(83, "search-path", "-O2 -c search.c", CARRIES, files=DIRECTORIES, env={"CPATH": "inc"}),
    case(83, "search-path-c", "-O2 -c search.c", CARRIES, files=DIRECTORIES, env={"C_INCLUDE_PATH": "inc"}),
    case(83, "search-path-cxx", "-O2 -c search.c", CARRIES, files=DIRECTORIES, env={"CPLUS_INCLUDE_PATH": "inc"}, cxx=True),
    case(83, "tools", "-O2 -c a.c", CARRIES, env={"COMPILER_PATH": "/nowhere", "GCC_EXEC_PREFIX": "/nowhere/"}),
    case(83, "library-path", "-O2 m.c -la -o prog", passes("compile-and-link"), env={"LIBRARY_PATH": "lib"}),
    case(83, "dependencies", "-O2 -c a.c", CARRIES, env={"DEPENDENCIES_OUTPUT": "d.d target"}),
    case(83, "dependencies-with-system", "-O2 -c a.c", CARRIES, env={"SUNPRO_DEPENDENCIES": "d.d target"}),
    case(83, "locale", "-O2 -c bad.c", CARRIES, env={"LANG": "de_DE.UTF-8", "LC_ALL": "tr_TR.UTF-8"}),
    case(83, "apple", "-O2 -c a.c", CARRIES, env={"SDKROOT": "/", "MACOSX_DEPLOYMENT_TARGET": "11.0"}),
    case(84, "config", "-O2 --config=./x.cfg -c a.c", passes("config-file"), files=CONFIG),
    case(84, "config-separate", "-O2 --config ./x.cfg -c a.c", passes("config-file"), files=CONFIG),
    case(84, "config-missing", "-O2 --config=nowhere.cfg -c a.c", passes("config-file")),
    case(84, "config-directory", "-O2 --config-user-dir=. -c a.c", passes("config-file")),
    case(84, "no-default-config", "-O2 --no-default-config -c a.c", CARRIES),
    case(85, "cxx", "-O2 -c b.cpp", CARRIES, cxx=True),
    case(85, "cxx-of-c", "-O2 -c a.c", CARRIES, cxx=True),
    case(85, "cxx-steps", "-### -O2 -c a.c", passes("query"), cxx=True),
    case(85, "cxx-link", "-O2 b.cpp -shared -fPIC -o libb.so", passes("compile-and-link"), cxx=True),
    case(
        85, "library", "-O2 -std=c++20 -c v.cpp", CARRIES, files={"v.cpp": "#include <array>\nstd::array<int, 3> v;\n"}, cxx=True
    ),
    case(85, "mode", "-O2 --driver-mode=g++ -c a.c", passes("driver-mode")),
    case(85, "mode-cl", "--driver-mode=cl /Brepro /c a.c", passes("driver-mode")),
    case(88, "gcc", "-O2 -c a.c", passes("unknown-toolchain"), compiler="/usr/bin/gcc", majors=[22]),
    case(88, "gcc-version", "--version", passes("query"), compiler="/usr/bin/gcc", majors=[22]),
    case(88, "gcc-option", "-O2 -fipa-pta -fgcse-las -c a.c", passes("unknown-toolchain"), compiler="/usr/bin/gcc", majors=[22]),
]
