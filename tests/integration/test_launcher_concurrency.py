"""Many compiles at once, with the build recorded, while the publication is replaced without a pause."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from launcher_kit import REPOSITORY, World, built, digest, recipe_text, write

SOURCES = 10
# One function that is inlined by default and one that is not, so each recipe gives other bytes.
TEXT = (
    """
static int small(int x) {{ for (int i = 0; i < x; i++) x = x * {0} + i % 7; return x + {0}; }}
static int large(int *x) {{ """
    + "".join(f"x[{n}] = x[{n + 1}] * {n + 3} / (x[{n + 2}] | 1);" for n in range(40))
    + """ return *x; }}
int first{0}(int x, int *y) {{ return small(x) + small(x + 1) + large(y) + large(y + 9); }}
"""
)

# Publishes first, second and no recipe for all keys in turn, until it is killed.
PUBLISH = """
import itertools, sys
from pathlib import Path
from autopass_cc.store.publication import IndexLine, write_publication
place, first, second, *keys = sys.argv[1:]
texts = {Path(file).stem: Path(file).read_bytes() for file in (first, second)}
for number, recipe in enumerate(itertools.cycle([*texts, None])):
    write_publication(Path(place), [IndexLine("x", key, recipe) for key in keys if recipe], texts)
    print(number, flush=True)
"""


class Workshop:
    """A project of small sources, their objects by recipe, and a publisher that does not rest."""

    def __init__(self, base: Path, clang: Path) -> None:
        self.base, self.world = base, World(base, compiler=clang)
        major = int(clang.name.rpartition("-")[2])
        self.world.know(clang, major=major, status="knobs")
        self.files = []
        recipes = [recipe_text(f"knob inline-threshold {value}", llvm=major) for value in (0, 5000)]
        self.files = [write(base / f"{digest(text)}.recipe", text) for text in recipes]
        self.sources = [f"s{number}.c" for number in range(SOURCES)]
        self.keys = []
        self.objects: dict[tuple[str, str | None], bytes] = {}
        for number, name in enumerate(self.sources):
            (self.world.project / name).write_text(TEXT.format(number + 3))
            self.keys.append(self.world.keys("-O2", "-c", name, "-o", "x.o")["exact"])
            for recipe, value in zip([None, *(file.stem for file in self.files)], (None, 0, 5000), strict=True):
                words = [] if value is None else [f"-mllvm=-inline-threshold={value}"]
                subprocess.run([clang, *words, "-O2", "-c", name, "-o", "x.o"], cwd=self.world.project, check=True)
                self.objects[name, recipe] = (self.world.project / "x.o").read_bytes()
        assert len(set(self.objects.values())) == 3 * SOURCES
        self.env = os.environ | {"AUTOPASS_HOME": str(self.world.home), "AUTOPASS_CLANG": str(clang)}

    @contextlib.contextmanager
    def publishing(self) -> Iterator[None]:
        script = write(self.base / "publish.py", PUBLISH.encode())
        command = [sys.executable, str(script), str(self.world.home / "publication"), *map(str, self.files), *self.keys]
        environment = self.env | {"PYTHONPATH": str(REPOSITORY)}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as publisher:
            assert publisher.stdout is not None
            publisher.stdout.readline()
            yield
            assert publisher.poll() is None
            publisher.kill()

    def build(self, count: int, *command: str, text: str = "") -> set[str | None]:
        """Run a build of `count` compiles to out/NUMBER.o; check all it made; return the recipes that were applied."""
        (self.world.project / "out").mkdir()
        self.world.record()
        with self.publishing():
            done = subprocess.run(
                command, cwd=self.world.project, env=self.env, input=text, capture_output=True, text=True, check=False
            )
        assert (done.returncode, done.stderr) == (0, "")
        records = self.world.records()
        assert len(records) == count
        for record in records:
            assert (self.world.project / record["out"]).read_bytes() == self.objects[record["src"], record["recipe"]]
        assert sorted(record["out"] for record in records) == sorted(f"out/{number}.o" for number in range(count))
        return {record["recipe"] for record in records}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    clang = shutil.which("clang-22") or shutil.which("clang-19")
    if clang is None:
        pytest.skip("neither clang-22 nor clang-19 is installed")
    return Workshop(tmp_path, Path(clang))


SIZES = [pytest.param(200, 16), pytest.param(2000, 64, marks=pytest.mark.slow)]


@pytest.mark.parametrize(("count", "jobs"), SIZES)
def test_compiles_that_belong_to_no_build_each_get_a_whole_generation(workshop: Workshop, count: int, jobs: int) -> None:
    lines = [f"-O2 -c {workshop.sources[number % SOURCES]} -o out/{number}.o\n" for number in range(count)]
    seen = workshop.build(count, "xargs", "-P", str(jobs), "-L", "1", str(built() / "autopass-cc"), text="".join(lines))
    assert len(seen) == 3


@pytest.mark.parametrize(("count", "jobs"), SIZES)
def test_a_make_of_many_jobs_sees_one_generation(workshop: Workshop, count: int, jobs: int) -> None:
    rules = ["all: " + " ".join(f"out/{number}.o" for number in range(count))]
    cc = built() / "autopass-cc"
    rules += [f"out/{number}.o:\n\t@{cc} -O2 -c {workshop.sources[number % SOURCES]} -o $@" for number in range(count)]
    (workshop.world.project / "Makefile").write_text("\n".join(rules) + "\n")
    assert len(workshop.build(count, "make", "-s", f"-j{jobs}")) == 1
