"""The launcher's option table against what the real driver does with each of its options."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest

from fidelity.clang_options import ClangOption, table
from fidelity.driver import steps, those_that_fail, words_of_job
from fidelity.launcher_options import Meaning, meanings

HANDED_ON = ("REFUSE", "PHASE", "QUERY")
# Of the options that are no part of a key: what they may change in the one job that makes the object. None of it reaches
# the code: diagnostics, dependency files, names of files in debug information.
HARMLESS = [
    r"-W.*|-w|-?-pedantic(-errors)?|-f(no-)?(color-)?diagnostics.*|-fcolor-diagnostics|-fansi-escape-codes|-Qunused-arguments",
    r"-fmessage-length=.*|-ferror-limit|-f(no-)?(caret|show)-.*|-mllvm -crash-diagnostics-dir=.*|-serialize-diagnostic-file",
    r"-dependency-file|-dependency-dot|-MT|-MQ|-MP|-MV|-MG|-sys-header-deps|-H|-header-include-.*|-show-header-includes",
    r"-f(file|macro|debug|coverage)-prefix-map=.*|-f(debug|coverage)-compilation-dir=.*|-frandom-seed=.*",
]


def majors_table(clang: Path) -> list[ClangOption]:
    return table(int(clang.name.rpartition("-")[2]))


def with_meaning(clang: Path) -> list[tuple[ClangOption, Meaning]]:
    """Return all options but for the names of warnings, which nothing but -W itself defines."""
    options = [option for option in majors_table(clang) if option.kind != "RemainingArgs"]
    return list(zip(options, meanings([option.spelling for option in options]), strict=True))


def spellings(option: ClangOption) -> list[list[str]]:
    """Return ways to write an option: with each listed value, or with "1"."""
    if option.kind == "Flag":
        return [[option.spelling]]
    if option.kind in ("Joined", "CommaJoined"):
        return [[option.spelling + value] for value in (*option.values, "1")]
    if option.kind == "JoinedAndSeparate":
        return [[f"{option.spelling}1", "1"]]
    return [[option.spelling, *["1"] * option.words]]


def test_the_driver_takes_as_many_further_words_as_the_table_says(clang: Path) -> None:
    """Each option stands before one file more than it takes words; of these clang must miss just the last."""
    items = [(number, option) for number, (option, row) in enumerate(with_meaning(clang)) if row.meaning != "QUERY"]
    assert len(items) > 2400

    def fails(chunk: Sequence[tuple[int, ClangOption]]) -> list[tuple[int, ClangOption]]:
        files = {number: [f"q{number}w{word}.c" for word in range(option.words + 1)] for number, option in chunk}
        words = [word for number, option in chunk for word in (option.spelling, *files[number])]
        _, lines = steps(clang, ["-c", *words])
        missed = set(re.findall(r"no such file or directory: '(q\d+w\d+\.c)'", "\n".join(lines)))
        return [item for item in chunk if [name for name in files[item[0]] if name in missed] != files[item[0]][-1:]]

    wrong = those_that_fail(items, fails, 200)
    assert [option.spelling for _, option in wrong] == []


def test_where_the_launcher_would_inject_clang_makes_one_object(clang: Path) -> None:
    """One job, from C to an object, at the level of the command; or clang refuses the option."""
    chosen = [option for option, row in with_meaning(clang) if row.meaning in ("IGNORE", "KEY", "PREPROCESSOR")]
    ways = [way for option in chosen for way in spellings(option)]
    items = [way for way, row in zip(ways, meanings([way[0] for way in ways]), strict=True) if row.meaning not in HANDED_ON]
    assert len(items) > 1500

    def fails(chunk: Sequence[list[str]]) -> list[list[str]]:
        left = list(chunk)
        while left:
            # in both orders: an option that undoes another one must not hide it
            one, other = (steps(clang, ["-O2", "-c", *chain(*some), "a.c"]) for some in (left, left[::-1]))
            complaint = "\n".join(line for code, lines in (one, other) for line in lines if code or "error:" in line)
            if not complaint:
                return [] if is_one_object(one[1]) and is_one_object(other[1]) else left
            quoted = set(re.findall(r"'([^']+)'", complaint))
            kept = [way for way in left if not quoted & {*way, way[0].partition("=")[0] + "=", way[0].partition("=")[2]}]
            if len(kept) == len(left):
                return [] if len(left) == 1 else left
            left = kept
        return []

    wrong = those_that_fail(items, fails, 100)
    assert not wrong, " ".join(map(str, wrong))


def is_one_object(lines: list[str]) -> bool:
    jobs = [line for line in lines if line.startswith(' "')]
    words = words_of_job(jobs[0]) if jobs else []
    source = words[-3:] == ["-x", "c", "a.c"]
    return len(jobs) == 1 and words[1] == "-cc1" and source and "-emit-obj" in words and "-O2" in words


def test_what_is_no_part_of_a_key_reaches_no_code(clang: Path) -> None:
    """The job that makes the object is the same but for what is listed as harmless."""
    chosen = [option for option, row in with_meaning(clang) if row.meaning == "IGNORE"]
    plain = words_of_job(steps(clang, ["-O2", "-c", "a.c"])[1][-1])
    items = [way for option in chosen for way in spellings(option)]
    items = [way for way, row in zip(items, meanings([way[0] for way in items]), strict=True) if row.meaning == "IGNORE"]
    assert len(items) > 90

    def fails(chunk: Sequence[list[str]]) -> list[list[str]]:
        code, lines = steps(clang, ["-O2", "-c", *chain(*chunk), "a.c"])
        if code:
            return [] if len(chunk) == 1 else list(chunk)  # clang refuses the option
        return [] if without_harmless(words_of_job(lines[-1])) == without_harmless(plain) else list(chunk)

    wrong = those_that_fail(items, fails, 20)
    assert not wrong, " ".join(map(str, wrong))


def without_harmless(words: list[str]) -> list[str]:
    """Leave out the harmless words, each with its value if that is a word of its own."""
    kept = []
    skip = False
    for word in re.sub("\0-mllvm\0", "\0-mllvm ", "\0".join(words)).split("\0"):
        if skip and not word.startswith("-"):
            skip = False
            continue
        skip = any(re.fullmatch(pattern, word) for pattern in HARMLESS)
        if not skip:
            kept.append(word)
    return kept


@pytest.mark.parametrize("source", ["a.c", "b.cpp"])
def test_no_warning_changes_the_code(clang: Path, source: str) -> None:
    """All names of warnings at once that are no part of a key: nothing but warnings is in the job."""
    names = warnings_of(clang)
    assert len(names) > 1500
    chosen = [name for name, row in zip(names, meanings(names), strict=True) if row.meaning == "IGNORE"]
    plain = words_of_job(steps(clang, ["-O2", "-c", source])[1][-1])

    def fails(chunk: Sequence[str]) -> list[str]:
        code, lines = steps(clang, ["-O2", "-c", *chunk, source])
        assert code == 0, lines
        return [] if without_harmless(words_of_job(lines[-1])) == without_harmless(plain) else list(chunk)

    wrong = those_that_fail(chosen, fails, len(chosen))
    assert not wrong, " ".join(map(str, wrong))


def warnings_of(clang: Path) -> list[str]:
    done = subprocess.run([clang, "--autocomplete=-W"], capture_output=True, text=True, check=True)
    names = {line.split("\t")[0] for line in done.stdout.splitlines()}
    return sorted(name for name in names if re.fullmatch(r"-W[\w+#-]+", name))
