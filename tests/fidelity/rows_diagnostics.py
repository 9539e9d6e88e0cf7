"""Rows 66 to 71: diagnostics, and how a run ends. Rows 66 and 69 are in test_whole_rows.py, too."""

from __future__ import annotations

from fidelity.case import CARRIES, case, passes

COLOURS = {
    "no-color": {"NO_COLOR": "1"},
    "forced": {"CLICOLOR_FORCE": "1"},
    "gcc-colors": {"GCC_COLORS": "error=01;31"},
    "dumb": {"TERM": "dumb"},
}
# -fno-crash-diagnostics keeps the reproducer away; the other run leaves one in the temporary directory.
REPRODUCER = [rb"crash-[0-9a-f]{6}"]

CASES = [
    case(67, "colour", "-O2 -fcolor-diagnostics -c bad.c", CARRIES),
    case(67, "colour-always", "-O2 -fdiagnostics-color=always -c bad.c", CARRIES),
    case(67, "ansi", "-O2 -fcolor-diagnostics -fansi-escape-codes -c bad.c", CARRIES),
    case(67, "caret", "-O2 -fno-caret-diagnostics -fmessage-length=40 -c bad.c", CARRIES),
    *[case(67, name, "-O2 -Wall -c bad.c", CARRIES, env={"TERM": "xterm", **env}) for name, env in COLOURS.items()],
    case(68, "everything", "-O2 -Werror -Weverything -Wno-padded -c a.c", CARRIES),
    case(68, "unused-arguments", "-O2 -Werror -Wunused-command-line-argument -c a.c", CARRIES),
    case(68, "unused-arguments-of-ours", "-O2 -Werror -lm -c a.c", CARRIES),
    case(68, "warnings", "-O2 -Wall -Wextra -c warn.c", CARRIES),
    case(68, "warnings-as-errors", "-O2 -Wall -Wextra -Werror -c warn.c", CARRIES),
    case(68, "unknown-warning", "-O2 -Wno-such-warning -Werror -c a.c", CARRIES),
    case(68, "unknown-option", "-O2 -wibble -c a.c", passes("unknown-option")),
    case(68, "unknown-f-option", "-O2 -fwibble -c a.c", CARRIES),
    case(69, "steps-and-errors", "-O2 -v -c bad.c", passes("verbose")),
    case(69, "includes", "-O2 -H -c a.c", CARRIES),
    case(70, "silence", "-O2 -Wall -Wextra -c a.c", CARRIES),
    case(70, "silence-of-links", "-O2 m.o a.o -o m", passes("link"), before=["-O2 -c a.c m.c"]),
    case(71, "error", "-O2 -c bad.c", CARRIES),
    case(71, "too-many-errors", "-O2 -ferror-limit=1 -c bad.c", CARRIES),
    case(71, "crash", "-O2 -c crash.c", CARRIES, shows_arguments=True, mask=REPRODUCER),
    case(71, "crash-without-report", "-O2 -fno-crash-diagnostics -c crash.c", CARRIES, shows_arguments=True),
    case(71, "fatal-include", "-O2 -c missing.c", CARRIES, files={"missing.c": '#include "nowhere.h"\n'}),
]
