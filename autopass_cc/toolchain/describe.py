"""What a clang is: version, target, host CPU, the tools that belong to it. Refuses what is not a clang that we know."""

from __future__ import annotations

import enum
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.errors import RefusedCompilerError, ToolchainError
from autopass_cc.recipe.allowlist import MAJORS
from autopass_cc.toolchain import config_files
from autopass_cc.toolchain.config_files import ConfigFiles

LIMIT = 60.0  # seconds for a compiler to tell its version


class Status(enum.StrEnum):
    """How far a toolchain may be tuned with; the words stand in the toolchains file."""

    OK = "ok"
    KNOBS = "knobs"
    REFUSED = "refused"


@dataclass(frozen=True)
class Toolchain:
    """One clang and what belongs to it; `stamp` is (mtime in ns, size, inode) of the driver, by which it is recognised."""

    clang: Path
    clangxx: Path
    major: int
    version: str
    target: str
    cpu: str
    bin: Path
    stamp: tuple[int, int, int]
    config: ConfigFiles = field(default_factory=ConfigFiles)
    plugin: Path | None = None
    status: Status = Status.KNOBS
    reason: str = ""

    @property
    def id(self) -> str:
        """Return the digest of what decides how code comes out and how fast it is: version, target, CPU, configuration files."""
        text = f"{self.version}\0{self.target}\0{self.cpu}\0{self.config.digest}"
        return digest_of(text.encode())

    @property
    def portable_id(self) -> str:
        """Return the digest of version, target and configuration files: the same on every CPU, for what colleagues share."""
        return digest_of(f"{self.version}\0{self.target}\0{self.config.digest}".encode())

    @property
    def arch(self) -> str:
        """Return the target's architecture as the first part of its triple: x86_64, aarch64."""
        return self.target.split("-")[0]

    @property
    def knob_arch(self) -> str:
        """Return the architecture by the word of the allow-lists: x86, aarch64."""
        return "x86" if self.arch in ("x86_64", "i386", "i686") else self.arch

    def find_tool(self, name: str) -> Path | None:
        """Return an LLVM tool of the same installation: beside the real clang, else NAME-MAJOR on PATH."""
        beside = self.bin / name
        if beside.exists():
            return beside
        found = shutil.which(f"{name}-{self.major}")
        return Path(found) if found else None

    def tool(self, name: str) -> Path:
        """Return an LLVM tool that must be there; raises ToolchainError with the package that has it."""
        found = self.find_tool(name)
        if found is None:
            raise ToolchainError(f"{name} of LLVM {self.major} was not found.", f"apt-get install llvm-{self.major}")
        return found

    @property
    def lld(self) -> Path | None:
        """Return ld.lld of the same LLVM, if it is installed."""
        return self.find_tool("ld.lld")


def stamp_of(clang: Path) -> tuple[int, int, int]:
    """Return what a driver is recognised by: mtime in ns, size, inode. Raises OSError."""
    info = clang.stat()
    return info.st_mtime_ns, info.st_size, info.st_ino


def describe(clang: Path) -> Toolchain:
    """Ask a compiler what it is. Raises RefusedCompilerError for gcc, Apple clang and LLVMs without an allow-list."""
    text = _ask(clang, "--version")
    first = text.splitlines()[0] if text else ""
    if "Apple" in first:
        raise RefusedCompilerError(clang, "this is Apple clang, whose LLVM is not a released one")
    match = re.search(r"clang version (\d+)", first)
    if match is None:
        kind = "gcc" if "Free Software Foundation" in text else "not a clang"
        raise RefusedCompilerError(clang, f"this is {kind} ({first.strip() or 'it says nothing about itself'})")
    major = int(match[1])
    if major not in MAJORS:
        raise RefusedCompilerError(clang, f"there is no list of reviewed passes for LLVM {major}")
    target = re.search(r"^Target: (\S+)", text, re.MULTILINE)
    folder = re.search(r"^InstalledDir: (.+)$", text, re.MULTILINE)
    return Toolchain(
        clang=clang,
        clangxx=cxx_driver(clang),
        major=major,
        version=first.strip(),
        target=target[1] if target else "unknown",
        cpu=_host_cpu(clang),
        bin=_real_folder(clang, Path(folder[1])) if folder else clang.resolve().parent,
        stamp=stamp_of(clang),
        config=_config_files(clang),
    )


def _config_files(clang: Path) -> ConfigFiles:
    try:
        found = config_files.find(clang, _ask(clang, "-v"))
    except OSError as error:
        raise RefusedCompilerError(clang, f"its configuration files cannot be read ({error})") from None
    if found.nesting:
        raise RefusedCompilerError(clang, f"its configuration file {found.nesting} names another, whose changes nobody would see")
    return found


def _real_folder(clang: Path, installed: Path) -> Path:
    """Return where the LLVM tools of a clang are. LLVM 16 calls /usr/bin its folder, where `opt` may be another LLVM's."""
    link = installed / clang.name
    return link.resolve().parent if link.exists() else installed.resolve()


def cxx_driver(clang: Path) -> Path:
    """Return the C++ driver beside a C driver: clang-22 → clang++-22; the C driver itself where there is none."""
    beside = clang.with_name(clang.name.replace("clang", "clang++", 1))
    return beside if beside.exists() else clang


def _host_cpu(clang: Path) -> str:
    """Return the CPU that -march=native stands for, as LLVM names it ("generic" where it cannot tell)."""
    text = _ask(clang, "-###", "-march=native", "-c", "-x", "c", "/dev/null")
    text += _ask(clang, "-###", "-mcpu=native", "-c", "-x", "c", "/dev/null") if "-target-cpu" not in text else ""
    match = re.search(r'"-target-cpu" "([^"]+)"', text)
    return match[1] if match else "generic"


def _ask(clang: Path, *arguments: str) -> str:
    try:
        done = subprocess.run([clang, *arguments], capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RefusedCompilerError(clang, f"it cannot be run ({error})") from None
    return (done.stdout + done.stderr).decode("utf-8", "replace")
