"""What another home has proven reaches compiles here: by a folder, as far as it is trusted, with the same object."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from published import publish, recorded
from sample_project import environment
from sharing_kit import at_home, autopass, configure

from autopass_cc.recipe import Remove
from autopass_cc.store import entries as store
from autopass_cc.store.database import writer
from autopass_cc.toolchain import registry

SOURCE = "int f(const int *p, int n) { int s = 0; while (n-- > 0) s += p[n] * 3; return s; }\n"


def compiled(project: Path) -> tuple[str, bytes]:
    """Compile the source through the launcher; return its decision and the object."""
    log = project / "log"
    log.unlink(missing_ok=True)
    env = environment() | {"AUTOPASS_LOG": str(log)}
    subprocess.run(["autopass-cc", "-O2", "-c", "-o", "a.o", "a.c"], cwd=project, env=env, check=True)
    return log.read_text().split("\t")[0], (project / "a.o").read_bytes()


def test_a_recipe_travels_from_home_to_home(ready: Path, tmp_path: Path) -> None:
    project, shared, other = tmp_path / "project", tmp_path / "shared", tmp_path / "other"
    for folder in (project, shared):
        folder.mkdir(mode=0o755)
    (project / "autopass.toml").write_text(f'id = "{"5" * 32}"\nrun = ["./a"]\n')
    (project / "a.c").write_text(SOURCE)
    shutil.copytree(ready, other, symlinks=True)
    (other / "toolchains").write_text((ready / "toolchains").read_text().replace(str(ready), str(other)))
    config = f'[cache.team]\nurl = "{shared}"\ntrust = %s\n'

    assert autopass("record", "on").code == 0
    assert compiled(project)[0] == "miss"
    publish(project, recorded(project)["a.o"], Remove("loop-vectorize#1"))
    with writer() as db:
        store.accept(db, [replace(entry, toolchain=registry.ensure().id) for entry in store.entries(db)])
    decision, tuned = compiled(project)
    assert decision == "hit"
    configure(config % "false")
    assert autopass("cache", "push", "team").code == 0

    with at_home(other):
        assert compiled(project)[0] == "miss"
        plain = (project / "a.o").read_bytes()
        configure(config % "false")
        assert autopass("cache", "pull").code == 0
        assert compiled(project) == ("miss", plain)
        configure(config % "true")
        assert autopass("cache", "pull").code == 0
        assert compiled(project) == ("hit", tuned)
        assert autopass("cache", "verify").code == 0
        assert autopass("cache", "remove", "team").code == 0
        assert compiled(project) == ("miss", plain)
    assert tuned != plain
