"""A recipe for the exact source only: the source as it was proven gets it, an edited one does not, and the user is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from published import publish, recorded
from sample_project import autopass, create, make

from autopass_cc.recipe import Knob

REASON = "`#pragma unroll` warns where it is not honoured"


@pytest.mark.parametrize("reason", ["", REASON])
def test_an_edited_source_inherits_a_recipe_or_not(tmp_path: Path, ready: Path, reason: str) -> None:
    assert ready.is_dir()
    root = create(tmp_path / "project")
    autopass("init", cwd=root)
    make(root)
    publish(root, recorded(root)["kernel.o"], Knob("force-vector-width", "2"), exact_only=reason)
    autopass("apply", cwd=root)
    make(root)
    assert recorded(root)["kernel.o"].reason == "exact"
    story = autopass("explain", "kernel.c", cwd=root).stdout
    assert (f"exact source only: {REASON}; once edited, it compiles plain until the next tune" in story) == bool(reason)
    (entry,) = json.loads(autopass("explain", "kernel.c", "--json", cwd=root).stdout)["entries"]
    assert entry["exact_only"] == (reason or None)
    with (root / "kernel.c").open("a") as source:
        source.write("/* edited */\n")
    make(root)
    assert recorded(root)["kernel.o"].decision == ("miss" if reason else "hit")
    assert autopass("apply", "--list", cwd=root).stdout == ""
