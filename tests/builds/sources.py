"""Source packages: fetched from Debian and PyPI by their own clients, kept in a folder, and unpacked for a test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

CACHE = "AUTOPASS_TEST_SOURCES"  # names the folder where fetched sources are kept
REQUIRED = "AUTOPASS_TEST_BUILDS"  # "required": a source that cannot be fetched is a failure, not a skip
LIMIT = 600.0  # seconds for one call of a client


class SourceUnavailableError(Exception):
    """A source package that cannot be had here; says why."""


@dataclass(frozen=True)
class Debian:
    """A source package of the Debian release that this machine uses."""

    name: str

    def archive(self, cache: Path) -> Path:
        """Return the package's .dsc file, fetched if need be. Raises SourceUnavailableError."""
        place = cache / "debian" / self.name
        if not list(place.glob("*.dsc")):
            _once(place, self._fetch)
        (found,) = place.glob("*.dsc")
        return found

    def _fetch(self, place: Path) -> None:
        apt = _Apt(place.parent / ".apt")
        failure = ""
        for fresh_lists in (False, True):
            # An archive forgets versions that lists still name, its own of yesterday or a mirror's: then the one before.
            for version in apt.versions(self.name, update=fresh_lists):
                try:
                    apt.run("apt-get", "source", "--quiet=2", "--download-only", f"{self.name}={version}", cwd=place)
                except SourceUnavailableError as error:
                    failure = str(error)
                else:
                    return
        raise SourceUnavailableError(failure)

    def unpack(self, archive: Path, target: Path) -> str:
        """Unpack, with the distribution's patches, into `target`; return the version."""
        _run(["dpkg-source", "--no-check", "--extract", str(archive), str(target)], archive.parent)
        return re.sub(r"^\d+:", "", archive.stem.removeprefix(f"{self.name}_"))


@dataclass(frozen=True)
class PyPI:
    """A source distribution from the Python package index."""

    name: str
    version: str

    def archive(self, cache: Path) -> Path:
        """Return the sdist, fetched if need be. Raises SourceUnavailableError."""
        place = cache / "pypi" / self.name / self.version
        if not list(place.glob("*.tar.gz")):
            _once(place, self._fetch)
        (found,) = place.glob("*.tar.gz")
        return found

    def _fetch(self, place: Path) -> None:
        wanted = ["--no-binary", ":all:", "--no-deps", f"{self.name}=={self.version}"]
        _run([sys.executable, "-m", "pip", "--quiet", "download", *wanted], place)

    def unpack(self, archive: Path, target: Path) -> str:
        """Unpack into `target`; return the version."""
        target.mkdir(parents=True)
        _run(["tar", "--extract", "--strip-components=1", "--file", str(archive), "--directory", str(target)], target)
        return self.version


Source = Debian | PyPI


def available(source: Source, config: pytest.Config) -> Path:
    """Return a source's archive; where it cannot be had, skip the test, or fail it if builds are required."""
    chosen = os.environ.get(CACHE)
    cache = Path(chosen) if chosen else config.rootpath / ".pytest_cache" / "sources"
    try:
        return source.archive(cache.absolute())
    except SourceUnavailableError as reason:
        if os.environ.get(REQUIRED) == "required":
            raise
        pytest.skip(f"the sources of {source.name} cannot be fetched here: {reason}")


class _Apt:
    """apt with source entries and lists of its own: the machine's entries, read as deb-src; nothing of it changes."""

    def __init__(self, place: Path) -> None:
        self.place = place
        for folder in ("parts", "lists/partial", "cache/archives/partial"):
            (place / folder).mkdir(parents=True, exist_ok=True)
        etc = Path("/etc/apt")
        for path in [etc / "sources.list", *etc.glob("sources.list.d/*.list"), *etc.glob("sources.list.d/*.sources")]:
            text = path.read_text() if path.exists() else ""
            (place / "parts" / path.name).write_text(_as_source_entries(text, deb822=path.suffix == ".sources"))

    def run(self, program: str, *words: str, cwd: Path) -> str:
        """Run a program of apt, return its output. Raises SourceUnavailableError."""
        settings = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": self.place / "parts",
            "Dir::State::lists": self.place / "lists",
            "Dir::Cache": self.place / "cache",
            "APT::Sandbox::User": "",  # the folders are the tests' own
            "Acquire::Languages": "none",
        }
        return _run([program, *[word for name, value in settings.items() for word in ("-o", f"{name}={value}")], *words], cwd)

    def versions(self, name: str, *, update: bool) -> list[str]:
        """Return the versions of a source package that the machine's archives offer, newest first."""
        if update or not self._has_lists():
            try:
                self.run("apt-get", "update", "--quiet=2", "--option=APT::Update::Error-Mode=any", cwd=self.place)
            except SourceUnavailableError:
                if not self._has_lists():  # one archive of several may be out of reach
                    raise
        shown = self.run("apt-cache", "showsrc", name, cwd=self.place)
        blocks = [block for block in shown.split("\n\n") if f"Package: {name}\n" in block]
        found = [match[1] for block in blocks if (match := re.search(r"^Version: (\S+)", block, re.MULTILINE))]
        if not found:
            raise SourceUnavailableError(f"no archive of this machine has the source package {name}")
        return sorted(set(found), key=lambda version: sum(_newer(version, other) for other in found), reverse=True)

    def _has_lists(self) -> bool:
        return any(self.place.glob("lists/*_Sources*"))


def _newer(version: str, other: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", version, "gt", other], check=False).returncode == 0


def _as_source_entries(text: str, *, deb822: bool) -> str:
    """Return a machine's package entries as entries for source packages."""
    if deb822:
        return re.sub(r"^Types:.*$", "Types: deb-src", text, flags=re.MULTILINE)
    lines = [line for line in text.splitlines() if re.match(r"deb(-src)?\s", line)]
    return "".join(re.sub(r"^deb(-src)?", "deb-src", line) + "\n" for line in lines)


def _once(place: Path, fetch: Callable[[Path], None]) -> None:
    """Fetch into a folder that gets its name only when all is there, so that an interrupted run leaves nothing behind."""
    partial = place.with_name(f"{place.name}.{os.getpid()}.part")
    partial.mkdir(parents=True)
    try:
        fetch(partial)
        shutil.rmtree(place, ignore_errors=True)
        partial.rename(place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run(argv: list[str], cwd: Path) -> str:
    env = {key: value for key, value in os.environ.items() if key not in ("CC", "CXX")} | {"LC_ALL": "C"}
    try:
        done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceUnavailableError(f"{Path(argv[0]).name}: {error}") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith(("E:", "ERROR"))] or done.stderr.splitlines()
        raise SourceUnavailableError(f"{Path(argv[0]).name}: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return done.stdout
