"""The surrogate: it proposes what looks like what was fast, each candidate once, and says where it cannot."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from situations import MAJOR, base_text

from autopass_cc.agents.minds.chance import Chance
from autopass_cc.agents.minds.protocol import Proposal, Situation, Tried
from autopass_cc.bench.bayes import POOL, Bayes
from autopass_cc.errors import BenchError
from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.features import Features
from autopass_cc.measure.verdict import Verdict
from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.neighbours import menu
from autopass_cc.recipe.tree import parse
from autopass_cc.recipe.words import Tier

Vector = np.ndarray[Any, np.dtype[np.float64]]


def situation(history: tuple[Tried, ...] = ()) -> Situation:
    evidence = Evidence("a.c", "O2", "c", 0.9, (), (), (Features("f", blocks=3, loops=1),))
    return Situation(evidence, parse(base_text()), menu(load(MAJOR), Tier.A, arch="x86"), seed=1, history=history)


def size(proposal: Proposal) -> Vector:
    """A made-up feature: how long the names of the edits are."""
    return np.array([float(sum(len(getattr(edit, "name", "")) for edit in proposal.edits)), 1.0])


def timed(proposals: list[Proposal], by: Any) -> tuple[Tried, ...]:
    return tuple(Tried(each, f"{n:032x}", Verdict.SCREENED_OUT, by(each)) for n, each in enumerate(proposals))


def test_before_anything_was_timed_it_draws_and_later_it_follows_what_was_fast() -> None:
    mind = Bayes()
    mind.compiled_by(size)
    first = mind.propose(situation(), 12)
    assert len({each.edits for each in first}) == 12

    def long_is_fast(proposal: Proposal) -> float:
        return -float(size(proposal)[0]) / 200

    known = situation(timed(first, long_is_fast))
    following = mind.propose(known, 4)
    assert len({each.edits for each in following}) == 4
    assert not {each.edits for each in following} & {each.edits for each in first}
    pool = [long_is_fast(each) for each in Chance().propose(known, 4 * POOL)]
    assert long_is_fast(following[0]) <= np.quantile(pool, 0.2)
    assert [each.edits for each in mind.propose(known, 4)] == [each.edits for each in following]  # deterministic


def test_what_does_not_compile_is_not_proposed() -> None:
    first = Chance().propose(situation(), 12)
    known = situation(timed(first, lambda _proposal: -0.01))
    mind = Bayes()
    mind.compiled_by(lambda each: size(each) if each in first else None, workers=2)
    assert mind.propose(known, 5) == []


def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.gaussian_process", None)
    with pytest.raises(BenchError) as caught:
        Bayes()
    assert "autopass-cc[bench]" in caught.value.next_step
