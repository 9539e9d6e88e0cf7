"""Rows for which one command in one place is not enough."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from launcher_kit import built, write

from fidelity.bench import Bench, Command
from fidelity.case import CARRIES, case
from fidelity.outcome import Outcome, differences
from fidelity.published import Home, visible
from fidelity.row import row
from fidelity.states import publish_unchanged, toolchain_of

NOBODY = 65534


def bench_for(
    clang: Path, base: Path, line: str, files: dict[str, str] | None = None, env: dict[str, str] | None = None
) -> Bench:
    return Bench(case(0, "whole", line, CARRIES, files=files, env=env), clang, base)


def home_for(clang: Path, base: Path) -> Home:
    toolchain = toolchain_of(int(clang.name.rpartition("-")[2]))
    assert toolchain is not None
    return Home(base / "home", toolchain)


def recorded(bench: Bench, home: Home) -> dict[str, str]:
    home.record()
    bench.ours(home)
    home.logged()
    return home.recorded()


def with_its_own_pipeline(bench: Bench, home: Home) -> None:
    """Publish for the bench's command what changes nothing."""
    home.record()
    bench.ours(home)
    home.logged()
    publish_unchanged(bench, home)


def with_other_code(bench: Bench, home: Home) -> None:
    """Publish for the bench's command a recipe that changes its code."""
    home.publish({f"x{recorded(bench, home)['exact']}": visible(home.toolchain)})


@row(44)
def test_another_name_of_the_old_object_keeps_the_old_bytes(tmp_path: Path, clang: Path) -> None:
    """A cache that shares its files by hard links must not see them written to."""
    bench, home = bench_for(clang, tmp_path / "b", "-O2 -c a.c", {"kept/a.o": "old"}), home_for(clang, tmp_path)
    with_its_own_pipeline(bench, home)

    def run(command: Command) -> Outcome:
        bench.begin()
        (bench.place / "a.o").hardlink_to(bench.place / "kept" / "a.o")
        done = subprocess.run(command.argv, cwd=bench.place, env=command.env, capture_output=True, check=False)
        return bench.look(done.returncode, done.stdout, done.stderr)

    plain, ours = run(bench.plain_command()), run(bench.our_command(home))
    assert differences(ours, plain) == []
    assert ours.files["kept/a.o"].content == b"old"
    assert home.logged()[0][:2] == ["hit", "exact"]


@row(45, 103)
def test_ninja_finds_nothing_left_to_do(tmp_path: Path, clang: Path) -> None:
    """The object is written once and by clang; the dependencies are where ninja looks for them, until it took them."""
    ninja = shutil.which("ninja")
    if ninja is None:
        pytest.skip("ninja is not installed")
    rules = "rule cc\n  command = $cc -O2 -MD -MF $out.d -c $in -o $out\n  deps = gcc\n  depfile = $out.d\n  restat = 1\n"
    bench = bench_for(clang, tmp_path / "b", "-O2 -c a.c", {"build.ninja": rules + "build a.o: cc a.c\n"})
    home = home_for(clang, tmp_path)
    with_its_own_pipeline(bench, home)
    said = []
    for command in (bench.plain_command(), bench.our_command(home)):
        bench.begin()
        text = f"cc = {os.fsdecode(command.argv[0])}\n" + (bench.place / "build.ninja").read_text()
        (bench.place / "build.ninja").write_text(text)

        def run(*words: str, env: dict[str, str] = command.env) -> bytes:
            return subprocess.run([ninja, *words], cwd=bench.place, env=env, capture_output=True, check=True).stdout

        steps = [run(), run("-n")]
        os.utime(bench.place / "a.h")
        steps.append(run("-n"))
        files = sorted(path.name for path in bench.place.iterdir())
        said.append(([step.replace(command.argv[0], b"cc") for step in steps], files))
    assert said[1] == said[0]
    assert b"no work to do" in said[1][0][1]
    assert b"no work to do" not in said[1][0][2]
    assert home.logged()[0][:2] == ["hit", "exact"]


@row(49)
def test_a_recipe_does_not_reach_a_compile_that_forbids_a_pass(tmp_path: Path, clang: Path) -> None:
    home = home_for(clang, tmp_path)
    with_other_code(bench_for(clang, tmp_path / "free", "-O2 -c loop.c"), home)
    bench = bench_for(clang, tmp_path / "b", "-O2 -fno-vectorize -c loop.c")
    assert differences(bench.ours(home), bench.plain()) == []
    assert home.logged() == [["miss", "no-recipe", "-", "loop.c"]]


@row(52)
def test_symbols_are_those_of_plain_clang(tmp_path: Path, clang: Path) -> None:
    """With a recipe that changes code, too: what plain clang defines and leaves undefined, and nothing more."""
    bench, home = bench_for(clang, tmp_path / "b", "-O2 -c a.c"), home_for(clang, tmp_path)
    with_other_code(bench, home)

    def symbols() -> list[str]:
        listing = subprocess.run(["nm", "-g", bench.place / "a.o"], capture_output=True, text=True, check=True).stdout
        return [line.split(" ", 1)[1] for line in listing.splitlines()]

    plain, before = bench.plain(), symbols()
    ours, after = bench.ours(home), symbols()
    assert ours.files["a.o"] != plain.files["a.o"]
    assert after == before


@row(57)
def test_native_is_the_processor_of_this_machine(tmp_path: Path, clang: Path) -> None:
    """The key of a compile for `native` is another one on a machine with another processor."""
    bench, home = bench_for(clang, tmp_path / "b", "-O2 -march=native -c loop.c"), home_for(clang, tmp_path)
    here = recorded(bench, home)
    there = recorded(bench, Home(tmp_path / "other", replace(home.toolchain, cpu="another")))
    assert here["exact"] != there["exact"]
    assert here["inherited"] != there["inherited"]


@row(61)
def test_with_mapped_names_two_places_give_the_same_object(tmp_path: Path, clang: Path) -> None:
    home = home_for(clang, tmp_path)
    objects, keys = [], []
    for name in ("one", "another-place"):
        place = tmp_path / name / "place"
        bench = bench_for(clang, tmp_path / name, f"-O2 -g -ffile-prefix-map={place}=. -c a.c")
        keys.append(recorded(bench, home)["exact"])
        with_its_own_pipeline(bench, home)
        objects += [bench.plain().files["a.o"], bench.ours(home).files["a.o"]]
        assert home.logged()[0][:2] == ["hit", "exact"]
    assert objects == objects[:1] * 4
    assert keys[0] == keys[1]


@row(63)
def test_the_same_publication_gives_the_same_object(tmp_path: Path, clang: Path) -> None:
    bench, home = bench_for(clang, tmp_path / "b", "-O2 -g -c a.c"), home_for(clang, tmp_path)
    with_other_code(bench, home)
    first, second = bench.ours(home), bench.ours(home)
    assert first == second
    assert first.files["a.o"] != bench.plain().files["a.o"]


@row(65)
def test_a_recipe_adds_no_section_and_no_comment(tmp_path: Path, clang: Path) -> None:
    bench, home = bench_for(clang, tmp_path / "b", "-O2 -g -c a.c"), home_for(clang, tmp_path)
    with_other_code(bench, home)

    def told() -> tuple[list[str], str]:
        words = ["readelf", "-SW", "-p", ".comment", str(bench.place / "a.o")]
        listing = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return re.findall(r"^  \[ *\d+\] (\S+)", listing, re.MULTILINE), listing.partition("String dump")[2]

    plain, before = bench.plain(), told()
    ours, after = bench.ours(home), told()
    assert ours.files["a.o"] != plain.files["a.o"]
    assert after == before
    assert "clang" in after[1]


@row(66)
def test_a_terminal_is_still_a_terminal(tmp_path: Path, clang: Path) -> None:
    """clang colours what goes to a terminal: the launcher hands its descriptors on and captures nothing."""
    bench = bench_for(clang, tmp_path / "b", "-O2 -Wall -c bad.c", env={"TERM": "xterm-256color"})
    home = home_for(clang, tmp_path)
    with_its_own_pipeline(bench, home)
    seen = []
    for command in (bench.plain_command(), bench.our_command(home)):
        bench.begin()
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            command.argv, cwd=bench.place, env=command.env, stdin=follower, stdout=follower, stderr=follower
        )
        os.close(follower)
        text = b""
        try:
            while part := os.read(leader, 4096):
                text += part
        except OSError:  # a terminal that everyone has left
            pass
        os.close(leader)
        seen.append((process.wait(), text))
    assert seen[0] == seen[1]
    assert b"\x1b[" in seen[1][1]
    assert home.logged()[0][:2] == ["hit", "exact"]


@row(69)
@pytest.mark.parametrize("line", ["-O2 -v -c bad.c", "-O2 -c warn.c -Wall -H", "-O2 -c bad.c -o -", "-E -v a.c"])
def test_what_goes_to_one_pipe_keeps_its_order(tmp_path: Path, clang: Path, line: str) -> None:
    bench, home = bench_for(clang, tmp_path / "b", line), home_for(clang, tmp_path)
    seen = []
    for command in (bench.plain_command(), bench.our_command(home)):
        bench.begin()
        done = subprocess.run(
            command.argv, cwd=bench.place, env=command.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        seen.append((done.returncode, done.stdout))
    assert seen[0] == seen[1]
    assert seen[0][1]


@row(77)
def test_sixty_four_at_once(tmp_path: Path, clang: Path) -> None:
    """All of them use the recipe, none fails, and each object is the right one."""
    bench, home = bench_for(clang, tmp_path / "b", "-O2 -c a.c"), home_for(clang, tmp_path)
    with_its_own_pipeline(bench, home)
    plain = bench.plain().files["a.o"].content
    bench.begin()
    command = bench.our_command(home)

    def compile_into(number: int) -> int:
        argv = [*command.argv, b"-o", b"%d.o" % number]
        return subprocess.run(argv, cwd=bench.place, env=command.env, capture_output=True, check=False).returncode

    with ThreadPoolExecutor(64) as pool:
        codes = list(pool.map(compile_into, range(128)))
    assert codes == [0] * 128
    assert all((bench.place / f"{number}.o").read_bytes() == plain for number in range(128))
    lines = home.logged()
    assert sum(line[:2] == ["hit", "exact"] for line in lines) == 128


@row(78)
def test_a_directory_that_was_deleted(tmp_path: Path, clang: Path) -> None:
    bench, home = bench_for(clang, tmp_path / "b", "-O2 -c a.c"), home_for(clang, tmp_path)
    source = bench.prepared / "a.c"
    seen = []
    for command in (bench.plain_command(), bench.our_command(home)):
        for words in ([b"--version"], [b"-O2", b"-c", bytes(source), b"-o", bytes(tmp_path / "a.o")]):
            gone = tmp_path / "gone"
            gone.mkdir()

            def leave(place: Path = gone) -> None:
                os.chdir(place)
                place.rmdir()

            done = subprocess.run([command.argv[0], *words], env=command.env, capture_output=True, preexec_fn=leave, check=False)
            seen.append((done.returncode, done.stdout, done.stderr))
    assert seen[:2] == seen[2:]
    assert [line[1] for line in home.logged()] == ["no-directory", "no-directory"]


@row(79)
def test_another_user_gets_plain_clang(clang: Path) -> None:
    """Neither the publication nor the log of the first user is touched, and nothing is written in its home."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        base.chmod(0o755)
        bench, home = bench_for(clang, base / "b", "-O2 -c a.c"), home_for(clang, base)
        with_other_code(bench, home)
        before = sorted(home.path.rglob("*"))
        launcher = write(base / "bin" / "autopass-cc", (built() / "autopass-cc").read_bytes(), 0o755)
        plain, ours = bench.plain_command(), bench.our_command(home, AUTOPASS_LOG=str(base / "b" / "tmp" / "log"))
        seen = []
        for argv, env in (plain, Command([bytes(launcher), *ours.argv[1:]], ours.env)):
            bench.begin()
            for path in (bench.place, bench.temporary):
                os.chown(path, NOBODY, NOBODY)
            done = subprocess.run(argv, cwd=bench.place, env=env, user=NOBODY, group=NOBODY, capture_output=True, check=False)
            logged = base / "b" / "tmp" / "log"
            text = logged.read_text() if logged.exists() else ""
            logged.unlink(missing_ok=True)
            seen.append((bench.look(done.returncode, done.stdout, done.stderr), text))
        assert differences(seen[1][0], seen[0][0]) == []
        assert seen[1][0].code == 0
        assert seen[1][1].split("\t")[:2] == ["pass", "unknown-toolchain"]
        assert sorted(home.path.rglob("*")) == before
