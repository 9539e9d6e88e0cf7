"""From what a user configured to something that can be asked, or to the reason why nothing can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from autopass_cc.model import consent
from autopass_cc.model.asking import Asker
from autopass_cc.model.client import Endpoint
from autopass_cc.model.errors import ModelError, Reason
from autopass_cc.model.settings import Settings
from autopass_cc.model.transcript import Replay, Transcript, path_of

Confirm = Callable[[str], bool]


def connect(db: Database, run: int, settings: Settings | None, confirm: Confirm | None, **header: Any) -> Asker:
    """Return the configured model for one run; raises ModelError (not-configured, no-consent).

    `confirm` asks a person and returns the answer, None where there is nobody to ask, which means no. A yes is kept.
    """
    if settings is None:
        raise ModelError(Reason.NOT_CONFIGURED, "No model is configured.")
    if not consent.given(db, settings):
        if confirm is None or not confirm(consent.text(settings)):
            raise ModelError(
                Reason.NO_CONSENT, f"{settings.host} is neither this machine nor in its network, and may not be asked."
            )
        consent.give(db, settings)
    about = {"run": run, "model": settings.model, "host": settings.host, "share": settings.share.value, **header}
    return Endpoint(db, settings, run, Transcript(path_of(run), **about))


def replay(run: int, path: Path, **header: Any) -> Asker:
    """Return a recorded transcript in the place of a model; raises ModelError where it cannot be read."""
    return Replay(path, Transcript(path_of(run), run=run, replay_of=path.name, **header))
