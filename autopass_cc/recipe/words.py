"""The closed sets of words that recipes and allow-lists are made of."""

from __future__ import annotations

import enum


class Level(enum.IntEnum):
    """The unit of IR a list of passes runs on, from coarse to fine."""

    MODULE = 0
    CGSCC = 1
    FUNCTION = 2
    LOOP = 3

    @property
    def word(self) -> str:
        """The word that the data files and messages use."""
        return self.name.lower()


class Tier(enum.StrEnum):
    """Risk: A by default, B asks for a stronger oracle, C only when asked for by name. Compares as text: A < B < C."""

    A = "A"
    B = "B"
    C = "C"


class Mssa(enum.StrEnum):
    """What a loop pass does to MemorySSA, and so which loop adaptor it can run in."""

    REQUIRED = "required"  # only loop-mssa(...)
    PRESERVED = "preserved"  # both
    LOST = "lost"  # only loop(...): LLVM stops the compile when such a pass changes a loop in loop-mssa(...)


class KnobType(enum.StrEnum):
    """The type of a knob's value."""

    INT = "int"
    BOOL = "bool"
    ENUM = "enum"


class Stage(enum.StrEnum):
    """When a knob is read."""

    PIPELINE = "pipeline"  # by a pass when it runs
    CODEGEN = "codegen"  # by the back end
    CONSTRUCT = "construct"  # by the builder of the default pipeline: idle when the recipe has a pipeline


class OptLevel(enum.StrEnum):
    """The level of the compile that a recipe belongs to."""

    O1 = "O1"
    O2 = "O2"
    O3 = "O3"
    OS = "Os"
    OZ = "Oz"
