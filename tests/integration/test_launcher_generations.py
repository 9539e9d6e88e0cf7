"""A build sees one generation of the publication, whatever is published while it runs; the next build sees the newest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from launcher_kit import REPOSITORY, World, built, digest, recipe_text, write

OLD, NEW = (recipe_text(f"knob inline-threshold {value}") for value in (100, 250))
SOURCES = [f"s{number}.c" for number in range(6)]

# publish.py PLACE RECIPE KEY...: one recipe for all keys, as `autopass tune` and the daemon publish.
PUBLISH = """
import sys
from pathlib import Path
from autopass_cc.store.publication import IndexLine, write_publication
place, recipe, *keys = sys.argv[1:]
text = Path(recipe).read_bytes()
write_publication(Path(place), [IndexLine("x", key, Path(recipe).stem) for key in keys], {Path(recipe).stem: text})
"""


class Workshop:
    """A world with a project of several sources, and a command that publishes one recipe for all of them."""

    def __init__(self, base: Path) -> None:
        self.world = World(base)
        self.keys = []
        for name in SOURCES:
            (self.world.project / name).write_text(f"int {name[:-2]};\n")
            self.keys.append(self.world.keys("-O2", "-c", name)["exact"])
        self.script = write(base / "publish.py", PUBLISH.encode())
        self.env = os.environ | {
            "AUTOPASS_HOME": str(self.world.home),
            "AUTOPASS_CLANG": str(self.world.compiler),
            "AUTOPASS_LOG": str(base / "log"),
            "PYTHONPATH": str(REPOSITORY),
        }
        self.files = {text: write(base / f"{digest(text)}.recipe", text) for text in (OLD, NEW)}
        (base / "log").unlink()

    def publisher(self, recipe: bytes) -> list[str]:
        place = str(self.world.home / "publication")
        return [sys.executable, str(self.script), place, str(self.files[recipe]), *self.keys]

    def publish(self, recipe: bytes) -> None:
        subprocess.run(self.publisher(recipe), env=self.env, check=True)

    def shell(self, recipe: bytes) -> str:
        return " ".join(self.publisher(recipe))

    def run(self, *command: str, cwd: Path | None = None) -> None:
        # In a process of its own, which the tests' own name and age do not matter to.
        done = subprocess.run(command, cwd=cwd or self.world.project, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def seen(self) -> list[str]:
        """Return which recipe each compile since the last call had: old, new or none, in the order of the compiles."""
        names = {digest(OLD): "old", digest(NEW): "new", "-": "none"}
        found = [names[line[2]] for line in self.world.log()]
        (self.world.base / "log").unlink(missing_ok=True)
        return found


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def makefile(workshop: Workshop, between: str, *, after: str = "s2") -> None:
    """Write a Makefile that compiles the sources one by one, and runs `between` after one of them."""
    cc = built() / "autopass-cc"
    rules = ["all: " + " ".join(f"{name[:-2]}.stamp" for name in SOURCES)]
    for name in SOURCES:
        stem = name[:-2]
        rules += [f"{stem}.stamp:", f"\t{cc} -O2 -c {name}", *([f"\t{between}"] if stem == after else [])]
    (workshop.world.project / "Makefile").write_text("\n".join(rules) + "\n")


def test_make_sees_one_generation(workshop: Workshop) -> None:
    workshop.publish(OLD)
    makefile(workshop, workshop.shell(NEW))
    workshop.run("make")
    assert workshop.seen() == ["old"] * 6
    workshop.run("make")
    assert workshop.seen() == ["new"] * 6


def test_ninja_sees_one_generation(workshop: Workshop) -> None:
    if shutil.which("ninja") is None:
        pytest.skip("ninja is not installed")
    workshop.publish(OLD)
    rules = [f"rule cc\n  command = {built() / 'autopass-cc'} -O2 -c $in && touch $out"]
    rules += [f"rule publish\n  command = {workshop.shell(NEW)} && touch $out", "build published: publish || s0.x s1.x s2.x"]
    for number, name in enumerate(SOURCES):
        rules.append(f"build {name[:-2]}.x: cc {name}" + (" || published" if number > 2 else ""))
    (workshop.world.project / "build.ninja").write_text("\n".join(rules) + "\n")
    workshop.run("ninja", "-j2")
    assert workshop.seen() == ["old"] * 6
    for stale in workshop.world.project.glob("*.x"):
        stale.unlink()
    workshop.run("ninja", "-j2", *(f"{name[:-2]}.x" for name in SOURCES))
    assert workshop.seen() == ["new"] * 6


def test_the_epoch_for_caches_is_that_of_the_generation(workshop: Workshop) -> None:
    """Else a cache would keep what an older recipe made as if the newer had."""
    epoch = workshop.world.base / "autopass-epoch"
    shutil.copy(built() / "autopass-cc", epoch)
    workshop.publish(OLD)
    makefile(workshop, f"{epoch} autopass-cc >> before; {workshop.shell(NEW)}; {epoch} autopass-cc >> after")
    workshop.run("make")
    first = (workshop.world.project / "before").read_text()
    assert (workshop.world.project / "after").read_text() == first
    (workshop.world.project / "before").unlink()
    workshop.run("make")
    assert (workshop.world.project / "before").read_text() != first


def test_a_build_that_began_before_anything_was_published_has_no_recipes(workshop: Workshop) -> None:
    makefile(workshop, workshop.shell(OLD))
    workshop.run("make")
    assert workshop.seen() == ["none"] * 6
    workshop.run("make")
    assert workshop.seen() == ["old"] * 6


def test_a_build_sees_its_generation_however_many_follow(workshop: Workshop) -> None:
    workshop.publish(OLD)
    makefile(workshop, "; ".join(workshop.shell(recipe) for recipe in (NEW, OLD, NEW)))
    workshop.run("make")
    assert workshop.seen() == ["old"] * 6


def test_what_is_taken_back_during_a_build_stays_for_that_build(workshop: Workshop) -> None:
    workshop.publish(OLD)
    keys, workshop.keys = workshop.keys, ["0" * 32]
    makefile(workshop, workshop.shell(NEW))
    workshop.keys = keys
    workshop.run("make")
    assert workshop.seen() == ["old"] * 6
    workshop.run("make", "-j2")
    assert workshop.seen()[:3] == ["none"] * 3


def test_nested_makes_are_one_build(workshop: Workshop) -> None:
    workshop.publish(OLD)
    makefile(workshop, "true")
    (workshop.world.project / "outer.mk").write_text(
        f"all:\n\t$(MAKE) -f Makefile\n\t{workshop.shell(NEW)}\n\tsh -c '$(MAKE) -f Makefile; true'\n"
    )
    workshop.run("make", "-f", "outer.mk")
    assert workshop.seen() == ["old"] * 12


@pytest.mark.parametrize(
    "script",
    [
        "make; {publish}; make; true",
        "make && {publish} && exec make",  # the second make is the very process that ran the publisher
        "set -e; (make); {publish}; sh -c 'exec make'",
    ],
)
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_script_that_tunes_between_two_builds_sees_it_in_the_second(workshop: Workshop, shell: str, script: str) -> None:
    workshop.publish(OLD)
    makefile(workshop, "true")
    workshop.run(shell, "-c", script.format(publish=workshop.shell(NEW)))
    assert workshop.seen() == ["old"] * 6 + ["new"] * 6


def test_bash_saves_the_fork_of_the_last_command(workshop: Workshop) -> None:
    """`bash -c "a; b"` becomes b: the build has the start of the shell, which ran the publisher before."""
    workshop.publish(OLD)
    makefile(workshop, workshop.shell(OLD))
    workshop.run("bash", "-c", f"{workshop.shell(NEW)}; make")
    assert workshop.seen() == ["new"] * 6


def test_a_build_right_after_an_index_was_copied_into_place_sees_it(workshop: Workshop) -> None:
    """The start of a process is known to 10 ms only: that must not make the build older than what was there before it."""
    workshop.publish(OLD)
    place = workshop.world.home / "publication"
    copy = f"rm -f {place}/index.* {place}/callers; cp {place}/index {place}/copy; mv {place}/copy {place}/index"
    makefile(workshop, "true")
    workshop.run("sh", "-c", f"umask 077; for n in 1 2 3 4 5 6 7 8; do {copy}; make || exit 1; done")
    assert workshop.seen() == ["old"] * 6 * 8


def test_a_compile_outside_every_build_sees_the_newest(workshop: Workshop) -> None:
    workshop.publish(OLD)
    cc = built() / "autopass-cc"
    workshop.run("sh", "-c", f"{cc} -O2 -c s0.c; {workshop.shell(NEW)}; {cc} -O2 -c s1.c; true")
    assert workshop.seen() == ["old", "new"]


def test_a_named_publication_is_read_as_it_is(workshop: Workshop) -> None:
    workshop.publish(OLD)
    makefile(workshop, workshop.shell(NEW))
    workshop.env["AUTOPASS_PUBLICATION"] = str(workshop.world.home / "publication")
    workshop.run("make")
    assert workshop.seen() == ["old"] * 3 + ["new"] * 3


def test_a_name_with_blanks_and_parentheses_among_the_ancestors(workshop: Workshop, tmp_path: Path) -> None:
    odd = tmp_path / "a) R 1 (b c"
    shell = shutil.which("bash")
    assert shell
    shutil.copy(shell, odd)
    workshop.publish(OLD)
    makefile(workshop, workshop.shell(NEW))
    text = (workshop.world.project / "Makefile").read_text()
    (workshop.world.project / "Makefile").write_text(f"SHELL = {tmp_path}/odd\n{text}")
    (tmp_path / "odd").write_text(f'#!/bin/sh\n"{odd}" "$@"\ntrue\n')
    (tmp_path / "odd").chmod(0o755)
    workshop.run("make")
    assert workshop.seen() == ["old"] * 6


def test_a_build_in_a_pid_namespace_of_its_own(workshop: Workshop) -> None:
    """As in a container; and where /proc is still that of the outside, with other numbers than the build's own."""
    wrapper = ["unshare", "--pid", "--fork"]
    if shutil.which("unshare") is None or subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("unshare(1) is not allowed to make a pid namespace")
    makefile(workshop, workshop.shell(NEW))
    for words in (["--mount-proc"], []):
        workshop.publish(OLD)
        workshop.run(*wrapper, *words, "make")
        assert workshop.seen() == ["old"] * 6


@pytest.mark.parametrize("damage", ["unlink", "text", "writable", "directory"])
def test_a_damaged_earlier_generation_gives_plain_clang(workshop: Workshop, damage: str) -> None:
    workshop.publish(OLD)
    place = workshop.world.home / "publication"
    action = {
        "unlink": f"rm {place}/index.*",
        "text": f"for f in {place}/index.*; do echo damaged > $$f; done",
        "writable": f"chmod 666 {place}/index.*",
        "directory": f"for f in {place}/index.*; do rm $$f; mkdir $$f; done",
    }[damage]
    makefile(workshop, f"{workshop.shell(NEW)}; {action}")
    workshop.run("make")
    assert workshop.seen() == ["old"] * 3 + ["none"] * 3


@pytest.mark.parametrize("shift", [-25 * 3600, 3600])
def test_without_a_recent_publication_the_ancestors_are_not_looked_at(tmp_path: Path, shift: int) -> None:
    """A day after the last one (or where the clock was set back) it costs one look at the clock: no file, no directory."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    workshop = Workshop(tmp_path)
    workshop.publish(OLD)
    index = workshop.world.home / "publication" / "index"
    makefile(workshop, "true")
    calls = []
    for seconds in (0, shift):
        time = index.stat().st_mtime + seconds
        os.utime(index, (time, time))
        env = workshop.env | {"AUTOPASS_LOG": ""}
        trace = tmp_path / "trace"
        command = [strace, "-o", str(trace), str(built() / "autopass-cc"), "-O2", "-c", "s0.c"]
        subprocess.run(command, cwd=workshop.world.project, env=env, check=True)
        own = trace.read_text().partition(f'execve("{workshop.world.compiler}"')[0]
        assert "execve" in own
        calls.append(Counter(re.findall(r"^(\w+)\(", own, re.MULTILINE)) + Counter({"stat": own.count('/stat"')}))
    fresh, steady = calls
    walked = fresh["stat"]
    assert walked > 1
    assert not steady.keys() & {"stat", "getdents64"}
    assert steady["clock_gettime"] == 1
    assert fresh - steady == Counter(dict.fromkeys(("openat", "read", "close", "stat"), walked))
    assert steady - fresh == Counter()
