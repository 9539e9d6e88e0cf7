"""Rows 61 to 65: reproducibility and debug information. Rows 61, 63 and 65 are in test_whole_rows.py, too."""

from __future__ import annotations

from fidelity.case import CARRIES, case

MAPS = {
    "file": "-ffile-prefix-map=/=x/",
    "debug": "-fdebug-prefix-map=/=x/",
    "macro": "-fmacro-prefix-map=/=x/",
    "coverage": "-fcoverage-prefix-map=/=x/",
    "debug-directory": "-fdebug-compilation-dir=.",
    "debug-directory-separate": "-Xclang -fdebug-compilation-dir -Xclang .",
    "file-directory": "-ffile-compilation-dir=.",
}
EPOCH = {"SOURCE_DATE_EPOCH": "1000000"}

CASES = [
    *[
        case(61, name, f"-O2 -g {option} -c date.c", CARRIES, env=EPOCH)
        for name, option in MAPS.items()
        if "Xclang" not in option
    ],
    case(62, "date", "-O2 -c date.c", CARRIES, env=EPOCH),
    case(62, "date-warned", "-O2 -Wdate-time -c date.c", CARRIES, env=EPOCH),
    case(62, "date-out-of-range", "-O2 -c date.c", CARRIES, env={"SOURCE_DATE_EPOCH": "soon"}),
    case(62, "random-seed", "-O2 -frandom-seed=7 -c a.c", CARRIES, env={"ZERO_AR_DATE": "1"}),
    case(64, "nothing-but-a-path", "-O2 -c a.c", CARRIES, remove=["HOME", "LANG", "TMPDIR", "PWD"]),
    case(65, "debug", "-O2 -g -c a.c", CARRIES),
    case(65, "debug-5", "-O2 -gdwarf-5 -gz -c a.c", CARRIES),
    case(65, "debug-lines", "-O2 -g1 -c b.cpp", CARRIES, cxx=True),
    case(65, "no-ident", "-O2 -Qn -c a.c", CARRIES),
]
