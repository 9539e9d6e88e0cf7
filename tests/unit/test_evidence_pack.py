"""From remarks to a small pack: read, understood, put together, ordered, and cut to what fits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autopass_cc.evidence.assembly import Code
from autopass_cc.evidence.blockers import Blocker, blocker
from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.features import Features
from autopass_cc.evidence.hints import Kind, hints
from autopass_cc.evidence.items import items
from autopass_cc.evidence.loops import depths
from autopass_cc.evidence.pack import bare, pack
from autopass_cc.evidence.profile import Hot
from autopass_cc.evidence.remarks import Remark, parse
from autopass_cc.share import Share
from autopass_cc.tokens import tokens_of

YAML = """--- !Missed
Pass:            inline
Name:            TooCostly
DebugLoc:        { File: 'src/a b.c', Line: 535, Column: 15 }
Function:        outer
Hotness:         300
Args:
  - String:          ''''
  - Callee:          inner
    DebugLoc:        { File: 'src/a b.c', Line: 520, Column: 0 }
  - String:          ''' not inlined into '''
  - Caller:          outer
  - String:          ''' because too costly to inline '
  - Cost:            '280'
  - Threshold:       '225'
...
--- !Analysis
Pass:            loop-vectorize
Name:            SomethingNew
DebugLoc:        { File: '/usr/include/c++/12/bits/very/long/path/unique_ptr.h',
                   Line: 1065, Column: 30 }
Function:        outer
Args:
  - String:          'loop not vectorized: '
  - String:          Cannot vectorize early exit loop of a new kind
...
--- !Analysis
Pass:            asm-printer
Name:            InstructionMix
Function:        outer
Args:
  - INST_ret:        '1'
...
"""
# Two nested loops, then a straight block; unnamed blocks as release builds of clang print them.
LISTING = """define i32 @nest(i32 %0) !dbg !5 {
  br label %2, !dbg !10
2:
  br i1 true, label %3, label %7, !dbg !11
3:
  br i1 true, label %4, label %6, !dbg !12
4:
  %5 = add i32 1, 2, !dbg !13
  br label %3, !dbg !12
6:
  br label %2, !dbg !11
7:
  ret i32 0, !dbg !14
}
define void @once() !dbg !6 {
  ret void, !dbg !15
}
!10 = !DILocation(line: 2, column: 1, scope: !5)
!11 = !DILocation(line: 3, column: 1, scope: !5)
!12 = !DILocation(line: 4, column: 1, scope: !5)
!13 = !DILocation(line: 5, column: 1, scope: !5)
!14 = !DILocation(line: 8, column: 1, scope: !5)
!15 = !DILocation(line: 11, column: 1, scope: !6)
"""


def remark(**values: object) -> Remark:
    known = {"kind": "missed", "pass_name": "inline", "name": "TooCostly", "function": "f"}
    return Remark(**{**known, **values})  # type: ignore[arg-type]


def evidence(*remarks: Remark, features: tuple[Features, ...] = (), hot: tuple[Hot, ...] = ()) -> Evidence:
    return Evidence("a.c", "O2", "c", sum(each.share for each in hot), hot, remarks, features)


def test_remarks_are_read_with_place_numbers_hotness_and_words() -> None:
    first, second = parse(YAML)
    assert (first.location, first.line, first.hotness) == ("src/a b.c:535:15", 535, 300)
    assert (first.arguments["Callee"], first.arguments["Cost"]) == ("inner", "280")
    assert "because too costly to inline" in first.text
    assert (second.location.rpartition("/")[2], second.line, second.hotness) == ("unique_ptr.h:1065:30", 1065, None)


def test_a_refused_call_of_a_hot_function_counts_as_hot_as_that() -> None:
    cold = remark(function="warm", arguments={"Callee": "hot", "Cost": "510"}, location="a.c:9:3", line=9)
    other = remark(function="warm", name="Other", arguments={"Callee": "rare"}, location="a.c:0:0")
    (first, second) = items(evidence(other, cold, hot=(Hot("a.c", "hot", 0.6), Hot("a.c", "warm", 0.1))))
    assert (first.numbers["callee"], first.hotness, first.locations) == ("hot", 0.6, ("a.c:9:3",))
    assert (second.hotness, second.locations) == (0.1, ())


def test_calls_that_were_inlined_are_one_item() -> None:
    done = [remark(kind="passed", name="Inlined", arguments={"Callee": f"g{n}", "Cost": str(n)}) for n in range(5)]
    (item,) = items(evidence(*done))
    assert (item.count, item.numbers) == (5, {})


def test_functions_come_in_the_order_of_their_scores_and_the_others_are_left_out() -> None:
    features = tuple(Features(name, instructions=10) for name in ("cold", "callee", "hot"))
    told = json.loads(pack(evidence(features=features), ranked={"hot": 0.5, "callee": 0.1}).text)
    assert [each["name"] for each in told["functions"]] == ["hot", "callee"]
    assert told["left_out"] == {"functions": 1}


def test_a_refusal_gets_its_blocker_by_name_and_a_new_one_by_its_words() -> None:
    first, second = parse(YAML)
    assert blocker(first) is Blocker.TOO_COSTLY
    assert blocker(second) is Blocker.EARLY_EXIT
    assert blocker(remark(kind="passed", name="Inlined")) is None
    assert blocker(remark(name="NeverHeardOf")) is None


def test_the_depth_of_loops_is_that_of_the_source_lines() -> None:
    assert depths(LISTING) == {"nest": {3: 1, 4: 2, 5: 2}, "once": {}}


def test_a_function_that_is_no_loop_nest_has_no_depths() -> None:
    irreducible = "define void @g() {\n  br i1 true, label %a, label %b\na:\n  br label %b\nb:\n  br label %a\n}\n"
    assert depths(irreducible) == {"g": {}}


def test_alike_remarks_become_one_item_and_different_numbers_do_not() -> None:
    told = [remark(location=f"a.c:{line}:1", line=line, arguments={"Callee": "g"}) for line in (3, 1, 2, 9)]
    found = items(evidence(*told, remark(arguments={"Callee": "h"})))
    assert sorted(item.count for item in found) == [1, 4]
    assert next(item for item in found if item.count == 4).locations == ("a.c:1:1", "a.c:2:1", "a.c:3:1")


def test_a_vague_refusal_beside_its_analysis_is_left_out() -> None:
    vague = remark(pass_name="loop-vectorize", name="MissedDetails")
    why = remark(pass_name="loop-vectorize", name="UnsafeDep", kind="analysis")
    assert [item.name for item in items(evidence(vague, why))] == ["UnsafeDep"]
    assert [item.name for item in items(evidence(vague))] == ["MissedDetails"]


def test_the_hottest_and_deepest_refusals_come_first_and_what_no_edit_answers_last() -> None:
    told = (
        remark(function="cold"),
        remark(function="hot", kind="passed", name="Inlined"),
        remark(function="hot", name="NoDefinition", line=5),
        remark(function="hot", line=5),
        remark(function="hot", line=1),
    )
    found = items(Evidence("a.c", "O2", "c", 0.9, (Hot("a.c", "hot", 0.9),), told, (), {"hot": {5: 2}}))
    order = [(item.function, item.name, item.loop_depth) for item in found]
    assert order == [
        ("hot", "TooCostly", 2),
        ("hot", "TooCostly", 0),
        ("hot", "Inlined", 0),
        ("hot", "NoDefinition", 2),
        ("cold", "TooCostly", 0),
    ]
    assert [item.id for item in found] == ["e1", "e2", "e3", "e4", "e5"]


@pytest.mark.parametrize(
    ("features", "kind"),
    [
        (Features("heap_sort"), Kind.SORT),
        (Features("siftDown"), Kind.SORT),
        (Features("_ZN5World8siftDownEd"), Kind.SORT),
        (Features("_ZN4zlib9crc32_bigEPKhm"), Kind.CHECKSUM),
        (Features("run", indirect_branches=1), Kind.INTERPRETER),
        (Features("run", loops=1, switches=1, cases=40), Kind.INTERPRETER),
        (Features("step", loops=1, switches=1, cases=9), Kind.STATE_MACHINE),
        (Features("step", loops=1, switches=1, cases=2), None),
        (Features("relax", loops=2, floats=6, memory=8), Kind.STENCIL),
        (Features("total", loops=1, floats=2), Kind.NUMERIC_LOOP),
        (Features("walk", callees=("walk",)), Kind.RECURSION),
        (Features("main", loops=1, calls=3), None),
        (Features("resort"), None),
    ],
    ids=lambda value: getattr(value, "function", value),
)
def test_hints_come_from_names_and_structure_and_are_rather_missing_than_wrong(features: Features, kind: Kind | None) -> None:
    found = hints(features)
    assert (found[0].kind if found else None) == kind


def test_names_give_no_hints_where_names_are_not_shared() -> None:
    assert hints(Features("heap_sort"), names=False) == []


def big(count: int) -> Evidence:
    features = tuple(Features(f"function_{n}", blocks=n, loops=2, instructions=50 + n) for n in range(count))
    hot = tuple(Hot("a.c", f"function_{n}", 1 / (n + 2)) for n in range(count))
    told = tuple(remark(function=f"function_{n}", arguments={"Callee": f"callee_{m}"}) for n in range(count) for m in range(5))
    loop = ("L0:", *[f"movsd {8 * n}(%rdi,%rax,8), %xmm{n % 8}" for n in range(60)], "jne <L0>")
    code = {f"function_{n}": Code(f"function_{n}", 500, loop, "x86") for n in range(min(count, 5))}
    return Evidence("a.c", "O3", "c", 0.9, hot, told, features, code=code)


@pytest.mark.parametrize("count", [0, 1, 30, 800])
@pytest.mark.parametrize("limit", [200, 600, 3000])
@pytest.mark.parametrize("share", list(Share))
def test_a_pack_fits_and_says_what_it_left_out(count: int, limit: int, share: Share) -> None:
    whole = big(count)
    found = pack(whole, share, limit)
    assert tokens_of(found.text) == found.tokens <= limit
    data = json.loads(found.text)
    different = 1 if share is Share.STATS else 5  # remarks of a function: without the names of callees they are alike
    assert len(data["evidence"]) + found.left_out["evidence"] == different * count
    assert {key: number for key, number in found.left_out.items() if number} == data.get("left_out", {})
    assert list(found.known) == [each["id"] for each in data["evidence"]]


def test_hot_loops_are_shortened_to_their_part_of_the_room() -> None:
    whole, short = (json.loads(pack(big(5), Share.IR, limit).text)["hot_loops"] for limit in (6000, 600))
    assert whole["function_0"].count("movsd") > short["function_0"].count("movsd") > 0
    assert short["function_0"].endswith("…")


def test_without_a_profile_nothing_has_a_share() -> None:
    refused, done = remark(arguments={"Callee": "g"}, line=1), remark(name="Inlined", kind="passed")
    found = items(evidence(done, refused, hot=(Hot("a.c", "", 1.0),)))
    assert [(item.name, item.hotness) for item in found] == [("TooCostly", None), ("Inlined", None)]


def test_the_same_evidence_gives_the_same_text() -> None:
    assert pack(big(30)) == pack(big(30))


def test_with_numbers_only_no_name_leaves() -> None:
    secret = Features("secret_sort", loops=1, instructions=10, callees=("secret_helper",))
    told = remark(function="secret_sort", location="secret.c:1:2", arguments={"Callee": "secret_helper"}, text="secret")
    hot = (Hot("secret.c", "secret_sort", 0.5),)
    whole = Evidence("secret.c", "O2", "c", 0.5, hot, (told,), (secret,), {"secret_sort": {1: 1}})
    assert "secret" in pack(whole).text
    assert "secret" not in pack(whole, Share.STATS).text
    assert json.loads(pack(whole, Share.STATS).text)["functions"][0]["loops"] == 1


def test_without_analysis_names_are_all() -> None:
    assert "function_" not in bare(big(3), Share.STATS).text
    data = json.loads(bare(big(3)).text)
    assert (data["module"], data["evidence"]) == ("a.c", [])
    assert data["functions"] == [{"name": f"function_{n}"} for n in range(3)]
    assert big(3).names_only().features == ()


WORD = st.text(max_size=30)
REMARKS = st.lists(
    st.builds(
        Remark,
        st.sampled_from(["passed", "missed", "analysis"]),
        WORD,
        WORD,
        WORD,
        st.dictionaries(st.sampled_from(["Cost", "Callee", "UnrollCount", "odd"]), WORD, max_size=3),
        location=WORD,
        line=st.integers(0, 9),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(REMARKS, st.lists(st.builds(Features, WORD, loops=st.integers(0, 9)), max_size=10), st.sampled_from(list(Share)))
def test_any_evidence_makes_a_pack_that_fits(told: list[Remark], features: list[Features], share: Share) -> None:
    found = pack(evidence(*told, features=tuple(features)), share, 700)
    assert found.tokens <= 700
    json.loads(found.text)


@settings(max_examples=100)
@given(st.text(alphabet="-!abc:PassNameFunction{}DebugLoc,123' \n", max_size=300))
def test_any_text_can_be_read_as_remarks(text: str) -> None:
    assert all(isinstance(each, Remark) for each in parse(text))


def test_machine_code_is_told_in_numbers_and_its_hot_loop_only_with_ir() -> None:
    lines = ("L0:", "addq (%rdi), %rax", "jne <L0>", "retq")
    code = Code("f", 12, lines, "x86")
    whole = replace(
        evidence(features=(Features("f", instructions=4),), hot=(Hot("a.c", "f", 0.5),)), code={"f": code}, waits={"f": "slow"}
    )
    told = json.loads(pack(whole).text)
    assert told["functions"][0]["machine_code"] == {"bytes": 12, "instructions": 3, "loads": 1, "branches": 1}
    assert told["functions"][0]["hot_loop"] == "slow"
    assert "hot_loops" not in told
    assert json.loads(pack(whole, Share.IR).text)["hot_loops"] == {"f": "L0:; addq (%rdi), %rax; jne <L0>"}
    hidden = pack(whole, Share.STATS).text
    assert "addq" not in hidden
    assert json.loads(hidden)["functions"][0]["machine_code"]["bytes"] == 12
