"""Real projects, built by their own build systems: with plain clang, then through autopass in the very same place.

Without recipes nothing may differ: neither what the build system finds out about the compiler, nor a byte of an object,
nor a word that is printed. With recipes every compile takes its own, and the authors' tests pass.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import building
import pytest
import recipes
import sources
import table
from building import Compilers, Messages, Site
from comparison import Comparison, compare, difference
from names import NOT_FOUND_BY_NAME, Names, other_tools
from projects import PROJECTS, Project
from recipes import Log, Recorded

from autopass_cc.recipe import Recipe
from autopass_cc.store.builds import CompileRecord, LinkRecord

pytestmark = pytest.mark.builds


@dataclass(frozen=True)
class Build:
    """One finished build: what it printed, modulo names, and what autopass says it did."""

    tree: Path
    names: Names
    configure: Messages
    build: Messages
    log: Log


class Case:
    """One project in its place, with a home of autopass beside it."""

    def __init__(self, project: Project, site: Site, rows: table.Table, known: Path) -> None:
        self.project, self.site, self.rows = project, site, rows
        self.home, self.logfile = site.base / "home", site.base / "log"
        self.toolchain = recipes.new_home(self.home, project.clang, known)
        self.plain = building.plain(project.clang)
        self.autopass = building.through_autopass(self.home, self.logfile, project.clang)
        self.tell(project=project.name, version=site.version, build_system=project.system, clang=str(project.clang))

    def tell(self, **cells: str) -> None:
        self.rows.set(self.project.id, **cells)

    def make(self, compilers: Compilers) -> Build:
        """Build from fresh sources."""
        tree = self.site.renew()
        configure = building.run(self.project.configure, tree, compilers)
        built = building.run(self.project.build, tree, compilers)
        names = Names.of(compilers, tree)
        return Build(tree, names, names.without(configure), names.without(built), Log.take(self.logfile))

    def run_upstream_tests(self) -> Log:
        """Run the authors' tests on what was built through autopass."""
        building.run(self.project.test, self.site.tree, self.autopass)
        return Log.take(self.logfile)

    def rebuild(self, compiles: list[Recorded], make: Callable[[str, str, int], Recipe]) -> Build:
        recipes.publish(self.home, compiles, make, self.project.clang)
        return self.make(self.autopass)


@pytest.fixture(
    scope="module", params=[pytest.param(each, id=each.id, marks=[] if each.quick else [pytest.mark.slow]) for each in PROJECTS]
)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, toolchain_home: Path) -> Iterator[Case]:
    project: Project = request.param
    for clang in (f"clang-{project.clang}", f"clang++-{project.clang}"):
        if shutil.which(clang) is None:
            pytest.skip(f"{clang} is not installed")
    archive = sources.available(project.source, request.config)
    base = tmp_path_factory.mktemp("build")
    site = building.unpack(project, archive, base)
    yield Case(project, site, table.of(request.config), toolchain_home)
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="module")
def plain(case: Case) -> Build:
    """Build with clang itself, and move the result away."""
    if case.project.remembers:
        case.make(case.plain)  # so that all builds that are compared find the same
    build = case.make(case.plain)
    assert build.log.calls == 0
    return replace(build, tree=case.site.set_aside("plain"))


@pytest.fixture(scope="module")
def cold(case: Case, plain: Build) -> Build:
    """Build through autopass, which has no recipe yet."""
    assert plain.tree != case.site.tree
    build = case.make(case.autopass)
    case.tell(calls=str(build.log.calls), carried=str(build.log.carried))
    case.tell(left_to_clang=", ".join(f"{count} {reason}" for reason, count in build.log.left.items()))
    return build


@pytest.fixture(scope="module")
def compared(case: Case, plain: Build, cold: Build) -> Comparison:
    """Compare all files of the two, before the authors' tests add theirs."""
    return compare(case.site.pristine, plain.tree, cold.tree, (plain.names, cold.names))


@pytest.fixture(scope="module")
def compiles(case: Case, compared: Comparison) -> list[Recorded]:
    """Run the authors' tests; give every compile recorded in the build and in the tests."""
    assert compared.objects
    case.tell(upstream_tests="FAILED")
    case.run_upstream_tests()
    case.tell(upstream_tests=f"{case.project.tested}: passed")
    return recipes.recorded(case.home, case.toolchain)


def same_messages(found: Messages, expected: Messages) -> None:
    assert difference(found.stdout, expected.stdout) == ""
    assert difference(found.stderr, expected.stderr) == ""


def test_the_build_system_finds_the_same_compiler(case: Case, plain: Build, cold: Build, compared: Comparison) -> None:
    case.tell(configured="DIFFERENT" if compared.different_texts else f"equal ({len(compared.configured)} files)")
    assert compared.different_texts == {}
    assert compared.only_in_one == ()
    assert compared.configured or not case.project.configure  # a Makefile may find out things, too
    assert other_tools(plain.names, cold.names) <= NOT_FOUND_BY_NAME
    same_messages(cold.configure, plain.configure)


def test_the_build_is_recorded_and_the_probes_of_its_build_system_are_not(case: Case, cold: Build) -> None:
    records = recipes.records(case.home)
    compiled = [record for record in records if isinstance(record, CompileRecord) and record.decision == "miss"]
    assert len(compiled) == cold.log.carried
    assert {record.root for record in compiled} == {str(case.site.tree)}
    assert not [record.src for record in compiled if re.search(r"/(CMakeFiles|meson-private|conftest)", record.src)]
    assert [record for record in records if isinstance(record, LinkRecord)]


def test_every_object_is_plain_clangs(case: Case, cold: Build, compared: Comparison) -> None:
    same = len(compared.objects) - len(compared.different_objects)
    case.tell(objects=f"{same}/{len(compared.objects)} identical")
    assert compared.different_objects == ()
    assert cold.log.counts["miss", "no-recipe"] == cold.log.carried > 0


def test_the_build_prints_the_same(case: Case, plain: Build, cold: Build) -> None:
    case.tell(messages="DIFFERENT")
    same_messages(cold.build, plain.build)
    case.tell(messages="equal")


def test_recipes_that_change_nothing_change_no_byte(case: Case, plain: Build, cold: Build, compiles: list[Recorded]) -> None:
    build = case.rebuild(compiles, recipes.unedited)
    found = compare(case.site.pristine, plain.tree, build.tree, (plain.names, build.names))
    same = len(found.objects) - len(found.different_objects)
    hits = build.log.counts["hit", "exact"]
    told = f"{hits} hits, {same}/{len(found.objects)} identical"
    case.tell(unchanged_recipes=told)
    # Of few sources clang's pipeline as text makes other code: these `tune` must know, and give knobs only.
    compiled = {Path(each.record.out) for each in compiles}
    different = compiled & {build.tree / name for name in found.different_objects}
    assert recipes.without_identity(case.toolchain, compiles, different) == different
    assert bool(different) == bool(found.different_objects)  # what else differs was linked from them
    if different:
        case.tell(unchanged_recipes=f"{told}; {len(different)} sources for knobs only")
    assert hits == build.log.carried == cold.log.carried
    same_messages(build.build, plain.build)


def test_recipes_that_change_code_keep_the_authors_tests_passing(
    case: Case, plain: Build, cold: Build, compiles: list[Recorded]
) -> None:
    build = case.rebuild(compiles, recipes.edited)
    found = compare(case.site.pristine, plain.tree, build.tree, (plain.names, build.names))
    hits = build.log.counts["hit", "exact"]
    told = f"{hits} hits, {len(found.different_objects)}/{len(found.objects)} changed"
    case.tell(edited_recipes=f"{told}, tests FAILED")
    assert hits == build.log.carried == cold.log.carried
    assert found.different_objects
    same_messages(build.build, plain.build)
    tests = case.run_upstream_tests()
    assert tests.counts["hit", "exact"] == tests.carried
    case.tell(edited_recipes=f"{told}, tests passed")
