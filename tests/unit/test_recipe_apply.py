"""What each edit does to a small pipeline: addresses, wrapping, climbing out of adaptors, and what is refused."""

from __future__ import annotations

import pytest

from autopass_cc.errors import RecipeError
from autopass_cc.recipe import Edit, Insert, Knob, Move, Remove, Replace, Set, apply, load, parse

BASE = (
    "inferattrs,globalopt,require<globals-aa>,cgscc(devirt<4>(inline,argpromotion,function<eager-inv>(sroa<modify-cfg>,"
    "instcombine<max-iterations=1;no-verify-fixpoint>,loop-mssa(loop-rotate,licm<allowspeculation>),loop(indvars,"
    "loop-unroll-full),gvn<>,dse),coro-split)),function(sccp)"
)


def edited(*edits: Edit, major: int = 22) -> str:
    """Give the text that the edits make of the base."""
    return str(apply(parse(BASE), edits, load(major)))


def changed(old: str, new: str, *edits: Edit) -> None:
    """Assert that the edits do exactly this replacement."""
    assert BASE.count(old) == 1, old
    assert edited(*edits) == BASE.replace(old, new)


def test_no_edits_change_nothing() -> None:
    assert edited() == BASE
    assert edited(Knob("unroll-count", "4")) == BASE


def test_insert_beside_a_pass_of_its_level() -> None:
    changed("gvn<>,", "sink,gvn<>,", Insert("sink", "before", "gvn#1"))
    changed("gvn<>,", "gvn<>,simplifycfg<keep-loops>,", Insert("simplifycfg", "after", "gvn#1", "keep-loops"))


def test_an_inserted_instcombine_does_not_verify() -> None:
    changed("gvn<>,", "gvn<>,instcombine<no-verify-fixpoint>,", Insert("instcombine", "after", "gvn#1"))
    changed(
        "gvn<>,",
        "gvn<>,instcombine<max-iterations=2;no-verify-fixpoint>,",
        Insert("instcombine", "after", "gvn#1", "max-iterations=2"),
    )


def test_finer_passes_are_wrapped() -> None:
    changed("globalopt,", "globalopt,function(dfa-jump-threading),", Insert("dfa-jump-threading", "after", "globalopt#1"))
    changed("inline,", "inline,function(gvn),", Insert("gvn", "after", "inline#1"))
    changed("globalopt,", "globalopt,cgscc(inline),", Insert("inline", "after", "globalopt#1"))
    changed("gvn<>,", "gvn<>,loop(indvars),", Insert("indvars", "after", "gvn#1"))
    changed("gvn<>,", "gvn<>,loop-mssa(licm),", Insert("licm", "after", "gvn#1"))
    changed("globalopt,", "globalopt,function(loop-mssa(lnicm)),", Insert("lnicm", "after", "globalopt#1"))


def test_coarser_passes_go_outside_the_adaptor() -> None:
    changed("loop-unroll-full),", "loop-unroll-full),gvn,", Insert("gvn", "after", "indvars#1"))
    changed("loop(indvars", "gvn,loop(indvars", Insert("gvn", "before", "loop-unroll-full#1"))
    changed("dse),", "dse),inline,", Insert("inline", "after", "gvn#1"))
    changed("cgscc(", "constmerge,cgscc(", Insert("constmerge", "before", "licm#1"))


def test_loop_passes_stay_in_a_loop_adaptor_that_can_hold_them() -> None:
    changed("licm<allowspeculation>)", "licm<allowspeculation>,indvars)", Insert("indvars", "after", "licm#1"))
    changed("loop(indvars,", "loop(indvars,loop-deletion,", Insert("loop-deletion", "after", "indvars#1"))
    changed("loop-unroll-full),", "loop-unroll-full),loop-mssa(licm),", Insert("licm", "after", "indvars#1"))
    changed("loop-mssa(", "loop(loop-unroll-full),loop-mssa(", Insert("loop-unroll-full", "before", "licm#1"))


def test_an_adaptor_can_be_an_anchor() -> None:
    changed("loop-mssa(", "gvn,loop-mssa(", Insert("gvn", "before", "loop-mssa#1"))
    changed("function(sccp)", "function(sccp),constmerge", Insert("constmerge", "after", "function#2"))


def test_several_inserts_at_one_place_come_out_in_order() -> None:
    one, two = Insert("sink", "after", "gvn#1"), Insert("bdce", "after", "gvn#1")
    changed("gvn<>,", "gvn<>,sink,bdce,", one, two)
    changed("gvn<>,", "gvn<>,bdce,sink,", two, one)
    one, two = Insert("sink", "before", "gvn#1"), Insert("bdce", "before", "gvn#1")
    changed("gvn<>,", "sink,bdce,gvn<>,", one, two)


def test_remove_takes_empty_adaptors_along() -> None:
    changed("gvn<>,", "", Remove("gvn#1"))
    changed(",function(sccp)", "", Remove("sccp#1"))
    changed("loop(indvars,loop-unroll-full),", "", Remove("indvars#1"), Remove("loop-unroll-full#1"))
    changed("loop(indvars,loop-unroll-full),", "", Remove("loop#1"))


def test_a_removed_pass_is_still_a_place() -> None:
    changed("gvn<>,", "newgvn,", Remove("gvn#1"), Insert("newgvn", "after", "gvn#1"))
    edits: list[Edit] = [
        Remove("loop-unroll-full#1"),
        Remove("indvars#1"),
        Insert("loop-deletion", "before", "indvars#1"),
    ]
    changed("loop(indvars,loop-unroll-full),", "loop(loop-deletion),", *edits)


def test_move() -> None:
    changed("gvn<>,dse", "dse,gvn<>", Move("gvn#1", "after", "dse#1"))
    changed(
        "loop-rotate,licm<allowspeculation>",
        "licm<allowspeculation>,loop-rotate",
        Move("licm#1", "before", "loop-rotate#1"),
    )
    assert "),loop-mssa(licm<allowspeculation>),gvn" in edited(Move("licm#1", "after", "indvars#1"))
    assert "function(sccp,gvn<>)" in edited(Move("gvn#1", "after", "sccp#1"))
    assert edited(Move("sccp#1", "after", "gvn#1")).endswith("gvn<>,sccp,dse),coro-split))")


def test_an_adaptor_moves_whole() -> None:
    loop = "loop(indvars,loop-unroll-full)"
    assert f"gvn<>,{loop},dse" in edited(Move("loop#1", "after", "gvn#1"))
    assert f"globalopt,function({loop})," in edited(Move("loop#1", "after", "globalopt#1"))
    assert "inline,function(sccp),argpromotion" in edited(Move("function#2", "after", "inline#1"))


def test_replace() -> None:
    changed("gvn<>,", "newgvn,", Replace("gvn#1", "newgvn"))
    changed("gvn<>,", "simplifycfg<keep-loops>,", Replace("gvn#1", "simplifycfg", "keep-loops"))
    changed("gvn<>,", "loop-mssa(licm),", Replace("gvn#1", "licm"))
    changed("licm<allowspeculation>)", "lnicm)", Replace("licm#1", "lnicm"))


def test_set() -> None:
    changed("modify-cfg", "preserve-cfg", Set("sroa#1", "choice", "preserve-cfg"))
    changed("max-iterations=1", "max-iterations=3", Set("instcombine#1", "max-iterations", "3"))
    changed("licm<allowspeculation>", "licm<no-allowspeculation>", Set("licm#1", "allowspeculation", "false"))
    changed("gvn<>", "gvn<no-pre>", Set("gvn#1", "pre", "false"))
    changed("gvn<>", "gvn<no-load-pre;pre>", Set("gvn#1", "pre", "true"), Set("gvn#1", "load-pre", "false"))
    changed("devirt<4>", "devirt<2>", Set("devirt#1", "value", "2"))
    changed("<eager-inv>", "<>", Set("function#1", "eager-inv", "false"))


def test_set_keeps_what_llvm_printed_around_it() -> None:
    text = "function(loop-vectorize<no-interleave-forced-only;no-vectorize-forced-only;>)"
    edit = Set("loop-vectorize#1", "interleave-forced-only", "true")
    assert str(apply(parse(text), [edit], load(22))) == text.replace("no-interleave", "interleave")


def test_addresses_are_of_the_base_while_edits_pile_up() -> None:
    text = "function(gvn,dse,gvn<no-pre>,sccp)"
    edits: list[Edit] = [Remove("gvn#1"), Insert("gvn", "before", "dse#1", "pre"), Set("gvn#2", "pre", "true")]
    for order in (edits, edits[::-1]):
        assert str(apply(parse(text), order, load(22))) == "function(gvn<pre>,dse,gvn<pre>,sccp)"


@pytest.mark.parametrize(
    "edits",
    [
        [Remove("coro-split#1")],  # pinned
        [Remove("cgscc#1")],  # a pinned pass is in it
        [Move("require#1", "before", "inferattrs#1")],
        [Replace("coro-split#1", "inline")],
        [Insert("coro-split", "after", "inline#1")],
        [Insert("verify", "after", "inline#1")],
        [Insert("function", "after", "inline#1")],
        [Insert("dot-cfg", "after", "gvn#1")],
        [Insert("gvn", "after", "gvn#2")],
        [Insert("gvn", "sideways", "gvn#1")],
        [Insert("instcombine", "after", "gvn#1", "verify-fixpoint")],
        [Insert("adce", "after", "gvn#1", "x")],
        [Remove("gvn#1"), Remove("gvn#1")],
        [Remove("gvn#1"), Replace("gvn#1", "newgvn")],
        [Remove("gvn#1"), Set("gvn#1", "pre", "true")],
        [Set("gvn#1", "pre", "true"), Set("gvn#1", "pre", "false")],
        [Move("gvn#1", "after", "dse#1"), Move("gvn#1", "before", "dse#1")],
        [Move("gvn#1", "after", "gvn#1")],
        [Move("loop#1", "after", "indvars#1")],
        [Replace("loop#1", "gvn")],
        [Set("gvn#1", "pre", "maybe")],
        [Set("gvn#1", "choice", "pre")],
        [Set("sroa#1", "choice", "no-cfg")],
        [Set("instcombine#1", "max-iterations", "0")],
        [Set("instcombine#1", "no-verify-fixpoint", "false")],
        [Set("devirt#1", "value", "1000")],
        [Set("globalopt#1", "x", "true")],
        [Knob("unroll-count", "2"), Knob("unroll-count", "4")],
        [Insert("sink", "after", "gvn#1")] * 2000,
    ],
)
def test_what_does_not_fit_is_refused(edits: list[Edit]) -> None:
    with pytest.raises(RecipeError):
        edited(*edits)


def test_a_pipeline_cannot_be_emptied() -> None:
    with pytest.raises(RecipeError, match="Nothing is left"):
        apply(parse("function(gvn)"), [Remove("gvn#1")], load(22))
