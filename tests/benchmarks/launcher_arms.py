"""Homes of autopass in every state that a compile may meet, and the caches that the launcher is compared with."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from paired_times import Arm

from autopass_cc.digest import digest_of

LEVEL = "O2"
TOOLCHAIN_ID = "0" * 32
NEUTRAL = {"O2": "knob inline-threshold 225"}  # what clang uses at this level anyhow: a look-up, and no other code


def private(path: Path, data: bytes) -> None:
    """Write a file as autopass writes its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o600)


def major(clang: Path) -> int:
    """Return the LLVM major of a clang."""
    text = subprocess.run([clang, "-dumpversion"], capture_output=True, text=True, check=True).stdout
    return int(text.split(".")[0])


@dataclass
class Bench:
    """A folder with a project of one source, and all that the arms need."""

    base: Path
    launcher: Path
    clang: Path
    source: Path
    llvm: int = 0

    def __post_init__(self) -> None:
        self.folder = self.base / "project"
        self.llvm = self.llvm or major(self.clang)
        for folder in (self.folder, *(self.folder / str(number) for number in range(1, 65))):
            folder.mkdir(parents=True)
            shutil.copy(self.source, folder / self.source.name)
        private(self.folder / "autopass.toml", b'id = "00000000000000000000000000000000"\n')

    @property
    def arguments(self) -> tuple[str, ...]:
        """The compile's arguments; `{cwd}` is where it runs."""
        name = self.source.name
        return (f"-{LEVEL}", "-c", f"{{cwd}}/{name}", "-o", f"{{cwd}}/{Path(name).stem}.o")

    def home(self, name: str, compiler: Path) -> dict[str, str]:
        """Make a home that knows the compiler and publishes nothing; return the environment that names both."""
        home = self.base / name
        facts = compiler.stat()
        stamp = (str(facts.st_mtime_ns), str(facts.st_size), str(facts.st_ino))
        line = "\t".join(("clang", str(compiler), *stamp, TOOLCHAIN_ID, str(self.llvm), "ok", "-", TOOLCHAIN_ID))
        private(home / "toolchains", f"autopass-toolchains 2\ndefault\t{compiler}\n{line}\n".encode())
        return dict(os.environ) | {"AUTOPASS_HOME": str(home), "AUTOPASS_CLANG": str(compiler)}

    def publish(self, env: dict[str, str], others: int, *, ours: bool = True, line: str = NEUTRAL[LEVEL]) -> None:
        """Publish for the source in every folder, among `others` keys that nobody asks for."""
        home = Path(env["AUTOPASS_HOME"])
        text = f"autopass-recipe 1\nllvm {self.llvm}\nlevel {LEVEL}\n{line}\n".encode()
        name = digest_of(text)
        private(home / "publication" / "recipes" / f"{name}.recipe", text)
        lines = [f"x{digest_of(str(number).encode())} {name} -1.0 % other.c\n" for number in range(others)]
        if ours:
            lines.append(f"x{self.key(env)} {name} -1.0 % this.c\n")
        private(home / "publication" / "index", "".join(["autopass-index 1\n", *sorted(lines)]).encode())
        # A build would be pinned to what was published before it began.
        os.utime(home / "publication" / "index", (1_600_000_000, 1_600_000_000))

    def key(self, env: dict[str, str]) -> str:
        """Return the exact key of the compile, from a record of it."""
        journal = Path(env["AUTOPASS_HOME"]) / "journal"
        private(journal, b"")
        words = [word.replace("{cwd}", str(self.folder)) for word in self.arguments]
        subprocess.run([self.launcher, *words], env=env, check=True)
        found = json.loads(journal.read_bytes())["exact"]
        journal.unlink()
        return str(found)

    def arm(self, name: str, *program: str | Path, env: dict[str, str] | None = None) -> Arm:
        """Return the arm that compiles the source with a program."""
        return Arm(name, (*map(str, program), *self.arguments), env or dict(os.environ))

    def own_arms(self, compiler: Path, prefix: str = "home") -> list[Arm]:
        """Return plain clang and the launcher in each of its states."""
        nothing, miss = self.home(f"{prefix}-nothing", compiler), self.home(f"{prefix}-miss", compiler)
        hit, recording = self.home(f"{prefix}-hit", compiler), self.home(f"{prefix}-recording", compiler)
        self.publish(miss, 2000, ours=False)
        self.publish(hit, 2000)
        private(Path(recording["AUTOPASS_HOME"]) / "journal", b"")
        return [
            self.arm("plain clang", compiler),
            self.arm("autopass-cc, AUTOPASS=off", self.launcher, env=nothing | {"AUTOPASS": "off"}),
            self.arm("autopass-cc, nothing published", self.launcher, env=nothing),
            self.arm("autopass-cc, miss", self.launcher, env=miss),
            self.arm("autopass-cc, miss, recording", self.launcher, env=recording),
            self.arm("autopass-cc, hit", self.launcher, env=hit),
        ]

    def pipeline_arm(self, plugin: Path, base_pipeline: str) -> Arm:
        """Return the arm of a hit whose recipe is the level's own pipeline: the plugin is loaded, the code stays."""
        env = self.home("home-pipeline", self.clang)
        self.publish(env, 2000, line=f"pipeline {base_pipeline}")
        path = Path(env["AUTOPASS_HOME"]) / "toolchains"
        private(path, path.read_bytes().replace(b"\tok\t-\t", f"\tok\t{plugin}\t".encode()))
        return self.arm("autopass-cc, hit with a pipeline", self.launcher, env=env)

    def cache_arms(self) -> list[Arm]:
        """Return the arms of ccache and sccache: a miss (made anew each time), and a hit."""
        arms, clang = [], self.clang
        if ccache := shutil.which("ccache"):
            env = dict(os.environ) | {"CCACHE_DIR": str(self.base / "ccache"), "CCACHE_CONFIGPATH": str(self.base / "no.conf")}
            arms += [
                self.arm("ccache, miss", ccache, clang, env=env | {"CCACHE_RECACHE": "1"}),
                self.arm("ccache, hit", ccache, clang, env=env),
            ]
        if sccache := shutil.which("sccache"):
            with socket.socket() as one:
                one.bind(("127.0.0.1", 0))
                port = str(one.getsockname()[1])
            env = dict(os.environ) | {
                "SCCACHE_DIR": str(self.base / "sccache"),
                "SCCACHE_CONF": str(self.base / "no.conf"),
                "SCCACHE_SERVER_PORT": port,
                "SCCACHE_IDLE_TIMEOUT": "600",
            }
            arms += [
                self.arm("sccache, miss", sccache, clang, env=env | {"SCCACHE_RECACHE": "1"}),
                self.arm("sccache, hit", sccache, clang, env=env),
            ]
        return arms
