"""Methods in which a language model proposes, in one round or in three (the paper's R1 and R3).

The model has the same gates, stopwatch and number of program runs as everyone; what it costs is counted in tokens.
"""

from __future__ import annotations

from autopass_cc.agents.parts import Minds
from autopass_cc.agents.reasoning import Reasoning, Setting
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.flavours import PLAIN
from autopass_cc.bench.results import Entrant
from autopass_cc.bench.searched import ALONE, entered, searched
from autopass_cc.errors import BenchError
from autopass_cc.model.connect import connect


def one_round(contest: Contest, method: str) -> Entrant:
    """Return what a model finds that is asked once about each module, before anything was measured."""
    return reasoned(contest, method, 1)


def three_rounds(contest: Contest, method: str) -> Entrant:
    """Return what a model finds that is asked three times, and told each time what came of what it proposed."""
    return reasoned(contest, method, 3)


def reasoned(contest: Contest, method: str, rounds: int) -> Entrant:
    """Return what the configured model finds in so many rounds a module.

    Raises ModelError where there is none or it may not be asked, BenchError where it had nothing usable to say: what the rules
    find in its place is not the model's.
    """
    run = contest.baseline().evaluation.run
    asker = connect(contest.db, run.id, contest.model, contest.confirm, method=method)
    reasoning = Reasoning.asking(Setting(Minds.MODEL, rounds, ALONE.without), None, asker, contest.model)
    entrant = entered(contest, method, PLAIN, contest.budget, searched(contest), reasoning=reasoning)
    if not entrant.facts["proposals"]:
        raise BenchError(f"{contest.program.name}: the model proposed nothing that could be tried.")
    return entrant
