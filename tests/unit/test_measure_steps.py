"""Workloads of several commands are timed as one; verdicts keep their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from autopass_cc.measure.runner import Command, Conditions, Sample
from autopass_cc.measure.steps import Steps, StepsRunner
from autopass_cc.measure.verdict import Stage, Verdict


@dataclass
class Scripted:
    """A runner that answers by the first word of a command."""

    answers: dict[str, Sample]
    calls: list[tuple[str, int | None, tuple[int, ...]]] = field(default_factory=list)

    def cpus(self) -> tuple[int, ...]:
        return (3,)

    def now(self) -> float:
        return 7.0

    def conditions(self, cpu: int | None) -> Conditions:
        return Conditions(8.0, steal_s=float(cpu or 0))

    def run(self, command: Command, *, cpu: int | None, pads: Sequence[int] = (0,)) -> Sample:
        self.calls.append((command.argv[0], cpu, tuple(pads)))
        return self.answers[command.argv[0]]


def command(name: str) -> Command:
    return Command((name,), Path("/"), {"A": "1"}, timeout_s=10.0)


FIRST = Sample(1.0, 0.5, 0.1, 0.01, 1, 2, stdout=b"one\n", stderr=b"e1\n", max_rss_kib=10)
SECOND = Sample(2.0, 1.5, 0.2, 0.02, 3, 4, stdout=b"two\n", stderr=b"e2\n", max_rss_kib=5)


def test_steps_look_like_the_first_command_with_all_the_time_that_they_need() -> None:
    steps = Steps.of([command("a"), command("b"), command("c")])
    assert (steps.argv, steps.cwd, steps.env, steps.timeout_s) == (("a",), Path("/"), {"A": "1"}, 30.0)


def test_costs_of_steps_add_up_and_outputs_follow_each_other() -> None:
    inner = Scripted({"a": FIRST, "b": SECOND})
    sample = StepsRunner(inner).run(Steps.of([command("a"), command("b")]), cpu=1, pads=(4, 5))
    assert inner.calls == [("a", 1, (4, 5)), ("b", 1, (4, 5))]
    assert (sample.wall_s, sample.user_s, sample.sys_s) == pytest.approx((3.0, 2.0, 0.3))
    assert sample.waited_s == pytest.approx(0.03)
    assert (sample.voluntary, sample.involuntary, sample.max_rss_kib) == (4, 6, 10)
    assert (sample.stdout, sample.stderr) == (b"one\ntwo\n", b"e1\ne2\n")


def test_where_one_step_cannot_say_how_long_it_waited_nobody_can() -> None:
    inner = Scripted({"a": FIRST, "b": Sample(1.0)})
    assert StepsRunner(inner).run(Steps.of([command("a"), command("b")]), cpu=None).waited_s is None


@pytest.mark.parametrize(
    "failed",
    [Sample(1.0, exit_code=3), Sample(1.0, exit_code=-11), Sample(1.0, timed_out=True), Sample(1.0, overflowed=True)],
)
def test_the_first_step_that_fails_is_the_last_and_its_end_is_kept(failed: Sample) -> None:
    inner = Scripted({"a": failed, "b": SECOND})
    sample = StepsRunner(inner).run(Steps.of([command("a"), command("b")]), cpu=None)
    assert [name for name, _, _ in inner.calls] == ["a"]
    assert (sample.exit_code, sample.timed_out, sample.overflowed) == (failed.exit_code, failed.timed_out, failed.overflowed)


def test_a_single_command_and_the_machine_are_passed_through() -> None:
    runner = StepsRunner(Scripted({"a": FIRST}))
    assert runner.run(command("a"), cpu=None) is FIRST
    assert (runner.cpus(), runner.now(), runner.conditions(2)) == ((3,), 7.0, Conditions(8.0, 2.0))


def test_a_verdict_is_found_by_its_word_and_has_a_sentence() -> None:
    assert {Verdict.of(verdict.value) for verdict in Verdict} == set(Verdict)
    assert all(verdict.sentence.endswith(".") for verdict in Verdict)
    with pytest.raises(KeyError):
        Verdict.of("splendid")


def test_only_revalidation_can_accept_and_no_defect_is_worth_a_retry() -> None:
    assert Verdict.ACCEPTED.stage is Stage.REVALIDATION
    assert not any(verdict.is_defect and verdict.is_open for verdict in Verdict)
    assert {verdict for verdict in Verdict if verdict.is_open} == {
        Verdict.NOT_TRIED,
        Verdict.UNFINISHED,
        Verdict.TOO_NOISY,
        Verdict.CONFIRMED,
    }
