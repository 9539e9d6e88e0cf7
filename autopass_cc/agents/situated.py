"""What a module's search starts from: its base pipeline, and what may be edited on it with this toolchain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autopass_cc.agents.events import Listener
from autopass_cc.agents.minds.protocol import Situation, Tried
from autopass_cc.agents.prepare import Prepared
from autopass_cc.evidence.collect import Evidence
from autopass_cc.project.modules import Module
from autopass_cc.project.replay import without_outputs
from autopass_cc.recipe.allowlist import load
from autopass_cc.recipe.neighbours import menu
from autopass_cc.recipe.tree import parse
from autopass_cc.recipe.words import Tier
from autopass_cc.toolchain import identity, probe
from autopass_cc.toolchain.describe import Status


@dataclass(frozen=True)
class Start:
    """A situation without history, the text of its base, and whether edits of passes are possible (else: knobs alone)."""

    situation: Situation
    base_text: str
    pipelines: bool


def situate(
    prepared: Prepared, module: Module, evidence: Evidence, tier: Tier, seed: int, memory: Sequence[Tried], listener: Listener
) -> Start:
    """Look at a module's compile and return where its search starts. Raises ToolchainError."""
    toolchain, record = prepared.toolchain, module.record
    argv = [record.argv[0], *without_outputs(record.argv)]
    problem = identity.check(toolchain, argv, record.cwd, record.level)
    pipelines = toolchain.status is Status.OK and problem is None
    if toolchain.status is Status.OK and problem:
        listener.line(f"  {module.name}: only knobs are tried, because identity does not hold for it ({problem})")
    base_text = probe.base_pipeline(toolchain, argv, record.cwd, record.level)
    offered = menu(
        load(toolchain.major),
        tier,
        probe.passes(toolchain) if pipelines else (),
        probe.knobs(toolchain),
        toolchain.knob_arch,
        toolchain.cpu,
    )
    situation = Situation(evidence, parse(base_text), offered, seed, memory=tuple(memory))
    return Start(situation, base_text, pipelines)
