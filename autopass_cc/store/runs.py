"""Tuning runs in the store. Everything a run finds out is one committed row, so a killed run goes on where it was."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from autopass_cc.digest import digest_of
from autopass_cc.store.database import Rows, transaction
from autopass_cc.store.entries import recipe_text
from autopass_cc.store.rows import Form, json_object, say_left_out

if TYPE_CHECKING:
    from sqlite_utils import Database

Json = Mapping[str, Any]
MEMORY = 200  # candidates of earlier runs that a new one is told of


@dataclass(frozen=True)
class Run:
    """One tuning run: what it tunes (fingerprint of sources, flags, workload), with which toolchain and random seed."""

    id: int
    project: str
    root: str
    fingerprint: str
    toolchain: str
    seed: int
    state: str
    started: int
    finished: int | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class CandidateRow:
    """A recipe under evaluation in a run, who proposed it and why, and what became of it."""

    run: int
    module: str
    recipe: str
    edits: list[Any]
    mind: str
    hypothesis: str
    evidence: list[str]
    verdict: str
    detail: str
    screened: float | None
    facts: dict[str, Any]


RUNS = Form("run", Run)
CANDIDATES = Form("candidate", CandidateRow)


class RunReader:
    """Rows of one store, for those who only look."""

    def __init__(self, db: Rows) -> None:
        self._rows = db

    def get(self, run: int) -> Run:
        """Return one run; raises KeyError."""
        for found in RUNS.each(self._rows.query("select * from run where id = ?", [run])):
            return found
        raise KeyError(run)

    def latest(self, project: str, *, fingerprint: str | None = None, state: str | None = None) -> Run | None:
        """Return the newest run of a project, where asked of one fingerprint and one state."""
        where, values = ["project = ?"], [project]
        for name, value in (("fingerprint", fingerprint), ("state", state)):
            if value is not None:
                where.append(f"{name} = ?")
                values.append(value)
        chosen = f"select * from run where {' and '.join(where)} order by id desc"
        return next(RUNS.each(self._rows.query(chosen, values)), None)

    def candidates(self, run: int, module: str | None = None) -> list[CandidateRow]:
        """Return the candidates of a run in the order in which they came, where asked of one module."""
        where, values = ("", [run]) if module is None else (" and module = ?", [run, module])
        rows = self._rows.query(f"select * from candidate where run = ?{where} order by rowid", values)
        return CANDIDATES.all(rows)


class Runs(RunReader):
    """Rows of one store, read and written by the tuner; each method is one transaction."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.db = db

    def begin(self, *, project: str, root: str, fingerprint: str, toolchain: str, seed: int) -> Run:
        """Start a run and return it."""
        row = {
            "project": project,
            "root": root,
            "fingerprint": fingerprint,
            "toolchain": toolchain,
            "seed": seed,
            "state": "running",
            "started": time.time_ns(),
            "finished": None,
            "facts": "{}",
        }
        with transaction(self.db):
            key = self.db.table("run").insert(row).last_pk
        return self.get(int(str(key)))

    def note(self, run: int, **facts: Any) -> None:
        """Add facts (JSON values) to a run."""
        with transaction(self.db):
            known = json_object(self.db.table("run").get(run)["facts"])
            self.db.table("run").update(run, {"facts": json.dumps(known | facts)})

    def finish(self, run: int, state: str) -> None:
        """Close a run: done or failed."""
        with transaction(self.db):
            self.db.table("run").update(run, {"state": state, "finished": time.time_ns()})

    def keep_base(self, run: int, module: str, digest: str, text: bytes) -> None:
        """Keep what a module's candidates are edits of: the recipe that changes nothing, of which most modules have the same."""
        with transaction(self.db):
            self.db.table("recipe").upsert({"digest": digest, "text": text}, pk="digest")
        self.note(run, **{f"base:{module}": digest})

    def save_candidate(self, row: CandidateRow, text: bytes) -> None:
        """Insert or replace a candidate, with its recipe's text, and note when."""
        dated = replace(row, facts={**row.facts, "at": time.time_ns()})
        values = dict(vars(dated)) | {name: json.dumps(getattr(dated, name)) for name in ("edits", "evidence", "facts")}
        with transaction(self.db):
            self.db.table("recipe").upsert({"digest": row.recipe, "text": text}, pk="digest")
            self.db.table("candidate").upsert(values, pk=("run", "module", "recipe"))

    def earlier_candidates(self, run: Run, module: str) -> list[CandidateRow]:
        """Return what the last runs of the same project and toolchain tried on a module, oldest first."""
        rows = self.db.query(
            "select c.* from candidate c join run r on r.id = c.run where r.project = ? and r.toolchain = ? and r.id < ? "
            "and c.module = ? order by r.id desc, c.rowid desc limit ?",
            [run.project, run.toolchain, run.id, module, MEMORY],
        )
        return CANDIDATES.all(rows)[::-1]

    def in_vain(self, run: Run, module: str) -> int:
        """Return how many former runs of the project ended a search on a module without a finalist."""
        facts = self.db.query(
            "select facts from run where project = ? and toolchain = ? and id < ?", [run.project, run.toolchain, run.id]
        )
        return sum(json_object(row["facts"]).get(f"searched:{module}") == [] for row in facts)

    def recipe_text(self, digest: str) -> bytes:
        """Return the text of a known recipe."""
        return recipe_text(self.db, digest)

    def add_measurement(self, run: int, stage: str, subject: str, seq: int, data: Json) -> None:
        """Keep one finished block or screening round."""
        row = {
            "run": run,
            "stage": stage,
            "subject": subject,
            "seq": seq,
            "data": json.dumps(data),
            "at": time.time_ns(),
        }
        with transaction(self.db):
            self.db.table("measurement").insert(row, replace=True)  # one of this number may be there that cannot be read

    def measurements(self, run: int, stage: str, subject: str) -> list[dict[str, Any]]:
        """Return what was measured of a subject in a stage, in order, up to the first row that cannot be read."""
        chosen = "run = ? and stage = ? and subject = ?", [run, stage, subject]
        rows = self.db.table("measurement").rows_where(*chosen, order_by="seq")
        found = list(takewhile(bool, (json_object(row["data"]) for row in rows)))
        if len(found) < self.db.table("measurement").count_where(*chosen):
            say_left_out("measurement")
        return found

    def avoid(self, toolchain: str, module: str, recipe: str, verdict: str, detail: str) -> None:
        """Remember that a recipe crashed, hung or broke a module, so that no run tries it again."""
        row = {
            "toolchain": toolchain,
            "module": module,
            "recipe": recipe,
            "verdict": verdict,
            "detail": detail,
            "at": time.time_ns(),
        }
        with transaction(self.db):
            self.db.table("avoid").upsert(row, pk=("toolchain", "module", "recipe"))

    def avoided(self, toolchain: str, module: str) -> dict[str, tuple[str, str]]:
        """Return what must not be tried on a module (identified with its source digest): recipe → verdict, detail."""
        rows = self.db.table("avoid").rows_where("toolchain = ? and module = ?", [toolchain, module])
        return {str(row["recipe"]): (str(row["verdict"]), str(row["detail"])) for row in rows}


def fingerprint_parts(parts: Sequence[str]) -> str:
    """Return one digest over parts, order included."""
    return digest_of("\0".join(parts).encode("utf-8", "surrogateescape"))
