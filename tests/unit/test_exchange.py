"""The exchange format: what is written is read back, and nothing is believed that somebody else may have written."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sharing_kit import at_home, autopass, by, exported, prove, proven, reading, recipe, shared
from sharing_kit import given as export_of_this_home

from autopass_cc.digest import digest_of
from autopass_cc.errors import ImportRefusedError
from autopass_cc.recipe.edits import edits_from_json
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store import entries as store
from autopass_cc.store import exchange
from autopass_cc.store import imports as brought
from autopass_cc.store.database import reader, writer
from autopass_cc.store.exchange import Found, merge, strongest
from autopass_cc.store.exchange_line import MAX_LINE, canonical
from autopass_cc.store.history import Event

GOOD = exported(shared(1), shared(2))


def lines(data: bytes = GOOD) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def whole(values: list[Any]) -> bytes:
    return b"".join(map(canonical, values))


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """Return a file whose last entry was changed."""
    values = lines()
    change(values[-1])
    return whole(values)


# ---- written and read


def test_what_is_written_is_read_back() -> None:
    found = reading(GOOD)
    assert found.entries == [shared(1), shared(2)]
    assert found.texts == dict([recipe(1), recipe(2)])
    assert (found.skipped, found.made) == (0, "2026-11-26T00:00:00Z")


def test_the_order_of_entries_does_not_show_in_the_file() -> None:
    assert exported(shared(2), shared(1)) == GOOD


def test_a_recipe_stands_once_and_before_what_uses_it() -> None:
    data = exported(shared(1), shared(2, recipe=recipe(1)[0]))
    assert ["recipe" in line and "text" in line for line in lines(data)] == [False, True, False, False]
    assert len(reading(data).entries) == 2


def test_another_home_gets_what_was_exported_here(home: Path, tmp_path: Path) -> None:
    prove(proven(1), proven(2))
    assert autopass("cache", "export", str(tmp_path / "given.jsonl")).code == 0
    with at_home(tmp_path / "other"):
        said = autopass("cache", "import", str(tmp_path / "given.jsonl"))
        assert (said.code, "2 entries, 2 new" in said.text) == (0, True), said
        with reader() as db:
            assert db is not None
            got = [replace(each, at=0) for each in brought.imported(db)]
    assert got == [shared(1, source="given"), shared(2, source="given")]
    assert home


def test_two_exports_of_a_store_differ_in_their_time_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    prove(proven(2), proven(1))
    first = export_of_this_home()
    monkeypatch.setattr("autopass_cc.sharing.give.now", lambda: "2030-01-01T00:00:00Z")
    second = export_of_this_home()
    assert first != second
    assert first.split(b"\n")[1:] == second.split(b"\n")[1:]


def test_only_what_was_proven_here_and_is_in_use_is_exported() -> None:
    prove(proven(1), proven(2), proven(3, origin="team"))
    with writer() as db:
        found = {entry.exact: entry for entry in store.entries(db)}
        store.revert(db, [found[f"{2:032x}"]])
    assert [entry.module for entry in reading(export_of_this_home()).entries] == ["src/1.c"]
    with writer() as db:
        store.accept(db, [found[f"{3:032x}"]], Event.VERIFIED)
    assert [entry.module for entry in reading(export_of_this_home()).entries] == ["src/1.c", "src/3.c"]


def test_the_folder_of_a_project_is_not_told() -> None:
    prove(proven(1))
    assert b"somewhere" not in export_of_this_home()


def test_what_nobody_would_take_does_not_leave() -> None:
    prove(proven(1), proven(2, module="/usr/src/outside.c"), proven(3, low=float("-inf")))
    data = export_of_this_home()
    assert [entry.module for entry in reading(data).entries] == ["src/1.c"]
    assert b"outside" not in data
    said = autopass("cache", "export")
    assert "not given: /usr/src/outside.c: the module's name is not a path within its project" in said.text
    assert "not given: src/3.c" in said.text


# ---- a bad header refuses the file


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"\xff\xfe\n",
        b'{"format":"autopass-recipes"}\n',
        b'{"format":"other","made":"","tool":"","version":1}\n',
        b'{"format":"autopass-recipes","made":"","tool":"","version":2}\n',
        b'{"format":"autopass-recipes","made":"","tool":"","version":true}\n',
        b'{"format":"autopass-recipes","made":"","tool":"","version":1.0}\n',
        b'{"format":"autopass-recipes","made":"","tool":"","version":1,"more":1}\n',
        b'{"format":"autopass-recipes","made":"","tool":"\\u001b[2J","version":1}\n',
        b'{"format":"autopass-recipes","made":"","tool":"","version":1,"version":1}\n',
        b'{"format":"autopass-recipes","made":"","tool":"","version":1}',
        b" " * (MAX_LINE + 10),
        b"\xef\xbb\xbf" + GOOD.splitlines()[0] + b"\n",
    ],
)
def test_a_file_without_its_header_is_refused_as_a_whole(head: bytes) -> None:
    with pytest.raises(ImportRefusedError):
        reading(head + b"".join(GOOD.splitlines(keepends=True)[1:]))


def test_a_header_alone_is_an_empty_file() -> None:
    assert reading(GOOD.splitlines(keepends=True)[0]).entries == []


# ---- a bad line is skipped, counted and told


BAD: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("nothing is known of 'root'", lambda e: e.update(root="/")),
    ("share is missing", lambda e: e["evidence"].pop("share")),
    ("project is not a digest", lambda e: e.update(project="x")),
    ("exact is not a digest", lambda e: e["keys"].update(exact="")),
    ("inherited is not a digest", lambda e: e["keys"].update(inherited="0" * 31)),
    ("portable_exact is not a digest", lambda e: e["keys"].update(portable_exact="F" * 32)),
    ("toolchain is not a digest", lambda e: e.update(toolchain=["a" * 32])),
    ("its recipe does not stand before it", lambda e: e.update(recipe="e" * 32)),
    ("its level is not its recipe's", lambda e: e.update(level="O3")),
    ("module is not a printable text", lambda e: e.update(module="a\n.c")),
    ("module is not a printable text", lambda e: e.update(module="a\u202e.c")),
    ("module is not a printable text", lambda e: e.update(module="a\ud800.c")),
    ("module is not a printable text", lambda e: e.update(module="a" * 2000)),
    ("not a path within its project", lambda e: e.update(module="/etc/passwd")),
    ("not a path within its project", lambda e: e.update(module="a/../../b.c")),
    ("not a path within its project", lambda e: e.update(module="../b.c (b.o)")),
    ("not a path within its project", lambda e: e.update(module="")),
    ("edits outside the grammar", lambda e: e.update(edits=[{"op": "run", "name": "x"}])),
    ("edits outside the grammar", lambda e: e.update(edits={"op": "knob"})),
    ("edits outside the grammar", lambda e: e.update(edits=[{"op": "knob", "name": "a b", "value": "1"}])),
    ("median is not a number", lambda e: e["evidence"].update(median="-0.1")),
    ("median is not a number", lambda e: e["evidence"].update(median=True)),
    ("median is not between", lambda e: e["evidence"].update(median=-50)),
    ("log_e is not between", lambda e: e["evidence"].update(log_e=10**17)),
    ("the median lies outside its interval", lambda e: e["evidence"].update(low=0.0)),
    ("a number with too many digits", lambda e: e["evidence"].update(log_e=10**40)),
    ("nothing is known of 'host'", lambda e: e["provenance"].update(host="h")),
    ("blocks is not a count", lambda e: e["provenance"].update(blocks=0)),
    ("blocks is not a count", lambda e: e["provenance"].update(blocks=1.5)),
    ("coverage is not between", lambda e: e["provenance"].update(coverage=2)),
    ("machine is not a digest", lambda e: e["provenance"].update(machine="build7")),
    ("cpu is not a printable text", lambda e: e["provenance"].update(cpu="a\x1b[2J")),
    ("compiler is not a printable text", lambda e: e["provenance"].update(compiler={})),
    ("exact_only is not a printable text", lambda e: e.update(exact_only=None)),
    ("keys: not an object", lambda e: e.update(keys=[])),
    ("provenance: not an object", lambda e: e.update(provenance="")),
]


@pytest.mark.parametrize(("why", "change"), BAD, ids=[f"{number} {why}" for number, (why, _) in enumerate(BAD)])
def test_a_bad_entry_is_skipped_with_its_reason(why: str, change: Callable[[dict[str, Any]], Any]) -> None:
    found = reading(changed(change))
    assert found.entries == [shared(1)]
    assert found.skipped == 1
    ((number, sentence),) = found.reasons
    assert number == 5
    assert why in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("not JSON", b"{"),
        ("not JSON", b""),
        ("not a JSON object", b"[1]"),
        ("not UTF-8", b'{"a":"\xff"}'),
        ("NaN is not a number", b'{"a":NaN}'),
        ("-Infinity is not a number", b'{"a":-Infinity}'),
        ("not finite", b'{"a":1e999}'),
        ("too many digits", b'{"a":' + b"9" * 5000 + b"}"),
        ("nested too deeply", b'{"a":' + b"[" * 60000),
        ("a key stands twice", b'{"a":1,"a":1}'),
        ("a key stands twice", b'{"b":[{"a":1,"a":1}]}'),
        ("longer than 65536 bytes", b'{"a":"' + b"x" * MAX_LINE + b'"}'),
        ("a recipe outside the grammar", b'{"recipe":"' + b"0" * 32 + b'","text":"rm -rf"}'),
        ("a recipe is plain ASCII", b'{"recipe":"0","text":"\\u00e4"}'),
        ("name and text are strings", b'{"recipe":1,"text":""}'),
        ("whose name is not its digest", canonical({"recipe": "0" * 32, "text": recipe(5)[1].decode()})[:-1]),
        ("stands in the file already", canonical({"recipe": recipe(1)[0], "text": recipe(1)[1].decode()})[:-1]),
    ],
)
def test_a_bad_line_does_not_spoil_the_others(why: str, line: bytes) -> None:
    head, *rest = GOOD.splitlines()
    found = reading(b"\n".join([head, *rest[:2], line, *rest[2:], b""]))
    assert len(found.entries) == 2
    assert found.skipped == 1
    assert why in found.reasons[0][1]
    assert found.reasons[0][0] == 4


def test_a_line_that_is_not_whole_is_not_taken() -> None:
    found = reading(GOOD[:-1])
    assert found.reasons == [(5, "the file ends within the line")]
    assert len(found.entries) == 1


def test_bytes_of_another_encoding_are_not_guessed() -> None:
    head, *rest = GOOD.splitlines(keepends=True)
    assert reading(head + b"".join(rest).decode().encode("utf-16")).entries == []


def test_a_recipe_that_no_entry_uses_is_not_taken() -> None:
    assert reading(whole([*lines(), {"recipe": recipe(9)[0], "text": recipe(9)[1].decode()}])).texts.keys() == {
        recipe(1)[0],
        recipe(2)[0],
    }


def test_only_the_first_reasons_are_kept() -> None:
    found = reading(GOOD + b"{\n" * 1000)
    assert (found.skipped, len(found.reasons)) == (1000, exchange.MANY_REASONS)


def test_a_file_beyond_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MAX_ENTRIES", 2)
    assert len(reading(GOOD).entries) == 2
    with pytest.raises(ImportRefusedError, match="more than 2 entries"):
        reading(exported(shared(1), shared(2), shared(3)))
    monkeypatch.setattr(exchange, "MAX_RECIPES", 1)
    with pytest.raises(ImportRefusedError, match="more than 1 recipes"):
        reading(GOOD)
    monkeypatch.setattr(exchange, "MAX_FILE", 1 << 20)
    with pytest.raises(ImportRefusedError, match="larger than 1 MiB"):
        reading(GOOD.splitlines(keepends=True)[0] + b"x" * (2 << 20))


# ---- which entry stands


def test_of_two_machines_entries_the_one_with_more_evidence_is_taken_and_they_are_not_added_up() -> None:
    weak, strong = shared(1, log_e=5.0), shared(1, log_e=7.0, recipe=recipe(2)[0])
    for order in ([weak, strong], [strong, weak]):
        assert strongest(order) == [strong]


def test_a_merge_keeps_other_machines_and_of_one_machine_the_larger_e() -> None:
    other, mine = by("f" * 16, 1, log_e=9.0), by("e" * 16, 1, log_e=5.0)
    assert merge([other], [mine]) == [other, mine]
    better = by("e" * 16, 1, log_e=6.0, recipe=recipe(2)[0])
    assert merge([other, mine], [better]) == [other, better]
    assert merge([other, better], [mine]) == [other, better]


# ---- whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def sound(found: Found) -> None:
    """Assert of every entry what whoever uses it relies on."""
    for entry in found.entries:
        text = found.texts[entry.recipe]
        parsed = Recipe.parse(text)
        assert (parsed.digest, parsed.level) == (entry.recipe, entry.level)
        edits_from_json(entry.edits)
        assert entry.module.isprintable()
    again = io.BytesIO()
    exchange.write(again, found.entries, found.texts, found.made)
    again.seek(0)
    read_again = exchange.read(again)
    assert read_again.skipped == 0
    assert sorted(map(repr, read_again.entries)) == sorted({repr(entry) for entry in found.entries})


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_skipped(data: bytes) -> None:
    sound(reading(GOOD + data))
    with pytest.raises(ImportRefusedError):
        reading(data)


@given(st.lists(JSON, max_size=4))
def test_any_json_is_skipped(values: list[Any]) -> None:
    text = "".join(json.dumps(value) + "\n" for value in values)  # NaN and Infinity among them
    found = reading(GOOD + text.encode())
    assert (len(found.entries), found.skipped) == (2, len(values))


PLACES: list[tuple[str, ...]] = [
    ("project",),
    ("module",),
    ("toolchain",),
    ("level",),
    ("recipe",),
    ("edits",),
    ("exact_only",),
    ("provenance",),
]
PLACES += [("keys", name) for name in ("exact", "inherited", "portable_exact", "portable_inherited")]
PLACES += [("evidence", name) for name in ("median", "low", "high", "log_e", "share")]
PLACES += [("provenance", name) for name in ("compiler", "machine", "blocks", "coverage")]


@given(st.sampled_from(PLACES), JSON)
def test_a_field_of_any_value_is_sound_or_its_entry_is_skipped(place: tuple[str, ...], value: Any) -> None:
    values = lines()
    target = values[-1]
    for name in place[:-1]:
        target = target[name]
    target[place[-1]] = value
    found = reading(b"".join((json.dumps(each) + "\n").encode() for each in values))
    assert len(found.entries) + found.skipped == 2
    sound(found)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 40), st.binary(max_size=40)), min_size=1, max_size=5))
def test_a_mutated_export_is_sound_or_refused(splices: list[tuple[int, int, bytes]]) -> None:
    data = GOOD
    for at, length, put in splices:
        data = data[:at] + put + data[at + length :]
    try:
        found = reading(data)
    except ImportRefusedError:
        return
    sound(found)


@given(st.binary(max_size=120) | st.text("abcdefghijklmnopqrstuvwxyz<>()-,=;0123456789\n ", max_size=120).map(str.encode))
def test_a_recipe_of_any_text_under_its_right_name_goes_through_the_grammar(tail: bytes) -> None:
    text = b"autopass-recipe 1\nllvm 22\nlevel O2\n" + tail
    digest = digest_of(text)
    entry = lines()[-1] | {"recipe": digest}
    found = reading(whole([lines()[0], {"recipe": digest, "text": text.decode("latin-1")}, entry]))
    sound(found)
    assert len(found.entries) + found.skipped in (1, 2)
