"""`autopass apply`: after a recipe was published, changed or reverted, the next build compiles exactly what it concerns."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from published import lock, publish, recorded
from sample_project import autopass, environment

from autopass_cc.recipe import Knob, Remove

SOURCES = {
    "main.c": "int one(const int *, int), two(const int *, int);\nint main(void) { return one(0, 0) + two(0, 0); }\n",
    "one.c": '#include "shared.h"\nint one(const int *p, int n) { int s = 0; while (n-- > 0) s += p[n] * BASE; return s; }\n',
    "two.c": '#include "shared.h"\nint two(const int *p, int n) { int s = 0; while (n-- > 0) s ^= p[n] * BASE; return s; }\n',
    "shared.h": "#define BASE 3\n",
    "autopass.toml": 'run = ["./prog"]\n',
}
PLAIN_MAKE = """prog: main.o one.o two.o
\t$(CC) -o $@ $^
%.o: %.c shared.h
\t$(CC) -O2 -c -o $@ $<
"""
# objects that Make does not miss when they are gone: an archive is made of them, or they are said to be secondary
SECONDARY_MAKE = PLAIN_MAKE + ".SECONDARY:\n"
ARCHIVE_MAKE = """prog: main.o lib.a(one.o) lib.a(two.o)
\t$(CC) -o $@ main.o lib.a
lib.a(%.o): %.o
\tar rcs lib.a $*.o
%.o: %.c shared.h
\t$(CC) -O2 -c -o $@ $<
.SECONDARY:
"""
SLOWER = Knob("force-vector-width", "2")  # any recipe will do: nothing is measured here
OTHER = Knob("unroll-runtime", "false")


class Project:
    """A project under one build system, and what its builds compiled, by the launcher's own log."""

    def __init__(self, root: Path, files: dict[str, str], *commands: list[str]) -> None:
        self.root, self.commands, self.log = root, commands, root.parent / "log"
        for name, text in (SOURCES | files).items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
            os.utime(root / name, (1_700_000_000, 1_700_000_000))

    def build(self) -> list[tuple[str, str]]:
        """Build; return source and decision of each compile."""
        self.log.unlink(missing_ok=True)
        variables = {"CC": "autopass-cc", "CXX": "autopass-c++", "AUTOPASS_LOG": str(self.log)}
        for command in self.commands:
            done = subprocess.run(
                command, cwd=self.root, env=environment() | variables, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        rows = [line.split("\t") for line in lines]
        return [(Path(row[3]).name, row[0]) for row in rows if row[0] in ("hit", "miss")]

    def say(self, *words: str, code: int = 0) -> str:
        return autopass("apply", *words, cwd=self.root, code=code).stdout

    def listed(self) -> list[str]:
        lines = self.say("--list").splitlines()
        assert all(Path(line).is_absolute() for line in lines)
        return sorted(Path(line).name for line in lines)

    def publish(self, source: str, *edits: Knob | Remove) -> None:
        records = [each for each in recorded(self.root).values() if each.rel == source]
        publish(self.root, records[0], *edits)


def set_up(project: Project) -> Project:
    autopass("init", cwd=project.root)
    assert sorted(project.build()) == [("main.c", "miss"), ("one.c", "miss"), ("two.c", "miss")]
    assert project.build() == []
    return project


@pytest.fixture
def made(tmp_path: Path, ready: Path) -> Project:
    assert ready.is_dir()
    return set_up(Project(tmp_path / "project", {"Makefile": PLAIN_MAKE}, ["make"]))


@pytest.mark.parametrize("edit", [SLOWER, Remove("loop-vectorize#1")], ids=["knob", "pipeline"])
def test_exactly_the_object_with_a_new_recipe_is_compiled_again(made: Project, edit: Knob | Remove) -> None:
    assert made.listed() == []
    assert "nothing to do" in made.say()
    made.publish("one.c", edit)
    assert made.build() == []
    assert made.listed() == ["one.o"]
    assert "1 object will be recompiled" in made.say()
    assert made.listed() == ["one.o"]  # until it is built
    assert made.build() == [("one.c", "hit")]
    assert made.listed() == []
    assert "nothing to do" in made.say()
    assert made.build() == []


def test_changed_and_reverted_recipes_concern_their_objects_again(made: Project) -> None:
    made.publish("one.c", SLOWER)
    made.publish("two.c", SLOWER)
    made.say()
    assert sorted(made.build()) == [("one.c", "hit"), ("two.c", "hit")]
    tuned = (made.root / "one.o").read_bytes()
    made.publish("one.c", OTHER)
    assert made.listed() == ["one.o"]
    made.say()
    assert made.build() == [("one.c", "hit")]
    assert (made.root / "one.o").read_bytes() != tuned
    said = autopass("revert", "two.c", cwd=made.root).stdout
    assert "1 object was compiled with another recipe than now published: run `autopass apply`" in said
    assert made.listed() == ["two.o"]
    made.say("--touch")
    assert made.build() == [("two.c", "miss")]
    assert made.listed() == []


def test_listing_changes_nothing_and_tells_scripts_what_applying_would_do(made: Project) -> None:
    made.publish("one.c", SLOWER)
    before = {path: path.stat() for path in made.root.iterdir()}
    assert made.say("--list") == f"{made.root / 'one.o'}\n"
    (told,) = json.loads(made.say("--list", "--json"))
    assert {path: path.stat() for path in made.root.iterdir()} == before
    assert (told["object"], told["source"]) == (str(made.root / "one.o"), str(made.root / "one.c"))
    assert told["from"] is None
    assert len(told["to"]) == 32
    status = autopass("status", cwd=made.root).stdout
    assert "1 object was compiled with another recipe than now published: run `autopass apply`, then build" in status
    assert json.loads(autopass("status", "--json", cwd=made.root).stdout)["outdated"] == [str(made.root / "one.o")]


def test_an_edit_is_the_build_systems_affair(made: Project) -> None:
    made.publish("one.c", SLOWER)
    made.say()
    made.build()
    (made.root / "shared.h").write_text("#define BASE 5\n")
    assert made.listed() == []
    assert sorted(made.build()) == [("main.c", "miss"), ("one.c", "hit"), ("two.c", "miss")]
    with (made.root / "one.c").open("a") as source:
        source.write("int more;\n")
    autopass("revert", "one.c", cwd=made.root)
    assert made.listed() == []  # it will be compiled anyway
    assert made.build() == [("one.c", "miss")]


def test_only_the_object_gets_another_time_stamp_and_the_program_still_links(made: Project) -> None:
    made.publish("one.c", SLOWER)
    before = {path.name: path.stat().st_mtime_ns for path in made.root.iterdir()}
    content = (made.root / "one.o").read_bytes()
    made.say()
    after = {path.name: path.stat().st_mtime_ns for path in made.root.iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"one.o"}
    assert before.keys() == after.keys()
    assert after["one.o"] < after["one.c"]
    assert (made.root / "one.o").read_bytes() == content


def test_removing_instead(made: Project) -> None:
    made.publish("one.c", SLOWER)
    made.say("--remove")
    assert not (made.root / "one.o").exists()
    assert made.build() == [("one.c", "hit")]
    assert made.listed() == []


@pytest.mark.parametrize("makefile", [SECONDARY_MAKE, ARCHIVE_MAKE], ids=["secondary", "archive members"])
def test_objects_that_make_would_not_miss(tmp_path: Path, ready: Path, makefile: str) -> None:
    assert ready.is_dir()
    project = set_up(Project(tmp_path / "project", {"Makefile": makefile}, ["make"]))
    project.publish("one.c", SLOWER)
    project.say()
    program = (project.root / "prog").read_bytes()
    assert project.build() == [("one.c", "hit")]
    assert (project.root / "prog").read_bytes() != program
    assert project.build() == []


CMAKE = """cmake_minimum_required(VERSION 3.20)
project(sample C)
add_library(part STATIC one.c two.c)
add_executable(prog main.c)
target_link_libraries(prog part)
"""


@pytest.mark.parametrize("place", ["build", "../build"], ids=["inside", "beside"])
@pytest.mark.parametrize("how", ["--touch", "--remove"])
def test_cmake_with_ninja(tmp_path: Path, ready: Path, place: str, how: str) -> None:
    if shutil.which("cmake") is None or shutil.which("ninja") is None:
        pytest.skip("cmake or ninja is not installed")
    assert ready.is_dir()
    commands = (
        ["cmake", "-S", ".", "-B", place, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"],
        ["cmake", "--build", place, "--parallel", "2"],
    )
    project = set_up(Project(tmp_path / "project", {"CMakeLists.txt": CMAKE}, *commands))
    project.publish("one.c", SLOWER)
    assert project.build() == []
    assert project.listed() == ["one.c.o"]
    project.say(how)
    assert project.build() == [("one.c", "hit")]
    assert project.listed() == []
    assert project.build() == []


LIBTOOL = {
    "configure.ac": "AC_INIT([sample], [1])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nAM_PROG_AR\nLT_INIT\n"
    "AC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n",
    "Makefile.am": "bin_PROGRAMS = prog\nprog_SOURCES = main.c\nprog_LDADD = libpart.la\n"
    "lib_LTLIBRARIES = libpart.la\nlibpart_la_SOURCES = one.c two.c\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("how", ["--touch", "--remove"])
def test_libtool_objects(tmp_path: Path, ready: Path, how: str) -> None:
    """Make's target is the .lo; the objects of a source, with and without -fPIC, are behind it and compiled together."""
    if shutil.which("autoreconf") is None or shutil.which("libtoolize") is None:
        pytest.skip("autotools are not installed")
    assert ready.is_dir()
    project = Project(tmp_path / "project", LIBTOOL, ["make"])
    autopass("init", cwd=project.root)
    env = environment() | {"CC": "autopass-cc", "CFLAGS": "-O2"}
    for command in (["autoreconf", "-i"], ["./configure", "-q"]):
        done = subprocess.run(command, cwd=project.root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert {name for name, _ in project.build()} == {"main.c", "one.c", "two.c"}
    assert project.build() == []
    assert (project.root / ".libs" / "one.o").exists()
    publish(project.root, recorded(project.root)[".libs/one.o"], SLOWER)
    assert project.build() == []
    assert [Path(line).relative_to(project.root) for line in project.say("--list").splitlines()] == [Path(".libs/one.o")]
    project.say(how)
    assert sorted(project.build()) == [("one.c", "hit"), ("one.c", "miss")]
    assert project.listed() == []
    assert project.build() == []


class TestWhatIsLeftAlone:
    """Only the compiler's own output is touched, whatever took its place."""

    def refused(self, made: Project, why: str) -> None:
        done = autopass("apply", cwd=made.root, code=1)
        assert "left alone: one.o: " in done.stderr
        assert why in done.stderr
        assert "one.o" not in done.stdout

    def test_a_link_to_elsewhere(self, made: Project) -> None:
        made.publish("one.c", SLOWER)
        elsewhere = made.root.parent / "elsewhere.o"
        (made.root / "one.o").rename(elsewhere)
        (made.root / "one.o").symlink_to(elsewhere)
        before = elsewhere.stat()
        self.refused(made, "not a regular file of yours")
        assert elsewhere.stat() == before
        assert autopass("apply", "--remove", cwd=made.root, code=1).stdout
        assert elsewhere.exists()

    def test_a_folder_that_leads_elsewhere(self, tmp_path: Path, ready: Path) -> None:
        assert ready.is_dir()
        makefile = PLAIN_MAKE.replace("one.o two.o", "obj/one.o two.o") + "obj/%.o: %.c\n\t$(CC) -O2 -c -o $@ $<\n"
        (tmp_path / "project" / "obj").mkdir(parents=True)
        project = set_up(Project(tmp_path / "project", {"Makefile": makefile}, ["make"]))
        project.publish("one.c", SLOWER)
        (project.root / "obj").rename(tmp_path / "elsewhere")
        (project.root / "obj").symlink_to(tmp_path / "elsewhere")
        done = autopass("apply", "--remove", cwd=project.root, code=1)
        assert "lies outside the project" in done.stderr
        assert (tmp_path / "elsewhere" / "one.o").exists()

    def test_something_else_under_the_objects_name(self, made: Project) -> None:
        made.publish("one.c", SLOWER)
        (made.root / "one.o").write_text("notes")
        self.refused(made, "not an object file")
        shutil.copy(made.root / "prog", made.root / "one.o")
        self.refused(made, "not an object file")

    def test_a_cache_that_shares_the_object_keeps_its_time_stamp(self, made: Project) -> None:
        made.publish("one.c", SLOWER)
        cached = made.root.parent / "cached.o"
        os.link(made.root / "one.o", cached)
        before = cached.stat().st_mtime_ns
        made.say()
        assert cached.stat().st_mtime_ns == before
        assert made.build() == [("one.c", "hit")]


def test_a_recipe_that_the_launcher_refuses_makes_no_object_outdated(made: Project, home: Path) -> None:
    made.publish("one.c", SLOWER)
    (path,) = (home / "publication" / "recipes").iterdir()
    good = path.read_bytes()
    for damage in (good + b"knob zzz 1\n", b"", good.replace(b"level O2", b"level O3")):
        path.write_bytes(damage)
        assert made.listed() == []
    path.write_bytes(good)
    path.chmod(0o666)
    assert made.listed() == []
    path.chmod(0o600)
    assert made.listed() == ["one.o"]
    (home / "publication" / "index").write_bytes(b"not an index\n")
    assert made.listed() == []


def test_the_projects_lock_comes_before_the_users_publication(made: Project) -> None:
    made.publish("one.c", SLOWER)
    made.say()
    made.build()
    lock(made.root)
    made.publish("one.c", OTHER)
    assert made.listed() == []  # the lock still says the first
    (made.root / "autopass.lock").unlink()
    assert made.listed() == ["one.o"]
    assert autopass("apply", "--list", cwd=made.root, env={"AUTOPASS_PUBLICATION": "/nonexistent"}).stdout


def test_without_a_project_or_a_recorded_build(tmp_path: Path, ready: Path) -> None:
    assert ready.is_dir()
    assert "autopass init" in autopass("apply", cwd=tmp_path, code=21).stderr
    (tmp_path / "autopass.toml").write_text('run = ["./prog"]\n')
    assert "No build of this project is recorded" in autopass("apply", "--list", cwd=tmp_path, code=22).stderr


def test_after_a_clean_there_is_nothing_to_do(made: Project) -> None:
    made.publish("one.c", SLOWER)
    for path in made.root.glob("*.o"):
        path.unlink()
    assert "nothing to do" in made.say()
    assert made.say("--list") == ""


def test_where_recording_is_off_it_says_that_it_will_not_notice(made: Project, home: Path) -> None:
    made.publish("one.c", SLOWER)
    (home / "journal").unlink()
    assert "autopass record on" in autopass("apply", "--list", cwd=made.root).stderr


def test_one_thing_at_a_time(made: Project) -> None:
    assert "one of --list, --touch and --remove" in autopass("apply", "--list", "--remove", cwd=made.root, code=2).stderr


def test_the_shell_completes_it(tmp_path: Path) -> None:
    env = {"_AUTOPASS_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
    assert "plain,apply" in autopass(cwd=tmp_path, env=env | {"COMP_WORDS": "autopass ap"}).stdout
    env |= {"COMP_WORDS": "autopass apply --l", "COMP_CWORD": "2"}
    assert "plain,--list" in autopass(cwd=tmp_path, env=env).stdout
