"""clang's own option definitions: read from its generated Options.inc, kept here as a table per LLVM.

    python -m fidelity.clang_options OPTIONS_INC > tests/fidelity/options-llvm-22.tsv     (in tests/, PYTHONPATH=.)

Options.inc is in Debian's libclang-NN-dev (clang/Driver/Options.inc, from LLVM 22 on clang/Options/Options.inc).
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
INSTALLED = ("Options", "Driver")  # below include/clang

# LLVM 19 writes names and prefixes into each entry; LLVM 22 writes offsets, and the names as comments.
_ENTRY = re.compile(
    r"""^OPTION\((?:(?P<prefix>prefix_\d+),\ "(?P<name>[^"]+)"|(?P<offset>\d+),\ \d+\ /\*\ (?P<comment>.+?)\ \*/),
    \ \w+,\ (?P<kind>\w+),\ (?P<group>\w+),\ \w+,\ (?:[^",]+|"[^"]*"),\ [^,]+,\ (?P<visible>[^,]+),\ (?P<parameter>\d+),
    .*?,\ (?P<values>nullptr|\w+|"[^"]*")(?:,\s*\d+)?\)$""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
_PREFIX_19 = re.compile(r"^PREFIX\((prefix_\d+), \{(.*)\}\)")
_TABLE_22 = re.compile(r"OptionPrefixesTable\[\] = \{(.*?)\};", re.DOTALL)


@dataclass(frozen=True)
class ClangOption:
    """One spelling of an option that the gcc-like driver of clang knows.

    `kind` is LLVM's (Flag, Joined, Separate, …); `words` is how many further words a spelling without its own value takes;
    `values` are those that a joined value can have, where the definition lists them.
    """

    spelling: str
    kind: str
    group: str
    words: int
    values: tuple[str, ...]


def _words(kind: str, parameter: int) -> int:
    if kind == "MultiArg":
        return parameter
    return 1 if kind in ("Separate", "JoinedOrSeparate", "JoinedAndSeparate") else 0


def _prefixes(text: str) -> dict[str, list[str]]:
    """Return the prefixes of each key that a line may name."""
    found = {}
    for line in text.splitlines():
        if match := _PREFIX_19.match(line):
            found[match[1]] = [word for word in re.findall(r'StringLiteral\("([^"]*)"\)', match[2]) if word]
    if table := _TABLE_22.search(text):
        numbers = re.findall(r"(\d+) /\* ('[^']*'|prefixes) \*/", table[1])
        for at, (_, what) in enumerate(numbers):
            if what == "prefixes":
                count = int(numbers[at][0])
                found[str(at)] = [word.strip("'") for _, word in numbers[at + 1 : at + 1 + count]]
    return found


def _first(prefixes: list[str], name: str) -> str:
    return next(prefix for prefix in sorted(prefixes, key=len, reverse=True) if name.startswith(prefix))


def read_inc(path: Path) -> list[ClangOption]:
    """Return what the driver `clang` and `clang++` take, sorted; an Options.inc of another form is an error."""
    text = path.read_text()
    prefixes = _prefixes(text)
    found = set()
    for match in _ENTRY.finditer(text):
        kind, group, parameter = match["kind"], match["group"], int(match["parameter"])
        if not {"DefaultVis", "ClangOption"} & {word.strip() for word in match["visible"].split("|")}:
            continue
        prefix, name = match["prefix"] or match["offset"], match["name"] or match["comment"]
        values = tuple(match["values"].strip('"').split(",")) if match["values"].startswith('"') else ()
        for each in prefixes[prefix]:
            if each != "/":
                spelling = each + name[len(_first(prefixes[prefix], name)) :]
                found.add(ClangOption(spelling, kind, group, _words(kind, parameter), values))
    if len(found) < 1500:
        raise ValueError(f"{path} is not an Options.inc of a known form")
    return sorted(found, key=lambda option: (option.spelling, option.kind))


def render(options: list[ClangOption]) -> str:
    """Return the table as text."""
    rows = [(each.spelling, each.kind, each.group, str(each.words), ",".join(each.values)) for each in options]
    return "".join("\t".join(row) + "\n" for row in rows)


def table(major: int) -> list[ClangOption]:
    """Return the kept table of one LLVM."""
    rows = [line.split("\t") for line in (HERE / f"options-llvm-{major}.tsv").read_text().splitlines()]
    return [
        ClangOption(spelling, kind, group, int(words), tuple(values.split(",")) if values else ())
        for spelling, kind, group, words, values in rows
    ]


def installed_inc(major: int) -> Path | None:
    """Return the Options.inc of an installed libclang-NN-dev."""
    places = [Path(f"/usr/lib/llvm-{major}/include/clang/{folder}/Options.inc") for folder in INSTALLED]
    return next((path for path in places if path.exists()), None)


if __name__ == "__main__":
    sys.stdout.write(render(read_inc(Path(sys.argv[1]))))
