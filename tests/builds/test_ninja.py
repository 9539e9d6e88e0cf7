"""What Ninja builds again: the same through autopass as with plain clang, with recipes and without."""

from __future__ import annotations

import os
import re
from pathlib import Path

import building
import pytest
import recipes
import sources
from building import Compilers, Site
from projects import PROJECTS, Step

pytestmark = pytest.mark.builds

BROTLI = next(each for each in PROJECTS if each.id == "brotli-cmake-ninja")
LZ4 = next(each for each in PROJECTS if each.name == "lz4")

CLANG = 22

# Objects from lz4's own sources, each seeing a header that is made, and rewritten only when its content changes.
RULES = """
builddir = .
rule cc
  command = {cc} -O2 -include config.h -MMD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
  restat = 1
  description = $out
rule configure
  command = cmake -E copy_if_different $in $out
  restat = 1
  description = $out
rule program
  command = {cc} $in -o $out
  description = $out
build config.h: configure config.h.in
build lz4.o: cc lib/lz4.c || config.h
build lz4hc.o: cc lib/lz4hc.c || config.h
build main.o: cc main.c || config.h
build program: program main.o lz4.o lz4hc.o
"""
MAIN = """#include "lib/lz4.h"
int main(void) { return LZ4_versionNumber() == 0; }
"""


@pytest.fixture
def brotli(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return building.unpack(BROTLI, sources.available(BROTLI.source, request.config), tmp_path)


@pytest.fixture
def lz4(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    site = building.unpack(LZ4, sources.available(LZ4.source, request.config), tmp_path)
    (site.pristine / "build.ninja").write_text("")
    (site.pristine / "config.h.in").write_text("#define CONFIGURED 1\n")
    (site.pristine / "main.c").write_text(MAIN)
    return site


def ninja(tree: Path, compilers: Compilers, words: str = "") -> str:
    return building.run((Step(f"ninja -j1 {words}"),), tree, compilers).stdout.decode()


def steps(told: str) -> list[str]:
    """Return what Ninja says it makes, in order of the name; none where it has no work."""
    found = sorted(re.findall(r"^\[\d+/\d+\] (.+)$", told, re.MULTILINE))
    assert found or "no work to do" in told
    return found


def rebuilt(site: Site, compilers: Compilers) -> dict[str, list[str]]:
    """Build brotli with CMake's Ninja files; return what is made anew after each of some headers is touched."""
    tree = site.renew()
    building.run((*BROTLI.configure, *BROTLI.build), tree, compilers)
    assert steps(ninja(tree / "out", compilers, "-n")) == []
    found = {}
    for header in ("c/enc/quality.h", "c/common/transform.h", "c/include/brotli/types.h"):
        before = (tree / header).stat()
        os.utime(tree / header)
        found[header] = steps(ninja(tree / "out", compilers, "-n"))
        os.utime(tree / header, ns=(before.st_atime_ns, before.st_mtime_ns))
    header = "c/enc/quality.h"
    os.utime(tree / header)
    assert steps(ninja(tree / "out", compilers)) == found[header]
    assert steps(ninja(tree / "out", compilers, "-n")) == []
    return found


@pytest.mark.slow
def test_a_touched_header_rebuilds_what_plain_clangs_build_rebuilds(brotli: Site, tmp_path: Path, toolchain_home: Path) -> None:
    expected = rebuilt(brotli, building.plain(CLANG))
    everything = expected["c/include/brotli/types.h"]
    assert 0 < len(expected["c/enc/quality.h"]) < len(everything)

    home, log = tmp_path / "home", tmp_path / "log"
    toolchain = recipes.new_home(home, CLANG, toolchain_home)
    autopass = building.through_autopass(home, log, CLANG)
    assert rebuilt(brotli, autopass) == expected
    compiles = recipes.recorded(home, toolchain)
    recipes.publish(home, compiles, recipes.edited, CLANG)
    recipes.Log.take(log)
    assert rebuilt(brotli, autopass) == expected
    assert recipes.Log.take(log).counts["hit", "exact"] >= len({each.record.exact for each in compiles}) > 50


def restat_story(site: Site, compilers: Compilers) -> list[tuple[list[str], str]]:
    """Build lz4 by Ninja's own rules, change one thing after another; return what was made and the dependencies known."""
    tree = site.renew()
    (tree / "build.ninja").write_text(RULES.replace("{cc}", compilers.cc))
    story = []

    def build() -> None:
        made = steps(ninja(tree, compilers))
        known = re.sub(r"deps mtime \d+", "", ninja(tree, compilers, "-t deps"))
        story.append((made, known))

    build()
    build()
    os.utime(tree / "config.h.in")
    build()
    (tree / "config.h.in").write_text("#define CONFIGURED 2\n")
    build()
    os.utime(tree / "lib" / "lz4hc.h")
    build()
    os.utime(tree / "main.c")
    build()
    building.run((Step("./program"),), tree, compilers)
    return story


def test_restat_and_depfiles_work_as_with_plain_clang(lz4: Site, tmp_path: Path, toolchain_home: Path) -> None:
    expected = restat_story(lz4, building.plain(CLANG))
    objects = ["lz4.o", "lz4hc.o", "main.o"]
    assert [made for made, _ in expected] == [
        ["config.h", *objects, "program"],
        [],
        ["config.h"],
        ["config.h", *objects, "program"],
        ["lz4hc.o", "program"],
        ["main.o", "program"],
    ]
    assert "lib/lz4hc.h" in expected[0][1]

    home, log = tmp_path / "home", tmp_path / "log"
    toolchain = recipes.new_home(home, CLANG, toolchain_home)
    autopass = building.through_autopass(home, log, CLANG)
    assert restat_story(lz4, autopass) == expected
    recipes.publish(home, recipes.recorded(home, toolchain), recipes.edited, CLANG)
    recipes.Log.take(log)
    assert restat_story(lz4, autopass) == expected
    log_of_hits = recipes.Log.take(log)
    assert log_of_hits.counts["hit", "exact"] == log_of_hits.carried == 8
