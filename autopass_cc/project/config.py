"""autopass.toml: what to run, what to compare. Strict: an unknown key is an error with the nearest known one."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.errors import ConfigError, NoProjectError, NoWorkloadError
from autopass_cc.table_reader import Argv, TableReader

NAME = "autopass.toml"
COMPARABLE = ("exit", "stdout", "stderr")
TEMPLATE = """\
# autopass.toml: how autopass builds, runs and checks this project. Paths are relative to this folder.
id = "{id}"   # names this project in the cache; keep it when the folder moves

# The workload: the command that should get faster, 0.3 to 2 seconds a run. Several commands: a list of lists.
run = {run}

# A shorter run of the same kind, on which candidates are looked at first: more of them in the same time.
#screen = ["./program", "smaller"]

# Further runs whose results must stay the same; they are not timed. Two or more different inputs here allow
# autopass to try passes that have had wrong-code bugs.
checks = []

compare = ["exit", "stdout", "stderr"]   # what must equal the unchanged program's
outputs = []                             # files that the workload writes, compared too
inputs = []                              # files outside version control that it needs; a change starts tuning anew
#stdin = "input.txt"                     # what the workload reads from standard input
time_limit = 60                          # seconds for one run
#float_tolerance = 1e-9                  # only if printed numbers may differ in their last digits
#build = ["make"]                        # used, in a private copy, where a recorded build cannot be replayed
#copy_ignore = [".git", "node_modules"]  # what a private copy of this folder leaves out

#[env]                                   # set for the workload
#THREADS = "1"
"""


@dataclass(frozen=True)
class Config:
    """What autopass.toml says. Commands are argv tuples; times are seconds."""

    path: Path
    id: str
    run: tuple[Argv, ...]
    screen: tuple[Argv, ...] = ()
    checks: tuple[Argv, ...] = ()
    compare: tuple[str, ...] = COMPARABLE  # in the order of COMPARABLE: a set would print itself differently each time
    outputs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    stdin: str | None = None
    time_limit: float = 60.0
    float_tolerance: float = 0.0
    build: Argv = ()
    copy_ignore: tuple[str, ...] = (".git",)
    env: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """Return the project's folder."""
        return self.path.parent

    @property
    def workload(self) -> tuple[Argv, ...]:
        """Return the timed commands; raises NoWorkloadError where there are none."""
        if not self.run:
            raise NoWorkloadError(self.path)
        return self.run


def find_root(start: Path) -> Path:
    """Return the nearest folder from `start` upwards that has an autopass.toml; raises NoProjectError."""
    for folder in (start, *start.parents):
        if (folder / NAME).is_file():
            return folder
    raise NoProjectError(start)


def project_id(root: Path, text: bytes) -> str:
    """Return the project's id by the launcher's rule: the line `id = "<32 hex>"`, else the digest of the root's path."""
    match = re.search(rb'^id = "([0-9a-f]{32})"', text, re.MULTILINE)
    return match[1].decode() if match else digest_of(str(root).encode("utf-8", "surrogateescape"))


def load(root: Path) -> Config:
    """Read and check ROOT/autopass.toml. Raises NoProjectError, ConfigError."""
    path = root / NAME
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise NoProjectError(root) from None
    except OSError as error:
        raise ConfigError(path, f"it cannot be read ({error.strerror})", "mend or remove it") from None
    try:
        data = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, f"not valid TOML: {error}") from None
    reader = TableReader(path, data)
    config = Config(
        path=path,
        id=project_id(root, text),
        run=reader.commands("run"),
        screen=reader.commands("screen"),
        checks=reader.commands("checks"),
        compare=tuple(sorted(set(reader.words("compare", COMPARABLE, allowed=COMPARABLE)), key=COMPARABLE.index)),
        outputs=reader.words("outputs", ()),
        inputs=reader.words("inputs", ()),
        stdin=reader.text("stdin"),
        time_limit=reader.number("time_limit", 60.0),
        float_tolerance=reader.number("float_tolerance", 0.0),
        build=reader.words("build", ()),
        copy_ignore=reader.words("copy_ignore", (".git",)),
        env=reader.table("env"),
    )
    reader.text("id")
    reader.finish()
    for name in (*config.inputs, *filter(None, [config.stdin])):
        if not (root / name).exists():
            raise ConfigError(path, f"the input {name} does not exist", f"create {name}, or take it out of {NAME}")
    return config
