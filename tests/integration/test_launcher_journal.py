"""The build record: what is written, when, and that it never costs a build anything."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from pathlib import Path

import pytest
from launcher_kit import World, built, recipe_text, write

COMPILE = ("-O2", "-c", "a.c")
KEYS = ("exact", "inherited", "portable_exact", "portable_inherited")


@pytest.fixture(params=["release", "sanitize"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(tmp_path, kind=request.param)


def test_a_compile_is_recorded_in_full(world: World) -> None:
    before = time.time_ns()
    record = world.keys("-O2", "-DX", "-c", "a.c", "-o", "out.o", env={"CPATH": "/opt/x", "SOURCE_DATE_EPOCH": "1"})
    assert before <= record.pop("t") <= time.time_ns()
    assert {len(record.pop(name)) for name in (*KEYS, "digest")} == {32}
    assert record == {
        "v": 1,
        "kind": "compile",
        "decision": "miss",
        "reason": "no-recipe",
        "root": str(world.project),
        "cwd": str(world.project),
        "argv": [str(world.compiler), "-O2", "-DX", "-c", "a.c", "-o", "out.o"],
        "src": "a.c",
        "out": "out.o",
        "lang": "c",
        "level": "O2",
        "recipe": None,
        "env": {"CPATH": "/opt/x", "SOURCE_DATE_EPOCH": "1"},
    }


def test_the_keys_stand_together_in_the_record(world: World) -> None:
    names = list(world.keys(*COMPILE))
    first = names.index("exact")
    assert tuple(names[first : first + 4]) == KEYS


def test_a_hit_names_its_recipe(world: World) -> None:
    name = world.publish(world.keys(*COMPILE)["exact"], recipe_text("knob inline-threshold 250"))
    record = world.keys(*COMPILE)
    assert (record["decision"], record["reason"], record["recipe"]) == ("hit", "exact", name)
    assert record["argv"][1:] == list(COMPILE)  # as the user gave it


def test_a_link_is_recorded_wherever_it_runs(world: World, tmp_path: Path) -> None:
    record = world.keys("a.o", "-lm", cwd=tmp_path)
    del record["t"]
    assert record == {
        "v": 1,
        "kind": "link",
        "decision": "pass",
        "reason": "link",
        "root": None,
        "cwd": str(tmp_path),
        "argv": [str(world.compiler), "a.o", "-lm"],
        "out": "a.out",
        "env": {},
    }
    assert world.keys("-o", "prog", "a.c")["reason"] == "compile-and-link"
    assert world.keys("-o", "prog", "a.o")["root"] == str(world.project)


@pytest.mark.parametrize("arguments", ["-O2 -fsanitize=address -c a.c", "-c a.c", "-O2 -c gone.c", "-O2 -v -c a.c"])
def test_a_compile_that_passes_is_recorded_with_its_reason(world: World, arguments: str) -> None:
    record = world.keys(*arguments.split())
    assert (record["kind"], record["decision"]) == ("compile", "pass")
    assert record["reason"] == world.log()[-1][1]
    assert [record[name] for name in (*KEYS, "digest", "recipe")] == [None] * 6


@pytest.mark.parametrize(
    "arguments",
    [
        "--version",
        "-E a.c",
        "-O2 -c conftest.c",
        "-o conftest conftest.c",
        "-O2 -c a.c b.cpp",
        "-O2 -c a.s",
        "-O2 -c -x c -",
    ],
)
def test_questions_and_probes_are_not_recorded(world: World, arguments: str) -> None:
    world.record()
    world.call(*arguments.split())
    assert world.records() == []


def test_a_compile_outside_every_project_is_not_recorded(world: World, tmp_path: Path) -> None:
    (tmp_path / "alone.c").write_text("int x;\n")
    world.record()
    world.call("-O2", "-c", "alone.c", cwd=tmp_path)
    assert world.records() == []


def test_response_files_are_recorded_by_what_they_say(world: World) -> None:
    (world.project / "args.rsp").write_text("-O2 -DNAME='a b' -c a.c\n@more.rsp")
    (world.project / "more.rsp").write_text('-o "the output.o"')
    record = world.keys("@args.rsp")
    assert record["argv"][1:] == ["-O2", "-DNAME=a b", "-c", "a.c", "-o", "the output.o"]
    assert record["out"] == "the output.o"


def test_bytes_are_written_as_latin_1(world: World) -> None:
    define = b'-DX="\\\xff\x01\t\n'
    record = world.keys("-O2", define, "-c", "a.c")
    assert record["argv"][2].encode("latin-1") == define


def test_a_long_record_gets_a_file_of_its_own(world: World) -> None:
    world.record()
    world.call("-O2", *[f"-DLONG{number}=1" for number in range(500)], "-c", "a.c")
    assert world.records() == []
    (own,) = (world.home / "journal.d").iterdir()
    assert own.name.endswith(".json")
    assert own.stat().st_mode & 0o777 == 0o600
    assert len(json.loads(own.read_bytes())["argv"]) == 504


def test_the_longest_line_of_the_journal_is_4096_bytes(world: World) -> None:
    journal = world.record()
    world.call("-O2", "-DX=", "-c", "a.c")
    base = len(journal.read_bytes())
    for extra, lines in ((4096 - base, 2), (4097 - base, 1)):
        write(journal, b"")
        world.call("-O2", "-DX=", "-c", "a.c")
        world.call("-O2", "-DX=" + "x" * extra, "-c", "a.c")
        assert len(world.records()) == lines


def test_without_a_journal_nothing_is_written(world: World) -> None:
    before = sorted(world.home.rglob("*"))
    world.call(*COMPILE)
    assert sorted(world.home.rglob("*")) == before


def test_a_journal_that_is_not_ours_alone_is_not_written(world: World, tmp_path: Path) -> None:
    journal = world.record()
    journal.chmod(0o660)
    world.call(*COMPILE)
    assert journal.read_bytes() == b""
    journal.unlink()
    elsewhere = write(tmp_path / "elsewhere", b"")
    journal.symlink_to(elsewhere)
    world.call(*COMPILE)
    assert elsewhere.read_bytes() == b""
    journal.unlink()
    os.mkfifo(journal, 0o600)
    assert world.call(*COMPILE).code == 0


def test_a_log_that_cannot_be_written_is_no_matter(world: World, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in ("/nonexistent/log", str(tmp_path), str(tmp_path / "fifo")):
        call = world.call(*COMPILE, env={"AUTOPASS_LOG": path})
        assert (call.code, call.stderr) == (0, b"")


def test_a_full_disk_costs_the_record_and_not_the_build(world: World) -> None:
    journal = write(world.home / "journal", b"x" * (1 << 20))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    call = world.call(*COMPILE, preexec_fn=limit)
    assert call.code == 0
    assert call.argv == [b"-O2", b"-c", b"a.c"]
    assert journal.stat().st_size == 1 << 20


def test_parallel_builds_do_not_mix_their_lines(world: World) -> None:
    world.record()
    total, at_once = (400, 32) if world.kind == "release" else (60, 8)
    env = os.environ | {"AUTOPASS_HOME": str(world.home), "AUTOPASS_CLANG": "/bin/true"}
    for start in range(0, total, at_once):
        calls = [
            subprocess.Popen(
                [
                    built(world.kind) / "autopass-cc",
                    "-O2",
                    f"-DNUMBER={number}",
                    "-DX=" + "x" * (number * 7 % 2000),
                    "-c",
                    "a.c",
                ],
                cwd=world.project,
                env=env,
            )
            for number in range(start, min(start + at_once, total))
        ]
        assert {call.wait() for call in calls} == {0}
    assert sorted(int(record["argv"][2].removeprefix("-DNUMBER=")) for record in world.records()) == list(range(total))
