"""The closed set of methods: what each is called in tables, and what makes its entrant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autopass_cc.bench import csspgo, instrumented, opentuned, reasoned, sampled, searched
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.results import Entrant

LONG, MODEL = "it takes long", "it asks the configured model"
Enter = Callable[[Contest, str], Entrant]


@dataclass(frozen=True)
class Method:
    """A rival of the base level. `apart` says why it enters only where it is named (empty: it always does)."""

    name: str
    title: str
    enter: Enter
    apart: str = ""

    @property
    def asks_a_model(self) -> bool:
        """Whether it needs a language model."""
        return self.apart == MODEL


METHODS = {
    each.name: each
    for each in (
        Method("pgo", "instrumented PGO", instrumented.pgo),
        Method("cspgo", "context-sensitive PGO", instrumented.context_sensitive),
        Method("autofdo", "AutoFDO", sampled.autofdo),
        Method("csspgo", "CSSPGO", csspgo.csspgo),
        Method("random", "random legal edits", searched.chance),
        Method("bayes", "Bayesian optimisation", searched.bayesian),
        Method("opentuner3", "OpenTuner, 3 evaluations", opentuned.three),
        Method("opentuner500", "OpenTuner, 500 evaluations", opentuned.five_hundred, apart=LONG),
        Method("rules", "autopass, rules", searched.rules),
        Method("model1", "autopass, model, 1 round", reasoned.one_round, apart=MODEL),
        Method("model3", "autopass, model, 3 rounds", reasoned.three_rounds, apart=MODEL),
        Method("pgo+rules", "autopass on top of PGO", searched.on_top_of_pgo),
    )
}
