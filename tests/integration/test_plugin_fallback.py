"""Whatever is wrong with a recipe, the build gets plain clang's object, silently; AUTOPASS_LOG says why."""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from plugin_kit import PROBES, Bench, Compiled, base, prepared, text

from autopass_cc.toolchain.describe import Toolchain

CODE = "int sum(const int *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += a[i] * i; return s; }\n"
GOOD = "function(mem2reg,simplifycfg)"  # far from -O2: were it applied, the object would differ


@pytest.fixture
def bench(clang: Path, tmp_path: Path) -> Bench:
    return Bench(prepared(clang), tmp_path)


@functools.cache
def plain(toolchain: Toolchain) -> Compiled:
    """Compile CODE without a recipe, once for each clang; objects hold no more of the source's path than `a.c`."""
    with tempfile.TemporaryDirectory() as folder:
        other = Bench(toolchain, Path(folder))
        return other.compile(other.source(CODE), "-O2")


def refused(bench: Bench, recipe: Path, reason: str) -> None:
    """Assert that a compile with this recipe is plain clang's in all that can be seen."""
    source = bench.source(CODE)
    found = bench.through(recipe, source, "-O2")
    assert (found.code, found.printed) == (0, b"")
    assert found == plain(bench.toolchain)
    assert found.log == (reason,)
    assert list(bench.cwd.iterdir()) == []


def with_pipeline(bench: Bench, pipeline: str) -> bytes:
    return text(f"pipeline {pipeline}", llvm=bench.major)


def test_the_recipe_that_the_others_are_made_from_is_applied(bench: Bench) -> None:
    source = bench.source(CODE)
    found = bench.through(bench.write(with_pipeline(bench, GOOD)), source, "-O2")
    assert found.log == ("applied",)
    assert found.made != bench.compile(source, "-O2").made


PIPELINES = {
    "writes into the working directory": ("function(dot-cfg)", "not-allowed"),
    "opens any file": ("memprof-use<profile-filename=/etc/passwd>", "not-allowed"),
    "empties the module": ("internalize,globaldce", "not-allowed"),
    "recurses": ("default<O3>", "not-allowed"),
    "crashes on purpose": ("trigger-crash-module", "not-allowed"),
    "strips": ("strip", "not-allowed"),
    "names no pass": ("no-such-pass", "not-allowed"),
    "names no adaptor": ("everything(instcombine)", "not-allowed"),
    "has a pass in the wrong list": ("instcombine", "not-allowed"),
    "has an adaptor in the wrong list": ("function(cgscc(inline))", "not-allowed"),
    "loses MemorySSA": ("function(loop-mssa(loop-unroll-full))", "not-allowed"),
    "lacks MemorySSA": ("function(loop(licm))", "not-allowed"),
    "has an unknown parameter": ("function(simplifycfg<no-such-word>)", "bad-parameter"),
    "has a parameter out of range": ("function(simplifycfg<bonus-inst-threshold=999999999>)", "bad-parameter"),
    "has a parameter that overflows": ("function(simplifycfg<bonus-inst-threshold=99999999999999999999>)", "bad-parameter"),
    "has a negative parameter": ("function(simplifycfg<bonus-inst-threshold=-1>)", "bad-parameter"),
    "says a parameter twice": ("function(simplifycfg<keep-loops;keep-loops>)", "bad-parameter"),
    "gives parameters to a pass without any": ("globaldce<x>", "bad-parameter"),
    "is never closed": ("function(instcombine<no-verify-fixpoint>", "bad-pipeline"),
    "is closed twice": ("function(gvn)),globaldce", "bad-pipeline"),
    "has open brackets": ("function(gvn<)", "bad-pipeline"),
    "has an empty element": ("globaldce,,globaldce", "not-allowed"),
    "ends in a comma": ("globaldce,", "not-allowed"),
    "has an empty list": ("function()", "not-allowed"),
    "has a space": ("globaldce, globaldce", "not-allowed"),
    "has a zero byte": ("globaldce\0,dot-cfg", "not-allowed"),
    "is not ASCII": ("globald\u00e7e", "not-allowed"),
    "is longer than 16384 bytes": (",".join(["globaldce"] * 1639), "too-long"),
    "has more than 1000 elements": (",".join(["globaldce"] * 1001), "too-long"),
    "is nested too deep": (f"cgscc({'devirt<1>(' * 20}inline{')' * 21}", "too-deep"),
    "is nested deeper than any stack": (f"cgscc({'devirt<1>(' * 1500}", "too-deep"),
    "is allowed, but LLVM does not take it": ("function(require<globals-aa>)", "not-parsed"),
}


@pytest.mark.parametrize("what", PIPELINES)
def test_a_pipeline_is_refused_that(bench: Bench, what: str) -> None:
    pipeline, reason = PIPELINES[what]
    refused(bench, bench.write(with_pipeline(bench, pipeline)), reason)


@pytest.mark.parametrize("level", ["O1", "O3", "Os", "Oz"])
def test_a_recipe_for_another_level(bench: Bench, level: str) -> None:
    recipe = bench.write(text(f"pipeline {base(bench.toolchain, level)}", llvm=bench.major, level=level))
    refused(bench, recipe, "other-level")


@pytest.mark.parametrize("major", [1, 16, 999])
def test_a_recipe_for_another_llvm(bench: Bench, major: int) -> None:
    refused(bench, bench.write(text(f"pipeline {GOOD}", llvm=major)), "other-llvm")


def test_a_recipe_that_is_missing(bench: Bench) -> None:
    recipe = bench.write(with_pipeline(bench, GOOD))
    recipe.unlink()
    refused(bench, recipe, "no-recipe")


@pytest.mark.parametrize("offset", [0, 1, 17, 18, 25, 34, 45, -2, -1])
def test_a_truncated_recipe(bench: Bench, offset: int) -> None:
    """Under its own name by its digest; under a name made for what is left, by its form."""
    whole = with_pipeline(bench, GOOD)
    path = bench.write(whole)
    path.write_bytes(whole[:offset])
    refused(bench, path, "bad-digest")
    refused(bench, bench.write(whole[:offset]), "bad-recipe")


def test_a_recipe_that_was_changed(bench: Bench) -> None:
    whole = with_pipeline(bench, GOOD)
    path = bench.write(whole)
    path.write_bytes(whole.replace(b"mem2reg", b"instsimplify"))
    refused(bench, path, "bad-digest")


@pytest.mark.parametrize("name", ["x.recipe", f"{'A' * 32}.recipe", f"{'0' * 31}.recipe", f"{'0' * 32}.txt", "0" * 32])
def test_a_recipe_whose_name_is_no_digest(bench: Bench, name: str) -> None:
    refused(bench, bench.write(with_pipeline(bench, GOOD), name), "bad-name")


@pytest.mark.parametrize(
    "data",
    [
        b"autopass-recipe 2\nllvm %d\nlevel O2\npipeline " + GOOD.encode() + b"\n",
        b"autopass-recipe 1\nllvm %d\nlevel O4\npipeline " + GOOD.encode() + b"\n",
        b"autopass-recipe 1\nllvm %d\nlevel O2\npipeline \n",
        b"autopass-recipe 1\nllvm %d\nlevel O2\n",
        b"autopass-recipe 1\nllvm %d\nlevel O2\npipeline globaldce\npipeline globaldce\n",
        b"autopass-recipe 1\nllvm %d\nlevel O2\npipeline globaldce\nknob inline-threshold 1\n",
        b"autopass-recipe 1\nllvm %d\nlevel O2\nknob a=b 1\npipeline globaldce\n",
        b"autopass-recipe 1\nllvm %d\nlevel O2\nload /tmp/evil.so\npipeline globaldce\n",
        b"autopass-recipe 1\r\nllvm %d\r\nlevel O2\r\npipeline globaldce\r\n",
    ],
)
def test_a_recipe_of_another_form(bench: Bench, data: bytes) -> None:
    refused(bench, bench.write(data.replace(b"%d", str(bench.major).encode())), "bad-recipe")


def test_a_recipe_of_knobs_alone_leaves_the_plugin_nothing_to_do(bench: Bench) -> None:
    refused(bench, bench.write(text("knob inline-threshold 225", llvm=bench.major)), "no-pipeline")


def test_a_file_longer_than_32768_bytes(bench: Bench) -> None:
    knobs = [f"knob {'a' * 90}{index:06} 1" for index in range(400)]
    refused(bench, bench.write(text(*knobs, f"pipeline {GOOD}", llvm=bench.major)), "too-long")


def test_a_directory_or_a_fifo_in_place_of_a_recipe(bench: Bench) -> None:
    """A fifo that nobody writes to would make the build hang."""
    folder, fifo = bench.folder / f"{'0' * 32}.recipe", bench.folder / f"{'1' * 32}.recipe"
    folder.mkdir()
    os.mkfifo(fifo)
    refused(bench, folder, "not-a-file")
    refused(bench, fifo, "not-a-file")


def test_a_log_that_cannot_be_written_disturbs_nothing(bench: Bench) -> None:
    source, out = bench.source(CODE), bench.folder / "x.o"
    argv = [bench.driver(source), *bench.arguments(bench.write(with_pipeline(bench, GOOD))), "-O2", "-c", str(source)]
    for log in (bench.folder, bench.folder / "no" / "log", ""):
        env = {**os.environ, "AUTOPASS_LOG": str(log)}
        done = subprocess.run([*argv, "-o", str(out)], cwd=bench.cwd, env=env, capture_output=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_the_log_names_recipe_and_source(bench: Bench) -> None:
    source = PROBES["loops.c"]
    recipe = bench.write(with_pipeline(bench, GOOD))
    bench.through(recipe, source, "-O2")
    assert (bench.folder / "log").read_text() == f"plugin\tapplied\t{recipe.stem}\t{source}\n"
    assert (bench.folder / "log").stat().st_mode & 0o777 == 0o600
