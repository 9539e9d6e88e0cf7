"""Traits of modules: numbers about their code by which modules are found to be alike, whatever their names."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autopass_cc.store.database import Rows

if TYPE_CHECKING:
    from sqlite_utils import Database


@dataclass(frozen=True)
class Traits:
    """What is known of a module's variant: numbers by name, and what surrounds it."""

    project: str
    module: str
    variant: str
    toolchain: str
    lang: str
    level: str
    cpu: str
    vector: Mapping[str, float]


def keep(db: Database, found: Traits) -> None:
    """Keep the traits of a module, in the place of former ones."""
    row = vars(found) | {"vector": json.dumps(found.vector), "at": time.time_ns()}
    db.execute(f"insert or replace into traits ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))


def traits(db: Rows) -> dict[tuple[str, str, str], Traits]:
    """Return all traits by project, module, variant."""
    found = {}
    for row in db.query("select * from traits"):
        row.pop("at")
        each = Traits(**row | {"vector": json.loads(row["vector"])})
        found[each.project, each.module, each.variant] = each
    return found
