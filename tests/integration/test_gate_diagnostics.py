"""Diagnostics, exit codes and symbols that depend on the optimiser: recipes that really change them do not pass the gate."""

from __future__ import annotations

import itertools
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from gate_kit import SOURCES, Case

from autopass_cc.agents.exact_only import why_exact_only
from autopass_cc.agents.gate import Gate
from autopass_cc.agents.minds.protocol import Situation
from autopass_cc.agents.minds.rules import singles
from autopass_cc.evidence.collect import collect
from autopass_cc.evidence.dependence import dependence
from autopass_cc.measure.verdict import Verdict
from autopass_cc.project.builder import Builder, Compiled
from autopass_cc.project.modules import Module
from autopass_cc.project.replay import Outcome, without_outputs
from autopass_cc.recipe import Edit, Knob, Recipe, Remove, Tier, legal_edits, load, menu, parse, random_edit
from autopass_cc.toolchain import probe

FAILED, DIAGNOSED, SYMBOLS = Verdict.FAILED_TO_COMPILE, Verdict.DIAGNOSTICS_CHANGED, Verdict.SYMBOLS_CHANGED
INLINE_LESS, INLINE_MORE, INLINE_NOT = Knob("inline-threshold", "0"), Knob("inline-threshold", "2000"), Remove("inline#1")
SCALAR, NO_VECTORS = Knob("force-vector-width", "1"), Remove("loop-vectorize#1")
FRAME = ("-Wframe-larger-than=500",)

# source, flags, edit, verdict, whether plain clang warns
HARMFUL = [
    ("vectorized.c", (), SCALAR, DIAGNOSED, False),
    ("vectorized.c", (), NO_VECTORS, DIAGNOSED, False),
    ("vectorized.c", ("-Werror",), SCALAR, FAILED, False),
    ("vectorized.c", ("-Werror=pass-failed",), NO_VECTORS, FAILED, False),
    ("not_vectorized.c", (), INLINE_MORE, DIAGNOSED, True),
    ("not_vectorized.c", ("-Werror", "-Wno-error=pass-failed"), INLINE_MORE, DIAGNOSED, True),
    ("unrolled.c", (), INLINE_LESS, DIAGNOSED, False),
    ("build_bug.c", (), INLINE_LESS, FAILED, False),
    ("build_bug.c", (), INLINE_NOT, FAILED, False),
    ("fortify.c", (), INLINE_LESS, FAILED, False),
    ("attribute_warning.c", (), INLINE_LESS, DIAGNOSED, False),
    ("attribute_warning.c", ("-Werror",), INLINE_NOT, FAILED, False),
    ("frame.c", FRAME, INLINE_MORE, DIAGNOSED, False),
    ("frame.c", (*FRAME, "-Werror"), INLINE_MORE, FAILED, False),
    ("frame_inlined.c", FRAME, INLINE_LESS, DIAGNOSED, True),
    ("linked_by_dce.c", (), INLINE_LESS, SYMBOLS, False),
    ("linked_by_dce.c", (), INLINE_NOT, SYMBOLS, False),
    ("inline_only.c", (), INLINE_NOT, SYMBOLS, False),
    ("templates.cpp", (), INLINE_LESS, SYMBOLS, False),
    ("templates.cpp", (), INLINE_NOT, SYMBOLS, False),
    ("asm_immediate.c", (), INLINE_LESS, FAILED, False),
    ("asm_registers.c", (), INLINE_MORE, FAILED, False),
    ("asm_warning.c", (), INLINE_LESS, DIAGNOSED, True),
    ("asm_warning.c", ("-Wno-error=inline-asm", "-Werror"), INLINE_NOT, DIAGNOSED, True),
]
NOT_ON_22 = "unrolled.c"  # where LLVM 22 says nothing

# other code, and nothing else: the gate is not a wall
HARMLESS = [
    ("calm.c", (), SCALAR),
    ("vectorized.c", (), Knob("force-vector-interleave", "1")),
    ("vectorized.c", ("-Wno-pass-failed",), SCALAR),
    ("vectorized.c", ("-w", "-Werror"), NO_VECTORS),
    ("build_bug.c", (), SCALAR),
    ("attribute_warning.c", (), SCALAR),
    ("attribute_warning.c", ("-Wno-attribute-warning",), SCALAR),
    ("linked_by_dce.c", (), SCALAR),
    ("inline_only.c", (), NO_VECTORS),
    ("frame.c", (), INLINE_MORE),
    ("frame.c", ("-Wframe-larger-than=5000",), INLINE_MORE),
    ("comdat.cpp", (), INLINE_NOT),
    ("templates.cpp", (), NO_VECTORS),
]

Make = Callable[..., Case]


@pytest.fixture
def make(clang: Path, tmp_path: Path) -> Make:
    def case(name: str, *flags: str) -> Case:
        return Case(clang, tmp_path, SOURCES / name, flags)

    return case


@pytest.mark.parametrize(("name", "flags", "edit", "verdict", "warns"), HARMFUL)
def test_what_changes_messages_or_symbols_is_refused(
    make: Make, name: str, flags: tuple[str, ...], edit: Edit, verdict: Verdict, warns: bool
) -> None:
    case = make(name, *flags)
    if name == NOT_ON_22 and case.toolchain.major == 22:
        pytest.skip("LLVM 22 does not warn here")
    plain, tuned = case.see(), case.see(edit)
    assert plain.code == 0
    assert bool(plain.messages) == warns
    assert (tuned.code != 0) == (verdict is FAILED)
    assert (tuned.messages != plain.messages) == (verdict is not SYMBOLS)
    if verdict is SYMBOLS:
        assert tuned.undefined > plain.undefined
    passage = case.check(edit)
    assert passage.verdict is verdict, passage
    assert passage.detail
    assert case.gate.unchanged(case.recipe(edit)).verdict is verdict


@pytest.mark.parametrize(("name", "flags", "edit"), HARMLESS)
def test_what_changes_code_alone_passes(make: Make, name: str, flags: tuple[str, ...], edit: Edit) -> None:
    case = make(name, *flags)
    assert not case.see(edit).harms(case.see())
    assert case.check(edit).verdict is None


def test_an_object_that_was_refused_is_not_known_code_the_second_time(make: Make) -> None:
    case = make("linked_by_dce.c")
    other = Knob("inline-threshold", "1")
    first, second = (case.builder.compile(case.record.out, case.recipe(edit), sections=False) for edit in (INLINE_LESS, other))
    assert first.digest == second.digest
    assert [case.check(edit).verdict for edit in (INLINE_LESS, other)] == [SYMBOLS, SYMBOLS]


def test_each_output_of_a_module_keeps_its_own_messages(make: Make) -> None:
    """Outputs of one exact key differ in flags that are no part of it, such as -Werror."""
    case = make("vectorized.c")
    silent, strict = case.compile_record("silent.o", "-w"), case.compile_record("strict.o", "-Werror")
    builder = Builder(
        case.folder / "two",
        (),
        {silent.out: silent, strict.out: strict},
        plugin=case.toolchain.plugin,
        ar=case.toolchain.tool("llvm-ar"),
        lld=None,
    )
    gate = Gate(builder, Module("vectorized.c", (silent, strict)), case.toolchain.tool("llvm-nm"), {})
    gate.seen["silent.o " + builder.compile(silent.out, case.recipe(SCALAR), sections=False).digest] = "0" * 32  # known code
    assert gate.check(case.recipe(SCALAR)).verdict is FAILED


@dataclass
class TwoSources:
    """In the place of a builder: the plain compile is that of one source, the recipe's that of another."""

    case: Case
    before: str
    after: str

    def plain(self, _out: str, *, sections: bool) -> Compiled:
        return self._compile("before", self.before, sections=sections)

    def compile(self, _out: str, _recipe: Recipe, *, sections: bool, limit: float) -> Compiled:
        assert limit > 0
        return self._compile("after", self.after, sections=sections)

    def _compile(self, name: str, text: str, *, sections: bool) -> Compiled:
        out = self.case.folder / f"{name}{sections}.o"
        argv = [self.case.driver, "-O1", "-c", "-x", "c", "-", "-o", str(out)]
        subprocess.run(argv, input=text.encode(), check=True)
        return Compiled(out, Outcome(0, b"", 0.1))


F, WEAK_F = "int f(void) { return 1; }", "__attribute__((weak)) int f(void) { return 1; }"


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (f"{F} int g(void) {{ return 2; }}", F, SYMBOLS),
        (F, f"{F} int g(void) {{ return 2; }}", SYMBOLS),
        (F, f"{F} int table[4];", SYMBOLS),
        (F, WEAK_F, SYMBOLS),
        (WEAK_F, F, SYMBOLS),
        (f"{WEAK_F} int g(void) {{ return f(); }}", "int f(void); int g(void) { return f(); }", SYMBOLS),
        (F, "int h(void); int f(void) { return h(); }", SYMBOLS),
        (F, "__attribute__((weak)) int h(void); int f(void) { return h ? h() : 1; }", SYMBOLS),
        ("int h(void); int f(void) { return h(); }", F, None),  # what is needed no more is missed by nobody
        (f"{F} {WEAK_F.replace('f(', 'g(')}", F, None),  # an inline function that was inlined everywhere
        (F, "static int k(int n) { return n; } int (*volatile p)(int); int f(void) { return 1; }", SYMBOLS),
        (F, "__attribute__((noinline)) static int k(void) { volatile int n = 1; return n; } int f(void) { return k(); }", None),
    ],
)
def test_symbols_by_themselves(make: Make, before: str, after: str, verdict: Verdict | None) -> None:
    case = make("calm.c")
    builder: object = TwoSources(case, before, after)
    case.gate.builder = builder  # type: ignore[assignment]
    assert case.check(SCALAR).verdict is verdict


def proposals(case: Case) -> list[tuple[Edit, ...]]:
    """Return what the rules propose for the source at risk A, and what is legal besides."""
    toolchain = case.toolchain
    base = parse(probe.base_pipeline(toolchain, [case.driver, *without_outputs(case.record.argv)], case.folder, "O2"))
    offered = menu(load(toolchain.major), Tier.A, probe.passes(toolchain), probe.knobs(toolchain), toolchain.knob_arch)
    evidence = collect(case.gate.module, (), case.folder / "evidence", toolchain)
    ruled = [proposal.edits for proposal in singles(Situation(evidence, base, offered, 1))]
    legal = [(edit,) for edit in legal_edits(base, offered) if not isinstance(edit, Knob)]
    rng = random.Random(f"{case.source.name} {toolchain.major}")
    drawn = [(random_edit(rng, base, offered),) for _ in range(10)]
    return list(
        itertools.chain.from_iterable(zip(rng.sample(ruled, 60), rng.sample(legal, 60), itertools.cycle(drawn), strict=False))
    )


def sweep(make: Make, name: str, count: int) -> tuple[int, int]:
    """Check proposals against compiles by hand; return how many were looked at, and how many were refused."""
    case = make(name, *(FRAME if name.startswith("frame") else ()))
    plain, refused = case.see(), 0
    chosen = [*proposals(case)[:count], (INLINE_LESS,), (INLINE_MORE,), (INLINE_NOT,), (SCALAR,), (NO_VECTORS,)]
    for edits in chosen:
        verdict = case.check(*edits).verdict
        harms = case.see(*edits).harms(plain)
        assert (verdict in (FAILED, DIAGNOSED, SYMBOLS)) == harms, (edits, verdict)
        refused += harms
    return len(chosen), refused


ALL = sorted(path.name for path in SOURCES.iterdir())


@pytest.mark.parametrize("name", ["build_bug.c", "templates.cpp", "vectorized.c"])
def test_some_proposals_on_some_sources_against_compiles_by_hand(make: Make, name: str) -> None:
    assert sweep(make, name, 4)[1] >= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_many_proposals_on_all_sources_against_compiles_by_hand(
    make: Make, name: str, record_property: Callable[[str, object], None]
) -> None:
    looked_at, refused = sweep(make, name, 60)
    record_property("refused", f"{refused} of {looked_at}")
    if name != NOT_ON_22:
        assert (refused > 0) == (name not in ("calm.c", "comdat.cpp"))


class TestWhatEditedSourcesMayInherit:
    """A recipe is proven for one source; where messages or references depend on the optimiser it serves that one only."""

    @pytest.mark.parametrize("name", ALL)
    def test_sources_that_depend_on_the_optimiser(self, make: Make, name: str) -> None:
        case = make(name, *(FRAME if name.startswith("frame") else ()))
        reason = dependence(case.record, case.toolchain, case.folder)
        assert bool(reason) == (name not in ("calm.c", "comdat.cpp")), reason
        wanted = {"build_bug.c": "attribute `error`", "linked_by_dce.c": "nowhere_defined", "vectorized.c": "#pragma clang loop"}
        assert wanted.get(name, "") in reason

    def test_messages_of_the_optimiser_are_told_from_those_of_the_front_end(self, make: Make, tmp_path: Path) -> None:
        front = tmp_path / "front" / "front.c"
        front.parent.mkdir()
        front.write_text("int f(int n) { int unused; return n; }\n")
        case = Case(make("calm.c").clang, tmp_path / "front", front, ("-Wall",))
        assert "unused" in case.see().messages
        assert dependence(case.compile_record("x.o"), case.toolchain, case.folder) == ""
        back = make("asm_warning.c", "-Wall")
        assert "warns about it already" in dependence(back.record, back.toolchain, back.folder)

    def test_system_headers_are_no_reason(self, clang: Path, tmp_path: Path) -> None:
        """A C library's headers may be full of such attributes (FORTIFY); in the project's own they count."""
        (tmp_path / "system").mkdir()
        (tmp_path / "system" / "checks.h").write_text((SOURCES / "fortify.c").read_text().partition("void reset")[0])
        source = tmp_path / "user.c"
        source.write_text(
            "#include <checks.h>\n#include <stdio.h>\n#include <string.h>\n"
            'void user(char *to) { fill(to, 64, 0, 60); printf("%s\\n", to); strcpy(to, "x"); }\n'
        )
        for option, wanted in (("-isystem", ""), ("-I", "attribute `error`")):
            case = Case(clang, tmp_path, source, ("-D_FORTIFY_SOURCE=2", option, str(tmp_path / "system")))
            reason = dependence(case.record, case.toolchain, case.folder)
            assert reason == wanted or (wanted and wanted in reason)

    def test_the_same_source_with_another_macro_must_pass_too(self, clang: Path, tmp_path: Path) -> None:
        source = tmp_path / "variant.c"
        source.write_text(
            "void scale(float *a, const float *b, int n) {\n#ifdef PICKY\n#pragma clang loop vectorize(enable)\n#endif\n"
            "  for (int i = 0; i < n; i++) a[i] = b[i] * 2.0f;\n}\n"
        )
        case = Case(clang, tmp_path, source)
        picky = case.compile_record("picky.o", "-DPICKY", exact="other")
        unrelated = case.compile_record("same.o", "-DOTHER", exact="third")
        for heirs, reason in (({}, ""), ({unrelated.out: unrelated}, ""), ({picky.out: picky}, "picky.o it does not pass")):
            builder = Builder(
                tmp_path / "heirs",
                (),
                {case.record.out: case.record} | heirs,
                plugin=case.toolchain.plugin,
                ar=case.toolchain.tool("llvm-ar"),
                lld=None,
            )
            found = why_exact_only(builder, case.gate.module, case.recipe(SCALAR), case.toolchain)
            assert (reason in found) if reason else not found
