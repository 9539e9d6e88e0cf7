"""What was asked and answered in a run, as JSON Lines; and a transcript in the place of a model."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from autopass_cc.digest import digest_of
from autopass_cc.model import parse
from autopass_cc.model.asking import Answer, Message, Where
from autopass_cc.model.errors import ModelError, Reason
from autopass_cc.paths import data_dir, private_dir


def path_of(run: int) -> Path:
    """Return where the transcript of a run is kept."""
    return data_dir() / "transcripts" / f"run-{run}.jsonl"


class Transcript:
    """Appends to the transcript of a run; a run that is resumed goes on in the same file. Keys never come here."""

    def __init__(self, path: Path, **header: Any) -> None:
        private_dir(path.parent)
        self._path = path
        self._write({"kind": "header", "at": time.time_ns(), **header})

    def answered(self, where: Where, messages: Sequence[Message], answer: Answer) -> None:
        """Write a question and its answer."""
        told = {"source": answer.source, "prompt_tokens": answer.prompt_tokens, "completion_tokens": answer.completion_tokens}
        self._call(where, messages, reply=answer.text, outcome="answered", warning=answer.warning, **told)

    def failed(self, where: Where, messages: Sequence[Message], error: ModelError) -> None:
        """Write a question that was not answered."""
        self._call(where, messages, reply=None, outcome=error.reason.value, warning=error.sentence)

    def _call(self, where: Where, messages: Sequence[Message], **told: Any) -> None:
        self._write({"kind": "call", "at": time.time_ns(), "where": vars(where), "messages": list(messages), **told})

    def _write(self, data: Mapping[str, Any]) -> None:
        line = json.dumps(data, sort_keys=True).encode() + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a transcript; raises ModelError where it is none."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(Reason.NOT_RECORDED, f"{path} cannot be read ({error}).") from None
    for number, line in enumerate(text.split("\n"), start=1):  # not splitlines: JSON may hold what it splits at
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            kind = data["kind"]
            if kind == "call":
                _ = Where(**data["where"]), data["messages"], data["reply"], data["outcome"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ModelError(Reason.NOT_RECORDED, f"{path}, line {number}, is no line of a transcript.") from None
        if kind in ("header", "call"):
            yield data


def calls(path: Path) -> list[dict[str, Any]]:
    """Return what was asked in a transcript; raises ModelError where it is none, or nothing was."""
    found = [line for line in read(path) if line["kind"] == "call"]
    if not found:
        raise ModelError(Reason.NOT_RECORDED, f"Nothing was asked in {path}.")
    return found


class Replay:
    """An `Asker` that needs no network: replies of a transcript, by the digest of the messages, else by their place.

    Where measurements differ from those of the recorded run, prompts do too; then the reply that was given at the same
    place (module, round, turn) is taken, and the answer says so.
    """

    def __init__(self, path: Path, transcript: Transcript) -> None:
        self._transcript = transcript
        self._by_digest: dict[str, dict[str, Any]] = {}
        self._by_place: dict[tuple[str, int, int], dict[str, Any]] = {}
        for line in calls(path):
            where = line["where"]
            self._by_digest[_digest(line["messages"])] = line
            self._by_place.setdefault((where["module"], where["round"], where["turn"]), line)

    def ask(self, where: Where, messages: Sequence[Message], schema: Mapping[str, Any], most: int) -> Answer:
        """Return what was answered then; raises ModelError: what failed then, or not-recorded."""
        del schema, most
        same = self._by_digest.get(_digest(messages))
        line = same or self._by_place.get((where.module, where.round, where.turn))
        try:
            if line is None:
                place = f"{where.module}, round {where.round}, turn {where.turn}"
                raise ModelError(Reason.NOT_RECORDED, f"The transcript has no answer for {place}.")
            if line["reply"] is None:
                raise ModelError(Reason(line["outcome"]), str(line["warning"]))
            answer = Answer(
                parse.parse(line["reply"]),
                line["reply"],
                int(line["prompt_tokens"]),
                int(line["completion_tokens"]),
                "transcript",
                "" if same else "the prompt differs from the recorded one",
            )
        except ModelError as error:
            self._transcript.failed(where, messages, error)
            raise
        self._transcript.answered(where, messages, answer)
        return answer


def _digest(messages: Sequence[Message]) -> str:
    return digest_of(json.dumps(list(messages), sort_keys=True).encode())
