"""A flavour is the recorded build with further compiler flags: a profile to be used, say. It is made by replay.

So all rivals are built in one place, and run in the same surroundings; only their code differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from autopass_cc.agents.prepare import Prepared
from autopass_cc.errors import BenchError
from autopass_cc.project.builder import Builder
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
    records = {out: _compile(record, flavour) for out, record in prepared.recorded.compiles.items()}
    links = tuple(replace(link, record=_link(link.record, flavour)) for link in prepared.recorded.links)
    modules = tuple(
        replace(each, records=tuple(records[record.out] for record in each.records)) for each in prepared.recorded.modules
    )
    toolchain = prepared.toolchain
    builder = Builder(
        prepared.place / "flavours" / flavour.name,
        links,
        records,
        plugin=toolchain.plugin,
        ar=toolchain.tool("llvm-ar"),
        lld=toolchain.lld,
    )
    recorded = replace(prepared.recorded, modules=modules, compiles=records, links=links)
    by_name = {module.name: module for module in modules if module.name in prepared.modules}
    return replace(prepared, recorded=recorded, modules=by_name, builder=builder, programs=builder)


def _compile(record: CompileRecord, flavour: Flavour) -> CompileRecord:
    return replace(record, argv=_with(record.argv, flavour))


def _link(record: LinkRecord, flavour: Flavour) -> LinkRecord:
    return replace(record, argv=_with(record.argv, flavour))


def _with(argv: tuple[str, ...], flavour: Flavour) -> tuple[str, ...]:
    if "--" in argv:
        raise BenchError("a recorded command has `--`, behind which no flags can be added.")
    return (*argv, *flavour.flags)
