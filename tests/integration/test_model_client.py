"""The model's side against a real server: every way to answer is an answer or one kind of failure, and nothing is overspent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Act, Script, Server, error, in_turn, says, serving
from sqlite_utils import Database

from autopass_cc.model.asking import Message, Where
from autopass_cc.model.budget import DAY, spent_in_run
from autopass_cc.model.client import Endpoint
from autopass_cc.model.errors import ModelError, Reason
from autopass_cc.model.settings import Settings
from autopass_cc.model.transcript import Replay, Transcript, read
from autopass_cc.store.database import writer

KEY = "sk-secret-key"
GOOD: dict[str, list[object]] = {"queries": [], "proposals": []}
MESSAGES: list[Message] = [{"role": "system", "content": "task"}, {"role": "user", "content": "evidence " * 400}]
SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
WHERE = Where(1, "a.c", 1, 1)


class Desk:
    """A store, a transcript and settings for one server; `waits` are the pauses that were asked for."""

    def __init__(self, db: Database, place: Path, server: Server, **settings: Any) -> None:
        self.db, self.path, self.server = db, place / "run-1.jsonl", server
        self.settings = replace(Settings(server.url, "scripted", KEY, timeout=5.0), **settings)
        self.waits: list[float] = []
        self.endpoint = Endpoint(db, self.settings, 1, Transcript(self.path), self.waits.append)

    def ask(self, messages: list[Message] = MESSAGES, where: Where = WHERE) -> object:
        return self.endpoint.ask(where, messages, SCHEMA, 100)

    def fails(self, messages: list[Message] = MESSAGES) -> ModelError:
        with pytest.raises(ModelError) as caught:
            self.endpoint.ask(WHERE, messages, SCHEMA, 100)
        assert KEY not in str(caught.value)
        return caught.value

    @property
    def asked(self) -> int:
        return len(self.server.requests)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("AUTOPASS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "sk-of-somebody-else")
    headers = "Authorization: Bearer sk-of-somebody-else\nX-Gateway-Key: sk-of-somebody-else"
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", headers)
    with writer() as db:
        yield db


def test_a_good_answer_comes_with_its_tokens(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(says(GOOD))) as server:
        desk = Desk(store, tmp_path, server)
        answer = desk.endpoint.ask(WHERE, MESSAGES, SCHEMA, 100)
    assert (answer.data, answer.prompt_tokens, answer.completion_tokens, answer.source) == (GOOD, 2000, 300, "model")
    (request,) = server.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["response_format"]["json_schema"]["strict"] is True
    assert (request.body["max_tokens"], request.body["messages"]) == (100, MESSAGES)


def test_what_was_answered_once_costs_nothing_again(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(says(GOOD))) as server:
        desk = Desk(store, tmp_path, server)
        desk.ask()
        assert desk.endpoint.ask(WHERE, MESSAGES, SCHEMA, 100).source == "cache"
        assert desk.asked == 1
        assert spent_in_run(store, 1).requests == 1


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOOD),
        f"```json\n{json.dumps(GOOD)}\n```",
        f"Here is what I would try.\n\n```\n{json.dumps(GOOD, indent=2)}\n```\nGood luck!",
        f"Sure! {json.dumps(GOOD)} That is all.",
    ],
    ids=["plain", "fence", "fence-in-prose", "prose"],
)
def test_one_object_is_found_in_whatever_is_around_it(store: Database, tmp_path: Path, text: str) -> None:
    with serving(in_turn(says(text))) as server:
        assert Desk(store, tmp_path, server).endpoint.ask(WHERE, MESSAGES, SCHEMA, 100).data == GOOD


@pytest.mark.parametrize(
    ("act", "reason", "calls"),
    [
        (says("I would rather talk."), Reason.MALFORMED, 1),
        (says("[1, 2]"), Reason.MALFORMED, 1),
        (says('{"proposals": [], "proposals": [1]}'), Reason.MALFORMED, 1),
        (says('{"proposals": NaN}'), Reason.MALFORMED, 1),
        (says("[" * 100_000), Reason.MALFORMED, 1),
        (says('{"proposals": [{"edits": [', finish="length"), Reason.TRUNCATED, 1),
        (says(""), Reason.EMPTY, 1),
        (says(None), Reason.EMPTY, 1),
        (says("x" * 300_000), Reason.TOO_LARGE, 1),
        (Act(b"x" * 5_000_000), Reason.TOO_LARGE, 1),
        (Act(b"<html>busy</html>"), Reason.SERVER_ERROR, 3),
        (Act(b'{"choices": []}'), Reason.SERVER_ERROR, 3),
        (Act(b'{"choices": "no"}'), Reason.SERVER_ERROR, 3),
        (Act(b"[" * 100_000), Reason.SERVER_ERROR, 3),
        (error(500), Reason.SERVER_ERROR, 3),
        (error(503), Reason.SERVER_ERROR, 3),
        (error(429), Reason.RATE_LIMITED, 3),
        (error(401), Reason.REFUSED, 1),
        (error(403), Reason.REFUSED, 1),
        (error(404, "no such model"), Reason.BAD_REQUEST, 1),
        (error(400, "no"), Reason.BAD_REQUEST, 3),
        (Act(says(GOOD).body, broken_off=True), Reason.UNREACHABLE, 3),
    ],
)
def test_every_bad_answer_is_one_kind_of_failure(store: Database, tmp_path: Path, act: Act, reason: Reason, calls: int) -> None:
    with serving(in_turn(act)) as server:
        desk = Desk(store, tmp_path, server)
        assert desk.fails().reason is reason
        assert desk.asked == calls


@pytest.mark.parametrize("act", [Act(says(GOOD).body, wait=3.0), Act(says(GOOD).body, dripping=0.2)], ids=["silent", "dripping"])
def test_a_slow_server_is_given_up_in_time(store: Database, tmp_path: Path, act: Act) -> None:
    with serving(in_turn(act)) as server:
        assert Desk(store, tmp_path, server, timeout=0.5).fails().reason is Reason.TIMED_OUT


def test_nobody_at_the_address_is_unreachable(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(says(GOOD))) as server:
        pass
    desk = Desk(store, tmp_path, server)
    assert desk.fails().reason is Reason.UNREACHABLE
    assert desk.waits == [2.0, 4.0]


def test_a_server_that_asks_to_wait_is_waited_for_within_bounds(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(error(429, retry_after="7"), error(503, retry_after="9999"), says(GOOD))) as server:
        desk = Desk(store, tmp_path, server)
        desk.ask()
    assert desk.waits == [7.0, 30.0]


def only(rung: str | None, limit: str = "max_tokens", *, temperature: bool = True) -> Script:
    """Return a server that takes one manner only."""

    def script(request: object) -> Act:
        body = request.body  # type: ignore[attr-defined]
        if limit not in body:
            return error(400, f"Unsupported parameter: 'max_tokens'. Use '{limit}'.")
        if "temperature" in body and not temperature:
            return error(400, "Unsupported value: 'temperature'")
        kind = body.get("response_format", {}).get("type")
        return says(GOOD) if kind == rung else error(400, "response_format is not supported")

    return script


@pytest.mark.parametrize(("rung", "calls"), [("json_schema", 1), ("json_object", 2), (None, 3)])
def test_the_ladder_goes_down_to_what_the_server_takes_and_is_remembered(
    store: Database, tmp_path: Path, rung: str | None, calls: int
) -> None:
    with serving(only(rung)) as server:
        desk = Desk(store, tmp_path, server)
        desk.ask()
        assert desk.asked == calls
        other: list[Message] = [{"role": "user", "content": "something else"}]
        Desk(store, tmp_path, server).ask(other)
        assert desk.asked == calls + 1


def test_parameters_that_a_server_does_not_know_are_named_otherwise(store: Database, tmp_path: Path) -> None:
    with serving(only("json_schema", "max_completion_tokens", temperature=False)) as server:
        Desk(store, tmp_path, server).ask()
        assert server.requests[-1].body["max_completion_tokens"] == 100


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [({"requests": 2}, 2), ({"tokens": 7000}, 2), ({"tokens_a_day": 7000}, 2), ({"price": 0.03, "price_in": 5.0}, 2)],
)
def test_no_call_is_made_that_could_cost_more_than_the_budget(
    store: Database, tmp_path: Path, limits: dict[str, float], allowed: int
) -> None:
    with serving(in_turn(says(GOOD))) as server:
        for number in range(5):
            messages: list[Message] = [{"role": "user", "content": f"{number} " + "evidence " * 800}]
            desk = Desk(store, tmp_path, server, **limits)  # each as another process would
            if number < allowed:
                desk.ask(messages)
            else:
                assert desk.fails(messages).reason is Reason.OVER_BUDGET
        assert len(server.requests) == allowed


def test_retries_are_paid_for(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(Act(b"nonsense"))) as server:
        desk = Desk(store, tmp_path, server, requests=2)
        assert desk.fails().reason is Reason.OVER_BUDGET
        assert desk.asked == 2


def test_a_server_that_dropped_a_part_of_the_prompt_is_noticed(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(says(GOOD, prompt_tokens=100), says(GOOD, prompt_tokens=900))) as server:
        desk = Desk(store, tmp_path, server)
        assert "context may be too small" in desk.endpoint.ask(WHERE, MESSAGES, SCHEMA, 100).warning
        assert desk.endpoint.ask(WHERE, [*MESSAGES, *MESSAGES[1:]][:2], SCHEMA, 101).warning == ""


@pytest.mark.parametrize("told", ["many", -1, None, 10**12, 3.5])
def test_tokens_that_make_no_sense_are_estimated(store: Database, tmp_path: Path, told: object) -> None:
    with serving(in_turn(says(GOOD, prompt_tokens=told, completion_tokens=told))) as server:
        answer = Desk(store, tmp_path, server).endpoint.ask(WHERE, MESSAGES, SCHEMA, 100)
    assert answer.prompt_tokens == -(-len("".join(message["content"] for message in MESSAGES)) // 3)
    assert spent_in_run(store, 1).tokens >= answer.prompt_tokens


def test_the_key_is_not_sent_where_a_redirect_points(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(says(GOOD))) as other:
        location = {"Location": f"{other.url}/chat/completions"}
        with serving(in_turn(Act(b"", 307, location))) as server:
            assert Desk(store, tmp_path, server).fails().reason is Reason.BAD_REQUEST
    assert other.requests == []


@pytest.mark.parametrize("key", ["", KEY])
def test_nobody_elses_key_is_sent(store: Database, tmp_path: Path, key: str) -> None:
    with serving(in_turn(says(GOOD))) as server:
        Desk(store, tmp_path, server, key=key).ask()
    headers = server.requests[0].headers
    assert "sk-of-somebody-else" not in json.dumps(dict(headers))
    assert headers["authorization"] == f"Bearer {key or 'none'}"


def test_what_is_asked_outside_runs_is_limited_by_the_day(store: Database, tmp_path: Path) -> None:
    outside = Where(0, "", 0, 1)
    with serving(in_turn(says(GOOD))) as server:
        desk = Desk(store, tmp_path, server, requests=1)
        desk.endpoint = Endpoint(store, desk.settings, 0, Transcript(desk.path), desk.waits.append)
        desk.ask(where=outside)
        other: list[Message] = [{"role": "user", "content": "something else"}]
        with pytest.raises(ModelError, match="budget"):
            desk.ask(other, outside)
        store.execute("update model_call set at = at - ?", [2 * DAY])
        desk.ask(other, outside)


def test_a_prompt_that_is_too_long_says_nothing_about_the_manner(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(error(400, "maximum context length is 8192 tokens"), says(GOOD))) as server:
        desk = Desk(store, tmp_path, server)
        assert desk.fails().reason is Reason.BAD_REQUEST
        assert desk.asked == 1
        desk.ask([{"role": "user", "content": "something short"}])
        assert server.requests[-1].body["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize("word", ["\u2028", "\u0085", "é", "\U0001f600"])
def test_whatever_an_answer_holds_its_transcript_can_be_read(store: Database, tmp_path: Path, word: str) -> None:
    said = {**GOOD, "queries": [word]}
    with serving(in_turn(says(json.dumps(said, ensure_ascii=False)))) as server:
        desk = Desk(store, tmp_path, server)
        desk.ask()
    reply = next(line["reply"] for line in read(desk.path) if line["kind"] == "call")
    assert json.loads(reply) == said


@pytest.mark.parametrize("escaped", [True, False])
def test_half_a_character_does_no_harm(store: Database, tmp_path: Path, *, escaped: bool) -> None:
    half = "\\ud83d" if escaped else "\ud83d"
    with serving(in_turn(says(f'{{"queries": ["cut {half}"]}}'))) as server:
        desk = Desk(store, tmp_path, server)
        if escaped:
            assert desk.fails().reason is Reason.MALFORMED
        else:
            desk.ask()
    assert len(list(read(desk.path))) == 2


def test_the_transcript_is_private_whole_and_has_no_key(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(says(GOOD), says("prose"))) as server:
        desk = Desk(store, tmp_path, server)
        desk.ask()
        desk.fails([{"role": "user", "content": "again"}])
    lines = list(read(desk.path))
    assert [line["kind"] for line in lines] == ["header", "call", "call"]
    assert [line["outcome"] for line in lines[1:]] == ["answered", "malformed"]
    assert desk.path.stat().st_mode & 0o777 == 0o600
    assert KEY not in desk.path.read_text()
    database = tmp_path / "home" / "autopass.db"
    assert KEY.encode() not in database.read_bytes()


def test_a_transcript_stands_in_for_the_model(store: Database, tmp_path: Path) -> None:
    with serving(in_turn(says(GOOD), says({"proposals": [1]}), says("prose"))) as server:
        desk = Desk(store, tmp_path, server)
        desk.ask()
        desk.ask([{"role": "user", "content": "second"}], Where(1, "a.c", 2, 1))
        desk.fails([{"role": "user", "content": "third"}])
    replay = Replay(desk.path, Transcript(tmp_path / "again.jsonl"))
    same = replay.ask(Where(7, "other.c", 9, 9), MESSAGES, SCHEMA, 100)
    assert (same.data, same.source, same.warning) == (GOOD, "transcript", "")
    moved = replay.ask(Where(7, "a.c", 2, 1), [{"role": "user", "content": "measured otherwise"}], SCHEMA, 100)
    assert (moved.data, bool(moved.warning)) == ({"proposals": [1]}, True)
    for messages, reason in (("third", Reason.MALFORMED), ("never asked", Reason.NOT_RECORDED)):
        with pytest.raises(ModelError) as caught:
            replay.ask(Where(7, "b.c", 1, 1), [{"role": "user", "content": messages}], SCHEMA, 100)
        assert caught.value.reason is reason


@pytest.mark.parametrize("text", ["", '{"kind": "header"}\n', "{}", '{"kind": "call"}\n', "nonsense\n", "\xff"])
def test_a_file_that_is_no_transcript_is_an_error_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(text.encode("latin-1"))
    if text:
        with pytest.raises(ModelError):
            Replay(path, Transcript(tmp_path / "again.jsonl"))
    with pytest.raises(ModelError):
        Replay(tmp_path / "missing.jsonl", Transcript(tmp_path / "again.jsonl"))


def test_a_call_that_a_process_died_in_stays_booked(store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with serving(in_turn(says(GOOD))) as server:
        desk = Desk(store, tmp_path, server)
        monkeypatch.setattr("autopass_cc.model.wire.post", die)
        with pytest.raises(Killed):
            desk.ask()
    rows = list(sqlite3.connect(tmp_path / "home" / "autopass.db").execute("select outcome, prompt_tokens from model_call"))
    assert [row[0] for row in rows] == ["asked"]
    assert rows[0][1] > 1000
