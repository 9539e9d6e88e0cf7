"""`Resolver` says of a recorded compile what the launcher does with it, whatever lock, publication and environment hold."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from launcher_kit import TOOLCHAIN_ID, World, digest, index_text, recipe_text, write

from autopass_cc.project.journal_line import parse_line
from autopass_cc.project.resolve import Resolver
from autopass_cc.store.builds import CompileRecord

COMPILE = ("-O2", "-c", "a.c")
RECIPES = [recipe_text(f"knob inline-threshold {value}") for value in (100, 250, 400)]
REFUSED = recipe_text("knob inline-threshold 250", level="O3")
NAMES = [*map(digest, RECIPES), digest(REFUSED), "0" * 32]
OTHER, BASE = "cb" * 16, "ba" * 16
HEADER = "autopass-index 1"


class Both:
    """A world, and one compile of it as the launcher records it."""

    def __init__(self, base: Path) -> None:
        self.world = World(base)
        journal = self.world.record()
        self.world.call(*COMPILE)
        record = parse_line(journal.read_bytes())
        journal.unlink()
        assert isinstance(record, CompileRecord)
        self.record = record
        self.place, self.lock = self.world.home / "publication", self.world.project / "autopass.lock"
        for folder in (self.place / "recipes", self.lock.with_name("autopass.lock.d"), base / "named" / "recipes"):
            for text in (*RECIPES, REFUSED):
                write(folder / f"{digest(text)}.recipe", text)

    def launched(self, env: dict[str, str]) -> str:
        self.world.call(*COMPILE, env=env)
        decision, reason, recipe, _ = self.world.log()[-1]
        return f"{reason} {recipe}" if decision == "hit" else "plain "

    def resolved(self) -> str:
        answer = Resolver(self.world.project).answer(self.record)
        return f"{answer.kind} {answer.recipe}"


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    monkeypatch.setenv("AUTOPASS_HOME", str(tmp_path / "home"))
    for name in ("AUTOPASS_FROZEN", "AUTOPASS_PUBLICATION"):
        monkeypatch.delenv(name, raising=False)
    return Both(tmp_path)


def layer(chance: random.Random, both: Both) -> list[str]:
    """Return some lines of an index, perhaps with the record's keys."""
    keys = [f"x{both.record.exact}", f"i{both.record.inherited}", f"x{digest(b'1')}", f"i{digest(b'2')}"]
    return [f"{key} {chance.choice(NAMES)} text" for key in chance.sample(keys, chance.randrange(4))]


def lock(chance: random.Random, both: Both) -> list[str]:
    """Return some lines of a lock in any order, rarely with one that is none."""
    keys = [f"x{both.record.portable_exact}", f"i{both.record.portable_inherited}", f"x{digest(b'3')}"]
    lines = [f"{chance.choice(keys)} {chance.choice(NAMES)} {chance.choice([TOOLCHAIN_ID, OTHER])} text" for _ in range(4)]
    odd = ["<<<<<<< HEAD", "", f"{keys[0]} {NAMES[0]} short", f"b{BASE} {'0' * 32} base", HEADER, f"{keys[0]} {NAMES[1]} {OTHER}"]
    return lines[: chance.randrange(5)] + [chance.choice(odd)] * (chance.random() < 0.3)


def publish(chance: random.Random, both: Both, place: Path) -> None:
    for name in ("index", f"base.{BASE}"):
        (place / name).unlink(missing_ok=True)
    lines = layer(chance, both)
    if chance.random() < 0.5:
        lines.append(f"b{BASE} {'0' * 32} base" if chance.random() < 0.9 else f"b{BASE} {'1' * 32} base")
        if chance.random() < 0.9:
            write(place / f"base.{BASE}", index_text(layer(chance, both)), chance.choice([0o600] * 9 + [0o620]))
    if chance.random() < 0.9:
        text = index_text(lines)
        write(place / "index", text if chance.random() < 0.95 else text[:-1])


def situations(both: Both, count: int) -> Iterator[dict[str, str]]:
    """Put files in place that are made by chance; yield the environment of each situation."""
    chance = random.Random(7)
    for _ in range(count):
        both.lock.unlink(missing_ok=True)
        if chance.random() < 0.8:
            both.lock.write_text("".join(f"{line}\n" for line in [HEADER, *lock(chance, both)]))
            both.lock.chmod(0o644)
        publish(chance, both, both.place)
        publish(chance, both, both.world.base / "named")
        env = {"AUTOPASS_FROZEN": chance.choice(["", "0", "1"])}
        yield env | ({"AUTOPASS_PUBLICATION": str(both.world.base / "named")} if chance.random() < 0.3 else {})


def test_they_agree_on_every_combination(both: Both) -> None:
    seen: Counter[str] = Counter()
    for env in situations(both, 400):
        launched = both.launched(env)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            assert both.resolved() == launched, (env, both.lock.exists() and both.lock.read_text())
        seen[launched] += 1
    assert len(seen) == 1 + 2 * len(RECIPES)
    assert min(seen.values()) > 2, seen


def test_a_large_lock_is_searched_and_not_read_whole(both: Both) -> None:
    others = [f"x{digest(str(number).encode())} {NAMES[0]} {TOOLCHAIN_ID} other.c" for number in range(3000)]
    mine = [
        f"x{both.record.portable_exact} {name} {cpu} a.c" for name, cpu in zip(NAMES, (OTHER, TOOLCHAIN_ID) * 2, strict=False)
    ]
    write(both.lock, "".join(f"{line}\n" for line in [HEADER, *sorted([*others, *mine])]).encode(), 0o644)
    assert both.lock.stat().st_size > 1 << 18
    fitting = [name for name, line in zip(NAMES, mine, strict=False) if TOOLCHAIN_ID in line]
    assert both.resolved() == both.launched({}) == (f"exact {min(fitting)}" if min(fitting) != digest(REFUSED) else "plain ")


def test_a_record_from_before_there_were_portable_keys_has_no_answer_from_a_lock(both: Both) -> None:
    write(both.lock, f"{HEADER}\nx{'1' * 32} {NAMES[0]} {TOOLCHAIN_ID} a.c\n".encode(), 0o644)
    both.record = replace(both.record, portable_exact="", portable_inherited="")
    assert both.resolved() == "plain "
