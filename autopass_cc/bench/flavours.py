"""A flavour is the recorded build with further compiler flags: a profile to be used, say. It is made by replay.

So all rivals are built in one place, and run in the same surroundings; only their code differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from autopass_cc.agents.prepare import Prepared, builder_of
from autopass_cc.errors import BenchError
from autopass_cc.store.builds import CompileRecord, LinkRecord


@dataclass(frozen=True)
class Flavour:
    """What is added to the flags of every compile and link; `name` is a folder's name."""

    name: str
    flags: tuple[str, ...] = ()


PLAIN = Flavour("base")


def flavoured(prepared: Prepared, flavour: Flavour) -> Prepared:
    """Return the recorded build with a flavour's flags. Raises BenchError where the build is not replayed."""
    if not flavour.flags:
        return prepared
    if prepared.programs is not prepared.builder:
        raise BenchError(f"the recorded build cannot be replayed, so it cannot be repeated with {' '.join(flavour.flags)}.")
    former = prepared.recorded
    records = {out: _with(record, flavour) for out, record in former.compiles.items()}
    links = tuple(replace(link, record=_with(link.record, flavour)) for link in former.links)
    modules = tuple(replace(each, records=tuple(records[record.out] for record in each.records)) for each in former.modules)
    recorded = replace(former, modules=modules, compiles=records, links=links)
    builder = builder_of(prepared.place / "flavours" / flavour.name, recorded, prepared.toolchain)
    by_name = {module.name: module for module in modules if module.name in prepared.modules}
    return replace(prepared, recorded=recorded, modules=by_name, builder=builder, programs=builder)


Record = TypeVar("Record", CompileRecord, LinkRecord)


def _with(record: Record, flavour: Flavour) -> Record:
    if "--" in record.argv:
        raise BenchError("a recorded command has `--`, behind which no flags can be added.")
    return replace(record, argv=(*record.argv, *flavour.flags))
