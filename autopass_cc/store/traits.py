"""Traits of modules: numbers about their code by which modules are found to be alike, whatever their names."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autopass_cc.store.database import Rows
from autopass_cc.store.rows import Form, is_finite

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


TRAITS = Form("traits", Traits, check=lambda values: is_finite(*values["vector"].values()))


def keep(db: Database, found: Traits) -> None:
    """Keep the traits of a module, in the place of former ones."""
    row = vars(found) | {"vector": json.dumps(found.vector), "at": time.time_ns()}
    db.execute(f"insert or replace into traits ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))


def traits(db: Rows) -> dict[tuple[str, str, str], Traits]:
    """Return all traits by project, module, variant."""
    found = TRAITS.each(db.query("select * from traits"))
    return {(each.project, each.module, each.variant): each for each in found}
