"""Replay is the user's build: objects, archives, shared libraries and programs come out byte for byte."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from autopass_cc.errors import SourceError
from autopass_cc.project import archive, linkmap
from autopass_cc.project.builder import Builder
from autopass_cc.project.reproduce import reproduce
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.builds import CompileRecord, LinkRecord

SOURCES = {
    "main.c": '#include <stdio.h>\nint far(int); int near(int);\nint main(void){printf("%d\\n", far(3) + near(4)); return 0;}\n',
    "near.c": "int scale(int); int near(int x){int s = scale(x); for (int i = 0; i < x; i++) s ^= i * x; return s;}\n",
    "scale.c": "int scale(int x){return 7 * x + 1;}\n",
    "far.c": "int far(int x){int s = 1; while (x-- > 0) s *= 3; return s;}\n",
}


class Build:
    """A small build, recorded as the launcher would: main.o + libnear.a(near.o, scale.o) + libfar.so(far.o)."""

    def __init__(self, root: Path, clang: Path) -> None:
        self.root, self.clang = root, str(clang)
        self.major = int(clang.name.split("-")[1])
        self.ar = Path(f"/usr/bin/llvm-ar-{self.major}")
        self.compiles: dict[str, CompileRecord] = {}
        self.links: list[LinkRecord] = []
        root.mkdir()
        for name, text in SOURCES.items():
            (root / name).write_text(text)
            self.compile(name)
        self.run(str(self.ar), "rcs", "libnear.a", "near.o", "scale.o")
        self.link("libfar.so", "-shared", "far.o")
        self.link("prog", "main.o", "-L.", "-lnear", "-lfar", "-Wl,-rpath,$ORIGIN")

    def run(self, *argv: str) -> None:
        subprocess.run(argv, cwd=self.root, check=True)

    def compile(self, name: str) -> None:
        out = name.replace(".c", ".o")
        argv = (self.clang, "-O2", "-fPIC", "-MMD", "-MF", "deps.d", "-c", name, "-o", out)
        self.run(*argv)
        path = str(self.root / out)
        self.compiles[path] = CompileRecord(
            out=path,
            root=str(self.root),
            src=str(self.root / name),
            rel=name,
            lang="c",
            level="O2",
            exact=name,
            inherited="",
            digest="",
            cwd=str(self.root),
            argv=argv,
            env={},
            decision="miss",
            reason="",
            recipe="",
            at=len(self.compiles),
        )

    def link(self, out: str, *words: str) -> None:
        argv = (self.clang, *words, "-o", out)
        self.run(*argv)
        self.links.append(LinkRecord(str(self.root / out), str(self.root), argv, {}, len(self.links)))

    def builder(self, place: Path) -> Builder:
        links = linkmap.resolve(self.links, self.compiles)
        target = next(link for link in links if link.out.name == "prog")
        lld = Path(f"/usr/bin/ld.lld-{self.major}")
        return Builder(place, linkmap.closure([target], links), self.compiles, plugin=None, ar=self.ar, lld=lld)


@pytest.fixture
def build(tmp_path: Path, clang: Path) -> Build:
    return Build(tmp_path / "project", clang)


def test_objects_are_found_in_archives_and_shared_libraries(build: Build, tmp_path: Path) -> None:
    library, program = build.builder(tmp_path / "work").links
    assert library.out.name == "libfar.so"
    assert [Path(out).name for out in program.objects] == ["main.o", "near.o", "scale.o"]
    assert program.libraries == (str(build.root / "libfar.so"),)


def test_everything_is_reproduced_byte_for_byte(build: Build, tmp_path: Path) -> None:
    found = reproduce(build.builder(tmp_path / "work"), {})
    assert found.exact, found.different
    assert (found.objects, found.links) == (4, 2)


def test_a_build_that_was_changed_behind_our_back_is_noticed(build: Build, tmp_path: Path) -> None:
    with (build.root / "prog").open("ab") as program:
        program.write(b"signature")
    assert reproduce(build.builder(tmp_path / "work"), {}).different == (str(build.root / "prog"),)


def test_a_recipe_reaches_the_program_through_the_archive(build: Build, tmp_path: Path) -> None:
    builder = build.builder(tmp_path / "work")
    recipe = Recipe(build.major, "O2", (("vectorize-loops", "false"),))
    near = str(build.root / "near.o")
    assert builder.compile(near, recipe, sections=True).digest != builder.plain(near, sections=True).digest
    plain, tuned = (builder.build(recipes, tmp_path / name, seed=5) for name, recipes in (("p", {}), ("t", {near: recipe})))
    program = build.root / "prog"
    assert plain[program].read_bytes() != tuned[program].read_bytes()
    env = {"LD_LIBRARY_PATH": str(tuned[build.root / "libfar.so"].parent)}
    assert subprocess.run([tuned[program]], env=env, capture_output=True, check=True).stdout == b"56\n"


def test_each_seed_gives_a_layout_of_its_own_and_the_same_one_again(build: Build, tmp_path: Path) -> None:
    builder = build.builder(tmp_path / "work")
    images = [
        builder.build({}, tmp_path / str(place), seed=seed)[build.root / "prog"].read_bytes()
        for place, seed in enumerate([1, 2, 3, 1])
    ]
    assert images[0] == images[3]
    assert len(set(images)) > 1


def test_nothing_is_written_beside_the_users_files(build: Build, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in build.root.iterdir()}
    builder = build.builder(tmp_path / "work")
    reproduce(builder, {})
    builder.build({}, tmp_path / "out", seed=1)
    assert {path: path.stat().st_mtime_ns for path in build.root.iterdir()} == before


def test_a_source_that_no_longer_compiles_is_named(build: Build, tmp_path: Path) -> None:
    (build.root / "near.c").write_text("int near(int x) { return y; }\n")
    with pytest.raises(SourceError, match=r"near\.c no longer compiles.*undeclared"):
        reproduce(build.builder(tmp_path / "work"), {})


def test_archives_with_long_and_equal_names_are_read(tmp_path: Path, clang: Path) -> None:
    ar = clang.with_name(clang.name.replace("clang", "llvm-ar"))
    objects = []
    for place, text in enumerate((b"one", b"two")):
        path = tmp_path / str(place) / "a_member_whose_name_is_longer_than_sixteen.o"
        path.parent.mkdir()
        path.write_bytes(text)
        objects.append(path)
    archive.write(ar, tmp_path / "x.a", objects)
    assert [(member.name, member.data) for member in archive.read(tmp_path / "x.a")] == [
        (objects[0].name, b"one"),
        (objects[0].name, b"two"),
    ]
    subprocess.run([ar, "--thin", "rcs", "thin.a", "0/" + objects[0].name], cwd=tmp_path, check=True)
    assert [member.data for member in archive.read(tmp_path / "thin.a")] == [b"one"]
