"""The prompt that a model would get for a module, before anything was measured."""

from __future__ import annotations

from sqlite_utils import Database

from autopass_cc.agents.events import Listener
from autopass_cc.agents.minds import prompt
from autopass_cc.agents.prepare import prepare
from autopass_cc.agents.situated import situate
from autopass_cc.errors import NothingRecordedError
from autopass_cc.evidence.collect import collect
from autopass_cc.evidence.pack import pack
from autopass_cc.evidence.queries import forms
from autopass_cc.model.asking import Message
from autopass_cc.project.config import Config
from autopass_cc.recipe.words import Tier
from autopass_cc.share import Share


def preview(db: Database, config: Config, rel: str, share: Share, rounds: int, listener: Listener) -> list[Message]:
    """Return the messages of the first round for a source of the project. Raises the errors that say what is missing.

    The program is not run for it, so shares of time are missing; `autopass tune` adds them.
    """
    prepared = prepare(db, config, listener)
    found = [module for name, module in prepared.modules.items() if name.split(" (")[0] == rel]
    if not found:
        raise NothingRecordedError(f"No compile of {rel} is recorded.", "build it once with CC=autopass-cc")
    evidence = collect(found[0], (), prepared.place / "evidence", prepared.toolchain)
    tier = Tier.B if len(config.checks) > 0 else Tier.A
    start = situate(prepared, found[0], evidence, tier, 1, (), listener)
    opening = prompt.opening(pack(evidence, share).text, start.situation, 1, rounds, (), share)
    return [{"role": "system", "content": prompt.task(forms(share))}, {"role": "user", "content": opening}]
