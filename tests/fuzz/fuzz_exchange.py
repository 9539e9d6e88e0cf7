"""Feed bytes to the reader of exchange files, guided by coverage, and check all that it lets through.

    pip install '.[fuzz]'
    python tests/fuzz/fuzz_exchange.py [--seconds 300] [--runs N] [--corpus FOLDER]

Prints how many executions there were, how many a second, and how many entries and recipes were let through. A crash is an
exception other than the documented one, or an entry that does not hold what `sound` asserts; its input is then in the
working directory. Whether all bytes are noise (`raw`), a recipe's text under its right name, an entry's line, or a field of an
entry is decided by the first byte: digests would keep noise from ever getting that far.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["autopass_cc"]):
    from autopass_cc.digest import digest_of
    from autopass_cc.errors import ImportRefusedError
    from autopass_cc.recipe.edits import edits_from_json
    from autopass_cc.recipe.recipe import Recipe
    from autopass_cc.store import exchange
    from autopass_cc.store.exchange import Found
    from autopass_cc.store.exchange_line import canonical

RECIPE = b"autopass-recipe 1\nllvm 22\nlevel O2\nknob inline-threshold 500\n"
HEAD = canonical({"format": exchange.FORMAT, "version": exchange.VERSION, "tool": "0", "made": ""})
ENTRY = {
    "project": "7" * 32,
    "module": "src/a.c",
    "keys": {"exact": "1" * 32, "inherited": "", "portable_exact": "", "portable_inherited": ""},
    "toolchain": "a" * 32,
    "level": "O2",
    "recipe": digest_of(RECIPE),
    "edits": [{"op": "knob", "name": "inline-threshold", "value": "500"}],
    "evidence": {"median": -0.1, "low": -0.2, "high": -0.05, "log_e": 5.5, "share": 0.25},
    "exact_only": "",
    "provenance": {"compiler": "clang", "machine": "0123456789abcdef", "blocks": 12, "coverage": 0.96},
}
RAW, TEXT, LINE, FIELD = range(4)
MAJORS, LEVELS = (16, 19, 22), ("O1", "O2", "O3", "Os")
counts = {"executions": 0, "entries": 0, "recipes": 0}


def recipe_line(text: bytes) -> bytes:
    """Return a recipe under its right name, whatever its text."""
    return canonical({"recipe": digest_of(text), "text": text.decode("latin-1")})


def file_of(data: bytes) -> bytes:
    """Return the file that an input stands for."""
    kind, rest = (data[0] % 4, data[1:]) if data else (RAW, b"")
    if kind == RAW:
        return rest
    if kind == TEXT:
        which, body = (rest[0] if rest else 0), rest[1:]
        level = LEVELS[which // len(MAJORS) % len(LEVELS)]
        text = f"autopass-recipe 1\nllvm {MAJORS[which % len(MAJORS)]}\nlevel {level}\n".encode() + body
        return HEAD + recipe_line(text) + canonical(ENTRY | {"recipe": digest_of(text), "level": level})
    if kind == LINE:
        return HEAD + recipe_line(RECIPE) + rest + b"\n"
    names = list(ENTRY)
    name = names[(rest[0] if rest else 0) % len(names)]
    line = canonical({each: value for each, value in ENTRY.items() if each != name})[:-2]
    return HEAD + recipe_line(RECIPE) + line + b',"' + name.encode() + b'":' + rest[1:] + b"}\n"


def sound(found: Found) -> None:
    """Assert of every entry what whoever uses it relies on, and that it can be given on."""
    for entry in found.entries:
        parsed = Recipe.parse(found.texts[entry.recipe])
        assert (parsed.digest, parsed.level) == (entry.recipe, entry.level)
        edits_from_json(entry.edits)
        assert entry.module.isprintable()
    again = io.BytesIO()
    exchange.write(again, found.entries, found.texts, found.made)
    again.seek(0)
    assert exchange.read(again).skipped == 0


def one(data: bytes) -> None:
    """Read one input."""
    counts["executions"] += 1
    try:
        found = exchange.read(io.BytesIO(file_of(data)))
    except ImportRefusedError:
        return
    counts["entries"] += len(found.entries)
    counts["recipes"] += len(found.texts)
    assert all(why.isprintable() and len(why) <= 200 for _, why in found.reasons)
    sound(found)


def seeds(place: Path) -> None:
    """Write inputs to begin with: sound ones of each kind, and a pipeline of each LLVM."""
    entry = canonical(ENTRY)
    inputs = [
        bytes([RAW]) + HEAD + recipe_line(RECIPE) + entry,
        bytes([TEXT, 5]) + RECIPE.split(b"\n", 3)[3],
        bytes([LINE]) + entry[:-1],
    ]
    inputs += [bytes([FIELD, number]) + json.dumps(value).encode() for number, value in enumerate(ENTRY.values())]
    pipelines = json.loads((Path(__file__).parents[1] / "unit" / "test_recipe_pipelines.json").read_text())
    for number, major in enumerate(MAJORS):
        for place_of, level in enumerate(LEVELS):
            text = pipelines[str(major)].get(level, "")
            inputs.append(bytes([TEXT, place_of * len(MAJORS) + number]) + f"pipeline {text}\n".encode())
    for number, data in enumerate(inputs):
        (place / f"seed{number}").write_bytes(data)


def main() -> None:
    """Fuzz in a child, which ends as the fuzzer ends it, and say what it came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--runs", type=int, default=-1, help="executions; -1: as many as the time allows")
    parser.add_argument("--corpus", type=Path, help="where inputs that reached something new are kept")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen, rest = parser.parse_known_args()
    if chosen.child:
        report = Path(rest.pop(0))

        def counted(data: bytes) -> None:
            one(data)
            if counts["executions"] % 1000 == 0:
                report.write_text(json.dumps(counts))

        atheris.Setup([sys.argv[0], *rest], counted)
        atheris.Fuzz()
        return
    with tempfile.TemporaryDirectory() as folder:
        corpus = chosen.corpus or Path(folder) / "corpus"
        corpus.mkdir(exist_ok=True)
        seeds(corpus)
        report = Path(folder) / "report"
        limits = [f"-max_total_time={chosen.seconds}", f"-runs={chosen.runs}", "-max_len=8192", "-print_final_stats=1"]
        start = time.monotonic()
        done = subprocess.run([sys.executable, __file__, "--child", str(report), *limits, str(corpus)], check=False)
        seconds = time.monotonic() - start
        told = json.loads(report.read_text()) if report.exists() else counts
    rate = told["executions"] / seconds
    print(f"{told['executions']:,} executions in {seconds:.0f} s, {rate:,.0f} a second (counted by the thousand)")
    print(
        f"let through: {told['entries']:,} entries, {told['recipes']:,} recipes; {'FAILED' if done.returncode else 'no failure'}"
    )
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
