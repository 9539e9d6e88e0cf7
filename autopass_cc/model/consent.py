"""Consent: a server of this machine or network needs none, any other a yes that names what leaves the machine."""

from __future__ import annotations

import time

from sqlite_utils import Database

from autopass_cc.model.settings import Settings
from autopass_cc.share import Share
from autopass_cc.store.database import Rows, transaction

_LEAVES = {
    Share.STATS: "numbers about the hot functions of each module (counts, sizes, shares of time), without names, and the "
    "pass pipeline with what was measured",
    Share.REMARKS: "names of modules, files and functions, line numbers, what the compiler remarked about them, numbers about "
    "their code, and the pass pipeline with what was measured",
    Share.IR: "names of modules, files and functions, what the compiler remarked about them, the machine code of hot loops, "
    "their IR and assembly where the model asks for it, and the pass pipeline with what was measured",
}


def text(settings: Settings) -> str:
    """Return what one consents to."""
    return (
        f"{settings.host} (model {settings.model}) would get: {_LEAVES[settings.share]} (share = {settings.share.value}). "
        "Source text is never sent. `autopass model show-prompt` prints such a prompt, `autopass model transcript --prompts` "
        "what was sent."
    )


def given(db: Rows, settings: Settings) -> bool:
    """Return whether the server may be asked: it is near, or a yes for it and for as much as this was given."""
    if settings.is_near:
        return True
    order = list(Share)
    enough = [share.value for share in order[order.index(settings.share) :]]
    rows = db.query("select share from model_consent where host = ?", [settings.host])
    return any(row["share"] in enough for row in rows)


def give(db: Database, settings: Settings) -> None:
    """Keep a yes."""
    with transaction(db):
        row = {"host": settings.host, "share": settings.share.value, "at": time.time_ns()}
        db.table("model_consent").upsert(row, pk=("host", "share"))


def revoke(db: Database) -> int:
    """Forget every yes; return how many there were."""
    with transaction(db):
        count = db.table("model_consent").count
        db.table("model_consent").delete_where()
    return count
