"""The closed set of methods: what each is called in tables, and what makes its entrant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autopass_cc.bench import csspgo, instrumented, opentuned, sampled, searched
from autopass_cc.bench.contest import Contest
from autopass_cc.bench.results import Entrant

Enter = Callable[[Contest, str], Entrant]


@dataclass(frozen=True)
class Method:
    """A rival of the base level. `default`: it enters where no methods are named; what takes long for one program does not."""

    name: str
    title: str
    enter: Enter
    default: bool = True


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
        Method("opentuner500", "OpenTuner, 500 evaluations", opentuned.five_hundred, default=False),
        Method("rules", "autopass, rules", searched.rules),
        Method("pgo+rules", "autopass on top of PGO", searched.on_top_of_pgo),
    )
}
