"""The identity self-test: it holds on real clangs, and it notices a toolchain that cannot be trusted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from plugin_kit import PROBES, prepared

from autopass_cc.recipe import Remove, apply, load, parse
from autopass_cc.toolchain import identity, probe
from autopass_cc.toolchain.describe import Toolchain
from autopass_cc.toolchain.identity import LEVELS, Identity, check, self_test


@pytest.fixture
def toolchain(clang: Path) -> Toolchain:
    return prepared(clang)


def only(patch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the self-test run over some of its sources."""
    patch.setattr(identity, "sources", lambda: [PROBES[name] for name in names])


def test_it_holds_for_some_sources_at_all_levels(toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "loops.c", "unroll.c", "coroutines.cpp")
    seen = []
    found = self_test(toolchain, workers=1, progress=lambda done, total: seen.append((done, total)))
    assert found == Identity(3 * len(LEVELS), ())
    assert found.holds
    assert seen == [(done, 12) for done in range(1, 13)]


@pytest.mark.slow
def test_it_holds_for_all_sources_at_all_levels(toolchain: Toolchain) -> None:
    found = self_test(toolchain)
    assert found.failures == ()
    assert found.compared == len(PROBES) * len(LEVELS)


@pytest.mark.slow
def test_it_holds_on_llvm_16_whose_driver_prints_no_pipeline() -> None:
    found = shutil.which("clang-16")
    if found is None or shutil.which("llvm-config-16") is None:
        pytest.skip("clang-16 with its headers is not installed")
    assert self_test(prepared(Path(found))).failures == ()


def test_a_plugin_that_runs_another_pipeline_than_clang_is_noticed(toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "loops.c")
    real = probe.base_pipeline

    def one_pass_less(toolchain: Toolchain, argv: Sequence[str], cwd: str | Path, level: str = "") -> str:
        pipeline = parse(real(toolchain, argv, cwd, level))
        return str(apply(pipeline, [Remove("loop-rotate#1")], load(toolchain.major)))

    monkeypatch.setattr(probe, "base_pipeline", one_pass_less)
    found = self_test(toolchain, workers=1)
    assert not found.holds
    assert "loops.c at -O2: the objects differ" in found.failures


def test_a_plugin_that_does_not_load_is_noticed(toolchain: Toolchain, tmp_path: Path) -> None:
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"not a shared library")
    problem = check(replace(toolchain, plugin=broken), argv(toolchain), "/", "O2")
    assert problem is not None
    assert problem.startswith("clang fails with the plugin: ")


def test_a_plugin_that_leaves_the_recipe_aside_is_noticed(toolchain: Toolchain) -> None:
    """The objects would be equal, which proves nothing then: a recipe for -O3 at -O2 is refused by the plugin."""
    problem = check(toolchain, argv(toolchain), "/", "O3")
    assert problem is not None
    assert problem.startswith("the plugin did not apply the pipeline (plugin\tother-level\t")


def test_a_source_that_plain_clang_refuses_is_no_proof(toolchain: Toolchain, tmp_path: Path) -> None:
    source = tmp_path / "wrong.c"
    source.write_text("#error no\n")
    assert check(toolchain, [str(toolchain.clang), "-O2", "-c", str(source)], "/", "O2") is not None


def test_nothing_compared_is_not_held() -> None:
    assert not Identity(0, ()).holds


def argv(toolchain: Toolchain) -> list[str]:
    return [str(toolchain.clang), "-O2", "-c", str(PROBES["loops.c"])]
