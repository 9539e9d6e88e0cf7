"""What transfer saves: a project is tuned, then another one whose code is alike, with and without what the first one taught.

    python tests/benchmarks/transfer_saving.py [--example sort] [--budget 120s] [--module heap.c --module search.c]

The second project is the first with its functions and variables renamed, under an id and a folder of its own, so that no key
is shared. Both of its runs begin with a copy of the same store. Prints how many runs of the program and seconds each search
took, and what was proven.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BIN = Path(sys.executable).parent
KEPT = {"main", "int", "char", "long", "void", "const", "static", "unsigned", "return", "while", "for", "if", "else", "sizeof"}


def main() -> None:
    """Tune three times and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--example", default="sort")
    parser.add_argument("--budget", default="120s")
    parser.add_argument("--module", action="append", default=[])
    chosen = parser.parse_args()
    modules = [word for name in chosen.module for word in ("--module", name)]
    with tempfile.TemporaryDirectory(prefix="autopass-transfer-") as folder:
        place = Path(folder)
        first = prepare(place, "first", chosen.example, rename=False)
        show("the first project", tune(first, place / "home", chosen.budget, modules, ()))
        for name, words in (("alike, without transfer", ("--without", "transfer")), ("alike, with transfer", ())):
            home = place / name.replace(" ", "-")
            shutil.copytree(place / "home", home, symlinks=True)
            for file in ("autopass.lock", "toolchains"):
                (home / file).unlink(missing_ok=True)
            show(name, tune(prepare(place, home.name + "-p", chosen.example, rename=True), home, chosen.budget, modules, words))


def prepare(place: Path, name: str, example: str, *, rename: bool) -> Path:
    """Copy an example, and rename what its sources define themselves."""
    project = place / name
    shutil.copytree(EXAMPLES / example, project, ignore=shutil.ignore_patterns("*.o", "autopass.lock*"))
    settings = project / "autopass.toml"
    settings.write_text(re.sub(r'(?m)^id = "\w+"\n?', "", settings.read_text()))
    settings.write_text(f'id = "{os.urandom(16).hex()}"\n' + settings.read_text())
    if rename:
        sources = [path for path in project.iterdir() if path.suffix in (".c", ".h", ".cpp")]
        text = "\n".join(path.read_text() for path in sources)
        names = set(re.findall(r"\b(?:int|long|unsigned|double|float|char|\w+_t|static void|void) \*?([a-z_]\w+)\b", text)) - KEPT
        words = "|".join(sorted(names))
        for path in sources:
            path.write_text(re.sub(rf"\b({words})\b", r"\1_renamed", path.read_text()))
    return project


def tune(project: Path, home: Path, budget: str, modules: list[str], words: tuple[str, ...]) -> dict[str, Any]:
    """Record a build and tune it; return the result as JSON, with the seconds that it took."""
    env = os.environ | {"AUTOPASS_HOME": str(home), "CC": "autopass-cc", "CXX": "autopass-c++"}
    env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
    for argv in (["autopass", "doctor"], ["autopass", "record", "on"], ["make", "-s", "clean"], ["make", "-s"]):
        subprocess.run(argv, cwd=project, env=env, stdout=subprocess.DEVNULL, check=argv[1] != "clean" and argv[1] != "doctor")
    began = time.monotonic()
    argv = ["autopass", "tune", "--json", "-q", "--budget", budget, *modules, *words]
    done = subprocess.run(argv, cwd=project, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result | {"took": time.monotonic() - began}


def show(name: str, result: dict[str, Any]) -> None:
    """Print the row of one tuning, and a row for each module."""
    facts = result["facts"]
    print(f"{name:26} {facts['program_runs']:5} runs {result['took']:6.0f} s  {change(result['program'])}", flush=True)
    for module in result["modules"]:
        if module["verdict"] != "not-tried":
            runs = facts.get("search_runs", {}).get(module["name"], "")
            print(f"    {module['name']:22} {runs:5} in its search  {change(module)}  by {module['mind'] or '-'}", flush=True)
    for told in facts.get("transfer", []):
        print(f"    transfer: {told}", flush=True)


def change(result: dict[str, Any]) -> str:
    """Return a verdict with its change and interval."""
    found = result["estimate"]
    if found is None:
        return str(result["verdict"])
    low, high = found["interval"]
    return f"{found['change'] * 100:+.1f} % [{low * 100:+.1f}, {high * 100:+.1f}], {result['verdict']}"


if __name__ == "__main__":
    main()
