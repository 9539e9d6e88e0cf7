"""OpenTuner driven from outside: asked which configuration to measure next, and told how long it took.

Ansel et al., "OpenTuner: An Extensible Framework for Program Autotuning" (PACT 2014). Everything that chooses is the package's,
with its defaults: the bandit AUCBanditMetaTechniqueA over differential evolution, two greedy mutations and Nelder-Mead (which
has nothing to do here, as no choice is a number). Results go into its own database. Only what a program that measures one
configuration at a time needs is said to it: no parallel tests, and the base level as its seed configuration.

OpenTuner cannot go on with a former run: its database keeps results, and not what its techniques had in mind. So a run is
repeatable instead: the same seed and the same answers give the same questions, and what is known can be told once more.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autopass_cc.bench.space import Configuration, Space
from autopass_cc.errors import BenchError

TECHNIQUE = "AUCBanditMetaTechniqueA"  # OpenTuner's default; named, so that another default would be another method
PATIENCE = 500  # questions for a configuration in vain after which OpenTuner's own main loop ends (--bail-threshold)
FAILED = float("inf")


@dataclass(frozen=True)
class Asked:
    """A question: how long does `configuration` take? Nobody needs to know beyond `limit`.

    `key` is OpenTuner's digest of the configuration, `by` the technique that asks; times are in the unit of the answers.
    """

    key: str
    configuration: Configuration
    limit: float
    by: str
    desired: Any  # OpenTuner's own record of the question


class Tuner:
    """One tuning run over `space`, its results in a new `database`. Repeatable for a `seed`. Raises BenchError."""

    def __init__(self, space: Space, database: Path, seed: str) -> None:
        opentuner = _package()
        self._dice = random.Random(seed).getstate()  # noqa: S311 - repeatable on purpose
        for name in (database.name, f"{database.name}-journal"):
            database.with_name(name).unlink(missing_ok=True)
        words = [f"--database=sqlite:///{database}", f"--technique={TECHNIQUE}", "--parallelism=1", "--no-dups", "--quiet"]
        args = opentuner.default_argparser().parse_args(words)
        interface = opentuner.measurement.interface.DefaultMeasurementInterface(
            args=args, manipulator=_manipulator(space), project_name="autopass-cc", program_name=database.parent.name
        )
        interface.seed_configurations = lambda: [space.base()]
        with self._its_turn():
            self._manager = opentuner.api.TuningRunManager(interface, args)

    @property
    def asked(self) -> int:
        """Return how many evaluations OpenTuner has asked for, by its own count, without the seed.

        As in its --test-limit, one that it knows the result of counts, too.
        """
        return max(0, int(self._manager.search_driver.test_count) - 1)

    def questions(self, evaluations: int) -> Iterator[Asked]:
        """Yield what is to be measured, each to be answered by `tell` before the next; the base level comes first, uncounted.

        Ends after so many evaluations, or when OpenTuner has no more to ask.
        """
        in_vain = 0
        while self.asked < evaluations and in_vain <= PATIENCE:
            before = self.asked
            with self._its_turn():
                desired = self._manager.get_next_desired_result()
                found = None if desired is None else self._question(desired)
            if found is not None:
                yield found
            in_vain = 0 if found is not None or self.asked > before else in_vain + 1

    @staticmethod
    def _question(desired: Any) -> Asked:
        configuration = desired.configuration
        return Asked(configuration.hash, dict(configuration.data), float(desired.limit), desired.requestor, desired)

    def tell(self, asked: Asked, state: str, time: float | None) -> None:
        """Answer a question; `time` is None where there is none. `state` is one of OpenTuner's: OK, ERROR, TIMEOUT."""
        result = _package().resultsdb.models.Result(state=state, time=FAILED if time is None else time)
        with self._its_turn():
            self._manager.report_result(asked.desired, result)

    def finish(self) -> None:
        """End the run: the database tells its best configuration."""
        with self._its_turn():
            self._manager.search_driver.process_new_results()  # else it would never look at the last answer
            self._manager.finish()

    def close(self) -> None:
        """Let go of the database."""
        with self._its_turn():
            self._manager.session.close()
            self._manager.Session.remove()
            self._manager.engine.dispose()

    @contextlib.contextmanager
    def _its_turn(self) -> Iterator[None]:
        """Let OpenTuner work: with random numbers of its own, whatever else draws some, and without warnings of its age."""
        outer = random.getstate()
        random.setstate(self._dice)
        try:
            with _unwarned():
                yield
        finally:
            self._dice = random.getstate()
            random.setstate(outer)


def version() -> str:
    """Return the version of the installed OpenTuner. Raises BenchError where there is none."""
    from importlib import metadata

    _package()
    return metadata.version("opentuner")


@functools.cache
def _package() -> Any:
    """Return OpenTuner, imported such that nothing outside of it changes. Raises BenchError."""
    formatter = logging.Formatter
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python 2's relics, and of SQLAlchemy's
            import opentuner.api
            from opentuner.search import differentialevolution
    except ImportError:
        raise BenchError("OpenTuner is not installed.", "pip install 'autopass-cc[opentuner]'") from None
    finally:
        logging.Formatter = formatter  # type: ignore[misc] # it puts one of its own there
    opentuner.tuningrunmain.init_logging = lambda: None  # which would write to the terminal, and to a file right here
    logging.getLogger("opentuner").addHandler(logging.NullHandler())
    # It draws from a set of these. The order there would be one of memory addresses; now it follows from the order they came in.
    differentialevolution.PopulationMember.__hash__ = lambda _member: 0
    return opentuner


def _manipulator(space: Space) -> Any:
    """Return the space in OpenTuner's words. What differs in nothing that counts has one normal form, and one digest."""
    opentuner = _package()
    found = opentuner.ConfigurationManipulator()
    for each in space.choices:
        found.add_parameter(opentuner.EnumParameter(each.name, each.weighted()))
    digest = found.hash_config
    found.normalize = lambda configuration: configuration.update(space.normal(configuration))
    found.hash_config = lambda configuration: digest(space.normal(configuration))
    return found


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """Leave out the warnings about what OpenTuner takes from SQLAlchemy 1, and about a file that it does not close."""
    from sqlalchemy.exc import SADeprecationWarning, SAWarning

    with warnings.catch_warnings():
        for category in (SADeprecationWarning, SAWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        yield
