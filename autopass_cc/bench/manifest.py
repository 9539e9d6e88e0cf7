"""suite.toml: a folder of programs, how each is built, run and checked. Strict, as autopass.toml is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autopass_cc.errors import ConfigError
from autopass_cc.table_reader import Argv, TableReader

MANIFEST = "suite.toml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
SOURCES = re.compile(r"\.(c|cc|cpp|cxx|C)$")
HELP = f'README, "The bench", has an example of {MANIFEST}'


@dataclass(frozen=True)
class BenchProgram:
    """One program of a suite. Commands are argv tuples, run in the program's folder; times are seconds.

    It is built from `sources` (each compiled with the suite's and its own `flags`, linked with `libs`) or, where those are
    none, by the command `build`, which takes CC and CXX from the environment. `train` is what profiles are taken from
    and, where it is shorter, what all searches look at candidates first with.
    """

    name: str
    folder: Path
    kind: str
    run: tuple[Argv, ...]
    train: tuple[Argv, ...]
    checks: tuple[Argv, ...] = ()
    sources: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    libs: tuple[str, ...] = ()
    build: Argv = ()
    outputs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    stdin: str | None = None
    time_limit: float = 60.0
    float_tolerance: float = 0.0
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """A suite: its name, its folder, and its programs in the order of the manifest."""

    name: str
    folder: Path
    programs: tuple[BenchProgram, ...]


def load(folder: Path) -> Suite:
    """Read FOLDER/suite.toml. Raises ConfigError."""
    path = folder / MANIFEST
    try:
        data = tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        raise ConfigError(path, "there is no such file", HELP) from None
    except OSError as error:
        raise ConfigError(path, f"it cannot be read ({error.strerror})", "mend or remove it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, f"not valid TOML: {error}", HELP) from None
    reader = TableReader(path, data)
    name = reader.text("name") or folder.resolve().name
    flags = reader.words("flags", ("-O3",))
    libs = reader.words("libs", ())
    tables = dict(_named(reader, path))
    kernels = reader.table_of_any("kernels")
    reader.finish()
    if kernels is not None:
        tables = dict(_kernels(path, kernels)) | tables
    programs = tuple(_program(path, each, table, flags, libs) for each, table in tables.items())
    if not programs:
        raise ConfigError(path, "it names no program", HELP)
    return Suite(name, folder, programs)


def _named(reader: TableReader, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, table in (reader.table_of_any("program") or {}).items():
        if not NAME.fullmatch(name) or not isinstance(table, dict):
            raise ConfigError(path, f"[program.{name}] must be a table with a plain name", HELP)
        yield name, table


def _kernels(path: Path, table: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a program for each single file that matches: `{name}` in the commands stands for its stem."""
    reader = TableReader(path, table, "[kernels] ")
    pattern = reader.text("match") or "*.c"
    found = sorted(file for file in path.parent.glob(pattern) if SOURCES.search(file.name))
    if not found:
        raise ConfigError(path, f"[kernels] no source matches {pattern}", HELP)
    rest = {key: value for key, value in table.items() if key != "match"}
    for file in found:
        filled = {key: _filled(value, file.stem) for key, value in ({"run": ["./{name}"]} | rest).items()}
        yield file.stem, {"sources": [str(file.relative_to(path.parent))], "kind": "kernel", **filled}


def _filled(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_filled(each, name) for each in value]
    return value.replace("{name}", name) if isinstance(value, str) else value


def _program(path: Path, name: str, table: dict[str, Any], flags: tuple[str, ...], libs: tuple[str, ...]) -> BenchProgram:
    reader = TableReader(path, table, f"[program.{name}] ")
    run = reader.commands("run")
    program = BenchProgram(
        name=name,
        folder=path.parent / (reader.text("folder") or "."),
        kind=reader.text("kind") or "",
        run=run,
        train=reader.commands("train") or run,
        checks=reader.commands("checks"),
        sources=reader.words("sources", ()),
        flags=(*flags, *reader.words("flags", ())),
        libs=(*libs, *reader.words("libs", ())),
        build=reader.words("build", ()),
        outputs=reader.words("outputs", ()),
        inputs=reader.words("inputs", ()),
        stdin=reader.text("stdin"),
        time_limit=reader.number("time_limit", 60.0),
        float_tolerance=reader.number("float_tolerance", 0.0),
        env=reader.table("env"),
    )
    reader.finish()
    if not program.run:
        raise ConfigError(path, f"[program.{name}] has no `run`, the command that is timed", HELP)
    if bool(program.sources) == bool(program.build):
        raise ConfigError(path, f"[program.{name}] needs either `sources` or `build`", HELP)
    for file in (*program.sources, *program.inputs, *filter(None, [program.stdin])):
        if not (program.folder / file).is_file():
            raise ConfigError(path, f"[program.{name}] {file} does not exist in {program.folder}", HELP)
    return program
