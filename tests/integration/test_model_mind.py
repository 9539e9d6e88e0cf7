"""A model's mind against a real server: what it may say and do, none of it beyond the grammar, the bounds or the budget."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Act, Request, Script, Server, error, in_turn, says, serving
from situations import KERNEL, base_text, situation
from sqlite_utils import Database

from autopass_cc.agents.minds import language
from autopass_cc.agents.minds.language import Language, Tally
from autopass_cc.agents.minds.protocol import Proposal, Situation, Tried
from autopass_cc.agents.parts import Minds
from autopass_cc.agents.reasoning import Setting, Standby
from autopass_cc.measure.verdict import Verdict
from autopass_cc.model.client import Endpoint
from autopass_cc.model.settings import Settings
from autopass_cc.model.transcript import Transcript, read
from autopass_cc.recipe.edits import Knob, canonical
from autopass_cc.recipe.recipe import build
from autopass_cc.store.database import writer

EVIDENCE = json.dumps({"module": "a.c", "evidence": [{"id": "e1", "pass": "inline"}]})


def knob(name: str, value: object, *others: object) -> dict[str, object]:
    return {"op": "knob", "name": name, "value": value, "try": list(others)}


def answer(*edit_lists: Sequence[object], queries: Sequence[object] = ()) -> Act:
    proposals = [
        {"hypothesis": f"idea {number}", "evidence": ["e1"], "edits": edits, "expected": "-1 %", "risk": "low"}
        for number, edits in enumerate(edit_lists, start=1)
    ]
    return says({"queries": list(queries), "proposals": proposals})


class Compiler:
    """Answers questions, and counts them."""

    forms = ('{"ask": "remarks", "function": NAME}',)

    def __init__(self) -> None:
        self.asked: list[Mapping[str, object]] = []

    def answer(self, question: Mapping[str, object]) -> str:
        self.asked.append(question)
        return "e1 inline missed TooCostly"


class Room:
    """A model's mind with everything around it."""

    def __init__(self, db: Database, place: Path, server: Server, rounds: int = 3, **settings: Any) -> None:
        self.db, self.server, self.compiler, self.said = db, server, Compiler(), list[str]()
        self.path = place / "run-1.jsonl"
        chosen = Settings(server.url, "scripted", "key", **{"timeout": 5.0, **settings})
        endpoint = Endpoint(db, chosen, 1, Transcript(self.path), lambda _seconds: None)
        self.mind = Language(endpoint, self.compiler, EVIDENCE, {"e1": "inline missed"}, 1, "a.c", rounds, self.said.append)

    def propose(self, wave: int = 1, *history: Tried) -> Sequence[Proposal]:
        told = situation(KERNEL, *history)
        return self.mind.propose(Situation(told.evidence, told.base, told.menu, 1, history, (), wave), 30)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("AUTOPASS_HOME", str(tmp_path / "home"))
    with writer() as db:
        yield db


def test_proposals_come_with_hypothesis_evidence_round_and_further_values(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(answer([knob("unroll-count", "4", "8")], [knob("inline-threshold", 500)]))) as server:
        found = Room(store, tmp_path, server).propose()
    assert [proposal.edits for proposal in found] == [
        (Knob("unroll-count", "4"),),
        (Knob("inline-threshold", "500"),),
        (Knob("unroll-count", "8"),),
    ]
    assert [proposal.mind for proposal in found] == ["model", "model", "model+values"]
    assert {(proposal.evidence, proposal.round) for proposal in found} == {(("e1: inline missed",), 1)}


def test_a_model_is_asked_once_a_wave_and_for_so_many_rounds(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(*[answer([knob("unroll-count", number)]) for number in (1, 2, 4, 8)])) as server:
        room = Room(store, tmp_path, server, rounds=2)
        assert room.propose(1) == room.propose(1)
        room.propose(2)
        assert room.propose(3) == []
        assert len(server.requests) == 2
        assert "Round 2 of 2" in server.requests[1].body["messages"][1]["content"]


def test_rounds_of_an_earlier_search_count(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(answer([knob("unroll-count", 4)]))) as server:
        room = Room(store, tmp_path, server)
        first = room.mind
        used = Language(first.asker, first.compiler, EVIDENCE, {}, 1, "a.c", 3, room.said.append, tally=Tally(rounds=3))
        room.mind = used
        assert room.propose() == []
        assert room.propose(2) == []
    assert (server.requests, used.silent, used.rounds_left) == ([], True, 0)  # the rules come in


def test_what_was_tried_is_not_proposed_again_and_is_told(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(answer([knob("unroll-count", 4)]), answer([knob("unroll-count", 4)]))) as server:
        room = Room(store, tmp_path, server)
        (first,) = room.propose(1)
        tried = Tried(first, "0123456789", Verdict.SCREENED_OUT, 0.03)
        assert room.propose(2, tried) == []
        told = server.requests[1].body["messages"][1]["content"]
    assert "unroll-count=4: time +3.0 % (your hypothesis: idea 1; you expected -1 %)" in told


def test_questions_are_answered_in_the_next_message(store: Database, tmp_path: Path) -> None:
    question = {"ask": "remarks", "function": "kernel", "pass": None, "site": None, "candidate": None}
    with serving(in_turn(answer(queries=[question]), answer([knob("unroll-count", 4)]))) as server:
        room = Room(store, tmp_path, server)
        assert len(room.propose()) == 1
        last = server.requests[1].body["messages"][-1]["content"]
    assert '### {"ask": "remarks", "function": "kernel"}\ne1 inline missed TooCostly' in last
    assert (room.mind.tally.questions, room.mind.tally.calls, room.mind.tally.rounds) == (1, 2, 1)


def test_endless_questions_end(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(answer(queries=[{"ask": "remarks", "function": "kernel"}] * 50))) as server:
        room = Room(store, tmp_path, server)
        for wave in range(1, 9):
            assert room.propose(wave) == []
        assert len(server.requests) == language.MOST_TURNS * language.MOST_FAILURES
        assert len(room.compiler.asked) <= 4 * len(server.requests)
        assert "No more questions" in server.requests[language.MOST_TURNS - 1].body["messages"][-1]["content"]
    assert room.mind.gave_up


def test_what_is_wrong_with_an_answer_is_told_to_the_model(store: Database, tmp_path: Path) -> None:
    bad = answer([knob("no-such-knob", 1)], [{"op": "insert", "pass": "dot-cfg", "at": "after", "anchor": "licm#2"}])
    with serving(in_turn(says("As a model I think…"), bad, answer([knob("unroll-count", 4)]))) as server:
        room = Room(store, tmp_path, server)
        assert len(room.propose()) == 1
        first, second = (request.body["messages"][-1]["content"] for request in server.requests[1:])
    assert "could not be used: The answer is not one JSON object" in first
    assert "'no-such-knob' is not a knob" in second
    assert "'dot-cfg' is not a pass that may be inserted here" in second
    assert room.mind.tally.invalid == 3


EVIL: list[list[object]] = [
    [{"op": "insert", "pass": "dot-cfg", "at": "after", "anchor": "licm#2"}],
    [{"op": "insert", "pass": "memprof-use<profile-filename=/etc/passwd>", "at": "after", "anchor": "inferattrs#1"}],
    [{"op": "insert", "pass": "gvn", "at": "after", "anchor": "licm#2", "params": "filename=/etc/passwd"}],
    [{"op": "replace", "target": "gvn#1", "pass": "internalize,globaldce", "params": None}],
    [knob("load", "/tmp/evil.so"), knob("fplugin", "/tmp/evil.so")],
    [knob("unroll-count; touch /tmp/owned", "$(touch /tmp/owned)")],
    [knob("unroll-count", "4 -Xclang -load -Xclang /tmp/evil.so")],
    [{"op": "shell", "command": "`reboot`"}],
    [{"op": "set", "target": "simplifycfg#1", "param": "bonus-inst-threshold", "value": "1)),dot-cfg,function(gvn"}],
]


@pytest.mark.parametrize("edits", EVIL, ids=lambda edits: json.dumps(edits)[:60])
def test_nothing_outside_the_grammar_gets_through(store: Database, tmp_path: Path, edits: list[object]) -> None:
    with serving(in_turn(answer(edits))) as server:
        found = Room(store, tmp_path, server).propose()
    for proposal in found:
        text = build(base_text(), "O2", 22, canonical(proposal.edits)).render().decode()
        for word in ("dot-cfg,function", "passwd", "evil", "touch", "internalize", "reboot"):
            assert word not in text


def test_two_thousand_edits_at_once_are_one_legal_proposal_at_most(store: Database, tmp_path: Path) -> None:
    many = [knob(name, "1") for name in ("unroll-count", "unroll-max-count", "nonsense", "inline-threshold") * 500]
    with serving(in_turn(answer(many))) as server:
        (proposal,) = Room(store, tmp_path, server).propose()
    assert len(proposal.edits) == 3


def test_a_hundred_proposals_are_cut(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(answer(*[[knob("unroll-threshold", number)] for number in range(100)]))) as server:
        assert len(Room(store, tmp_path, server).propose()) == 5


def late(_request: Request) -> Act:
    return Act(says({}).body, wait=2.0)


@pytest.mark.parametrize(
    ("script", "settings", "most"),
    [
        (in_turn(says("prose")), {}, 6),
        (in_turn(says('{"proposals": [', finish="length")), {}, 6),
        (in_turn(says("")), {}, 6),
        (in_turn(says({"answer": 42})), {}, 8),
        (in_turn(says([])), {}, 6),
        (in_turn(error(400)), {}, 3),
        (in_turn(error(401)), {}, 1),
        (in_turn(error(429)), {}, 6),
        (in_turn(error(500)), {}, 6),
        (in_turn(Act(says({}).body, broken_off=True)), {}, 6),
        (late, {"timeout": 0.3}, 6),
        (in_turn(answer([knob("unroll-count", 4)])), {"requests": 0, "tokens": 100}, 0),
    ],
    ids=["prose", "truncated", "empty", "other", "list", "400", "401", "429", "500", "disconnect", "slow", "over-budget"],
)
def test_a_model_that_is_no_help_is_given_up_and_the_rules_come_in(
    store: Database, tmp_path: Path, script: Script, settings: Mapping[str, Any], most: int
) -> None:
    with serving(script) as server:
        room = Room(store, tmp_path, server, rounds=5, **settings)
        rules = Standby(room.mind)
        assert rules.propose(situation(KERNEL), 3) == []  # nobody has asked the model yet
        for wave in range(1, 7):
            assert room.propose(wave) == []
        assert len(server.requests) <= most
    assert room.mind.gave_up
    assert len(rules.propose(situation(KERNEL), 3)) == 3
    assert all("the others go on alone" in text for text in room.said)
    assert [line for line in read(room.path) if line["kind"] == "call"]


def test_a_failure_that_passes_does_not_end_the_model(store: Database, tmp_path: Path) -> None:
    acts = [says("no")] * 3 + [answer([knob("unroll-count", 4)])]
    with serving(in_turn(*acts)) as server:
        room = Room(store, tmp_path, server)
        assert room.propose(1) == []
        assert len(room.propose(2)) == 1
    assert not room.mind.gave_up


def test_a_setting_says_whether_a_model_is_needed() -> None:
    assert Setting(Minds.BOTH).asks_a_model
    assert not Setting(Minds.RULES).asks_a_model
