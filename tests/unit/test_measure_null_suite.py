"""The proof that the protocol holds: the real decision path on synthetic machines where nothing is faster.

Each experiment is a whole confirmation, and a re-validation where that confirmed. "Null" is as hard as it gets: the
candidate is faster by *exactly* the margin, the most that must not be accepted. The last two tests remove a safeguard each, and
demand that this suite would notice.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from mock_runner import (
    MockRunner,
    MockSubject,
    Noise,
    autoregressive,
    bimodal,
    inner_slower,
    second_slower,
    spikes,
    white,
)

from autopass_cc.measure import blocks
from autopass_cc.measure.blocks import Draw
from autopass_cc.measure.confirm import Bench, confirm, revalidate
from autopass_cc.measure.plan import Plan
from autopass_cc.measure.stats import MARGIN, Aggregate, Rule
from autopass_cc.measure.verdict import Verdict

ALPHA = Rule().alpha
MACHINES: dict[str, Callable[[random.Random], Noise]] = {
    "white": white,
    "ar1": autoregressive,
    "spikes": spikes,
    "bimodal": bimodal,
    "inner-slower": inner_slower,
    "second-slower": second_slower,
    "layout": lambda rng: white(rng, 0.002),
}
LAYOUT_SD = {"layout": 0.03}
ONCE = Plan(run_s=2.0)
TWICE_MEAN = Plan(repeats=2, aggregate=Aggregate.MEAN, run_s=2.0)

DrawBlock = Callable[[random.Random, int], Draw]


def bound(experiments: int) -> float:
    """Alpha and three standard errors of a rate of alpha."""
    return ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / experiments)


def experiment(machine: str, number: int, *, effect: float, plan: Plan = ONCE) -> tuple[bool, bool]:
    """Whether a candidate of log time ratio `effect` is confirmed, and whether it is then accepted too."""
    runner = MockRunner(MACHINES[machine](random.Random(f"{machine}:{number}")))
    bench = Bench(runner, plan, seed=number)
    layout_sd = LAYOUT_SD.get(machine, 0.0)
    baseline, candidate = MockSubject("a", layout_sd=layout_sd), MockSubject("b", effect, layout_sd)
    if confirm(bench, baseline, candidate).verdict is not Verdict.CONFIRMED:
        return False, False
    return True, revalidate(bench, baseline, candidate).verdict is Verdict.ACCEPTED


def rates(machine: str, experiments: int, *, effect: float, plan: Plan = ONCE) -> tuple[float, float]:
    """Shares of experiments that are confirmed, and accepted."""
    ends = [experiment(machine, number, effect=effect, plan=plan) for number in range(experiments)]
    return sum(confirmed for confirmed, _ in ends) / experiments, sum(accepted for _, accepted in ends) / experiments


@pytest.mark.parametrize("machine", MACHINES)
def test_a_candidate_faster_by_the_margin_only_is_not_accepted_more_often_than_alpha(machine: str) -> None:
    confirmed, accepted = rates(machine, 1000, effect=-MARGIN)
    assert accepted <= confirmed <= bound(1000)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_candidate_that_is_no_faster_is_not_accepted_more_often_than_alpha(machine: str) -> None:
    confirmed, accepted = rates(machine, 300, effect=0.0)
    assert accepted <= confirmed <= bound(300)


@pytest.mark.parametrize("machine", ["inner-slower", "second-slower", "spikes", "layout"])
def test_repeated_groups_and_means_do_not_change_that(machine: str) -> None:
    confirmed, accepted = rates(machine, 200, effect=-MARGIN, plan=TWICE_MEAN)
    assert accepted <= confirmed <= bound(200)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_candidate_that_is_much_faster_is_accepted_on_each_of_these_machines(machine: str) -> None:
    _, accepted = rates(machine, 20, effect=math.log(0.8))
    assert accepted >= 0.95


def test_without_the_coin_flip_an_order_penalty_passes_for_a_gain(monkeypatch: pytest.MonkeyPatch) -> None:
    def always_the_same_order(rng: random.Random, repeats: int) -> Draw:
        return Draw("BAAB" * repeats, rng.randint(1, blocks.MAX_SEED), rng.randint(1, blocks.MAX_SEED))

    monkeypatch.setattr(blocks, "draw_block", always_the_same_order)
    _, accepted = rates("inner-slower", 100, effect=0.0)
    assert accepted > bound(100)
    assert accepted > 0.9


def test_without_a_relink_the_luck_of_one_layout_passes_for_a_gain(monkeypatch: pytest.MonkeyPatch) -> None:
    accepts = 0
    real = blocks.draw_block
    for number in range(100):
        monkeypatch.setattr(blocks, "draw_block", linked_once(real))
        accepts += experiment("layout", number, effect=0.0)[1]
    assert accepts / 100 > bound(100)
    assert accepts / 100 > 0.2


def linked_once(draw_block: DrawBlock) -> DrawBlock:
    """Keep the coin, but give every block the layout seeds of the first one."""
    first: list[Draw] = []

    def draw(rng: random.Random, repeats: int) -> Draw:
        drawn = draw_block(rng, repeats)
        first.append(drawn)
        return Draw(drawn.order, first[0].seed_a, first[0].seed_b)

    return draw
