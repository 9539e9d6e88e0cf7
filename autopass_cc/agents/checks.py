"""Which recipes in use, or brought in, should be measured (again), and why. Reads the store only."""

from __future__ import annotations

import enum
import platform
from collections.abc import Sequence
from dataclasses import dataclass

from autopass_cc.project.modules import Module
from autopass_cc.store import builds
from autopass_cc.store import entries as store
from autopass_cc.store.database import Rows
from autopass_cc.store.entries import Entry
from autopass_cc.store.imports import TRUSTED, UNVERIFIED, Imported, imported
from autopass_cc.store.states import ACTIVE

DAY = 86400 * 10**9  # ns
ROTATION = 14 * DAY  # after which a recipe in use is measured again, one of a project at a time


class Why(enum.StrEnum):
    """Why a recipe should be measured; in the order in which that is urgent."""

    EDITED = "edited"  # the source was edited since; its recipe is inherited
    IMPORTED = "imported"  # it was brought in, and nobody measured it here
    KERNEL = "kernel"  # it was measured under another kernel
    SPOT = "spot"  # its turn in the slow rotation


@dataclass(frozen=True)
class Check:
    """A module's recipe that should be measured. Either `entry` is what is published here, or `brought` what was imported."""

    module: str
    why: Why
    recipe: str
    entry: Entry | None = None
    brought: Imported | None = None


def due(db: Rows, project: str, modules: Sequence[Module], now: int) -> list[Check]:
    """Return what should be measured of the modules of a project, the most urgent first; `now` in ns since 1970.

    A recipe is not measured on an edited source while the source that it was proven on is still built, in another checkout
    or as another object: there would be no end of it. The edited one inherits it meanwhile.
    """
    mine = store.entries(db, project)
    active = [entry for entry in mine if entry.state == ACTIVE]
    decided = {key for entry in mine for key in (entry.exact, entry.inherited) if key}
    offered = [each for state in (TRUSTED, UNVERIFIED) for each in imported(db, state=state)]
    built = builds.built(db, {entry.exact for entry in active}) | {module.record.exact for module in modules}
    found = [check for module in modules if (check := _of(module, active, decided, offered, now, built)) is not None]
    spots = sorted((check for check in found if check.why is Why.SPOT), key=_checked)
    urgent = [check for check in found if check.why is not Why.SPOT]
    order = list(Why)
    return sorted(urgent, key=lambda check: order.index(check.why)) + spots[:1]


def _of(
    module: Module, active: Sequence[Entry], decided: set[str], offered: Sequence[Imported], now: int, built: set[str]
) -> Check | None:
    exact, inherited = module.record.exact, module.record.inherited
    entry = next((each for each in active if each.exact == exact), None)
    if entry is not None:
        if entry.provenance.get("kernel", platform.release()) != platform.release():
            return Check(module.name, Why.KERNEL, entry.recipe, entry)
        is_old = not now - ROTATION < entry.checked <= now + DAY
        return Check(module.name, Why.SPOT, entry.recipe, entry) if is_old else None
    entry = next((each for each in active if inherited and each.inherited == inherited and not each.exact_only), None)
    if entry is not None:
        return Check(module.name, Why.EDITED, entry.recipe, entry) if entry.exact not in built else None
    if exact in decided or inherited in decided:
        return None
    fitting = [each for each in offered if _fits(each, exact, inherited)]
    if not fitting:
        return None
    best = max(fitting, key=lambda each: (each.exact == exact, each.log_e, each.recipe))
    return Check(module.name, Why.IMPORTED, best.recipe, brought=best)


def _fits(each: Imported, exact: str, inherited: str) -> bool:
    return each.exact == exact or bool(inherited and each.inherited == inherited and not each.exact_only)


def _checked(check: Check) -> int:
    return check.entry.checked if check.entry else 0
