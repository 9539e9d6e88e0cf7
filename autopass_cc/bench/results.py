"""The results file: JSON Lines, one line for each thing that was finished, so that whatever ends a run loses at most one heat.

The first line says what was run, on what. `entrant` lines say what a method made of a program, `heat` lines what was measured.
Nothing in it is computed from anything else in it: tables are made from the lines whenever they are wanted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autopass_cc.bench.flavours import Flavour
from autopass_cc.digest import digest_of
from autopass_cc.errors import BenchError
from autopass_cc.measure.heats import Heat

FORMAT = "autopass-bench 1"


@dataclass(frozen=True)
class Entrant:
    """What a method made of a program: a flavour of its build, and recipes (texts by module). `failed` says why it has none.

    `facts` are the columns of the table: `search_s`, `runs` (program-run equivalents), `tokens`, `compile` (time over
    the base's), `size` (bytes of code) and remarks.
    """

    program: str
    method: str
    flavour: Flavour
    recipes: dict[str, str] = field(default_factory=dict)
    failed: str = ""
    same_code: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


class Results:
    """One results file, open for adding."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head: dict[str, Any] = {}
        self.entrants: dict[tuple[str, str], Entrant] = {}
        self.plans: dict[str, dict[str, Any]] = {}
        self._heats: dict[tuple[str, str, str], list[Heat]] = {}
        self._races: dict[str, str] = {}
        for line in self._read():
            self._take(line)

    def _read(self) -> Iterator[dict[str, Any]]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        if not data.endswith(b"\n"):  # a write that was cut off: what it told is measured again
            data = data[: data.rfind(b"\n") + 1]
            self.path.write_bytes(data)
        for number, line in enumerate(data.splitlines(), start=1):
            try:
                found = json.loads(line)
                if number == 1 and found.get("format") != FORMAT:
                    raise ValueError
            except (ValueError, AttributeError):
                raise BenchError(
                    f"{self.path}:{number}: this is no results file of the bench.", "name another --results"
                ) from None
            yield found

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
                self._races[line["program"]] = line["race"]
        except (KeyError, TypeError, ValueError) as error:
            raise BenchError(f"{self.path}: a line cannot be read ({error!r}).", "name another --results") from None

    def begin(self, **facts: Any) -> None:
        """Write the first line, where the file is new."""
        if not self.head:
            self._add({"format": FORMAT, **facts})

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

    def last_race(self, program: str) -> str:
        """Return the race of a program's newest heat, "" for none."""
        return self._races.get(program, "")

    def _add(self, line: dict[str, Any]) -> None:
        text = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        with self.path.open("ab") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        self._take(json.loads(text))


def race_of(entrants: list[Entrant]) -> str:
    """Return the name of the race among these entrants: it changes when one of them does."""
    parts = [[each.method, each.flavour.flags, sorted(each.recipes.items())] for each in entrants]
    return digest_of(json.dumps(parts).encode())[:12]
