"""What happened to the entry of a module: accepted, checked again, inherited, demoted, reverted, brought in."""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from autopass_cc.store.database import Rows
from autopass_cc.store.rows import Form

if TYPE_CHECKING:
    from sqlite_utils import Database


class Event(enum.StrEnum):
    """The closed set of events; the words stand in the store."""

    ACCEPTED = "accepted"  # found and proven here
    VERIFIED = "verified"  # brought in from elsewhere, and proven here
    CHECKED = "checked"  # measured again, and it held
    RENEWED = "renewed"  # the source was edited; measured again on the new one, and it held
    RESTRICTED = "restricted"  # an edited version did not pass: it serves the source that it was proven on, and no other
    DEMOTED = "demoted"  # measured again, and it did not hold
    REVERTED = "reverted"  # taken back by the user
    IMPORTED = "imported"  # brought in from elsewhere, not measured here
    REFUTED = "refuted"  # brought in from elsewhere, and not proven here


class Subject(Protocol):
    """What an event is about."""

    @property
    def project(self) -> str:
        """Id of the project."""
        ...

    @property
    def module(self) -> str:
        """Name of the module."""
        ...

    @property
    def variant(self) -> str:
        """The variant's key."""
        ...

    @property
    def recipe(self) -> str:
        """Digest of the recipe."""
        ...

    @property
    def median(self) -> float:
        """Log-ratio of times."""
        ...

    @property
    def low(self) -> float:
        """Lower end of its interval."""
        ...

    @property
    def high(self) -> float:
        """Upper end of its interval."""
        ...


def remember(db: Database, subject: Subject, event: Event, detail: str = "") -> None:
    """Append an event; part of the caller's transaction, if there is one."""
    row = {
        "at": time.time_ns(),
        "project": subject.project,
        "module": subject.module,
        "variant": subject.variant,
        "event": event.value,
        "recipe": subject.recipe,
        "median": subject.median,
        "low": subject.low,
        "high": subject.high,
        "detail": detail,
    }
    db.execute(f"insert into history ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))


@dataclass(frozen=True)
class Past:
    """One event as it stands in the store; `at` is ns since 1970."""

    id: int
    at: int
    project: str
    module: str
    variant: str
    event: str
    recipe: str
    median: float
    low: float
    high: float
    detail: str


PAST = Form("history", Past)


def history(db: Rows, project: str, module: str | None = None) -> list[dict[str, Any]]:
    """Return the events of a project, or of one of its modules, oldest first."""
    where, values = ("project = ?", [project]) if module is None else ("project = ? and module = ?", [project, module])
    return [vars(each) for each in PAST.each(db.query(f"select * from history where {where} order by id", values))]
