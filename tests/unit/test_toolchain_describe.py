"""What a compiler says of itself decides whether it is tuned, and which tools belong to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from toolchain_fakes import APPLE, GCC, clang_text, fake

from autopass_cc.errors import RefusedCompilerError, ToolchainError
from autopass_cc.toolchain.config_files import ConfigFile, ConfigFiles
from autopass_cc.toolchain.describe import Status, cxx_driver, describe


@pytest.mark.parametrize("major", [16, 19, 22])
def test_a_clang_of_a_supported_llvm_is_described(tmp_path: Path, major: int) -> None:
    clang = fake(tmp_path / f"clang-{major}", clang_text(major), cpu="skylake")
    found = describe(clang)
    info = clang.stat()
    assert (found.major, found.target, found.cpu, found.arch) == (major, "x86_64-pc-linux-gnu", "skylake", "x86_64")
    assert found.version == f"Debian clang version {major}.1.7 (3~deb12u1)"
    assert found.stamp == (info.st_mtime_ns, info.st_size, info.st_ino)
    assert (found.plugin, found.status) == (None, Status.KNOBS)


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (GCC, "this is gcc"),
        (APPLE, "this is Apple clang"),
        (clang_text(14), "no list of reviewed passes for LLVM 14"),
        (clang_text(23), "no list of reviewed passes for LLVM 23"),
        ("tcc version 0.9.27\n", r"not a clang \(tcc version"),
        ("", "not a clang .it says nothing about itself"),
    ],
)
def test_another_compiler_is_refused_with_a_clear_word(tmp_path: Path, says: str, why: str) -> None:
    with pytest.raises(RefusedCompilerError, match=why) as caught:
        describe(fake(tmp_path / "cc", says))
    assert "LLVM 16, 19 or 22" in caught.value.next_step


def test_what_cannot_be_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clang").write_text("no program")
    (tmp_path / "clang").chmod(0o755)
    for path in (tmp_path / "clang", tmp_path / "missing"):
        with pytest.raises(RefusedCompilerError, match="cannot be run"):
            describe(path)


def test_the_id_covers_version_target_and_cpu_and_nothing_else(tmp_path: Path) -> None:
    one = describe(fake(tmp_path / "a" / "clang", clang_text(22)))
    same = describe(fake(tmp_path / "b" / "clang", clang_text(22)))
    assert same.id == one.id
    others = [replace(one, version="other"), replace(one, target="other"), replace(one, cpu="other")]
    assert len({one.id, *(other.id for other in others)}) == 4


def test_the_portable_id_covers_version_target_and_configuration_but_not_the_cpu(tmp_path: Path) -> None:
    one = describe(fake(tmp_path / "a" / "clang", clang_text(22)))
    configured = replace(one, config=ConfigFiles(files=(ConfigFile(tmp_path / "clang.cfg", 1, 2, b"-O2"),)))
    others = [replace(one, version="other"), replace(one, target="other"), configured]
    assert len({one.portable_id, *(other.portable_id for other in others)}) == 4
    assert replace(one, cpu="other").portable_id == one.portable_id != one.id


def test_tools_are_those_beside_the_clang_that_a_link_leads_to(tmp_path: Path) -> None:
    """LLVM 16 names the folder of the link as its own, and `opt` there may belong to another LLVM."""
    real = fake(tmp_path / "llvm-16" / "bin" / "clang", clang_text(16, tmp_path / "bin"))
    opt = fake(tmp_path / "llvm-16" / "bin" / "opt", "")
    fake(tmp_path / "bin" / "opt", "")
    (tmp_path / "bin" / "clang-16").symlink_to(real)
    found = describe(tmp_path / "bin" / "clang-16")
    assert found.bin == real.parent
    assert found.tool("opt") == opt


def test_a_wrapper_script_leaves_the_tools_where_clang_says_they_are(tmp_path: Path) -> None:
    opt = fake(tmp_path / "llvm" / "bin" / "opt", "")
    found = describe(fake(tmp_path / "wrappers" / "clang-19", clang_text(19, opt.parent)))
    assert found.tool("opt") == opt


def test_otherwise_tools_of_that_version_are_taken_from_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = describe(fake(tmp_path / "clang", clang_text(22)))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    fake(tmp_path / "bin" / "opt", "")
    fake(tmp_path / "bin" / "opt-19", "")
    with pytest.raises(ToolchainError, match="opt of LLVM 22 was not found") as caught:
        found.tool("opt")
    assert caught.value.next_step == "apt-get install llvm-22"
    assert found.lld is None
    fake(tmp_path / "bin" / "opt-22", "")
    assert found.tool("opt") == tmp_path / "bin" / "opt-22"


def test_the_driver_for_cxx_is_the_one_beside(tmp_path: Path) -> None:
    clang, cxx = fake(tmp_path / "clang-22", ""), fake(tmp_path / "clang++-22", "")
    assert cxx_driver(clang) == cxx
    cxx.unlink()
    assert cxx_driver(clang) == clang
