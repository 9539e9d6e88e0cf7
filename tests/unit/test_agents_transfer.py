"""What a search begins with: recipes of modules that are alike, and a portfolio learned from all verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from sqlite_utils import Database

from autopass_cc.agents.transfer import alike, hints
from autopass_cc.digest import digest_of
from autopass_cc.recipe.edits import Knob, to_json
from autopass_cc.store import entries as store
from autopass_cc.store import imports, traits
from autopass_cc.store.database import writer
from autopass_cc.store.runs import CandidateRow, Runs
from autopass_cc.store.states import DEMOTED
from autopass_cc.store.traits import Traits

MINE = Traits("p", "mine.c", "v", "t", "c", "O2", "znver3", {"loops": 1.0, "calls": 2.0})


@pytest.fixture
def db() -> Iterator[Database]:
    with writer() as opened:
        yield opened


def knob(value: int) -> list[dict[str, str]]:
    return [to_json(Knob("inline-threshold", str(value)))]


def published(db: Database, mine: Traits, edits: Sequence[object], median: float = -0.1, **changes: object) -> None:
    traits.keep(db, mine)
    text = f"autopass-recipe 1\nllvm 22\nlevel O2\nknob inline-threshold {edits!r}\n".encode()
    db.table("recipe").insert({"digest": digest_of(text), "text": text}, ignore=True)
    entry = store.Entry(
        mine.project, mine.module, mine.variant, "/somewhere/sort", digest_of(text), digest_of(repr(mine).encode()), "", "t", "d",
        list(edits), median, -0.2, -0.05, 5.0, 0.5, 1,
    )  # fmt: skip
    store.accept(db, [replace(entry, **changes)])  # type: ignore[arg-type]


def found(db: Database, mine: Traits = MINE) -> list[tuple[str, str]]:
    return [(hint.edits[0].value, hint.origin) for hint in hints(db, Runs(db), mine)]  # type: ignore[union-attr]


def test_an_empty_store_has_no_hints(db: Database) -> None:
    assert hints(db, Runs(db), MINE) == []


def test_the_same_module_under_another_compiler_is_its_own_nearest_neighbour(db: Database) -> None:
    published(db, replace(MINE, project="q", module="twin.c"), knob(100), median=-0.5)
    published(db, replace(MINE, variant="other", vector={"loops": 9.0}), knob(200), median=-0.05)
    assert found(db) == [("200", "mine.c of sort"), ("100", "twin.c of sort")]


def test_the_more_two_modules_are_alike_the_earlier_the_recipe_comes(db: Database) -> None:
    published(db, replace(MINE, module="near.c", vector={"loops": 1.1, "calls": 2.0}), knob(100))
    published(db, replace(MINE, module="far.c", vector={"loops": 1.4, "calls": 2.2}), knob(200))
    published(db, replace(MINE, module="strange.c", vector={"loops": 6.0, "floats": 4.0}), knob(300))
    assert found(db) == [("100", "near.c of sort"), ("200", "far.c of sort")]


def test_what_was_taken_back_is_no_hint(db: Database) -> None:
    published(db, replace(MINE, module="near.c"), knob(100))
    store.take_back(db, store.entries(db), DEMOTED)
    assert found(db) == []


def test_likeness_is_symmetric_and_grows_with_common_surroundings() -> None:
    other = replace(MINE, project="q", module="o.c", cpu="x", lang="c++", level="O3", vector={"loops": 1.5, "calls": 2.0})
    assert alike(MINE, other) == alike(other, MINE)
    assert 0 < alike(MINE, other) < alike(MINE, replace(other, cpu="znver3")) < 1


def tried(db: Database, module: str, value: int, screened: float | None, verdict: str = "screened-out") -> None:
    runs = Runs(db)
    run = runs.latest("q") or runs.begin(project="q", root="/q", fingerprint="f", toolchain="t", seed=1)
    text = f"autopass-recipe 1\nllvm 22\nlevel O2\nknob inline-threshold {value}\n".encode()
    row = CandidateRow(run.id, module, digest_of(text), knob(value), "rules", "", [], verdict, "", screened, {})
    runs.save_candidate(row, text)


def test_the_portfolio_takes_what_adds_most_to_what_it_has(db: Database) -> None:
    for module, by_value in {
        "a.c": {1: -0.20, 2: -0.19, 3: 0.0},
        "b.c": {1: -0.20, 2: -0.19, 3: 0.0},
        "c.c": {1: 0.1, 2: -0.02, 3: -0.05},
        "d.c": {1: 0.1, 2: -0.02, 3: -0.05},
    }.items():
        for value, screened in by_value.items():
            tried(db, module, value, screened)
    # 2 alone is the best single one (0.42); after it 3 adds more (0.06) than 1 (0.02)
    assert found(db) == [("2", "portfolio"), ("3", "portfolio"), ("1", "portfolio")]


def test_one_lucky_module_does_not_make_a_portfolio(db: Database) -> None:
    tried(db, "a.c", 1, -0.3)
    tried(db, "b.c", 1, 0.02)
    assert found(db) == []


def test_what_breaks_as_often_as_it_gains_is_left_out(db: Database) -> None:
    for module in ("a.c", "b.c"):
        tried(db, module, 1, -0.3)
    for module in ("c.c", "d.c"):
        tried(db, module, 1, None, "wrong-output")
    assert found(db) == []


def test_recipes_of_another_level_are_not_in_the_portfolio(db: Database) -> None:
    for module in ("a.c", "b.c"):
        tried(db, module, 1, -0.3)
    assert found(db, replace(MINE, level="O3")) == []


def test_what_was_brought_in_is_a_hint_before_it_is_measured(db: Database) -> None:
    brought = imports.Imported(
        "team", "q", "mine.c", "1" * 32, "", "", "", "t2", "O2", "2" * 32, knob(77), -0.2, -0.3, -0.1, 5.0, 0.5
    )
    imports.take(db, "team", [brought, replace(brought, module="else.c", exact="3" * 32, edits=knob(78))], {})
    assert found(db) == [("77", "mine.c from team")]
