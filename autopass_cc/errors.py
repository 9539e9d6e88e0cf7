"""What can go wrong in words for a user: each class owns its data, says one sentence and the next step, and has an exit code.

`autopass` prints `str(error)` and exits with `error.exit_code`; a traceback appears only with AUTOPASS_TRACEBACK=1.
Exit code 2 is click's (usage). 1 is reserved for what should not happen.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path


class AutopassError(Exception):
    """Base of everything that is shown to a user; subclasses set `exit_code` and build the two parts of the text."""

    exit_code = 1

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.sentence}\n  next: {self.next_step}" if self.next_step else self.sentence


class NoClangError(AutopassError):
    """No usable clang was found."""

    exit_code = 10

    def __init__(self, searched: str) -> None:
        super().__init__(
            f"No clang was found ({searched}).",
            "apt-get install clang-19 llvm-19-dev lld-19, or set AUTOPASS_CLANG to the path of a clang",
        )


class RefusedCompilerError(AutopassError):
    """The compiler found is not one that can be tuned (gcc, Apple clang, an unsupported LLVM)."""

    exit_code = 11

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} cannot be tuned: {why}. Builds pass through to it unchanged.",
            "set AUTOPASS_CLANG to a clang of LLVM 16, 19 or 22",
        )
        self.path = path


class ToolchainError(AutopassError):
    """A step on the toolchain failed: plugin build, probe or identity self-test."""

    exit_code = 12


class LauncherMissingError(AutopassError):
    """A native program of autopass is neither beside `autopass` nor on PATH."""

    exit_code = 12

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed.", "pip install autopass-cc again, or put its bin folder on PATH")


class MasqueradeError(AutopassError):
    """The directory of launchers that go by clang's names cannot be made."""

    exit_code = 12

    def __init__(self, directory: Path, why: str) -> None:
        super().__init__(f"{directory} cannot be the masquerade directory: {why}.", "name an empty directory that you may write")


class RecipeError(AutopassError):
    """Something outside the recipe grammar or the allow-list."""

    exit_code = 13


class QueryError(AutopassError):
    """A question to the compiler that cannot be answered as it was asked."""

    exit_code = 14


class ConfigError(AutopassError):
    """autopass.toml or config.toml cannot be used as it stands."""

    exit_code = 20

    def __init__(self, path: Path, why: str, next_step: str = "") -> None:
        super().__init__(f"{path}: {why}", next_step or f"edit {path.name}; `autopass init --print` shows a commented example")


class NoProjectError(AutopassError):
    """No autopass.toml here or above."""

    exit_code = 21

    def __init__(self, where: Path) -> None:
        super().__init__(f"There is no autopass.toml in {where} or above it.", "run `autopass init` in the project's root")


class NothingRecordedError(AutopassError):
    """The journal has no build of this project."""

    exit_code = 22


class NoWorkloadError(AutopassError):
    """autopass.toml names no command to time."""

    exit_code = 23

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} names no workload: `run` is empty.", 'set run = ["./program arguments"] to what should get faster'
        )


class WorkloadFailedError(AutopassError):
    """The user's own program fails, or prints nothing, before any change was made to it."""

    exit_code = 24


class NotDeterministicError(AutopassError):
    """Two runs of the unchanged program differ in what is compared."""

    exit_code = 25


class TooShortError(AutopassError):
    """The workload is too short to time."""

    exit_code = 26


class SourceError(AutopassError):
    """A recorded source no longer compiles, or is gone."""

    exit_code = 27


class ReplayError(AutopassError):
    """A recorded compile or link cannot be reproduced, and there is no build command to fall back on."""

    exit_code = 28


class StoreNewerError(AutopassError):
    """The database was written by a newer autopass."""

    exit_code = 30


class StoreBusyError(AutopassError):
    """Another autopass holds the store."""

    exit_code = 31


class StoreDamagedError(AutopassError):
    """The database cannot be read."""

    exit_code = 32


class UntrustedError(AutopassError):
    """A file or folder of autopass's own that others could have written: nothing in it is believed."""

    exit_code = 34

    def __init__(self, path: Path, why: str) -> None:
        name = shlex.quote(str(path))
        command = f"chmod go-w {name}" if "can be written" in why else f"chown {os.geteuid()} {name}, or move it away"
        super().__init__(
            f"{path} {why}, so nothing in it is used.",
            f"look at what is there; if it is yours: {command}",
        )
        self.path = path


class DiskFullError(AutopassError):
    """Nothing more can be written: the disk is full, or a quota used up."""

    exit_code = 35

    def __init__(self, where: Path) -> None:
        super().__init__(
            f"The disk that holds {where} is full. What was finished before is kept, and builds are not concerned.",
            "make room (`autopass cache prune` throws away what nothing needs), then run it again",
        )


class FolderError(AutopassError):
    """A file or folder of autopass's own cannot be read or written, or is something else than it should be."""

    exit_code = 36

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be used: {why}.", "mend or remove it, or set AUTOPASS_HOME to another folder")


class LockError(AutopassError):
    """autopass.lock, or a recipe beside it, cannot be read, trusted or written."""

    exit_code = 54


class RemoteError(AutopassError):
    """A place that recipes are shared at cannot be reached, read or written."""

    exit_code = 50


class ImportRefusedError(AutopassError):
    """What was given as recipes to import is not taken, as a whole."""

    exit_code = 51


class SignatureError(AutopassError):
    """A signature is missing, is not by somebody who is allowed, or does not fit; or nothing can be signed here."""

    exit_code = 52


class WorkspaceError(AutopassError):
    """The private copy of the project cannot be made."""

    exit_code = 37

    def __init__(self, root: Path, copy: Path, error: OSError) -> None:
        super().__init__(
            f"{root} cannot be copied to {copy}: {error.strerror or error}.",
            "make room, or leave out what the workload does not need (copy_ignore in autopass.toml)",
        )


class InterruptedRunError(AutopassError):
    """Ctrl-C or SIGTERM: everything finished so far is in the store."""

    exit_code = 130


class BenchError(AutopassError):
    """A suite, a program or a method of the bench cannot be used."""

    exit_code = 60

    def __init__(self, sentence: str, next_step: str = "mend it, then run the bench again: what is finished is kept") -> None:
        super().__init__(sentence, next_step)


class PageError(AutopassError):
    """A page cannot be written where the user wants it."""

    exit_code = 61

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be written: {why}.", "name another file; nothing else was changed")
        self.path = path
