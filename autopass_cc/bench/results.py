"""The results file: JSON Lines, one line for each thing that was finished.

What ends a run loses one heat, or the entrant that was in the making.

The first line says what was run, on what. `entrant` lines say what a method made of a program, `heat` lines what was measured.
Nothing in it is computed from anything else in it: tables are made from the lines whenever they are wanted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autopass_cc.bench.flavours import Flavour
from autopass_cc.bench.lines import Lines
from autopass_cc.digest import digest_of
from autopass_cc.errors import BenchError
from autopass_cc.measure.heats import Heat

FORMAT = "autopass-bench 1"


@dataclass(frozen=True)
class Entrant:
    """What a method made of a program: a flavour of its build, and recipes (texts by module). `failed` says why it has none.

    `facts` are the columns of the table: `search_s`, `runs` (program-run equivalents), `tokens` (of a model), `compile` and
    `size` (time of the compile and bytes of code, over the base's), and remarks. `bases` are the pipelines that recipes edit,
    by module, so that a reader of the file can tell what was changed.
    """

    program: str
    method: str
    flavour: Flavour
    recipes: dict[str, str] = field(default_factory=dict)
    failed: str = ""
    same_code: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)


ANOTHER = "name another file, or another --work"


class Results:
    """One results file. Reading it changes nothing: a last line that was cut off goes when the next one is written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head: dict[str, Any] = {}
        self.entrants: dict[tuple[str, str], Entrant] = {}
        self.plans: dict[str, dict[str, Any]] = {}
        self._heats: dict[tuple[str, str, str], list[Heat]] = {}
        self._lines = Lines(path)
        for line in self._read():
            self._take(line)

    def _read(self) -> Iterator[dict[str, Any]]:
        whole, cut_off = self._lines.read()  # what a write that was cut off has told is measured again
        if cut_off and not whole:
            raise self._strange(1)
        for number, line in enumerate(whole, start=1):
            try:
                found = json.loads(line)
                if number == 1 and found.get("format") != FORMAT:
                    raise ValueError
            except (ValueError, AttributeError):
                raise self._strange(number) from None
            yield found

    def _strange(self, number: int) -> BenchError:
        return BenchError(f"{self.path}:{number}: this is no results file of the bench.", ANOTHER)

    def _take(self, line: dict[str, Any]) -> None:
        try:
            if "format" in line:
                self.head = line
            elif "entrant" in line:
                data = line["entrant"]
                flavour = Flavour(data["flavour"]["name"], tuple(data["flavour"]["flags"]))
                entrant = Entrant(**{**data, "flavour": flavour})
                self.entrants[entrant.program, entrant.method] = entrant
            elif "plan" in line:
                self.plans[line["program"]] = line["plan"]
            elif "heat" in line:
                key = line["program"], line["race"], line["stage"]
                self._heats.setdefault(key, []).append(Heat.from_json(line["heat"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BenchError(f"{self.path}: a line cannot be read ({error!r}).", ANOTHER) from None

    def begin(self, *, about: Mapping[str, Any] | None = None, **facts: Any) -> None:
        """Write the first line, where the file is new. Raises BenchError where it was begun under other conditions.

        `about` is for readers only: it may differ when the file is continued.
        """
        if not self.head:
            self._add({"format": FORMAT, "began": int(time.time()), **(about or {}), **facts})
        for name, value in facts.items():
            if self.head.get(name) != value:
                why = f"{self.path} was begun with {name} {self.head.get(name)}, and this is {value}: the two cannot be compared."
                raise BenchError(why, ANOTHER)

    def add_entrant(self, entrant: Entrant) -> None:
        """Keep what a method made of a program; it takes the place of what it had made before."""
        self._add({"entrant": asdict(entrant)})

    def add_plan(self, program: str, plan: dict[str, Any]) -> None:
        """Keep by which plan a program is timed, and its time."""
        self._add({"program": program, "plan": plan})

    def add_heat(self, program: str, race: str, stage: str, heat: Heat) -> None:
        """Keep a finished heat."""
        self._add({"program": program, "race": race, "stage": stage, "heat": heat.to_json()})

    def heats(self, program: str, race: str, stage: str) -> list[Heat]:
        """Return the heats of a race and stage in order."""
        return self._heats.get((program, race, stage), [])

    def of(self, program: str) -> list[Entrant]:
        """Return the entrants of a program, in the order in which they came."""
        return [each for (name, _), each in self.entrants.items() if name == program]

    def _add(self, line: dict[str, Any]) -> None:
        self._take(json.loads(self._lines.add(line)))


def race_of(entrants: list[Entrant]) -> str:
    """Return the name of the race among these entrants: it changes when one of them does."""
    parts = [[each.method, each.flavour.flags, sorted(each.recipes.items())] for each in entrants]
    return digest_of(json.dumps(parts).encode())[:12]
