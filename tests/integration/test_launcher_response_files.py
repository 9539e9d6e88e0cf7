"""@file arguments: understood as clang understands them, handed on as they were."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from launcher_kit import World


@pytest.fixture(params=["release", "sanitize"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(tmp_path, kind=request.param)


def understood(world: World, content: bytes) -> list[str] | None:
    """Return the words the launcher reads from a response file, or None when it declines to."""
    (world.project / "args.rsp").write_bytes(content + b" -O2 -c a.c")
    world.record()
    call = world.call("@args.rsp")
    assert call.argv == [b"@args.rsp"]
    records = world.records()
    assert bool(records) == (world.log()[-1][1] != "response-file")
    return list(records[0]["argv"][1:-3]) if records else None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"-DA -DB", ["-DA", "-DB"]),
        (b"\t-DA\r\n\n -DB\n", ["-DA", "-DB"]),
        (b"'-DA=b c' \"-DD=e f\"", ["-DA=b c", "-DD=e f"]),
        (b"-DA='b c'd\"e f\"", ["-DA=b cde f"]),
        (rb"-DA=b\ c -DD=\"e\" -DF=\\", ["-DA=b c", '-DD="e"', "-DF=\\"]),
        (rb"""'-DA=b\'c' "-DD=e\"f\x" """, ["-DA=b'c", '-DD=e"fx']),
        (b"-DA='\"' -DB=\"'\"", ['-DA="', "-DB='"]),
        (b"-DA=''", ["-DA="]),
        (b"", []),
        (b"-DA=\xff\xfe", ["-DA=\xff\xfe"]),
        (b"''", None),  # whether clang keeps an empty word depends on its version
        (b"-DA=\0", None),
        (b"\xef\xbb\xbf-DA", None),
        (b"@missing.rsp", None),
        (b"@args.rsp", None),  # itself
        (b"@.", None),
    ],
)
def test_words_are_split_and_unquoted(world: World, content: bytes, words: list[str] | None) -> None:
    assert understood(world, content) == words


def test_files_nest_and_are_found_from_the_working_directory(world: World) -> None:
    (world.project / "sub").mkdir()
    (world.project / "sub" / "one.rsp").write_text("-DONE @two.rsp")
    (world.project / "two.rsp").write_text("-DTWO")
    assert understood(world, b"@sub/one.rsp -DTHREE") == ["-DONE", "-DTWO", "-DTHREE"]


def test_a_missing_file_is_left_for_clang_to_report(world: World) -> None:
    assert world.reason("-O2", "-c", "a.c", "@missing.rsp") == "response-file"
    assert world.reason("-O2", "-c", "a.c", "@") == "response-file"


def test_a_long_command_line_fits(world: World) -> None:
    words = [f"-DNUMBER{number}={'x' * 50}" for number in range(20_000)]
    (world.project / "args.rsp").write_text("\n".join([*words, "-O2", "-c", "a.c"]))
    world.record()
    assert world.reason("@args.rsp") == "no-recipe"
    (own,) = (world.home / "journal.d").iterdir()
    assert json.loads(own.read_bytes())["argv"][1:-3] == words


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.text("xy=\\'\" \t", max_size=8), max_size=4))
def test_clang_reads_the_same_words(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    """Any mixture of quotes, blanks and backslashes: the launcher reads the -D values that clang passes on."""
    clang = shutil.which("clang-22") or shutil.which("clang-19")
    if clang is None:
        pytest.skip("neither clang-22 nor clang-19 is installed")
    world = World(tmp_path_factory.mktemp("response"))
    world.record()
    content = "a.c " + " ".join(f"-D{word}" for word in words)
    (world.project / "args.rsp").write_text(content)
    world.call("@args.rsp")
    shown = subprocess.run([clang, "-###", "@args.rsp"], cwd=world.project, capture_output=True, check=False).stderr
    line = next((line for line in shown.decode("latin-1").splitlines() if '"-cc1"' in line and ' "a.c"' in line), None)
    if world.log()[-1][1] == "response-file" or line is None:
        return  # the launcher declined, or clang did
    read = iter(world.records()[0]["argv"][1:])
    expected = [word[2:] or next(read) for word in read if word.startswith("-D")]
    assert definitions(line) == expected


def definitions(line: str) -> list[str]:
    """Return the values of the -D options in a line of `clang -###`: quoted by double quotes and backslashes."""
    words, word, i = [], "", 0
    inside = False
    while i < len(line):
        if inside and line[i] == "\\":
            i += 1
            word += line[i]
        elif line[i] == '"':
            if inside:
                words.append(word)
            inside, word = not inside, ""
        elif inside:
            word += line[i]
        i += 1
    rest = iter(words)
    return [next(rest) for option in rest if option == "-D"]
