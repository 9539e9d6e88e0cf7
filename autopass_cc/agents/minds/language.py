"""Reasoning by a language model: asked once a wave, for a bounded number of rounds, with questions to the compiler between.

It is one implementation of `Mind` and owns no power: what it says is repaired or dropped, gated and measured like
everybody's proposals, and when it does not answer, it proposes nothing and says why.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from autopass_cc.agents.minds import prompt, reply
from autopass_cc.agents.minds.protocol import MODEL, Proposal, Situation
from autopass_cc.agents.minds.repair import Repairer
from autopass_cc.model.asking import Asker, Message, Where
from autopass_cc.model.errors import ModelError
from autopass_cc.share import Share

MOST_TURNS = 4  # of one round: questions, answers, a correction, the proposals
MOST_ANSWER = 3000  # tokens of one answer; five proposals take about 1,000
MOST_CORRECTIONS = 2  # times that an unusable answer is sent back in one round
MOST_FAILURES = 2  # rounds in a row without a usable answer, after which a module's model is not asked again


class Compiler(Protocol):
    """Answers a model's questions about one module, within bounds; `forms` says which may be asked."""

    @property
    def forms(self) -> Sequence[str]:
        """Return a line for each kind of question."""
        ...

    def answer(self, question: Mapping[str, object]) -> str:
        """Return the answer, or why there is none. Never raises."""
        ...


@dataclass
class Tally:
    """What the model's side of one module came to: for tables, `explain` and `--json`."""

    rounds: int = 0
    calls: int = 0
    questions: int = 0
    proposals: int = 0
    invalid: int = 0
    dropped_edits: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    waited: float = 0.0
    failures: list[str] = field(default_factory=list)


@dataclass
class Language:
    """A model's mind for one module. `evidence` is the text of its pack, `known` a line for each id of evidence in it.

    `share` bounds what it is told of results.
    """

    asker: Asker
    compiler: Compiler
    evidence: str
    known: Mapping[str, str]
    run: int
    module: str
    rounds: int
    say: Callable[[str], None]
    share: Share = Share.REMARKS
    tally: Tally = field(default_factory=Tally)
    name: str = MODEL
    gave_up: bool = False  # after failures, or as an earlier search used its rounds up: it is not asked about this module again
    silent: bool = False  # it was asked in this wave, and had nothing usable
    _wave: int = 0
    _queue: list[Proposal] = field(default_factory=list)
    _notes: tuple[str, ...] = ()
    _failed: int = 0

    def __post_init__(self) -> None:
        """Give up before the first wave where no round is left, so that others come in."""
        self.gave_up = self.gave_up or not self.rounds_left

    @property
    def rounds_left(self) -> int:
        """Return how often it may be asked yet."""
        return max(0, self.rounds - self.tally.rounds)

    def propose(self, situation: Situation, wanted: int) -> Sequence[Proposal]:
        """Return what the model proposes in this wave; it is asked when the wave is new and a round is left."""
        if situation.wave != self._wave:
            self._wave = situation.wave
            self._queue, self.silent = [], self.gave_up
            if self.rounds_left and not self.gave_up:
                self._round(situation)
        seen = {tried.proposal.edits for tried in situation.history}
        return [proposal for proposal in self._queue if proposal.edits not in seen][:wanted]

    def _round(self, situation: Situation) -> None:
        self.tally.rounds += 1
        started = time.monotonic()
        try:
            found = self._converse(situation)
        except ModelError as error:
            self._fail(error.sentence, final=error.reason.is_final)
            return
        finally:
            self.tally.waited += time.monotonic() - started
        own = [replace(proposal, round=self.tally.rounds) for proposal in (*found.proposals, *found.variants)]
        self.tally.proposals += len(found.proposals)
        self._queue, self._notes = own, found.notes
        if own:
            self._failed = 0
            self.say(f"model, round {self.tally.rounds}: {len(found.proposals)} proposals, {len(found.variants)} further values")
        else:
            self._fail("it proposed nothing legal", final=False)

    def _fail(self, why: str, *, final: bool) -> None:
        self._failed += 1
        self.silent = True
        self.gave_up = final or self._failed >= MOST_FAILURES
        self.tally.failures.append(why)
        self.say(f"model, round {self.tally.rounds}: {why.rstrip('.')}; the others go on alone")

    def _converse(self, situation: Situation) -> reply.Reply:
        """Ask until there are proposals or the turns are over; raises ModelError."""
        messages: list[Message] = [
            {"role": "system", "content": prompt.task(self.compiler.forms)},
            {
                "role": "user",
                "content": prompt.opening(self.evidence, situation, self.tally.rounds, self.rounds, self._notes, self.share),
            },
        ]
        repairer = Repairer(situation.base, situation.menu)
        found, corrections = reply.Reply((), (), (), (), 0, 0), 0
        for turn in range(1, MOST_TURNS + 1):
            self.tally.calls += 1
            where = Where(self.run, self.module, self.tally.rounds, turn)
            try:
                answer = self.asker.ask(where, messages, reply.SCHEMA, MOST_ANSWER)
            except ModelError as error:
                corrections += 1
                if not error.reason.is_about_the_answer or corrections > MOST_CORRECTIONS or turn == MOST_TURNS:
                    raise
                self.tally.invalid += 1
                messages.append({"role": "user", "content": prompt.unusable(error.sentence)})
                continue
            self.tally.prompt_tokens += answer.prompt_tokens
            self.tally.completion_tokens += answer.completion_tokens
            found = reply.read(answer.data, repairer, self.known)
            self.tally.invalid += found.invalid
            self.tally.dropped_edits += found.dropped
            if found.proposals or turn == MOST_TURNS:
                break
            messages += [{"role": "assistant", "content": answer.text}, {"role": "user", "content": self._next(found, turn)}]
        return found

    def _next(self, found: reply.Reply, turn: int) -> str:
        """Return the next message: answers to questions, or what was wrong with the proposals."""
        parts = []
        for question in found.queries:
            self.tally.questions += 1
            asked = json.dumps({key: value for key, value in question.items() if value is not None})[:200]
            parts.append(f"### {asked}\n{self.compiler.answer(question)}")
        if not found.queries:
            parts.append("There was no usable proposal in your answer.\n" + "\n".join(f"- {note}" for note in found.notes))
        if turn == MOST_TURNS - 1:
            parts.append(prompt.LAST_TURN)
        return "\n\n".join(parts)
