"""Evidence is counted right: remarks without bookkeeping, features of functions, self cost from callgrind."""

from __future__ import annotations

from autopass_cc.evidence import collect, features, profile, remarks

RECORD = """--- !Missed
Pass:            inline
Name:            TooCostly
DebugLoc:        { File: 'a/long name.c', Line: 3,
                   Column: 5 }
Function:        outer
Args:
  - Callee:          inner
  - String:          ' not inlined into '
  - Cost:            '340'
...
--- !Passed
Pass:            loop-vectorize
Name:            Vectorized
Function:        'kernel'
Args:
  - VectorizationFactor: '4'
...
--- !Analysis
Pass:            asm-printer
Name:            InstructionCount
Function:        outer
...
--- !Analysis
Pass:            prologepilog
Name:            StackSize
Function:        outer
...
"""


def test_remarks_are_read_and_bookkeeping_is_dropped() -> None:
    found = list(remarks.parse(RECORD))
    assert [(each.kind, each.pass_name, each.name, each.function) for each in found] == [
        ("missed", "inline", "TooCostly", "outer"),
        ("passed", "loop-vectorize", "Vectorized", "kernel"),
    ]
    assert found[0].arguments["Cost"] == "340"
    assert (found[0].location, found[0].line) == ("a/long name.c:3:5", 3)
    counted = remarks.tally(remarks.documents(RECORD + RECORD))
    assert counted == {("inline", "TooCostly", "missed", "outer"): 2, ("loop-vectorize", "Vectorized", "passed", "kernel"): 2}
    assert remarks.counts(found, ["kernel"]) == {("loop-vectorize", "Vectorized", "passed"): 1}


MODULE = """
define dso_local i32 @walk(ptr noundef %0, i32 %1) #0 {
  %3 = alloca i32
  br label %4
4:
  %5 = load i32, ptr %3
  %6 = fadd double 1.0, 2.0
  switch i32 %5, label %9 [
    i32 1, label %4
    i32 2, label %9
  ]
9:
  %10 = call i32 %0(i32 1)
  %11 = call i32 @known(i32 1)
  %12 = tail call i32 (ptr, ...) @variadic(ptr %3)
  call void @llvm.lifetime.end.p0(ptr %3)
  br i1 true, label %4, label %12
  br label %4, !llvm.loop !7
12:
  indirectbr ptr %5, [label %4, label %9]
}

declare i32 @known(i32)
"""


def test_features_count_what_the_rules_look_at() -> None:
    (found,) = features.parse(MODULE)
    assert found.function == "walk"
    assert (found.blocks, found.loops, found.switches, found.cases, found.indirect_branches) == (4, 1, 1, 2, 1)
    assert (found.conditional_branches, found.calls, found.indirect_calls, found.floats) == (1, 3, 1, 1)
    assert found.callees == ("known", "variadic")


CALLGRIND = """events: Ir
fl=(1) a.c
fn=(1) main
16 400
+3 100
cfn=(2) hot'2
calls=3 20
16 9000
17 5
fn=(2)
20 8000
* 1000
"""


def test_callgrind_counts_self_cost_only() -> None:
    assert profile.count_callgrind(CALLGRIND) == {"main": 505, "hot": 9000}


def test_a_symbol_of_several_modules_belongs_to_the_first_in_link_order() -> None:
    assert profile.owners({"a.c": ["f"], "b.c": ["f", "g"]}) == {"f": ["a.c", "b.c"], "g": ["b.c"]}


def test_flags_that_decide_about_code_are_told_and_what_they_name_is_not() -> None:
    words = ("-O2", "-march=x86-64-v3", "-mavx2", "-fno-builtin", "-ffast-math", "-ffp-contract=fast")
    naming = (
        "-mstack-protector-guard-symbol=secret",
        "-fno-builtin-secret",
        "-fplugin=/a/b.so",
        "-fdebug-prefix-map=/home/me=.",
        "-DX=1",
        "-I/x",
    )
    assert collect.deciding_flags(["cc", *words, *naming]) == words
