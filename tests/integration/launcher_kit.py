"""What the launcher's tests share: the built launcher, a compiler that only tells how it was called, and a small world.

The launcher is built once per test run and kind of build. The files it reads (toolchains, index, recipes) are written
here by hand, so that these tests rest on the file formats alone.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
TOOLCHAIN_ID = "a5" * 16
PORTABLE_ID = "5a" * 16  # of the same clang on any CPU

# Writes what a compiler sees of its caller to $MIRROR, one JSON object.
MIRROR = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
extern char **environ;
static void text(FILE *out, const char *s) {
  fputc('"', out);
  for (; *s; s++) fprintf(out, "\\u%04x", (unsigned char)*s);
  fputc('"', out);
}
static void list(FILE *out, const char *name, char **words) {
  fprintf(out, "\"%s\":[", name);
  for (char **w = words; *w; w++) { if (w != words) fputc(',', out); text(out, *w); }
  fprintf(out, "],");
}
int main(int argc, char **argv) {
  (void)argc;
  char fds[64] = "", line[256], signals[512] = "";
  for (int fd = 0; fd < 40; fd++) {
    struct stat s;
    if (fstat(fd, &s) == 0) sprintf(fds + strlen(fds), "%s%d", *fds ? "," : "", fd);
  }
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (!strncmp(line, "SigIgn", 6) || !strncmp(line, "SigBlk", 6)) strcat(signals, line);
  if (status) fclose(status);
  mode_t mask = umask(0);
  FILE *out = getenv("MIRROR") ? fopen(getenv("MIRROR"), "w") : NULL;
  if (!out) return 0;
  fputc('{', out);
  list(out, "argv", argv);
  list(out, "environ", environ);
  fprintf(out, "\"signals\":"); text(out, signals);
  fprintf(out, ",\"fds\":[%s],\"umask\":%d,\"pid\":%d}", fds, (int)mask, (int)getpid());
  return fclose(out);
}
"""


def digest(data: bytes) -> str:
    """Return the digest used everywhere: BLAKE2b, 16 bytes, in hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@functools.cache
def _scratch() -> Path:
    path = Path(tempfile.mkdtemp(prefix="autopass-launcher-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@functools.cache
def built(kind: str = "release") -> Path:
    """Build the launcher with warnings as errors; return the directory of the programs.

    Kinds: "release", "sanitize" (with the C library), "library" (release with the C library), or a C compiler's name.
    """
    build = _scratch() / kind
    options = ["-DAUTOPASS_WERROR=ON", f"-DAUTOPASS_SANITIZE={'ON' if kind == 'sanitize' else 'OFF'}"]
    if kind == "library":
        options.append("-DAUTOPASS_FREESTANDING=OFF")
    elif kind not in ("release", "sanitize"):
        options.append(f"-DCMAKE_C_COMPILER={shutil.which(kind)}")
    # A host compiler of its own: the variables of a user's build must not choose the compiler of the launcher.
    env = {key: value for key, value in os.environ.items() if key not in ("CC", "CFLAGS", "LDFLAGS")}
    for command in (
        ["cmake", "-S", str(REPOSITORY), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release", *options],
        ["cmake", "--build", str(build), "--parallel", "2"],
    ):
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return build


@functools.cache
def installed() -> Path:
    """Install the launcher under all of its names; return the directory of the programs."""
    place = _scratch() / "installed"
    command = ["cmake", "--install", str(built()), "--prefix", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "bin"


@functools.cache
def mirror() -> Path:
    """Build the compiler that only tells how it was called."""
    program = _scratch() / "mirror"
    subprocess.run(["cc", "-w", "-O1", "-x", "c", "-", "-o", str(program)], input=MIRROR.encode(), check=True)
    return program


def recipe_text(*lines: str, llvm: int = 22, level: str = "O2") -> bytes:
    """Return the bytes of a recipe: its header, then `lines`."""
    return "".join(f"{line}\n" for line in ("autopass-recipe 1", f"llvm {llvm}", f"level {level}", *lines)).encode()


def index_text(lines: list[str]) -> bytes:
    """Return the bytes of an index with these lines, sorted."""
    return b"".join(sorted(f"{line}\n".encode() for line in ["autopass-index 1", *lines]))


def lines_of(index: Path) -> list[str]:
    """Return the lines of an index or lock without its header; none where it is absent."""
    return index.read_text().splitlines()[1:] if index.exists() else []


def write(path: Path, data: bytes, mode: int = 0o600) -> Path:
    """Write a file as autopass writes its own, with its directories."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return path


def seal(plugin: Path) -> None:
    """Give a plugin the mtime that says it is whole: made of its name and size."""
    seconds = 10**9 + int(digest(plugin.name.encode() + b"\0%d" % plugin.stat().st_size)[:7], 16)
    os.utime(plugin, (seconds, seconds))


def take_record(home: Path) -> dict[str, Any]:
    """Switch recording off in a home of autopass; return the one record that was made."""
    journal = home / "journal"
    long = sorted((home / "journal.d").glob("*.json"))  # a record too long for a line has a file of its own
    (line,) = [*journal.read_bytes().splitlines(), *(path.read_bytes() for path in long)]
    for path in (journal, *long):
        path.unlink()
    found: dict[str, Any] = json.loads(line)
    return found


@dataclass(frozen=True)
class Call:
    """One call of the launcher: how it ended, and what the mirror compiler saw (None with a real compiler)."""

    code: int
    stdout: bytes
    stderr: bytes
    seen: dict[str, Any] | None

    @property
    def argv(self) -> list[bytes]:
        """What the compiler was called with, without argv[0]."""
        assert self.seen is not None, f"no compiler was run: {self.stderr!r}"
        return [word.encode("latin-1") for word in self.seen["argv"]][1:]


@dataclass
class World:
    """A home of autopass, a project beside it, and a launcher to call in it."""

    base: Path
    kind: str = "release"
    compiler: Path = field(default_factory=mirror)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, mode=0o700)
        self.project.mkdir()
        write(self.project / "autopass.toml", f'id = "{"0" * 32}"\n'.encode(), 0o644)
        write(self.project / "a.c", b"int f(int x) { return x * 2; }\n", 0o644)
        write(self.project / "b.cpp", b"int g(int x) { return x * 3; }\n", 0o644)
        self.know(self.compiler)

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def project(self) -> Path:
        return self.base / "project"

    def know(
        self,
        *compilers: Path,
        status: str = "ok",
        major: int = 22,
        plugin: Path | None = None,
        default: Path | None = None,
    ) -> None:
        """Write the toolchains file: these compilers, all of one status. The plugin is taken for whole as it is."""
        if plugin:
            seal(plugin)
        lines = ["autopass-toolchains 2", *([f"default\t{default}"] if default else [])]
        for path in compilers:
            facts = path.stat()
            lines.append(
                f"clang\t{path}\t{facts.st_mtime_ns}\t{facts.st_size}\t{facts.st_ino}\t{TOOLCHAIN_ID}\t{major}\t{status}"
                f"\t{plugin or '-'}\t{PORTABLE_ID}"
            )
        write(self.home / "toolchains", "".join(f"{line}\n" for line in lines).encode())

    def record(self) -> Path:
        """Switch recording on; return the journal's path."""
        return write(self.home / "journal", b"")

    def call(
        self,
        *arguments: str | bytes,
        name: str = "autopass-cc",
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        **options: Any,
    ) -> Call:
        """Call the launcher in the project directory."""
        seen = self.base / "seen.json"
        seen.unlink(missing_ok=True)
        everything = os.environ | {
            "AUTOPASS_HOME": str(self.home),
            "AUTOPASS_CLANG": str(self.compiler),
            "AUTOPASS_LOG": str(self.base / "log"),
            "MIRROR": str(seen),
            **(env or {}),
        }
        done = subprocess.run(
            [built(self.kind) / name, *arguments],
            cwd=cwd or self.project,
            env={key: value for key, value in everything.items() if value != "(unset)"},
            capture_output=True,
            check=False,
            **options,
        )
        return Call(done.returncode, done.stdout, done.stderr, json.loads(seen.read_bytes()) if seen.exists() else None)

    def log(self) -> list[list[str]]:
        """Return the lines of AUTOPASS_LOG, split."""
        path = self.base / "log"
        return [line.split("\t") for line in path.read_text("latin-1").splitlines()] if path.exists() else []

    def reason(self, *arguments: str | bytes, **options: Any) -> str:
        """Call the launcher; return the reason it logs. The compiler must see the arguments as they were."""
        call = self.call(*arguments, **options)
        assert call.argv == [os.fsencode(argument) for argument in arguments]
        assert (call.code, call.stdout, call.stderr) == (0, b"", b"")
        return self.log()[-1][1]

    def records(self) -> list[dict[str, Any]]:
        """Return the journal's records."""
        return [json.loads(line) for line in (self.home / "journal").read_bytes().splitlines()]

    def keys(self, *arguments: str | bytes, **options: Any) -> dict[str, Any]:
        """Call with recording on; return the record made."""
        self.record()
        self.call(*arguments, **options)
        return take_record(self.home)

    def publish(self, key: str, recipe: bytes, place: Path | None = None, *, kind: str = "x") -> str:
        """Add a recipe under a key to the publication at `place`; return the recipe's digest."""
        place = place or self.home / "publication"
        name = digest(recipe)
        before = lines_of(place / "index")
        write(place / "index", index_text([*before, f"{kind}{key} {name} 1.10x a.c"]))
        write(place / "recipes" / f"{name}.recipe", recipe)
        return name

    def lock(self, key: str, recipe: bytes, *, kind: str = "x", toolchain: str = TOOLCHAIN_ID) -> str:
        """Add a recipe under a portable key to the project's lock, as proven on a toolchain; return the recipe's digest."""
        path, name = self.project / "autopass.lock", digest(recipe)
        write(path, index_text([*lines_of(path), f"{kind}{key} {name} {toolchain} 1.10x a.c"]), 0o644)
        write(path.with_name("autopass.lock.d") / f"{name}.recipe", recipe, 0o644)
        return name
