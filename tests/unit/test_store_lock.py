"""The format of a lock: readable by people, mergeable by git, and nothing but itself."""

from __future__ import annotations

import os
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopass_cc.digest import digest_of
from autopass_cc.errors import LockError
from autopass_cc.project.lock_files import sound_recipe
from autopass_cc.store.lock import LONGEST, LockLine, Remark, examine, merge, parse, render
from autopass_cc.store.publication import HEADER

TEXT = "-12.4 % [-13.1, -11.6] src/heap.c -O2, clang 22.1.8, znver3"
DIGESTS = st.text("0123456789abcdef", min_size=32, max_size=32)
NAMES = st.binary(min_size=1).map(os.fsdecode) | st.text(min_size=1)  # any bytes can be a file's name
LINES = st.builds(LockLine, st.sampled_from("xi"), DIGESTS, DIGESTS, DIGESTS, st.sampled_from(["", TEXT, "anything"]))


def line(kind: str = "i", key: str = "1", recipe: str = "2", toolchain: str = "3", text: str = TEXT) -> LockLine:
    return LockLine(kind, key * 32, recipe * 32, toolchain * 32, text)


def test_a_lock_is_a_header_and_sorted_lines_for_people() -> None:
    data = render([line("x"), line("i", "9"), line("i", "1")])
    assert data.decode().splitlines() == [
        "autopass-index 1",
        f"i{'1' * 32} {'2' * 32} {'3' * 32} {TEXT}",
        f"i{'9' * 32} {'2' * 32} {'3' * 32} {TEXT}",
        f"x{'1' * 32} {'2' * 32} {'3' * 32} {TEXT}",
    ]
    assert examine(data)[1] == []


def test_a_remark_is_what_a_person_reads() -> None:
    remark = Remark(-12.44, -13.1, -11.6, "src/heap.c", "O2", "22.1.8", "znver3")
    assert remark.render() == TEXT
    assert Remark.parse(TEXT) == Remark(-12.4, -13.1, -11.6, "src/heap.c", "O2", "22.1.8", "znver3")
    assert line().remark == Remark.parse(TEXT)


@pytest.mark.parametrize(
    "name", ["a b.c", "a -O2, clang 1, x.c", "ä.c", "a\nb.c", "a\\x0ab.c", "\udce9.c", "a (b.o)", "\u202e.c", "a, b] c %.c"]
)
def test_any_file_name_comes_back_and_keeps_to_one_printable_line(name: str) -> None:
    text = Remark(-1.0, -2.0, 0.5, name, "O3", "19.1.7", "x86-64").render()
    assert text.isprintable()
    read = Remark.parse(text)
    assert read is not None
    assert read.module == name


@given(NAMES)
def test_every_name_comes_back(name: str) -> None:
    read = Remark.parse(Remark(-1.0, -2.0, 0.5, name, "O3", "19", "x").render())
    assert read is not None
    assert read.module == name


@pytest.mark.parametrize("text", ["", "anything", "nan % [1, 2] a -O2, clang 1, x", "-1 % [inf, 2] a -O2, clang 1, x"])
def test_another_text_says_nothing(text: str) -> None:
    assert Remark.parse(text) is None


@given(st.binary(max_size=400) | st.binary(max_size=400).map(lambda data: HEADER + data))
def test_arbitrary_bytes_are_a_lock_or_a_lock_error(data: bytes) -> None:
    if any(each.fatal for each in examine(data)[1]):
        with pytest.raises(LockError) as caught:
            parse(data)
        assert caught.value.exit_code == 54
        assert caught.value.next_step
    else:
        lines = parse(data)
        assert render(parse(render(lines))) == render(lines)


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda data: b"autopass-recipe 1\nllvm 22\nlevel O2\n" + data))
def test_arbitrary_bytes_are_no_recipe_whatever_their_name(data: bytes) -> None:
    for digest in ("0" * 32, digest_of(data)):
        try:
            recipe = sound_recipe(data, digest)
        except LockError:
            continue
        assert recipe.render() == data


@given(st.lists(LINES), st.data())
def test_reading_what_was_written_gives_the_same_lock(lines: list[LockLine], data: st.DataObject) -> None:
    written = render(lines)
    assert set(parse(written)) == set(lines)
    assert render(parse(written)) == written
    shuffled = data.draw(st.permutations(written.splitlines(keepends=True)[1:]))
    assert render(parse(HEADER + b"".join(shuffled))) == written


@given(st.lists(LINES))
def test_a_merged_lock_has_one_line_of_a_key_and_toolchain_and_nothing_wrong(lines: list[LockLine]) -> None:
    merged = merge(lines)
    assert {each.identity for each in merged} == {each.identity for each in lines}
    assert examine(render(merged)) == (merged, [])
    assert merge(merged) == merged


def test_of_two_recipes_the_larger_gain_stays_else_the_smaller_digest_in_any_order() -> None:
    less = line(recipe="4", text=TEXT.replace("-12.4", "-3.0"))
    more = line(recipe="9", text=TEXT)
    silent, small = line(recipe="1", text="none"), line(recipe="0", text="none")
    for order in permutations([less, more, silent, small]):
        assert merge(order) == [more]
    assert merge([silent, small]) == merge([small, silent]) == [small]
    assert merge([line(recipe="8"), line(recipe="5")]) == [line(recipe="5")]


def test_other_toolchains_and_kinds_of_one_key_stay_beside_each_other() -> None:
    each = [line(), line(toolchain="4"), line("x")]
    assert merge(each) == each


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (b"", "first line"),
        (b"autopass-index 2\n", "first line"),
        (b"<<<<<<< HEAD\n" + HEADER, "first line"),
        (HEADER + b"<<<<<<< HEAD\n", "conflict marker"),
        (HEADER + b"=======\n", "conflict marker"),
        (HEADER + b">>>>>>> other\n", "conflict marker"),
        (HEADER + b"||||||| base\n", "conflict marker"),
        (HEADER + b"\n", "not a line"),
        (HEADER + line().render().upper(), "not a line"),
        (HEADER + line().render()[:-1], "no end"),
        (HEADER + line().render().replace(b"\n", b"\r\n"), "not a line"),
        (HEADER + line(text="\x1b[2Jgone").render(), "not a line"),
        (HEADER + line(text="a" * LONGEST).render(), "not a line"),
        (HEADER + line(kind="b").render(), "not a line"),
    ],
)
def test_what_is_no_lock_is_refused_with_its_line(bad: bytes, what: str) -> None:
    with pytest.raises(LockError, match=what):
        parse(bad)


@pytest.mark.parametrize(
    ("untidy", "what"),
    [
        (HEADER + line("x").render() + line("i").render(), "not in order"),
        (HEADER + line(recipe="1").render() + line(recipe="2").render(), "line 2 has this key and toolchain already"),
        (HEADER + line().render() + line().render(), "already"),
        (HEADER + HEADER, "once more"),
        (HEADER + line(text="").render()[:-1] + b" \n", "blank"),
    ],
)
def test_what_a_merge_may_leave_is_a_problem_but_can_be_read(untidy: bytes, what: str) -> None:
    (problem,) = examine(untidy)[1]
    assert what in problem.what
    assert examine(render(merge(parse(untidy))))[1] == []


def test_a_line_is_never_longer_than_the_launcher_reads() -> None:
    fits = line(text="")
    fits = line(text="a" * (LONGEST - len(fits.render()) - 1))
    assert len(fits.render()) == LONGEST
    assert parse(render([fits])) == [fits]
