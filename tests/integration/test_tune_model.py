"""The whole loop with a model behind a real server: who proposed what, the story, the replay, the switches, the privacy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from proposals import LARGER, SMALLER
from sample_project import Silent, autopass, recorded
from scripted_server import Act, Script, error, in_turn, says, serving

from autopass_cc.agents.outcome import TuneResult
from autopass_cc.agents.parts import Minds, Part
from autopass_cc.agents.reasoning import Setting
from autopass_cc.agents.tune import Options, tune
from autopass_cc.measure.verdict import Verdict
from autopass_cc.model.settings import Settings
from autopass_cc.model.transcript import path_of
from autopass_cc.project import config
from autopass_cc.store.database import reader, writer
from autopass_cc.store.runs import CandidateRow, RunReader

LONG, SHORT = 60.0, 15.0  # seconds of budget: enough to prove a gain; to look at a few candidates
ASKS = {"ask": "remarks", "function": "kernel", "pass": None, "site": None, "candidate": None}
GOOD: tuple[Act, ...] = (
    says({"queries": [ASKS], "proposals": []}),
    says({"queries": [], "proposals": [LARGER]}),
    says({"queries": [], "proposals": [SMALLER]}),
)


@pytest.fixture
def project(tmp_path: Path, ready: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert ready.is_dir()
    return recorded(tmp_path / "project", monkeypatch)


def run(root: Path, model: Settings | None, listener: Silent | None = None, **options: Any) -> TuneResult:
    chosen = {"setting": Setting(Minds.MODEL, rounds=2), "budget_s": SHORT, **options}
    with writer() as db:
        asked = Options(modules=("kernel.c",), seed=1, again=True, model=model, **chosen)
        return tune(db, config.load(root), asked, listener or Silent(), lambda: False)


def candidates(result: TuneResult) -> list[CandidateRow]:
    with reader() as db:
        assert db is not None
        return RunReader(db).candidates(result.run)


def minds(rows: Sequence[CandidateRow]) -> set[str]:
    return {row.mind for row in rows}


def near(url: str, **settings: Any) -> Settings:
    return Settings(url, "scripted", **settings)


def test_a_models_proposal_is_proven_explained_and_replayed(project: Path, tmp_path: Path) -> None:
    with serving(in_turn(*GOOD)) as server:
        first = run(project, near(server.url), budget_s=LONG)
        assert len(server.requests) == 3
        told = server.requests[2].body["messages"][1]["content"]
    (kernel,) = [each for each in first.modules if each.name == "kernel.c"]
    assert kernel.verdict is Verdict.ACCEPTED
    by_model = [row for row in candidates(first) if row.mind == "model"]
    assert len(by_model) >= 2
    assert "unroll-count=8: time +" in told
    assert "diagnosis:" in told

    story = autopass("explain", "kernel.c", cwd=project).stdout
    for words in ("round 1", "round 2", "because   More copies", "(expected -20 %)", "evidence  e1: ", "1 questions", "winner"):
        assert words in story
    data = json.loads(autopass("explain", "kernel.c", "--json", cwd=project).stdout)
    assert data["model"]["rounds"] == 2
    assert any(each["removals"] for each in data["candidates"])

    path = tmp_path / "copy.jsonl"
    path.write_bytes(path_of(first.run).read_bytes())
    again = run(project, None, replay=path, budget_s=LONG)
    proposed = {(row.recipe, row.hypothesis) for row in candidates(again) if row.mind == "model"}
    assert proposed == {(row.recipe, row.hypothesis) for row in by_model}
    assert "from transcript" in autopass("model", "transcript", str(again.run), cwd=project).stdout


@pytest.mark.parametrize("script", [in_turn(says("I would rather not.")), in_turn(error(500))])
def test_without_a_usable_answer_the_rules_go_on(project: Path, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autopass_cc.model.client.PAUSE", 0.0)
    listener = Silent()
    with serving(script) as server:
        result = run(project, near(server.url), listener)
    assert "rules" in minds(candidates(result))
    assert "model" not in minds(candidates(result))
    assert any("the others go on alone" in line for line in listener.lines)
    assert any(row.screened is not None for row in candidates(result))


def test_another_host_is_not_asked_without_a_yes(project: Path) -> None:
    listener = Silent()
    far = Settings("http://model.invalid/v1", "far")
    result = run(project, far, listener)
    assert any("model.invalid is neither this machine nor in its network" in line for line in listener.lines)
    assert minds(candidates(result)) <= {"rules", "exploration"}
    asked: list[str] = []

    def refuse(text: str) -> bool:
        asked.append(text)
        return False

    run(project, far, listener, confirm=refuse)
    assert "model.invalid (model far) would get: names of modules" in asked[0]


def test_switches_take_their_part_away(project: Path) -> None:
    def setting(*parts: Part) -> Setting:
        return Setting(Minds.BOTH, rounds=1, without=frozenset(parts))

    with serving(in_turn(says({"queries": [], "proposals": [LARGER]}))) as server:
        model = near(server.url)
        bare = run(project, model, setting=setting(Part.ANALYSIS))
        opening = server.requests[-1].body["messages"][1]["content"]
        assert '"evidence": []' in opening
        count = len(server.requests)
        chance = run(project, model, setting=setting(Part.REASONING))
        assert minds(candidates(chance)) == {"exploration"}
        assert len(server.requests) == count
        alike = run(project, model, setting=setting(Part.SCORE))
        assert alike.facts["scores"][0]["why"] == "scores are switched off"
        blind = run(project, model, setting=setting(Part.EVALUATION))
        assert all(row.facts.get("diagnosis") is None for row in candidates(blind) if row.mind == "rules")
    assert bare.facts["program_runs"] > 0


def test_the_prompt_can_be_seen_before_anything_is_sent(project: Path) -> None:
    shown = autopass("model", "show-prompt", "kernel.c", cwd=project).stdout
    for words in ("----- system", "----- user", '"module": "kernel.c"', "## Knobs", "Round 1 of 3"):
        assert words in shown
    messages = json.loads(autopass("model", "show-prompt", "kernel.c", "--json", cwd=project).stdout)
    assert [message["role"] for message in messages] == ["system", "user"]
    little = {"AUTOPASS_MODEL_URL": "http://127.0.0.1:1/v1", "AUTOPASS_MODEL_SHARE": "stats"}
    few = autopass("model", "show-prompt", "kernel.c", cwd=project, env=little)
    assert "kernel" not in few.stdout
    assert "no compile" in autopass("model", "show-prompt", "nosuch.c", cwd=project, code=22).stderr.lower()
