"""Reasoning: which minds a run has, and with which parts of the loop switched off.

Everything that an ablation takes away is taken away here or named here, so that each is a switch of the same code.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autopass_cc.agents.baseline import Baseline
from autopass_cc.agents.minds.chance import Chance
from autopass_cc.agents.minds.council import Council
from autopass_cc.agents.minds.language import Language, Tally
from autopass_cc.agents.minds.protocol import Mind, Proposal, Situation
from autopass_cc.agents.minds.rules import Rules
from autopass_cc.agents.parts import ROUNDS, Minds, Part
from autopass_cc.errors import RecipeError
from autopass_cc.evidence.collect import Evidence
from autopass_cc.evidence.pack import LIMIT, bare, pack
from autopass_cc.evidence.queries import Answerer
from autopass_cc.model.asking import Asker
from autopass_cc.model.settings import Settings
from autopass_cc.project.modules import Module
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.recipe.tree import Pipeline
from autopass_cc.recipe.words import Tier
from autopass_cc.share import Share

# Tokens of a prompt besides the pack: task, pipeline, passes, knobs, some history; and an answer.
OTHERWISE, LEAST_PACK = 7000, 600
LEAST_DIGITS = 6  # of a recipe's digest, by which a model may name a candidate


@dataclass(frozen=True)
class Setting:
    """Who proposes, in how many rounds of a model, without which parts."""

    minds: Minds = Minds.RULES
    rounds: int = ROUNDS
    without: frozenset[Part] = frozenset()

    @property
    def asks_a_model(self) -> bool:
        """Whether a model is needed."""
        return self.minds is not Minds.RULES and Part.REASONING not in self.without

    @property
    def scored(self) -> bool:
        """Whether modules are scored."""
        return Part.SCORE not in self.without

    @property
    def transfers(self) -> bool:
        """Whether a search begins with what worked elsewhere."""
        return not {Part.TRANSFER, Part.REASONING} & self.without

    @property
    def feedback(self) -> bool:
        """Whether minds are told what came of their proposals."""
        return Part.EVALUATION not in self.without


@dataclass(frozen=True)
class Reasoning:
    """What a run reasons with: its setting, the risk that it may take, and the model, where one is at hand."""

    setting: Setting
    max_tier: Tier | None
    asker: Asker | None
    share: Share = Share.REMARKS
    context: int = 0  # tokens that the model's server takes, 0 where that is not known

    @classmethod
    def asking(cls, setting: Setting, max_tier: Tier | None, asker: Asker, settings: Settings | None) -> Reasoning:
        """Return reasoning with a model, which is shown as much as its settings say (a replay may have none)."""
        if settings is None:
            return cls(setting, max_tier, asker)
        return cls(setting, max_tier, asker, settings.share, settings.context)

    def tier(self, inputs: int) -> Tier:
        """Return the highest risk: as asked for, else by how many inputs results are compared on."""
        return self.max_tier or (Tier.B if inputs >= 2 else Tier.A)

    def shown(self, evidence: Evidence) -> Evidence:
        """Return the evidence that minds get."""
        return evidence.names_only() if Part.ANALYSIS in self.setting.without else evidence

    def minds(
        self, base: Baseline, module: Module, evidence: Evidence, ranked: Mapping[str, float], pipeline: Pipeline
    ) -> tuple[Mind, Language | None]:
        """Return the mind of one module's search, and the model's part in it. `ranked` are functions by Score's numbers."""
        if Part.REASONING in self.setting.without:
            return Council([], Chance()), None
        language = self._language(base, module, evidence, ranked, pipeline)
        if language is None:
            return Council([Rules()]), None
        return Council([language, Standby(language) if self.setting.minds is Minds.MODEL else Rules()]), language

    def _language(
        self, base: Baseline, module: Module, evidence: Evidence, ranked: Mapping[str, float], pipeline: Pipeline
    ) -> Language | None:
        if self.asker is None:
            return None
        prepared, runs, run = base.prepared, base.evaluation.runs, base.evaluation.run
        analysed = Part.ANALYSIS not in self.setting.without
        limit = min(LIMIT, max(LEAST_PACK, (self.context - OTHERWISE) if self.context else LIMIT))
        told = pack(evidence, self.share, limit, ranked) if analysed else bare(evidence, self.share)

        def recipe_of(digits: str) -> Recipe | None:
            rows = [*runs.candidates(run.id, module.name), *runs.earlier_candidates(run, module.name)]
            found = [row for row in rows if len(digits) >= LEAST_DIGITS and row.recipe.startswith(digits)]
            with contextlib.suppress(KeyError, RecipeError):  # its text is lost, or not in the grammar any more
                return Recipe.parse(runs.recipe_text(found[0].recipe)) if found else None
            return None

        compiler = Answerer(
            prepared.builder,
            module,
            prepared.toolchain,
            evidence,
            pipeline,
            self.share if analysed else Share.STATS,
            recipe_of,
        )

        def say(text: str) -> None:
            base.evaluation.listener.line(f"  {module.name}: {text}")

        tally = Tally(**runs.get(run.id).facts.get(f"model:{module.name}", {}))  # of this run's earlier searches: rounds go on
        rounds = self.setting.rounds
        return Language(
            self.asker, compiler, told.text, told.known, run.id, module.name, rounds, say, share=self.share, tally=tally
        )


class Standby:
    """Rules that come in only where the model has nothing: a search without any mind would end there."""

    name = Rules.name

    def __init__(self, language: Language) -> None:
        self._language, self._rules = language, Rules()

    def propose(self, situation: Situation, wanted: int) -> Sequence[Proposal]:
        """Return the rules' proposals where the model failed in this wave, or was given up; else none."""
        return self._rules.propose(situation, wanted) if self._language.silent else []
