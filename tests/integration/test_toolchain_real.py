"""Real clangs, described, probed and registered."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from plugin_kit import PROBES, prepared, shared_home

from autopass_cc.errors import RefusedCompilerError, ToolchainError
from autopass_cc.recipe import load, parse
from autopass_cc.toolchain import identity, probe, registry
from autopass_cc.toolchain.checks import run_all
from autopass_cc.toolchain.describe import Status, Toolchain, describe
from autopass_cc.toolchain.plugin import NoHeadersError, ensure_plugin, plugin_path


@pytest.fixture
def toolchain(clang: Path) -> Toolchain:
    return prepared(clang)


@pytest.fixture
def warm(home: Path) -> Path:
    """Give a home in which plugins are built already."""
    home.mkdir(mode=0o700)
    (home / "cache").symlink_to(shared_home() / "cache")
    return home


def test_a_clang_is_described_with_the_tools_of_its_own_llvm(clang: Path) -> None:
    found = describe(clang)
    assert f"-{found.major}" in clang.name
    assert f"clang version {found.major}." in found.version
    assert found.target.endswith("-linux-gnu")
    assert found.cpu
    assert found.clangxx == clang.with_name(f"clang++-{found.major}")
    for name in ("opt", "llvm-nm", "llvm-config"):
        assert found.tool(name).resolve().is_relative_to(found.bin), name
    assert found.id == describe(clang).id


def test_the_clangs_of_this_machine_are_different_toolchains() -> None:
    found = [describe(Path(path)) for path in map(shutil.which, ("clang-16", "clang-19", "clang-22")) if path]
    assert len({toolchain.id for toolchain in found}) == len({toolchain.bin for toolchain in found}) == len(found)


def test_gcc_is_refused() -> None:
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("gcc is not installed")
    with pytest.raises(RefusedCompilerError, match="this is gcc"):
        describe(Path(gcc))


def test_probes_see_the_allowed_passes_and_knobs_that_exist(toolchain: Toolchain) -> None:
    allow = load(toolchain.major)
    assert {"instcombine", "inline", "licm", "slp-vectorizer"} <= probe.passes(toolchain) <= set(allow.passes)
    found = probe.knobs(toolchain)
    assert {"inline-threshold", "locally-hot-callsite-threshold"} <= set(found) <= set(allow.knobs)
    assert (found["inline-threshold"], found["enable-pre"], found["unroll-count"]) == ("225", "true", "")


@pytest.mark.parametrize("level", ["O1", "O2", "O3", "Os", "Oz"])
def test_the_base_pipeline_is_that_of_the_compile(toolchain: Toolchain, level: str, tmp_path: Path) -> None:
    argv = [str(toolchain.clang), f"-{level}", "-c", str(PROBES["loops.c"])]
    text = probe.base_pipeline(toolchain, argv, tmp_path, level)
    assert str(parse(text)) == text
    assert ("slp-vectorizer" in text) is (level != "O1")
    assert list(tmp_path.iterdir()) == []


def test_flags_of_the_compile_show_in_its_base_pipeline(toolchain: Toolchain) -> None:
    argv = [str(toolchain.clang), "-O2", "-fno-slp-vectorize", "-c", str(PROBES["loops.c"])]
    assert "slp-vectorizer" not in probe.base_pipeline(toolchain, argv, "/", "O2")


def test_relative_sources_are_found_from_the_working_directory(toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int f(void) { return 1; }\n")
    assert "instcombine" in probe.base_pipeline(toolchain, [str(toolchain.clang), "-O2", "-c", "a.c"], tmp_path, "O2")


def test_a_compile_without_pipeline_is_told_apart_from_one_that_fails(toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "wrong.c").write_text("#error not today\n")
    with pytest.raises(ToolchainError, match=r"does not compile this: .*not today"):
        probe.base_pipeline(toolchain, [str(toolchain.clang), "-O2", "-c", "wrong.c"], tmp_path, "O2")
    with pytest.raises(ToolchainError, match="does not print its pipeline"):
        probe.base_pipeline(toolchain, [str(toolchain.clang), "-O2", "--version"], tmp_path, "O2")
    with pytest.raises(ToolchainError, match="could not be run"):
        probe.base_pipeline(toolchain, ["/no/such/clang", "-O2", "-c", "wrong.c"], tmp_path, "O2")


def test_a_toolchain_is_registered_with_its_plugin(clang: Path, warm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(clang)
    monkeypatch.setattr(identity, "sources", lambda: [PROBES["low.c"]])
    found = registry.ensure(str(clang))
    assert (found.status, found.plugin, found.reason) == (Status.OK, plugin_path(found), "")
    info = clang.stat()
    stamp = f"{info.st_mtime_ns}\t{info.st_size}\t{info.st_ino}"
    folder = clang.resolve().parent
    assert (warm / "toolchains").read_text() == (
        f"autopass-toolchains 2\ndefault\t{clang}\n"
        f"clang\t{clang}\t{stamp}\t{found.id}\t{found.major}\tok\t{found.plugin}\t{found.portable_id}\n"
        f"folder\t{found.id}\t{folder}\t{folder.stat().st_mtime_ns}\n"
    )

    def never(*_arguments: object, **_words: object) -> None:
        raise AssertionError("a warm call neither builds nor tests")

    monkeypatch.setattr(registry, "ensure_plugin", never)
    monkeypatch.setattr(identity, "self_test", never)
    assert registry.ensure(str(clang)) == found


def test_the_plugin_is_private_and_named_by_what_it_is_made_from(toolchain: Toolchain) -> None:
    assert toolchain.plugin is not None
    assert re.fullmatch(rf"autopass-{toolchain.major}-[0-9a-f]{{8}}\.so", toolchain.plugin.name)
    assert toolchain.plugin.stat().st_mode & 0o077 == 0
    assert toolchain.plugin.parent.stat().st_mode & 0o077 == 0
    assert {path.suffix for path in toolchain.plugin.parent.iterdir()} == {".so"}


def test_without_llvm_config_the_package_with_the_headers_is_named(clang: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Toolchain, "find_tool", lambda _self, _name: None)
    found = describe(clang)
    with pytest.raises(NoHeadersError) as caught:
        ensure_plugin(found)
    assert caught.value.next_step == f"apt-get install llvm-{found.major}-dev"


def test_with_headers_that_are_not_there_nothing_half_built_is_left(
    clang: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "llvm-config"
    config.write_text(f"#!/bin/sh\necho -I{tmp_path}/nowhere -std=c++17\n")
    config.chmod(0o755)
    monkeypatch.setattr(Toolchain, "find_tool", lambda _self, _name: config)
    found = describe(clang)
    with pytest.raises(NoHeadersError, match="not complete"):
        ensure_plugin(found)
    assert list(plugin_path(found).parent.iterdir()) == []


@pytest.mark.usefixtures("warm")
def test_doctor_finds_a_real_toolchain_good(clang: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(clang)
    monkeypatch.setattr(identity, "sources", lambda: [PROBES["low.c"]])
    monkeypatch.setenv("AUTOPASS_CLANG", str(clang))
    found = {finding.name: finding for finding in run_all(lambda _text: None)}
    for name in ("clang", "LLVM tools", "headers", "plugin", "identity"):
        assert found[name].good is True, found[name]
    assert all(finding.good is True or finding.fix for finding in found.values())
