"""What the allow-lists and edits say, put before the real compilers: opt and clang of each major."""

from __future__ import annotations

import functools
import random
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib import resources
from itertools import zip_longest
from pathlib import Path

import pytest

from autopass_cc.recipe import (
    MAJORS,
    AllowList,
    Edit,
    Insert,
    Knob,
    KnobSpec,
    Level,
    Recipe,
    Tier,
    apply,
    build,
    identity,
    load,
    menu,
    parse,
    random_edit,
)

SMALL = """
void report(int);
static int pick(int k, int a, int b) { switch (k) { case 0: return a; case 1: return a + b; case 2: return a - b; } return 7; }
int sum(const int *a, int n, int k) { int s = 0; for (int i = 0; i < n; i++) s += pick(k & 3, a[i], i); return s; }
void nest(int n, float *restrict c, const float *restrict a, const float *restrict b) {
  for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) for (int k = 0; k < n; k++) c[i * n + j] += a[i * n + k] * b[k * n + j];
}
int walk(const char *p) {
  int s = 0, state = 0;
  for (; *p; p++) {
    if (*p == 'q') report(s);
    switch (state) { case 0: state = *p == 'a'; break; case 1: state = *p == 'b' ? 2 : 0; break; default: s++; state = 0; }
  }
  return s;
}
void four(float *a, const float *b, float s) { for (int i = 0; i < 4; i++) a[i] = a[i] * s + b[i]; }
"""


@pytest.fixture(params=MAJORS)
def major(request: pytest.FixtureRequest) -> int:
    for tool in ("clang", "opt"):
        if shutil.which(f"{tool}-{request.param}") is None:
            pytest.skip(f"{tool}-{request.param} is not installed")
    found: int = request.param
    return found


def run(*argv: str, cwd: Path | None = None) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=100, cwd=cwd, check=False)
    assert done.returncode == 0, f"{' '.join(argv)[:2000]}\n{done.stderr[:3000]}"
    return done.stdout


@functools.cache
def printed(major: int, level: str) -> str:
    """Give the pipeline text of a level: clang's, or opt's where clang prints none."""
    if major == 16:
        ask = subprocess.run(
            [f"opt-{major}", f"-passes=default<{level}>", "-print-pipeline-passes", "-disable-output", "-"],
            input=b"",
            capture_output=True,
            check=True,
        )
        return ask.stdout.decode().strip()
    return run(
        f"clang-{major}", f"-{level}", "-mllvm", "-print-pipeline-passes", "-c", "-x", "c", "/dev/null", "-o", "/dev/null"
    ).strip()


def unoptimised(major: int, source: Path, out: Path, level: str = "O3") -> Path:
    bare = ("-Xclang", "-disable-llvm-passes", "-emit-llvm", "-Xclang", "-emit-llvm-uselists", "-fno-discard-value-names")
    run(f"clang-{major}", f"-{level}", "-w", "-c", *bare, str(source), "-o", str(out))
    return out


@pytest.fixture
def module(major: int, tmp_path: Path) -> Path:
    source = tmp_path / "small.c"
    source.write_text(SMALL)
    return unoptimised(major, source, tmp_path / "small.bc")


def opt(major: int, module: Path, recipe: Recipe) -> None:
    knobs = [f"-{name}={value}" for name, value in recipe.knobs]
    run(f"opt-{major}", f"-passes={recipe.pipeline}", *knobs, "-disable-output", str(module), cwd=module.parent)


@pytest.mark.parametrize("level", ["O1", "O2", "O3", "Os", "Oz"])
def test_what_this_compiler_prints_is_allowed_and_accepted_back(major: int, module: Path, level: str) -> None:
    opt(major, module, identity(printed(major, level), level, major))


def sections(major: int) -> dict[str, set[str]]:
    """Give the names in each section of --print-passes."""
    result: dict[str, set[str]] = {}
    for line in run(f"opt-{major}", "--print-passes").splitlines():
        if line.endswith(":"):
            names = result.setdefault(line[:-1], set())
        else:
            names.add(re.sub("<.*", "", line.strip()))
    return result


def test_every_allowed_pass_exists_at_its_level(major: int) -> None:
    listed = sections(major)
    kinds = {Level.MODULE: ["Module"], Level.CGSCC: ["CGSCC"], Level.FUNCTION: ["Function"], Level.LOOP: ["Loop", "LoopNest"]}
    for spec in load(major).passes.values():
        if spec.own:
            continue  # the plugin brings it; test_plugin_versions.py
        found = [f"{kind} {what}" for kind in kinds[spec.level] for what in ("passes", "passes with params", "analyses")]
        assert any(spec.name in listed.get(section, ()) for section in found), spec.name


def test_every_allowed_knob_exists(major: int) -> None:
    text = run(f"clang-{major}", "-mllvm", "-help-hidden", "-c", "-x", "c", "/dev/null", "-o", "/dev/null")
    known = set(re.findall(r"^ +--?([A-Za-z0-9-]+)", text, re.MULTILINE))
    assert set(load(major).knobs) <= known


def test_every_value_to_try_is_understood(major: int, tmp_path: Path) -> None:
    knobs = [[f"-{knob.name}={value}" for value in knob.tries] for knob in load(major).knobs.values()]
    for options in zip_longest(*knobs):
        words = [word for option in options if option for word in ("-mllvm", option)]
        run(f"clang-{major}", "-O2", *words, "-c", "-x", "c", "/dev/null", "-o", str(tmp_path / "x.o"))


def llvms_own(allow: AllowList) -> set[str]:
    return {name for name, spec in allow.passes.items() if not spec.own}


def positions(allow: AllowList, text: str) -> dict[Level, Sequence[str]]:
    sites = parse(text).sites()
    return {
        level: [a for a, n in sites.items() if n.name in allow.passes and allow.passes[n.name].level is level] for level in Level
    }


def test_every_pass_runs_wherever_an_edit_may_put_it(major: int, module: Path) -> None:
    """Some places of each level for every pass; a few passes a run, so that a failure points near its cause."""
    allow, text = load(major), printed(major, "O3")
    places, rng = positions(allow, text), random.Random(major)
    names = [spec.name for spec in menu(allow, Tier.C, llvms_own(allow)).passes]
    for level in Level:
        for start in range(0, len(names), 6):
            group = names[start : start + 6]
            edits: list[Edit] = [Insert(name, rng.choice(["before", "after"]), rng.choice(places[level])) for name in group]
            opt(major, module, build(text, "O3", major, edits))


@pytest.mark.parametrize("level", ["O1", "O2", "O3", "Os"])
def test_random_edits_are_accepted_by_opt(major: int, module: Path, level: str) -> None:
    allow, text, rng = load(major), printed(major, level), random.Random(f"{major}{level}")
    base, choice = parse(text), menu(allow, Tier.B, llvms_own(allow))
    for _ in range(6):
        edits: list[Edit] = []
        while sum(not isinstance(edit, Knob) for edit in edits) < 8:
            edit = random_edit(rng, base, choice, edits)
            if not isinstance(edit, Knob):
                edits.append(edit)
        opt(major, module, build(text, level, major, edits))


@pytest.mark.parametrize("level", ["O1", "O2", "O3", "Os"])
def test_an_identity_recipe_means_what_the_level_means(major: int, tmp_path: Path, level: str) -> None:
    """Through opt: the plugin's own test is elsewhere. What opt alone cannot know of -O3 is given to it here."""
    source = tmp_path / "small.c"
    source.write_text(SMALL)
    recipe = identity(printed(major, level), level, major)
    module = unoptimised(major, source, tmp_path / "in.bc", level)
    knobs = [f"-{name}={value}" for name, value in recipe.knobs]
    if level == "O3":
        knobs.append("-unroll-threshold-default=300")  # `loop-unroll-full` as text has the thresholds of -O2
    keep = ("--preserve-bc-uselistorder", "-relocation-model=pic", "-o", str(tmp_path / "out.bc"))
    run(f"opt-{major}", f"-passes={recipe.pipeline}", *knobs, str(module), *keep)
    run(
        f"clang-{major}",
        f"-{level}",
        "-Xclang",
        "-disable-llvm-passes",
        "-S",
        str(tmp_path / "out.bc"),
        "-o",
        str(tmp_path / "text.s"),
    )
    run(f"clang-{major}", f"-{level}", "-fno-discard-value-names", "-S", str(source), "-o", str(tmp_path / "plain.s"))
    plain, text = ((tmp_path / name).read_text().splitlines() for name in ("plain.s", "text.s"))
    strip = re.compile(r" *#.*")  # names of blocks, in comments, are numbered as they happen to be made
    assert [strip.sub("", line) for line in text] == [strip.sub("", line) for line in plain]


def test_the_probe_compiles_without_headers(major: int, tmp_path: Path) -> None:
    for name in ("probe.c", "probe.cpp"):
        source = resources.files("autopass_cc.recipe").joinpath("data", name)
        run(f"clang-{major}", "-O1", "-Wall", "-Werror", "-c", str(source), "-o", str(tmp_path / "probe.o"))


# What the probe cannot show: it needs a larger program, another knob that needs it back, or a pipeline given as text.
NOT_ON_THE_PROBE = {
    "enable-epilogue-vectorization",
    "phi-node-folding-threshold",
    "cache-line-size",
    "spec-exec-only-if-divergent-target",
    "hints-allow-reordering",
}


@pytest.mark.slow
def test_every_knob_bites_somewhere(major: int, tmp_path: Path) -> None:
    """Some value to try changes some code of the probe, with what the knob needs beside it."""
    knobs = [knob for name, knob in load(major).knobs.items() if name not in NOT_ON_THE_PROBE]
    assert [knob.name for knob in knobs if not bites(major, knob, tmp_path)] == []


def bites(major: int, knob: KnobSpec, tmp_path: Path) -> bool:
    before = (f"-{knob.needs}={load(major).knobs[knob.needs].tries[0]}",) if knob.needs else ()
    for source in ("probe.cpp", "probe.c"):
        compiled = functools.partial(compile_probe, major, source, tmp_path, knob.arch or "x86", knob.needs_pass)
        plain = compiled(before)
        if any(compiled((*before, f"-{knob.name}={value}")) != plain for value in knob.tries):
            return True
    return False


@functools.cache
def compile_probe(major: int, name: str, tmp_path: Path, arch: str, needs_pass: str | None, options: tuple[str, ...]) -> bytes:
    """Give the object of a probe with these options, or the text of its IR where a pass has to be inserted for them."""
    source, out = resources.files("autopass_cc.recipe").joinpath("data", name), tmp_path / "probe.out"
    target = "--target=x86_64-linux-gnu" if arch == "x86" else "--target=aarch64-linux-gnu"
    if needs_pass is None:
        words = [word for option in options for word in ("-mllvm", option)]
        run(f"clang-{major}", target, "-O3", "-w", *words, "-c", str(source), "-o", str(out))
        return out.read_bytes()
    allow = load(major)
    anchor = "loop-distribute#1" if allow.passes[needs_pass].level is Level.LOOP else "instcombine#3"
    text = str(apply(parse(printed(major, "O3")), [Insert(needs_pass, "after", anchor)], allow))
    module = unoptimised(major, Path(str(source)), tmp_path / f"{name}.bc")
    run(f"opt-{major}", f"-passes={text}", *options, str(module), "-S", "-o", str(out))
    return out.read_bytes()
