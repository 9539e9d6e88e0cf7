"""Words for who proposes, and for the parts of the loop that can be switched off."""

from __future__ import annotations

import enum

ROUNDS = 3  # in which a model is asked about a module; the paper's R3: further rounds add less than 0.4 %


class Minds(enum.StrEnum):
    """Who proposes."""

    RULES = "rules"
    MODEL = "model"
    BOTH = "both"


class Part(enum.StrEnum):
    """A part of the loop that can be switched off, to see what it is worth."""

    SCORE = "score"  # without: all modules are alike
    ANALYSIS = "analysis"  # without: no evidence but names
    REASONING = "reasoning"  # without: random legal edits
    TRANSFER = "transfer"  # without: nothing of what worked elsewhere
    EVALUATION = "evaluation"  # without: no results are told
