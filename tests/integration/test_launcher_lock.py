"""A project's lock serves colleagues: keys without the CPU, lines that say where they were proven, any order after a merge."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from launcher_kit import PORTABLE_ID, TOOLCHAIN_ID, World, built, digest, lines_of, recipe_text, write

COMPILE = ("-O2", "-c", "a.c")
PLAIN = [word.encode() for word in COMPILE]
OTHER = "cb" * 16  # the same clang on another CPU
HEADER = b"autopass-index 1\n"
RECIPES = sorted((recipe_text(f"knob inline-threshold {value}") for value in (100, 250, 400)), key=digest)
SMALL, MIDDLE, LARGE = map(digest, RECIPES)
FROZEN = {"AUTOPASS_FROZEN": "1"}
LINEAR = 256 << 10


class Project:
    """A world with the recipes beside the lock; `answer` is what a compile gets from the lock's bytes."""

    def __init__(self, world: World) -> None:
        self.world = world
        record = world.keys(*COMPILE)
        self.exact, self.inherited = f"x{record['portable_exact']}", f"i{record['portable_inherited']}"
        self.path = world.project / "autopass.lock"
        for text in RECIPES:
            write(self.path.with_name("autopass.lock.d") / f"{digest(text)}.recipe", text, 0o644)

    def write(self, *lines: str, end: str = "\n") -> None:
        write(self.path, HEADER + "\n".join(lines).encode() + end.encode() * bool(lines), 0o644)

    def answer(self, **env: str) -> tuple[str, str]:
        """Compile; return the reason and the recipe ("-": none, and the command ran as it came)."""
        call = self.world.call(*COMPILE, env=env)
        assert (call.code, call.stdout, call.stderr) == (0, b"", b"")
        _, reason, recipe, _ = self.world.log()[-1]
        assert call.argv[-3:] == PLAIN
        assert (recipe == "-") == (call.argv == PLAIN)
        return reason, recipe


@pytest.fixture(params=["release", "sanitize"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    return Project(World(tmp_path, kind=request.param))


def fill(size: int) -> list[str]:
    """Return sorted lines of other keys, `size` bytes of them."""
    lines = (f"{'ix'[n % 2]}{digest(str(n).encode())} {LARGE} {TOOLCHAIN_ID} -1.0 % other.c" for n in itertools.count())
    return sorted(itertools.islice(lines, size // len(next(lines)) + 1))


def test_a_line_applies_on_the_toolchain_that_it_was_proven_on(project: Project) -> None:
    project.write(f"{project.exact} {SMALL} {OTHER} -10 % a.c")
    assert project.answer() == ("no-recipe", "-")
    project.write(f"{project.exact} {SMALL} {OTHER} -10 % a.c", f"{project.exact} {LARGE} {TOOLCHAIN_ID} -10 % a.c")
    assert project.answer() == ("exact", LARGE)


def test_a_lock_is_asked_by_portable_keys_alone(project: Project) -> None:
    record = project.world.keys(*COMPILE)
    project.write(f"x{record['exact']} {SMALL} {TOOLCHAIN_ID} a.c", f"i{record['inherited']} {SMALL} {TOOLCHAIN_ID} a.c")
    assert project.answer() == ("no-recipe", "-")


def test_colleagues_with_another_cpu_find_their_own_lines(project: Project) -> None:
    """Their toolchains file says so: the same portable id, another id."""
    project.write(f"{project.exact} {SMALL} {TOOLCHAIN_ID} a.c", f"{project.exact} {LARGE} {OTHER} a.c")
    assert project.answer() == ("exact", SMALL)
    file = project.world.home / "toolchains"
    write(file, file.read_bytes().replace(TOOLCHAIN_ID.encode(), OTHER.encode()))
    assert project.answer() == ("exact", LARGE)
    write(file, file.read_bytes().replace(PORTABLE_ID.encode(), b"99" * 16))
    assert project.answer() == ("no-recipe", "-")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_of_several_lines_the_smallest_recipe_wins_whatever_their_order(project: Project, order: tuple[int, ...]) -> None:
    lines = [f"{project.exact} {recipe} {TOOLCHAIN_ID} a.c" for recipe in (SMALL, MIDDLE, LARGE)]
    project.write(*(lines[number] for number in order))
    assert project.answer() == ("exact", SMALL)


def test_exact_lines_win_over_inherited_ones_wherever_they_stand(project: Project) -> None:
    inherited, exact = f"{project.inherited} {SMALL} {TOOLCHAIN_ID} a.c", f"{project.exact} {LARGE} {TOOLCHAIN_ID} a.c"
    for lines in ((inherited, exact), (exact, inherited)):
        project.write(*lines)
        assert project.answer() == ("exact", LARGE)
    (project.world.project / "a.c").write_text("int edited;\n")
    assert project.answer() == ("inherited", SMALL)


def test_lines_in_any_order_are_found(project: Project) -> None:
    lines = [*fill(100_000), f"{project.exact} {SMALL} {TOOLCHAIN_ID} a.c"]
    for seed in range(3):
        random.Random(seed).shuffle(lines)
        project.write(*lines)
        assert project.answer() == ("exact", SMALL)


def test_what_git_leaves_after_a_union_merge_is_read(project: Project) -> None:
    """Both sides' lines, one behind the other; a header that stands in both may come twice."""
    mine, theirs = f"{project.exact} {LARGE} {TOOLCHAIN_ID} a.c", f"{project.exact} {SMALL} {TOOLCHAIN_ID} a.c"
    project.write(*fill(1000), mine, HEADER.decode().strip(), theirs, *fill(500))
    assert project.answer() == ("exact", SMALL)


def line_of(project: Project) -> str:
    return f"{project.exact} {SMALL} {TOOLCHAIN_ID} a.c"


@pytest.mark.parametrize(
    "bad",
    [
        "<<<<<<< HEAD",
        "=======",
        ">>>>>>> theirs",
        "",
        "# comment",
        f"b{'0' * 32} {'0' * 32} {TOOLCHAIN_ID} base",
        f"x{'0' * 32} {LARGE} 1.10x a.c",  # a publication's
        f"x{'0' * 31} {LARGE} {TOOLCHAIN_ID} a.c",
        f"x{'A' * 32} {LARGE} {TOOLCHAIN_ID} a.c",
        f"x{'0' * 32} {LARGE} {TOOLCHAIN_ID}a.c",
        f"x{'0' * 32}\t{LARGE}\t{TOOLCHAIN_ID}\ta.c",
        f"x{'0' * 32} {LARGE} {TOOLCHAIN_ID[1:]}",
        "autopass-index 2",
        "autopass-index 1\r",
    ],
)
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_line_that_is_none_spoils_the_lock_wherever_it_stands(project: Project, bad: str, place: str) -> None:
    project.world.publish(project.world.keys(*COMPILE)["exact"], RECIPES[0])
    mine = line_of(project)
    project.write(*([bad, mine] if place == "first" else [mine, bad]))
    assert project.answer() == ("index-damaged", "-")  # nor is the user's publication asked
    project.write(mine)
    assert project.answer() == ("exact", SMALL)


@pytest.mark.parametrize("size", [0, LINEAR + 1000])
def test_a_lock_without_a_final_newline_is_damaged(project: Project, size: int) -> None:
    lines = sorted([*fill(size), line_of(project)])
    project.write(*lines, end="")
    assert project.answer() == ("index-damaged", "-")
    project.write(*lines)
    assert project.answer() == ("exact", SMALL)


def test_the_text_for_people_may_be_missing_or_be_anything_but_a_newline(project: Project) -> None:
    for text in ("", " ", " -1.0 % \t a.c\r", " \x00\xff", " " + "long " * 1000):
        write(project.path, HEADER + f"{project.exact} {SMALL} {TOOLCHAIN_ID}".encode() + text.encode("latin-1") + b"\n", 0o644)
        assert project.answer() == ("exact", SMALL)


@pytest.mark.parametrize("long", [8191, 8192])
def test_a_line_longer_than_any_that_is_written_is_damage(project: Project, long: int) -> None:
    lines = [line_of(project), f"x{'0' * 32} {LARGE} {TOOLCHAIN_ID} ".ljust(long, "x")]
    for order in (lines, lines[::-1]):
        project.write(*order)
        assert project.answer() == (("exact", SMALL) if long == 8191 else ("index-damaged", "-"))


@pytest.mark.parametrize("shift", range(0, 120, 7))
def test_lines_are_read_whole_wherever_the_buffer_ends(project: Project, shift: int) -> None:
    """Lines of all lengths before the own one, which thus stands at every place of the buffer; headers among them."""
    others = [line + "x" * (number * 13 % 90) for number, line in enumerate(fill(20_000))]
    project.write(*others, HEADER.decode().strip(), others[0] + "y" * shift, line_of(project), HEADER.decode().strip())
    assert project.answer() == ("exact", SMALL)


def test_an_empty_lock_leaves_it_to_the_publication(project: Project) -> None:
    project.write()
    project.world.publish(project.world.keys(*COMPILE)["exact"], RECIPES[1])
    assert project.answer() == ("exact", MIDDLE)


def test_a_tombstone_in_a_lock_is_no_recipe(project: Project) -> None:
    project.write(f"{project.exact} {'0' * 32} {TOOLCHAIN_ID} a.c", f"{project.exact} {LARGE} {TOOLCHAIN_ID} a.c")
    assert project.answer() == ("no-recipe", "-")


@pytest.mark.parametrize("others", [0, 1, 40, 100])
@pytest.mark.parametrize("size", [LINEAR + 1000, 1 << 20])
def test_all_lines_of_a_key_count_in_a_large_lock_too(project: Project, size: int, others: int) -> None:
    """It is searched, not read whole; the lines of other CPUs may stand before and behind one's own."""
    elsewhere = [f"{digest(str(number).encode())}" for number in range(others)]
    lines = [f"{project.exact} {recipe} {cpu} a.c" for recipe in (SMALL, LARGE) for cpu in elsewhere]
    lines.append(f"{project.exact} {MIDDLE} {TOOLCHAIN_ID} a.c")
    project.write(*sorted([*fill(size), *lines]))
    assert project.path.stat().st_size > LINEAR
    assert project.answer() == ("exact", MIDDLE)
    project.write(*sorted([*fill(size), *lines, f"{project.exact} {SMALL} {TOOLCHAIN_ID} a.c"]))
    assert project.answer() == ("exact", SMALL)
    project.write(*sorted([*fill(size), f"{project.inherited} {LARGE} {TOOLCHAIN_ID} a.c"]))
    assert project.answer() == ("inherited", LARGE)
    project.write(*fill(size))
    assert project.answer() == ("no-recipe", "-")


@pytest.mark.parametrize("first", [True, False])
def test_a_key_at_either_end_of_a_large_lock_is_found(project: Project, first: bool) -> None:
    digit = "f" if first else "0"  # of the others: the key then stands before or behind all of its kind
    others = [line[0] + digit * 4 + line[5:] for line in fill(LINEAR + 5000) if line[0] == "x"]
    mine = [f"{project.exact} {recipe} {TOOLCHAIN_ID} a.c" for recipe in (LARGE, SMALL)]
    project.write(*sorted([*others, *others[:300], *mine, *fill(LINEAR)]))
    assert project.answer() == ("exact", SMALL)


def test_in_a_large_lock_a_line_that_is_none_is_noticed_where_it_is_read(project: Project) -> None:
    lines = sorted([*fill(LINEAR + 1000), line_of(project)])
    at = lines.index(line_of(project))
    project.write(*lines[:at], "<<<<<<< HEAD", *lines[at:])
    assert project.answer() == ("index-damaged", "-")
    assert project.answer(**FROZEN) == ("index-damaged", "-")


@pytest.mark.parametrize("value", ["1", "yes", "00", "off"])
def test_frozen_lines_apply_whatever_their_toolchain(project: Project, value: str) -> None:
    project.write(f"{project.exact} {LARGE} {TOOLCHAIN_ID} a.c", f"{project.exact} {MIDDLE} {OTHER} a.c")
    assert project.answer() == ("exact", LARGE)
    assert project.answer(AUTOPASS_FROZEN=value) == ("exact", MIDDLE)


@pytest.mark.parametrize("value", ["", "0"])
def test_frozen_can_be_switched_off(project: Project, value: str) -> None:
    project.write(f"{project.exact} {LARGE} {OTHER} a.c")
    project.world.publish(project.world.keys(*COMPILE)["exact"], RECIPES[1])
    assert project.answer(AUTOPASS_FROZEN=value) == ("exact", MIDDLE)


def test_frozen_asks_the_lock_alone(project: Project, tmp_path: Path) -> None:
    exact = project.world.keys(*COMPILE)["exact"]
    project.world.publish(exact, RECIPES[1])
    project.world.publish(exact, RECIPES[1], tmp_path / "shared")
    project.write()
    for env in ({}, {"AUTOPASS_PUBLICATION": str(tmp_path / "shared")}):
        assert project.answer(**env) == ("exact", MIDDLE)
        assert project.answer(**env, **FROZEN) == ("no-recipe", "-")
    project.write(f"{project.exact} {LARGE} {OTHER} a.c")
    assert project.answer(**FROZEN, AUTOPASS_PUBLICATION=str(tmp_path / "shared")) == ("exact", LARGE)
    project.path.unlink()
    assert project.answer(**FROZEN) == ("no-recipe", "-")


def test_frozen_keeps_the_checks_of_recipe_toolchain_and_plugin(project: Project) -> None:
    pipeline = recipe_text("pipeline function(sroa<modify-cfg>)")
    project.world.lock(project.exact[1:], pipeline, toolchain=OTHER)
    assert project.answer(**FROZEN) == ("plugin-missing", "-")
    project.world.know(project.world.compiler, status="knobs")
    assert project.answer(**FROZEN) == ("pipeline-refused", "-")
    project.world.know()
    assert project.world.reason(*COMPILE, env=FROZEN) == "unknown-toolchain"
    project.world.know(project.world.compiler)
    project.path.chmod(0o666)
    assert project.answer(**FROZEN) == ("index-damaged", "-")


def test_a_frozen_build_outside_every_project_is_plain(tmp_path: Path) -> None:
    world = World(tmp_path)
    (world.project / "autopass.toml").unlink()
    world.publish("0" * 32, RECIPES[0])
    assert world.reason(*COMPILE, env=FROZEN) == "no-recipe"


def test_frozen_is_another_epoch(tmp_path: Path) -> None:
    project = Project(World(tmp_path))
    project.write(f"{project.exact} {LARGE} {OTHER} a.c")
    epoch = tmp_path / "autopass-epoch"
    shutil.copy(built() / "autopass-cc", epoch)
    env = os.environ | {"AUTOPASS_HOME": str(project.world.home), "AUTOPASS_CLANG": str(project.world.compiler)}
    words = [
        subprocess.run([epoch, "autopass-cc"], cwd=project.world.project, env=each, capture_output=True, check=True).stdout
        for each in (env, env | FROZEN)
    ]
    assert words[0] != words[1]


def test_without_lock_and_recording_no_portable_key_is_needed(tmp_path: Path) -> None:
    """Nor is a lock read that is not there: a publication alone is asked by its own keys."""
    project = Project(World(tmp_path))
    project.world.publish(project.exact[1:], RECIPES[0])  # under the lock's key
    assert project.answer() == ("no-recipe", "-")
    project.world.publish(project.world.keys(*COMPILE)["exact"], RECIPES[1])
    assert project.answer() == ("exact", MIDDLE)
    assert lines_of(project.path) == []
