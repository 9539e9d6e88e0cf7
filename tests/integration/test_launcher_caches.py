"""With the real ccache and sccache: before them, where a recipe stands in the cache's key, and behind them, with an epoch."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from launcher_kit import World, built, recipe_text
from plugin_kit import base, prepared

SOURCES = ("a", "b", "c")
LOOP = "int {name}(const int *x, int n) {{ int s = 0; for (int i = 0; i < n; i++) s += x[i] * {factor}; return s; }}\n"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Build:
    """Three modules, a compiler known with its plugin, and a cache of their own."""

    world: World
    clang: Path
    cache: str
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, name in enumerate(SOURCES, start=3):
            (self.world.project / f"{name}.c").write_text(LOOP.format(name=name, factor=number))
        toolchain = prepared(self.clang)
        self.major = toolchain.major
        self.world.know(self.clang, major=self.major, plugin=toolchain.plugin, default=self.clang)
        (self.world.base / "tools").mkdir()
        shutil.copy(built() / "autopass-cc", self.world.base / "tools" / "autopass-epoch")
        self.env = os.environ | {
            "PATH": f"{built()}:{self.world.base / 'tools'}:{os.environ['PATH']}",
            "AUTOPASS_HOME": str(self.world.home),
            "AUTOPASS_LOG": str(self.world.base / "log"),
            "CCACHE_DIR": str(self.world.base / "cache"),
            "CCACHE_CONFIGPATH": str(self.world.base / "ccache.conf"),
            "SCCACHE_DIR": str(self.world.base / "cache"),
            "SCCACHE_SERVER_PORT": str(free_port()),
            "SCCACHE_CONF": str(self.world.base / "sccache.conf"),
            "SCCACHE_IDLE_TIMEOUT": "0",
        }

    def run(self, *words: str | Path, env: dict[str, str] | None = None) -> bytes:
        done = subprocess.run(words, cwd=self.world.project, env=self.env | (env or {}), capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "-c" not in words or done.stderr == b""
        return done.stdout

    def counts(self) -> tuple[int, int]:
        """Return how many hits and misses the cache has counted so far."""
        if self.cache == "ccache":
            rows = (line.split("\t") for line in self.run("ccache", "--print-stats").decode().splitlines())
            table = {row[0]: int(row[1]) for row in rows}
            return table["direct_cache_hit"] + table["preprocessed_cache_hit"], table["cache_miss"]
        stats = json.loads(self.run("sccache", "--show-stats", "--stats-format", "json"))["stats"]
        assert stats["non_cacheable_compilations"] == 0, stats
        assert stats["not_cached"] == {}, stats
        return sum(stats["cache_hits"]["counts"].values()), sum(stats["cache_misses"]["counts"].values())

    def compile(self, *command: str, env: dict[str, str] | None = None) -> tuple[dict[str, bytes], tuple[int, int]]:
        """Compile all modules; return the objects, and how many of them the cache found and how many it had to make."""
        objects, before = {}, self.counts()
        for name in SOURCES:
            self.run(*command, "-O2", "-c", f"{name}.c", "-o", f"{name}.o", env=env)
            objects[name] = (self.world.project / f"{name}.o").read_bytes()
            (self.world.project / f"{name}.o").unlink()
        hits, misses = self.counts()
        return objects, (hits - before[0], misses - before[1])

    def publish(self, module: str, *lines: str) -> None:
        shutil.rmtree(self.world.home / "publication", ignore_errors=True)
        env = {"AUTOPASS_CLANG": str(self.clang)}
        key = self.world.keys("-O2", "-c", f"{module}.c", "-o", f"{module}.o", env=env)["exact"]
        self.world.publish(key, recipe_text(*lines, llvm=self.major))

    def pipeline(self) -> str:
        """Return a line that makes another object than the base level: no loop is vectorised."""
        text = base(prepared(self.clang), "O2")
        assert "loop-vectorize<" in text
        start = text.index("loop-vectorize<")
        return "pipeline " + text[:start] + text[text.index(",", text.index(">", start)) + 1 :]


@pytest.fixture(params=["ccache", "sccache"])
def build(tmp_path: Path, clang: Path, request: pytest.FixtureRequest) -> Iterator[Build]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    made = Build(World(tmp_path, compiler=clang), clang, request.param)
    yield made
    if request.param == "sccache":
        subprocess.run(["sccache", "--stop-server"], env=made.env, capture_output=True, check=False)


def test_before_a_cache_only_retuned_modules_are_compiled_again(build: Build) -> None:
    front = ("autopass-cc", build.cache, str(build.clang))
    plain, counts = build.compile(*front)
    assert counts == (0, 3)
    assert build.compile(*front) == (plain, (3, 0))

    build.publish(
        "a",
        build.pipeline(),
    )
    tuned, counts = build.compile(*front)
    assert counts == (2, 1)
    assert tuned["a"] != plain["a"]
    assert (tuned["b"], tuned["c"]) == (plain["b"], plain["c"])
    assert build.compile(*front) == (tuned, (3, 0))
    direct, _ = build.compile("autopass-cc")  # what the recipe gives without a cache
    assert direct == tuned

    build.publish("a", "knob force-vector-interleave 1")
    knobs, counts = build.compile(*front)
    assert counts == (2, 1)
    assert knobs["a"] not in (plain["a"], tuned["a"])
    build.publish("a", build.pipeline())
    assert build.compile(*front) == (tuned, (3, 0))
    assert build.compile(*front, env={"AUTOPASS": "off"}) == (plain, (3, 0))


def test_the_cache_may_be_named_by_the_variable(build: Build) -> None:
    build.publish("a", "knob force-vector-interleave 1")
    by_words, counts = build.compile("autopass-cc", build.cache, str(build.clang))
    assert counts == (0, 3)
    by_variable = build.compile("autopass-cc", env={"AUTOPASS_CLANG": f"{build.cache} {build.clang}"})
    assert by_variable == (by_words, (3, 0))
    assert [line[:2] for line in build.world.log()[-3:]] == [["hit", "exact"], ["miss", "no-recipe"], ["miss", "no-recipe"]]


def test_behind_a_cache_the_epoch_makes_everything_anew(build: Build) -> None:
    def behind() -> tuple[dict[str, bytes], tuple[int, int]]:
        word = build.run("autopass-epoch", "autopass-cc").decode().strip()
        return build.compile(
            build.cache,
            str(built() / "autopass-cc"),
            env={
                "CCACHE_COMPILERCHECK": "autopass-epoch %compiler%",
                "CCACHE_COMPILERTYPE": "clang",
                "SCCACHE_C_CUSTOM_CACHE_BUSTER": word,
            },
        )

    plain, counts = behind()
    assert counts == (0, 3)
    assert behind() == (plain, (3, 0))
    build.publish("a", build.pipeline())
    tuned, counts = behind()
    assert counts == (0, 3)
    assert tuned["a"] != plain["a"]
    assert (tuned["b"], tuned["c"]) == (plain["b"], plain["c"])
    assert behind() == (tuned, (3, 0))
