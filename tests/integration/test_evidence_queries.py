"""Questions to a real compiler: what passes did, IR at a point of the pipeline, machine code, what a candidate changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_kit import prepared

from autopass_cc.evidence import assembly, mca
from autopass_cc.evidence.collect import Evidence, collect
from autopass_cc.evidence.difference import compare, facts
from autopass_cc.evidence.features import parse
from autopass_cc.evidence.profile import Hot
from autopass_cc.evidence.queries import Answerer
from autopass_cc.project.builder import Builder
from autopass_cc.project.modules import Module
from autopass_cc.project.replay import compile_argv, run
from autopass_cc.recipe.edits import Insert, Knob
from autopass_cc.recipe.recipe import Recipe, build
from autopass_cc.recipe.tree import parse as parse_pipeline
from autopass_cc.share import Share
from autopass_cc.store.builds import CompileRecord
from autopass_cc.toolchain import probe
from autopass_cc.toolchain.describe import Toolchain

SOURCE = """double dot(const double *a, const double *b, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}
static int clamp(int x) { return x < 0 ? 0 : x; }
void scale(int *restrict y, const int *restrict x, int n) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      y[i * n + j] = clamp(x[j] * 3);
}
"""


class Desk:
    """One module with a real compiler."""

    def __init__(self, toolchain: Toolchain, place: Path) -> None:
        source, out = place / "a.c", place / "a.o"
        source.write_text(SOURCE)
        argv = (str(toolchain.clang), "-O2", "-c", "-o", str(out), str(source))
        self.record = CompileRecord(
            out=str(out), root=str(place), src=str(source), rel="a.c", lang="c", level="O2", exact="e" * 32, inherited="",
            digest="d" * 32, cwd=str(place), argv=argv, env={}, decision="miss", reason="no-recipe", recipe="", at=1,
        )  # fmt: skip
        self.toolchain, self.module = toolchain, Module("a.c", (self.record,))
        self.builder = Builder(
            place / "work", [], {str(out): self.record}, plugin=toolchain.plugin, ar=toolchain.tool("llvm-ar"), lld=toolchain.lld
        )
        self.base = probe.base_pipeline(toolchain, [argv[0], "-O2", "-c", str(source)], str(place))
        self.evidence: Evidence = collect(
            self.module, (Hot("a.c", "dot", 0.7), Hot("a.c", "scale", 0.2)), place / "evidence", self.toolchain
        )

    def recipe(self, *edits: Knob | Insert) -> Recipe:
        return build(self.base, "O2", self.toolchain.major, edits)

    def answerer(self, share: Share = Share.IR, recipe: Recipe | None = None) -> Answerer:
        return Answerer(
            self.builder,
            self.module,
            self.toolchain,
            self.evidence,
            parse_pipeline(self.base),
            share,
            lambda digits: recipe if recipe is not None and recipe.digest.startswith(digits) else None,
        )

    def ask(self, share: Share = Share.IR, **question: object) -> str:
        return self.answerer(share).answer(question)


@pytest.fixture
def desk(clang: Path, tmp_path: Path) -> Desk:
    return Desk(prepared(clang), tmp_path)


def test_line_tables_change_nothing_in_the_features(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "plain.ll"
    extra = ["-S", "-emit-llvm", "-Xclang", "-disable-llvm-passes"]
    run(compile_argv(desk.record, out, (), extra), desk.record, limit=60)
    assert tuple(parse(out.read_text())) == desk.evidence.features


def test_the_depth_of_each_line_is_known(desk: Desk) -> None:
    assert desk.evidence.depths["dot"][4] == 1
    assert (desk.evidence.depths["scale"][10], desk.evidence.depths["scale"][11]) == (2, 2)


def test_remarks_of_a_function_name_the_blocker(desk: Desk) -> None:
    told = desk.ask(ask="remarks", function="dot")
    assert "float-order" in told
    assert " in scale" not in told
    assert "inline passed Inlined" in desk.answerer().answer({"ask": "remarks", "function": "scale", "pass": "inline"})


def test_ir_is_shown_as_it_is_at_a_point_of_the_pipeline(desk: Desk) -> None:
    start, promoted, end = (desk.ask(ask="ir", function="dot", site=site) for site in ("start", "sroa#1", "end"))
    assert "alloca" in start
    assert "alloca" not in promoted
    assert "phi" in end
    assert "!dbg" not in start + promoted + end


def test_what_one_pass_changed_is_a_diff(desk: Desk) -> None:
    told = desk.ask(ask="pass_diff", function="dot", site="sroa#1")
    assert any(line.startswith("-") and "alloca" in line for line in told.splitlines())
    assert any(line.startswith("+") and "phi" in line for line in told.splitlines())
    assert desk.ask(ask="pass_diff", function="dot", site="forceattrs#1") == "forceattrs#1 changed nothing in it"


def test_assembly_shows_mix_hot_loop_and_its_model(desk: Desk) -> None:
    told = desk.ask(ask="assembly", function="dot")
    assert "floats" in told.splitlines()[0]
    assert "cycles an iteration" in told.splitlines()[1]
    assert "mulsd" in told


def test_what_a_candidate_changed_is_told_and_its_code_only_where_it_may_be(desk: Desk) -> None:
    recipe = desk.recipe(Knob("unroll-runtime", "false"))
    question = {"ask": "candidate", "candidate": recipe.digest[:8], "function": "dot"}
    whole, less = (desk.answerer(share, recipe).answer(question) for share in (Share.IR, Share.REMARKS))
    assert "dot: size" in less
    assert "-1 loop-unroll passed PartialUnrolled in dot" in less
    assert "mulsd" in whole
    assert "mulsd" not in less


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"ask": "remarks", "function": "dott"}, "there are dot"),
        ({"ask": "remarks", "function": None}, "There is no function"),
        ({"ask": "ir", "function": "dot", "site": "licm#99"}, "There is no licm#99"),
        ({"ask": "ir", "function": "dot", "site": "../../etc/passwd"}, "There is no ../../etc/passwd"),
        ({"ask": "candidate", "candidate": "zzz", "function": "dot"}, "no such candidate"),
        ({"ask": "run", "command": "ls"}, "There is no such question"),
        ({"ask": ["ir"]}, "There is no such question"),
        ({}, "There is no such question"),
    ],
)
def test_a_question_that_makes_no_sense_gets_the_reason(desk: Desk, question: dict[str, object], words: str) -> None:
    assert words in desk.answerer().answer(question)


@pytest.mark.parametrize(("share", "kinds"), [(Share.STATS, 0), (Share.REMARKS, 2), (Share.IR, 5)])
def test_only_what_may_be_shared_can_be_asked(desk: Desk, share: Share, kinds: int) -> None:
    assert len(desk.answerer(share).forms) == kinds
    if share is not Share.IR:
        assert "There is no such question" in desk.ask(share, ask="ir", function="dot", site="end")


def test_of_a_candidate_that_does_not_compile_nothing_is_told(desk: Desk) -> None:
    recipe = desk.recipe(Knob("unroll-count", "2"))
    answerer = desk.answerer(recipe=recipe)
    question = {"ask": "candidate", "candidate": recipe.digest[:8], "function": "dot"}
    assert "bytes" in answerer.answer(question)
    Path(desk.record.src).write_text("int broken(")
    assert answerer.answer(question) == "That candidate does not compile."


def test_answers_are_bounded_and_say_what_is_cut_off(desk: Desk) -> None:
    told = desk.ask(ask="ir", function="scale", site="end")
    assert len(told.splitlines()) <= 61
    assert told.splitlines()[-1].startswith("…") or told.splitlines()[-1] == "}"


def test_a_difference_names_sizes_mix_and_remarks(desk: Desk) -> None:
    before = facts(desk.builder, desk.module, desk.toolchain, None)
    after = facts(desk.builder, desk.module, desk.toolchain, desk.recipe(Knob("force-vector-width", "1")))
    found = compare(before, after, ["scale", "dot"])
    assert [each.name for each in found.functions] == ["scale", "dot"]
    scale = found.functions[0]
    assert scale.before.mix.vector > scale.after.mix.vector
    assert any(line.startswith("-1 loop-vectorize passed Vectorized in scale") for line in found.remarks())
    assert scale.hot_loop().startswith(("@@", "-", "+", " "))
    assert compare(before, before, ["scale"]).functions[0].changed is False


def test_code_of_another_architecture_is_read_too(desk: Desk, tmp_path: Path) -> None:
    source, out = tmp_path / "arm.c", tmp_path / "arm.o"
    source.write_text(SOURCE)
    argv = [str(desk.toolchain.clang), "--target=aarch64-linux-gnu", "-O2", "-c", "-o", str(out), str(source)]
    assert run(argv, desk.record, limit=60).ok
    read = assembly.read(desk.toolchain, out)["dot"]
    code = assembly.Code("dot", read.size, read.lines, "aarch64")
    dot = code.mix
    assert dot.floats > 0
    assert dot.loads > 0
    assert dot.branches > 0
    assert any(line.startswith("b.ne") for line in code.hot_loop())


def test_llvm_mca_says_why_it_was_not_asked(desk: Desk) -> None:
    assert mca.analyse(desk.toolchain, ()) == "no loop"
    assert "has calls" in mca.analyse(desk.toolchain, ("L0:", "callq <f>", "jne <L0>"))
    assert "cycles an iteration, " in mca.analyse(desk.toolchain, ("L0:", "addl %ecx, %eax", "decl %edx", "jne <L0>"))
    assert "could not read" in mca.analyse(desk.toolchain, ("L0:", "frobnicate %eax", "jne <L0>"))


def test_the_machine_code_of_hot_functions_is_evidence(desk: Desk) -> None:
    assert set(desk.evidence.code) == {"dot", "scale"}
    assert desk.evidence.code["dot"].mix.floats > 0
    assert "cycles an iteration" in desk.evidence.waits["dot"]
    assert desk.evidence.flags == ("-O2",)
