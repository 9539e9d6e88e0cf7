"""Run the fuzz targets of the launcher's parsers: libFuzzer with the address and undefined-behaviour sanitizers.

    python tests/fuzz/run.py [--runs N | --seconds N] [--build FOLDER] [--corpus FOLDER] [TARGET ...]

Needs clang-19 with its runtime (libclang-rt-19-dev). Prints executions, executions a second and crashes of each target; the
exit code is 1 where one crashed, and the input that did it is in the folder of the build. One input alone: run FOLDER/fuzz_TARGET
FILE.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHIMS = HERE.parents[1] / "shims"
DATA = HERE.parents[1] / "autopass_cc" / "recipe" / "data"
COMPILER = "clang-19"
SANITIZE = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-g", "-O2", "-Wall", "-Wextra", "-Werror", *SANITIZE, f"-I{SHIMS}"]
UNTRACED = ("bytes", "index", "options", "fuzz_lookup")  # loops over bytes, whose comparisons need no tracing
UNCOVERED = ("digest", "arena", "input", "memory_files")  # there is nothing to be explored, and it takes time
# Where the launcher's sources are given other memory and other files than its own.
RENAMED = {
    "bytes": ["-Dmalloc=arena_malloc", "-Drealloc=arena_realloc"],
    "files": [f"-D{name}=file_{name}" for name in ("open_trusted", "read_trusted", "read_ordinary")],
}
WITHOUT = ("launcher", "launch", "tools", "lock", "branch_stacks")  # main(), what execs, and what fuzz_lookup.c holds itself
SEEDS = {
    "lookup": [
        b"\x00" + b"\x11\x03\x01\x05\x01\x06\x00",
        b"\x10" + b"\x11\x03\x01\x05\x01\x06\x00" * 2,
        b"\x08" + b"\x11\x03\x03\x05\x06\x02\x01\x06\x00",
        b"\x13\x0c\x02\x05\x07\n\x01\x06\x07\n\xff\x0f\x40\x03\x01\x05\x07 text\n",
        b"\x0b\x0f\x20\x03\x03\x05\x01\x08\n\x04\x05\x02\x0b x\n\x0e\x03\x06\x02\x08 x\n",
        b"\x1a\x0e\x03\x05\x01\x08\n",
    ],
    "recipe": [
        b"\x83\x01\x00\x07\x02\x07\x03\x06\n",
        b"\xa5\x01\x00\x00\x05\x07\x02\x07\x05\n",
        b"\x01autopass-recipe 1\nllvm 16\nlevel O1\n\x01\x00\x30\x04\n",
        b"\x83\x01\x00\x07\x04\n",
        b"\x83\x01\x00\x070\x02\n",
        b"\x83\x01\x00\x07-\x03\n",
    ],
    "command": [
        b'\x01\x01\x02\x03\x02\n\x04-\n\x05\x061\x062\n\xff-DX=\'a b\' \\"-I. @b\xff-g\xffid = "x"\n\xff\x01\x02\x03\x06-flto\n',
        b"\x01\x01\x02\x0622\x07\x02\n\xff\xff\xff\xff\x01\x02\x03",
        b"\x01\x01\x02\x03\x02\nfolder\x02\n\xff\xff\xff\xff\x01\x02\x03",
        b'\x03\n\xff\xff\xff[tune]\nid = "\n\xff\x01\x02\x08c++\n\x03\x04\x05-std=c++20\n-I\ninclude\n',
    ],
}
WORDS = {
    "lookup": ["<<<<<<< HEAD", "\\x0a", "\\x0d", "b", "i", "x", "0", "f"],
    "recipe": ["knob ", "pipeline ", "level ", "llvm ", "\\x0a", "-", "0", "true", "false", "4294967296", "18446744073709551616"],
    "command": ["knobs", "refused", "\\x09", "\\x0a", "-", "0", "default", "folder", "config", "'", "\\x22", "\\x5c", "id = "],
}


@dataclass(frozen=True)
class Outcome:
    """What became of one target: inputs tried, seconds, and what the sanitizers or the target itself said of a bad one."""

    target: str
    executions: int
    seconds: float
    crash: str

    @property
    def rate(self) -> float:
        """Return the executions a second."""
        return self.executions / self.seconds if self.seconds else 0.0


def targets() -> list[str]:
    """Return the names of the targets: fuzz_NAME.c."""
    return sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c"))


def build(folder: Path, names: list[str]) -> None:
    """Build the targets in a folder. Raises CalledProcessError; the compiler says why on stderr."""
    knobs = folder / "knobs.c"
    _run([sys.executable, str(SHIMS / "generate_knobs.py"), str(knobs), *map(str, sorted(DATA.glob("llvm-*.toml")))])
    sources = [path for path in sorted(SHIMS.glob("*.c")) if path.stem not in WITHOUT]
    common = [*sources, knobs, *(HERE / f"{name}.c" for name in ("arena", "input", "memory_files"))]
    objects = [_compile(source, folder) for source in common]
    for name in names:
        own = [_compile(HERE / f"fuzz_{name}.c", folder), *([] if name == "lookup" else [_compile(SHIMS / "lock.c", folder)])]
        _run([COMPILER, *FLAGS, *own, *objects, "-o", str(folder / f"fuzz_{name}")])
        (folder / f"{name}.dict").write_text("".join(f'"{word}"\n' for word in _words(name)))


def _compile(source: Path, folder: Path) -> str:
    name, made = source.stem, str(folder / f"{source.stem}.o")
    special = [*RENAMED.get(name, []), *(["-fno-sanitize-coverage=trace-cmp"] if name in UNTRACED else [])]
    special += ["-fno-sanitize=fuzzer"] if name in UNCOVERED else []
    _run([COMPILER, *FLAGS, *special, "-c", str(source), "-o", made])
    return made


def _words(name: str) -> list[str]:
    """Return what stands in the dictionary of a target, beside what it makes of single bytes."""
    options = re.findall(r'(?m)^OPTION\("([^"]+)", ', (SHIMS / "options.def").read_text()) if name == "command" else []
    return [*options, *WORDS[name]]


def _run(argv: list[str]) -> None:
    subprocess.run(argv, check=True)


def fuzz(folder: Path, name: str, limits: list[str], corpus: Path) -> Outcome:
    """Run one target until its limit or its first crash, from the seeds and what is in `corpus`, which grows."""
    place = corpus / name
    place.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (place / f"seed-{number}").write_bytes(seed)
    argv = [
        str(folder / f"fuzz_{name}"),
        str(place),
        *limits,
        "-print_final_stats=1",
        "-max_len=512",
        "-timeout=10",
        "-detect_leaks=0",
        f"-dict={folder}/{name}.dict",
    ]
    begin = time.monotonic()
    done = subprocess.run([*argv, f"-artifact_prefix={folder}/{name}-"], capture_output=True, check=False)
    seconds = time.monotonic() - begin
    said = done.stderr.decode("utf-8", "replace")
    count = re.search(r"stat::number_of_executed_units:\s*(\d+)", said)
    executions = int(count[1]) if count else len(SEEDS[name])
    return Outcome(name, executions, seconds, _crash(said) if done.returncode else "")


def _crash(said: str) -> str:
    """Return the lines of a crash that say what it is and where."""
    found = re.search(r"(?m)^(WRONG: |==\d+==\s*ERROR: |.*runtime error: )", said)
    return said[found.start() : found.start() + 3000] if found else said[-3000:]


def run(names: list[str], limits: list[str], *, folder: Path, corpus: Path) -> Iterator[Outcome]:
    """Build and run targets, one after the other."""
    build(folder, names)
    for name in names:
        yield fuzz(folder, name, limits, corpus)


def main() -> int:
    """Run the targets and print a line for each."""
    parser = argparse.ArgumentParser(description="Fuzz the launcher's parsers.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(targets())}; all without one")
    parser.add_argument("--runs", type=int, help="inputs for each target")
    parser.add_argument("--seconds", type=int, default=30, help="time for each target, without --runs")
    parser.add_argument("--build", type=Path, help="folder of the build and of what crashed; without it a temporary one")
    parser.add_argument("--corpus", type=Path, help="folder of the inputs that reached something new, kept for the next time")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(targets()):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if shutil.which(COMPILER) is None:
        parser.error(f"{COMPILER} is not installed")
    limits = [f"-runs={options.runs}"] if options.runs else [f"-max_total_time={options.seconds}"]
    folder = (options.build or Path(tempfile.mkdtemp(prefix="autopass-fuzz-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    crashed = False
    for outcome in run(options.targets or targets(), limits, folder=folder, corpus=options.corpus or folder / "corpus"):
        rate, crashes = f"{outcome.rate:9,.0f}/s", 1 if outcome.crash else 0
        print(f"{outcome.target:<10} {outcome.executions:11,} executions {rate} {crashes} crashes", flush=True)
        print(outcome.crash, file=sys.stderr, end="")
        crashed |= bool(outcome.crash)
    if crashed:
        print(f"the inputs are in {folder}", file=sys.stderr)
    elif options.build is None:
        shutil.rmtree(folder)
    return int(crashed)


if __name__ == "__main__":
    sys.exit(main())
