"""The toolchains file: its form, which the launcher reads too, and when a clang is built for and tested anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from toolchain_fakes import clang_text, fake

from autopass_cc.errors import RefusedCompilerError, ToolchainError
from autopass_cc.toolchain import identity, registry
from autopass_cc.toolchain.describe import Status, Toolchain, describe
from autopass_cc.toolchain.identity import Identity
from autopass_cc.toolchain.plugin import is_sealed, plugin_path, seal


@dataclass
class Work:
    """What was done for a toolchain, in place of building and testing, and how that shall end."""

    built: list[int] = field(default_factory=list)
    tested: list[int] = field(default_factory=list)
    outcome: Identity = field(default=Identity(56, ()))
    error: ToolchainError | None = None

    def build(self, toolchain: Toolchain) -> Path:
        if self.error:
            raise self.error
        path = plugin_path(toolchain)
        if not is_sealed(path):
            self.built.append(toolchain.major)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            seal(path)
        return path

    def test(self, toolchain: Toolchain, *, progress: Callable[[int, int], None]) -> Identity:
        self.tested.append(toolchain.major)
        progress(56, 56)
        return self.outcome


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    found = Work()
    monkeypatch.setattr(registry, "ensure_plugin", found.build)
    monkeypatch.setattr(identity, "self_test", found.test)
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the only folder on PATH, with clangs of two LLVMs in it."""
    path = tmp_path / "bin"
    for major in (19, 22):
        fake(path / f"clang-{major}", clang_text(major, path))
    monkeypatch.setenv("PATH", str(path))
    return path


def rows(clang: Path, status: str, plugin: str) -> list[str]:
    found, info, folder = describe(clang), clang.stat(), clang.parent
    words = (
        "clang",
        clang,
        info.st_mtime_ns,
        info.st_size,
        info.st_ino,
        found.id,
        found.major,
        status,
        plugin,
        found.portable_id,
    )
    return ["\t".join(map(str, words)), f"folder\t{found.id}\t{folder}\t{folder.stat().st_mtime_ns}"]


def test_the_file_is_the_one_that_the_launcher_reads(folder: Path, home: Path, work: Work) -> None:
    found = registry.ensure()
    assert (home / "toolchains").read_text().split("\n") == [
        "autopass-toolchains 2",
        f"default\t{folder}/clang-22",
        *rows(folder / "clang-22", "ok", f"{found.plugin}"),
        "",
    ]
    assert (home / "toolchains").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700
    assert found.status is Status.OK
    assert work.tested == [22]


@pytest.mark.usefixtures("work")
def test_what_is_read_is_what_was_written(folder: Path) -> None:
    found = registry.ensure()
    default, lines = registry.read()
    assert default == f"{folder}/clang-22"
    (config,) = rows(folder / "clang-22", "ok", "")[1:]
    facts = (found.id, 22, Status.OK, str(found.plugin), found.portable_id)
    assert lines == [registry.Line(f"{folder}/clang-22", found.stamp, *facts, (config,))]


@pytest.mark.usefixtures("folder")
def test_the_second_call_neither_builds_nor_tests(home: Path, work: Work) -> None:
    first = registry.ensure()
    text = (home / "toolchains").read_bytes()
    said: list[str] = []
    assert registry.ensure(progress=said.append) == first
    assert (work.built, work.tested, said) == ([22], [22], [])
    assert (home / "toolchains").read_bytes() == text


@pytest.mark.usefixtures("folder", "work")
def test_progress_is_told() -> None:
    said: list[str] = []
    registry.ensure(progress=said.append)
    assert said == ["building the plugin for LLVM 22", "identity self-test of LLVM 22: 56/56"]


def test_a_clang_that_was_replaced_is_tested_again(folder: Path, work: Work) -> None:
    registry.ensure()
    fake(folder / "clang-22", clang_text(22, folder) + "\n")
    registry.ensure()
    assert work.tested == [22, 22]
    assert [line.path for line in registry.read()[1]] == [f"{folder}/clang-22"]
    assert registry.read()[1][0].stamp == describe(folder / "clang-22").stamp


@pytest.mark.usefixtures("folder")
def test_on_another_cpu_it_is_another_toolchain(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    before = registry.ensure()
    monkeypatch.setattr("autopass_cc.toolchain.describe._host_cpu", lambda _clang: "skylake")
    assert registry.ensure().id != before.id
    assert work.tested == [22, 22]


@pytest.mark.usefixtures("folder")
def test_a_plugin_that_was_deleted_is_built_again(work: Work) -> None:
    found = registry.ensure()
    assert found.plugin
    found.plugin.unlink()
    assert registry.ensure().plugin == found.plugin
    assert (work.built, work.tested) == ([22, 22], [22, 22])


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("damage", [b"", b"text", b"\x7fELF"])
def test_a_plugin_that_was_damaged_is_built_again(work: Work, damage: bytes) -> None:
    found = registry.ensure()
    assert found.plugin
    found.plugin.write_bytes(damage)
    assert not is_sealed(found.plugin)
    registry.ensure()
    assert is_sealed(found.plugin)
    assert work.built == [22, 22]


def test_a_plugin_of_another_name_does_not_pass_for_it(tmp_path: Path) -> None:
    for major in (19, 22):
        path = tmp_path / f"autopass-{major}-00000000.so"
        path.write_bytes(b"built for %d" % major)
        seal(path)
        assert is_sealed(path)
    (tmp_path / "autopass-19-00000000.so").rename(tmp_path / "autopass-22-00000000.so")
    assert not is_sealed(tmp_path / "autopass-22-00000000.so")


@pytest.mark.usefixtures("folder")
def test_a_new_plugin_source_is_built_and_tested(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    first = registry.ensure()
    monkeypatch.setattr("autopass_cc.toolchain.plugin.render", lambda _allow: b"another allow-list")
    second = registry.ensure()
    assert second.plugin != first.plugin
    assert work.tested == [22, 22]


def test_other_toolchains_keep_their_lines_and_the_last_is_the_default(folder: Path, work: Work) -> None:
    registry.ensure(f"{folder}/clang-22")
    kept = registry.read()[1]
    registry.ensure(f"{folder}/clang-19")
    default, lines = registry.read()
    assert default == f"{folder}/clang-19"
    assert [line.major for line in lines] == [19, 22]
    assert lines[1:] == kept
    registry.ensure(f"{folder}/clang-22")
    assert registry.read() == (f"{folder}/clang-22", lines)
    assert work.tested == [22, 19]


@pytest.mark.usefixtures("work")
def test_a_clang_that_is_gone_loses_its_line(folder: Path) -> None:
    registry.ensure(f"{folder}/clang-22")
    (folder / "clang-22").unlink()
    registry.ensure()
    assert [line.path for line in registry.read()[1]] == [f"{folder}/clang-19"]


def test_one_clang_under_two_names_has_one_line(folder: Path, work: Work) -> None:
    """The launcher recognises a clang by its file, not by its name; so the test is not repeated either."""
    registry.ensure(f"{folder}/clang-22")
    (folder / "clang").symlink_to("clang-22")
    registry.ensure(f"{folder}/clang")
    assert [line.path for line in registry.read()[1]] == [f"{folder}/clang"]
    assert work.tested == [22]


def test_without_headers_knobs_are_left_and_the_package_is_named(folder: Path, home: Path) -> None:
    """Nothing is faked here but the clang: there is no llvm-config beside it or on PATH."""
    for _ in range(2):
        found = registry.ensure()
        assert (found.status, found.plugin) == (Status.KNOBS, None)
        assert "headers of LLVM 22 are not installed" in found.reason
    assert "apt-get install llvm-22-dev" in found.reason
    assert (home / "toolchains").read_text().split("\n")[2:4] == rows(folder / "clang-22", "knobs", "-")


def test_once_the_headers_are_installed_the_plugin_is_built(folder: Path, work: Work) -> None:
    work.error = ToolchainError("The headers of LLVM 22 are not installed.")
    assert registry.ensure().status is Status.KNOBS
    assert work.tested == []
    work.error = None
    fake(folder / "llvm-config", "")
    assert registry.ensure().status is Status.OK
    assert work.tested == [22]


@pytest.mark.usefixtures("folder")
def test_when_headers_went_away_and_the_plugin_must_be_new_knobs_are_left(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.ensure()
    monkeypatch.setattr("autopass_cc.toolchain.plugin.render", lambda _allow: b"another allow-list")
    work.error = ToolchainError("The headers of LLVM 22 are not installed.")
    found = registry.ensure()
    assert (found.status, found.plugin, found.reason) == (Status.KNOBS, None, work.error.sentence)


def test_where_identity_fails_knobs_are_left_and_the_reason_is_told(folder: Path, home: Path, work: Work) -> None:
    work.outcome = Identity(56, ("loops.c at -O3: the objects differ", "text.c at -Os: the objects differ"))
    found = registry.ensure()
    assert found.status is Status.KNOBS
    assert found.reason == "the identity self-test failed in 2 of 56 compiles (loops.c at -O3: the objects differ)"
    assert "\tknobs\t" in (home / "toolchains").read_text()
    fake(folder / "llvm-config", "")
    again = registry.ensure()
    assert (again.status, work.tested) == (Status.KNOBS, [22])
    assert again.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "autopass-toolchains 3\ndefault\t/usr/bin/clang\n",
        "autopass-toolchains 1\ndefault\t/usr/bin/clang\nclang\t/usr/bin/clang\t1\t2\t3\tid\t22\tok\t-\n",  # of an older version
        "autopass-toolchains 2\nclang\t/usr/bin/clang\tx\ty\tz\tid\t22\tok\t-\tid\n",
        "autopass-toolchains 2\nclang\t/usr/bin/clang\t1\t2\t3\tid\t22\tmaybe\t-\tid\n",
        "autopass-toolchains 2\nclang\t/usr/bin/clang\t1\t2\t3\tid\t22\tok\t-\n",
        "autopass-toolchains 2\nclang\t/usr/bin/clang\t1\t2\n\n",
    ],
)
@pytest.mark.usefixtures("folder", "work")
def test_a_damaged_file_counts_as_empty_and_is_written_anew(home: Path, text: str) -> None:
    home.mkdir(mode=0o700)
    (home / "toolchains").write_text(text)
    assert registry.read() == (None, [])
    registry.ensure()
    assert [line.major for line in registry.read()[1]] == [22]


@pytest.mark.usefixtures("work")
def test_a_path_need_not_be_utf8(folder: Path, home: Path) -> None:
    clang = fake(folder / os.fsdecode(b"caf\xe9") / "clang-22", clang_text(22))
    registry.ensure(str(clang))
    assert os.fsencode(f"default\t{clang}\n") in (home / "toolchains").read_bytes()
    assert registry.read()[0] == str(clang)


@pytest.mark.usefixtures("work")
def test_a_compiler_that_is_refused_is_not_registered(folder: Path, home: Path) -> None:
    fake(folder / "clang-14", clang_text(14))
    with pytest.raises(RefusedCompilerError):
        registry.ensure(f"{folder}/clang-14")
    assert not (home / "toolchains").exists()
