"""Ask the compiler about one module: remarks at its level, features of its functions, its base pipeline."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autopass_cc.evidence import assembly, loops, mca
from autopass_cc.evidence import features as ir
from autopass_cc.evidence import remarks as record_file
from autopass_cc.evidence.assembly import Code
from autopass_cc.evidence.features import Features
from autopass_cc.evidence.profile import Hot
from autopass_cc.evidence.remarked import compiled
from autopass_cc.evidence.remarks import Remark
from autopass_cc.paths import private_dir
from autopass_cc.project.modules import Module
from autopass_cc.project.replay import compile_argv, run
from autopass_cc.store.builds import CompileRecord
from autopass_cc.toolchain.describe import Toolchain

LISTING = ("-S", "-emit-llvm", "-Xclang", "-disable-llvm-passes", "-gline-tables-only")
NO_COUNTERS: Mapping[str, float] = {}
_DECIDES = re.compile(
    r"-O\w*|-m[\w.+-]+|-m(?:arch|tune|cpu|fpu|float-abi|abi|cmodel|code-model|prefer-vector-width|recip)=[\w.,+-]+"
    r"|-f(?!no-builtin-)[\w-]+|-f(?:fp-[\w-]+|visibility|trapping-math)=[\w-]+"
)
LOOKED_INTO = 5  # of the hottest functions, whose machine code is read
LIMIT = 600.0  # seconds for one compile that is asked questions


@dataclass(frozen=True)
class Evidence:
    """What is known of a module before anything is tried."""

    module: str
    level: str
    lang: str
    share: float
    hot: tuple[Hot, ...]
    remarks: tuple[Remark, ...]
    features: tuple[Features, ...]
    depths: Mapping[str, Mapping[int, int]] = field(default_factory=dict)  # of loops, by function and source line
    flags: tuple[str, ...] = ()  # of the compile: those that decide about code
    code: Mapping[str, Code] = field(default_factory=dict)  # of the hottest functions, as the level compiles them
    waits: Mapping[str, str] = field(default_factory=dict)  # what llvm-mca says about their hot loops
    counters: Mapping[str, float] = field(default_factory=dict)  # of the whole program's run, where the machine has any

    def hot_features(self) -> tuple[Features, ...]:
        """Return the features of the functions that the profile names, and of those that may be inlined into them.

        Where the profile names none, all functions.
        """
        names = {hot.function for hot in self.hot if hot.share >= 0.005}
        chosen = tuple(found for found in self.features if found.function in names)
        return (*chosen, *(found for found in self.features if found.local and found not in chosen)) if chosen else self.features

    def total(self, name: str) -> int:
        """Return the sum of one feature over the hot functions."""
        return sum(getattr(found, name) for found in self.hot_features())

    def count(self, pass_name: str, kind: str) -> int:
        """Return how many remarks of a pass and kind there are."""
        return sum(remark.pass_name == pass_name and remark.kind == kind for remark in self.remarks)

    def names_only(self) -> Evidence:
        """Return what is left without analysis: the module, its level, and the names of its hot functions."""
        return replace(self, remarks=(), features=(), depths={}, code={}, waits={}, counters={})


def collect(
    module: Module, hot: tuple[Hot, ...], place: Path, toolchain: Toolchain, counters: Mapping[str, float] = NO_COUNTERS
) -> Evidence:
    """Compile the module twice more, for its remarks and for its IR as the front end wrote it.

    `hot` are its functions with their shares of the time, `counters` what a run of the whole program counted.
    """
    folder = private_dir(place)
    record = module.record
    remarked = compiled(record, folder, (), LIMIT)
    hottest = [each.function for each in hot[:LOOKED_INTO]]
    code = assembly.read(toolchain, remarked.path, hottest) if remarked.path and hottest else {}
    source = _unoptimised(record, folder / "module.ll")
    return Evidence(
        module=module.name,
        level=module.level,
        lang=record.lang,
        share=sum(each.share for each in hot),
        hot=hot,
        remarks=tuple(record_file.parse(remarked.remarks)),
        features=tuple(ir.parse(source)),
        depths=loops.depths(source),
        flags=deciding_flags(record.argv),
        code=code,
        waits={name: mca.analyse(toolchain, found.hot_loop()) for name, found in code.items()},
        counters=counters,
    )


def _unoptimised(record: CompileRecord, listing: Path) -> str:
    """Return the IR as the front end wrote it, "" where the compile fails."""
    listing.unlink(missing_ok=True)  # an earlier module's
    run(compile_argv(record, listing, (), LISTING), record, limit=LIMIT)
    return listing.read_text("utf-8", "replace") if listing.exists() else ""


def deciding_flags(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the -O, -m and -f of a compile that decide about code; values that may hold names or places stay here."""
    return tuple(word for word in argv[1:] if _DECIDES.fullmatch(word))
