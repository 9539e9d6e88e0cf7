"""What each part of the loop is worth: the same module tuned from scratch with parts switched off.

    python tests/benchmarks/ablations.py [--budget 150] [--arm ARM ...] [--results FILE] [EXAMPLE:MODULE[:COMMAND] ...]

The model is that of a config.toml (--model); without one, arms that need it are left out. A run of one round takes
the answers of its first round from the transcript of three. Each run is a process of its own, in a home of which nothing
is kept but the look at the compiler, made once; its line of results is appended to FILE, and a run that is in FILE already
is not repeated. One machine, one run at a time. Ends with the table of all lines in FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from autopass_cc.report import table

HERE = Path(__file__).resolve().parents[2]
EXAMPLES = ("sort:heap.c", "stencil:multiply.c:./plate 320 24", "compressor:coder.c:./pack 200000 13")
ARMS: Mapping[str, tuple[str, ...]] = {
    "rules only": ("--mind", "rules"),
    "random edits (no Reasoning)": ("--mind", "rules", "--without", "reasoning"),
    "rules, no Analysis": ("--mind", "rules", "--without", "analysis"),
    "rules, no Evaluation": ("--mind", "rules", "--without", "evaluation"),
    "rules, no Score": ("--mind", "rules", "--without", "score"),  # tells something where several modules are tuned
    "rules and model, R3": ("--mind", "both"),
    "model only, R3": ("--mind", "model"),
    "model only, R1": ("--mind", "model", "--rounds", "1"),
    "model, no Analysis": ("--mind", "model", "--without", "analysis"),
    "model, no Evaluation": ("--mind", "model", "--without", "evaluation"),
}
REPLAYED = {"model only, R1": "model only, R3"}
HEADER = ["module", "arm", "time", "interval", "verdict", "proposed by", "runs", "tried", "invalid", "calls", "tokens", "s"]


def main() -> int:
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description="Tune examples with parts of the loop switched off.")
    parser.add_argument("examples", nargs="*", default=EXAMPLES, metavar="EXAMPLE:MODULE[:COMMAND]")
    parser.add_argument("--arm", action="append", choices=list(ARMS), help="only this; repeatable")
    parser.add_argument("--budget", default="150", help="of each run, in seconds")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--model", type=Path, metavar="FILE", help="a config.toml with a [model] section")
    parser.add_argument("--results", type=Path, default=Path("ablations.jsonl"))
    options = parser.parse_args()
    options.results.touch()
    with tempfile.TemporaryDirectory(prefix="ablations-") as folder:
        place = Place(Path(folder))
        for example in options.examples:
            for arm in options.arm or ARMS:
                done = {(line["example"], line["arm"]): line for line in _lines(options.results)}
                asks = "model" in ARMS[arm] or "both" in ARMS[arm]
                if (example, arm) in done or (asks and options.model is None):
                    continue
                print(f"{example}: {arm}", file=sys.stderr, flush=True)
                source = done.get((example, REPLAYED.get(arm, "")))
                line = tuned(place, example, arm, options, source["transcripts"][0] if source else "")
                with options.results.open("a") as out:
                    out.write(json.dumps(line) + "\n")
    print(table.render(HEADER, [_row(line) for line in _lines(options.results)], right=frozenset({2, 3, 6, 7, 8, 9, 10, 11})))
    return 0


class Place:
    """A folder with a project and a home in it, both made anew for each run."""

    def __init__(self, folder: Path) -> None:
        self.project, self.home, self._seen = folder / "project", folder / "home", folder / "seen"
        self.replayed = folder / "replayed.jsonl"
        folder.joinpath("project").mkdir()
        self.run("autopass", "init", "--run", "true")  # looks at the compiler, which takes most of a minute
        self.home.rename(self._seen)

    def renew(self, example: Path) -> None:
        """Copy the example into an empty project and the look at the compiler into an empty home."""
        for path, source in ((self.project, example), (self.home, self._seen)):
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(source, path)

    def run(self, *argv: str) -> str:
        """Run a command in the project and return what it prints."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = os.environ | {"PATH": path, "AUTOPASS_HOME": str(self.home), "CC": "autopass-cc", "CXX": "autopass-c++"}
        return subprocess.run(argv, cwd=self.project, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout


def tuned(place: Place, example: str, arm: str, options: argparse.Namespace, transcript: str) -> dict[str, Any]:
    """Record a build of a copy of an example, tune one module (or `*`), and return what it came to.

    A third part of `example` is a command that is timed in place of the example's own, which may take too long. A
    `transcript` (its text) answers in the model's place.
    """
    name, module, *command = example.split(":")
    place.renew(HERE / "examples" / name)
    for words in (("autopass", "init"), ("make", "-s", "clean"), ("make", "-s")):
        place.run(*words)
    asked = ["--budget", f"{options.budget}s", "--seed", options.seed, "--module", module, "--json", *ARMS[arm]]
    asked += [word for run_ in command for word in ("--run", run_)]
    if transcript:
        place.replayed.write_text(transcript)
        asked += ["--replay", str(place.replayed)]
    elif options.model is not None:
        shutil.copy(options.model, place.home / "config.toml")
    result = json.loads(place.run("autopass", "tune", *asked))
    tried = [each["name"] for each in result["modules"] if each["tried"]]
    stories = [json.loads(place.run("autopass", "explain", name, "--json")) for name in tried]
    kept = [path.read_text() for path in (place.home / "transcripts").glob("*.jsonl")]
    verdicts = Counter(each["verdict"] for story in stories for each in story["candidates"])
    winners = [each["mind"] for each in result["modules"] if each["verdict"] == "accepted"]
    facts = result["facts"]
    return {
        "example": example,
        "arm": arm,
        "budget": options.budget,
        "seed": options.seed,
        "change": result["program"]["estimate"] and result["program"]["estimate"]["change"],
        "interval": result["program"]["estimate"] and result["program"]["estimate"]["interval"],
        "verdict": result["program"]["verdict"],
        "minds": winners,
        "program_runs": facts["program_runs"],
        "candidates": dict(verdicts),
        "invalid": facts["invalid_proposals"] + facts["model"].get("invalid", 0),
        "model": facts["model"],
        "seconds": facts["seconds"],
        "transcripts": kept,
    }


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _row(line: Mapping[str, Any]) -> list[str]:
    model = line["model"]
    interval = line["interval"]
    return [
        line["example"].split(":")[1],
        line["arm"],
        table.NOTHING if line["change"] is None else f"{line['change'] * 100:+.1f} %",
        "" if interval is None else f"[{interval[0] * 100:+.1f}, {interval[1] * 100:+.1f}]",
        line["verdict"],
        " ".join(line["minds"]),
        str(line["program_runs"]),
        str(sum(line["candidates"].values())),
        str(line["invalid"]),
        str(model.get("calls", "")),
        str(model.get("prompt_tokens", 0) + model.get("completion_tokens", 0) or ""),
        f"{line['seconds']:.0f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
