"""Rows 31 to 45: dependency files and other outputs beside the object. Rows 44 and 45 are in test_whole_rows.py, too."""

from __future__ import annotations

from fidelity.case import CARRIES, case, passes

NUMBERS = [rb"\d+"]  # times and sizes
PROFILE = {"prof.txt": "f:1000:100\n 1: 50\n"}

DEPENDENCIES = {
    "md": "-MD",
    "mmd-mp-mf": "-MMD -MP -MF d.d",
    "mf-joined": "-MD -MFd.d",
    "targets": "-MD -MT one -MT two -MQ 'a$b' -MQc",
    "missing-headers": "-MD -MG",
    "nmake": "-MD -MV",
    "by-preprocessor": "-Wp,-MD,d.d",
    "by-preprocessor-user": "-Wp,-MMD,d.d",
    "cmake-ninja": "-MD -MT sub/a.o -MF sub/a.o.d -o sub/a.o",
    "automake": "-MT a.lo -MD -MP -MF .a.Tpo",
}

CASES = [
    *[case(31, name, f"-O2 {options} -c a.c", CARRIES) for name, options in DEPENDENCIES.items()],
    case(32, "compile-db", "-O2 -MJ x.json -c a.c", passes("records-arguments")),
    case(32, "compile-db-folder", "-O2 -gen-cdb-fragment-path db -c a.c", passes("records-arguments"), mask=[rb"a\.c\.[^/\"]+"]),
    case(33, "split-dwarf", "-g -gsplit-dwarf -O2 -c a.c -o o1.o", CARRIES),
    case(33, "split-dwarf-default-name", "-g -gsplit-dwarf -O2 -c sub/a.c", CARRIES),
    case(34, "coverage", "-O2 --coverage -c a.c -o x", passes("instrumented")),
    case(34, "coverage-notes", "-O2 -ftest-coverage -fprofile-arcs -c a.c", passes("instrumented")),
    case(34, "coverage-link", "--coverage a.c m.c -o prog", passes("compile-and-link")),
    case(35, "profile-generate", "-O2 -fprofile-generate -c a.c", passes("instrumented")),
    case(35, "profile-instr-generate", "-O2 -fprofile-instr-generate -fcoverage-mapping -c a.c", passes("instrumented")),
    case(35, "profile-use-missing", "-O2 -fprofile-instr-use=no.profdata -c a.c", passes("instrumented")),
    case(35, "profile-sample", "-O2 -g -fprofile-sample-use=prof.txt -c a.c", passes("instrumented"), files=PROFILE),
    case(35, "profile-context", "-O2 -fcs-profile-generate -c a.c", passes("instrumented")),
    case(35, "profile-list", "-O2 -fprofile-list=list.txt -c a.c", passes("instrumented"), files={"list.txt": "fun:f\n"}),
    case(36, "stack-usage", "-O2 -fstack-usage -c a.c", passes("optimizer-report")),
    case(36, "call-graph", "-O2 -fcallgraph-info -c a.c", passes("optimizer-report")),
    case(37, "record", "-O2 -fsave-optimization-record -c a.c", passes("optimizer-report")),
    case(37, "record-file", "-O2 -foptimization-record-file=x.yaml -c a.c", passes("optimizer-report")),
    case(37, "remarks", "-O2 -Rpass=.* -Rpass-missed=.* -c a.c", passes("optimizer-report")),
    case(37, "hotness", "-O2 -fdiagnostics-show-hotness -c a.c", passes("optimizer-report")),
    case(38, "time-trace", "-O2 -ftime-trace=x.json -c a.c", passes("optimizer-report"), mask=[rb'(?s)\{"traceEvents.*']),
    case(38, "time-report", "-O2 -ftime-report -c a.c", passes("optimizer-report"), mask=[rb"(?s)={3}.*"]),
    case(38, "process-statistics", "-O2 -fproc-stat-report -c a.c", passes("optimizer-report"), mask=NUMBERS),
    case(
        38,
        "process-statistics-by-environment",
        "-O2 -c a.c",
        passes("environment"),
        env={"CC_PRINT_PROC_STAT": "1"},
        mask=NUMBERS,
    ),
    case(38, "print-options", "-O2 -c a.c", passes("environment"), env={"CC_PRINT_OPTIONS": "1"}),
    case(
        38, "print-options-file", "-O2 -c a.c", passes("environment"), env={"CC_PRINT_OPTIONS": "1", "CC_PRINT_OPTIONS_FILE": "o"}
    ),
    case(38, "log-diagnostics", "-O2 -c bad.c", passes("environment"), env={"CC_LOG_DIAGNOSTICS": "1"}),
    case(39, "serialized", "-O2 --serialize-diagnostics d.dia -Wall -c warn.c", CARRIES),
    case(39, "serialized-errors", "-O2 --serialize-diagnostics d.dia -Wall -c bad.c", CARRIES),
    case(40, "record-command", "-O2 -g -grecord-command-line -c a.c", passes("records-arguments")),
    case(40, "record-command-section", "-O2 -frecord-command-line -c a.c", passes("records-arguments")),
    case(40, "record-switches", "-O2 -g -grecord-gcc-switches -c a.c", passes("records-arguments")),
    case(40, "do-not-record", "-O2 -g -gno-record-command-line -c a.c", CARRIES),
    case(41, "embed-bitcode", "-O2 -fembed-bitcode -c a.c", passes("lto")),
    case(41, "embed-object", "-O2 -fembed-offload-object=a.h -c a.c", passes("lto")),
    case(42, "lto", "-O2 -flto -c a.c", passes("lto")),
    case(42, "lto-thin", "-O2 -flto=thin -c a.c", passes("lto")),
    case(42, "lto-fat", "-O2 -flto -ffat-lto-objects -c a.c", passes("lto")),
    case(42, "lto-unified", "-O2 -funified-lto -flto=thin -c a.c", passes("lto")),
    case(42, "no-lto", "-O2 -fno-lto -c a.c", CARRIES),
    case(43, "thin-index", "-O2 -fthinlto-index=/dev/null -x ir -c a.ll", passes("lto")),
    case(43, "thin-link-bitcode", "-O2 -flto=thin -fthin-link-bitcode=t.bc -c a.c", passes("lto")),
    case(44, "read-only-output", "-O2 -c a.c", CARRIES, files={"a.o": "old"}),
]
