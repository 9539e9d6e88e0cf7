"""Bayesian optimisation over what the compiler makes of a candidate, the idea of CITROEN (Zhao, Xia and Wang, IPDPS 2025).

Edits themselves are a poor space to model: most of them change nothing, and many come to the same. So candidates are compiled,
which costs no run of the program, and a Gaussian process over counts of instructions predicts their times; the expected
improvement says which of a pool of legal draws are worth a run. Theirs are statistics of LLVM's passes, which release builds
of clang do not count; ours are the instructions of the object.
"""

from __future__ import annotations

import concurrent.futures
import math
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autopass_cc.agents.minds.chance import Chance
from autopass_cc.agents.minds.protocol import Proposal, Situation, Tried
from autopass_cc.agents.search import Search
from autopass_cc.errors import BenchError, RecipeError
from autopass_cc.evidence.assembly import disassembled, parse
from autopass_cc.toolchain.describe import Toolchain

if TYPE_CHECKING:
    import numpy as np

    Vector = np.ndarray[Any, np.dtype[np.float64]]

POOL = 6  # legal draws that are compiled for each proposal that is wanted
MOST = 60  # kinds of instructions that are told apart: the most frequent ones of the plain compile
LEAST = 4  # timed candidates before there is anything to model
Features = Callable[[Proposal], "Vector | None"]  # None: it does not compile


class Bayes:
    """Proposes what a surrogate of the candidates timed so far expects most of. Deterministic, as chance is."""

    name = "bayes"

    def __init__(self) -> None:
        try:
            import sklearn.gaussian_process  # noqa: F401 - an optional extra, looked for before time is spent
        except ImportError:
            raise BenchError("scikit-learn is not installed.", "pip install 'autopass-cc[bench]'") from None
        self._features: Features = lambda _proposal: None
        self._workers = 1
        self._known: dict[tuple[object, ...], Vector | None] = {}

    def compiled_by(self, features: Features, workers: int = 1) -> None:
        """Say how candidates get their features: the search that asks for proposals compiles them, several at once."""
        self._features, self._workers = features, workers

    def propose(self, situation: Situation, wanted: int) -> list[Proposal]:
        """Return up to `wanted` new proposals, the most promising first."""
        if sum(tried.screened is not None for tried in situation.history) < LEAST:
            return Chance().propose(situation, wanted)
        timed = [(vector, tried.screened) for tried in situation.history if (vector := self._of(tried)) is not None]
        drawn = Chance().propose(situation, POOL * wanted)
        with concurrent.futures.ThreadPoolExecutor(self._workers) as threads:  # nothing is being timed now
            vectors = threads.map(self._vector, drawn)
        pool = [(each, vector) for each, vector in zip(drawn, vectors, strict=True) if vector is not None]
        return self._expected(pool, [(vector, score or 0.0) for vector, score in timed], wanted)

    def _expected(self, pool: list[tuple[Proposal, Vector]], timed: list[tuple[Vector, float]], wanted: int) -> list[Proposal]:
        chosen: list[Proposal] = []
        timed = list(timed)
        while pool and len(chosen) < wanted:
            predict = _fitted(timed)
            best = min(score for _, score in timed)
            worth = [_improvement(*predict(vector), best) for _, vector in pool]
            place = max(range(len(pool)), key=lambda number: worth[number])
            proposal, vector = pool.pop(place)
            chosen.append(proposal)
            timed.append((vector, predict(vector)[0]))  # believed until it is timed, so that the next one differs
        return chosen

    def _of(self, tried: Tried) -> Vector | None:
        return self._vector(tried.proposal) if tried.screened is not None else None

    def _vector(self, proposal: Proposal) -> Vector | None:
        key = tuple(proposal.edits)
        if key not in self._known:
            self._known[key] = self._features(proposal)
        return self._known[key]


def features_of(search: Search, toolchain: Toolchain) -> Features:
    """Return what compiles a candidate of a search and counts its instructions, by name."""
    import numpy as np

    builder, module = search.gate.builder, search.gate.module
    compiled = builder.plain(module.outs[0], sections=False)
    plain, limit = Counter(_words(toolchain, compiled.path)), search.gate.limit(compiled)
    names = [name for name, _ in plain.most_common(MOST)]

    def features(proposal: Proposal) -> Vector | None:
        try:
            recipe = search.recipe(proposal)
        except RecipeError:
            return None
        done = builder.compile(module.outs[0], recipe, sections=False, limit=limit)
        if not done.outcome.ok:
            return None
        counts = Counter(_words(toolchain, done.path))
        others = sum(count for name, count in counts.items() if name not in plain)
        return np.log1p(np.array([*(counts[name] for name in names), others, counts.total()], dtype=np.float64))

    return features


def _words(toolchain: Toolchain, path: Path) -> list[str]:
    """Return the instructions of an object without their operands."""
    return [code.split()[0] for _, lines in parse(disassembled(toolchain, path)) for code in lines if code.strip()]


def _fitted(timed: Sequence[tuple[Vector, float]]) -> Callable[[Vector], tuple[float, float]]:
    """Return what predicts mean and sd of a candidate's log-ratio from its features."""
    import numpy as np
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    table, scores = np.array([vector for vector, _ in timed]), np.array([score for _, score in timed])
    middle, spread = table.mean(axis=0), table.std(axis=0)
    spread[spread == 0] = 1.0
    width = math.sqrt(table.shape[1])
    kernel = ConstantKernel(0.01) * Matern(length_scale=width, nu=2.5) + WhiteKernel(1e-3, (1e-6, 1e-1))
    process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length that no data bounds is no fault
        process.fit((table - middle) / spread, scores)

    def predict(vector: Vector) -> tuple[float, float]:
        mean, sd = process.predict([(vector - middle) / spread], return_std=True)
        return float(mean[0]), float(sd[0])

    return predict


def _improvement(mean: float, sd: float, best: float) -> float:
    """Return by how much a candidate is expected to be below the best (Jones, Schonlau and Welch 1998)."""
    if sd <= 0:
        return max(0.0, best - mean)
    z = (best - mean) / sd
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return (best - mean) * 0.5 * (1 + math.erf(z / math.sqrt(2))) + sd * density
