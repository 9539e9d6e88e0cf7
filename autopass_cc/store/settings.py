"""Small facts of the store, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autopass_cc.store.database import PUBLISH_DUE, Rows

if TYPE_CHECKING:
    from sqlite_utils import Database


CHANGES, ALL = "1", "all"  # values of PUBLISH_DUE, which is set with every change of what is published, and cleared when it is


def get_setting(db: Rows, name: str) -> str:
    """Return a setting, "" where there is none."""
    rows = db.execute("select value from setting where name = ?", [name])
    return next((value for (value,) in rows if isinstance(value, str)), "")


def put_setting(db: Database, name: str, value: str) -> None:
    """Keep a setting; part of the caller's transaction, if there is one."""
    db.execute("insert or replace into setting values (?, ?)", [name, value])


def set_publish_due(db: Database, *, everything: bool = False) -> None:
    """Note, within a transaction, that there is something to publish: all, too, where a former change was not published."""
    put_setting(db, PUBLISH_DUE, ALL if everything or get_setting(db, PUBLISH_DUE) else CHANGES)
