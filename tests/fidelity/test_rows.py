"""Every case, with every clang, in three states: nothing published, a recipe published for it, switched off."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias

import pytest

from fidelity.case import MAJORS, STATES, Case
from fidelity.rows import CASES
from fidelity.states import keys_of_others, observe, toolchain_of

RUNS = [
    pytest.param(each, major, state, id=f"{each.id}-{major}-{state}")
    for each in CASES
    for major in each.majors
    for state in STATES
]
WORKERS = 2

Observations: TypeAlias = dict[tuple[str, int], Future[dict[str, str | None]]]


@pytest.fixture(scope="module")
def observations(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observations]:
    """Run the chosen cases, two at a time and ahead of the tests that ask for them."""
    base = tmp_path_factory.mktemp("fidelity")
    chosen = {item.callspec.id.rpartition("-")[0] for item in request.session.items if hasattr(item, "callspec")}
    pool = ThreadPoolExecutor(WORKERS)
    found: Observations = {}
    others = {}
    for major in MAJORS:
        if toolchain := toolchain_of(major):
            others[major] = keys_of_others(toolchain, base / f"others-{major}")
    for each in CASES:
        for major in each.majors:
            toolchain = toolchain_of(major)
            if toolchain and f"{each.id}-{major}" in chosen:
                place = base / f"{each.id}-{major}"
                found[each.id, major] = pool.submit(observe, each, toolchain, place, others[major])
    yield found
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("each", "major", "state"), RUNS)
def test_nobody_can_tell_it_from_clang(each: Case, major: int, state: str, observations: Observations) -> None:
    if (each.id, major) not in observations:
        pytest.skip(f"clang-{major} is not installed")
    problem = observations[each.id, major].result()[state]
    assert problem is None, problem
