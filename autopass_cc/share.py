"""How much of a program may leave the machine with a question to a model."""

from __future__ import annotations

import enum


class Share(enum.StrEnum):
    """From least to most."""

    STATS = "stats"  # numbers: counts, sizes, times; functions as f1, f2, …
    REMARKS = "remarks"  # and names of functions and files, and what the compiler remarked
    IR = "ir"  # and the machine code of hot loops; where the model asks for it, IR and assembly of functions
