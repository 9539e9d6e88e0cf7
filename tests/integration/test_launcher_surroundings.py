"""Hostile surroundings: whatever is missing, full, read-only or odd, the result is what plain clang would have given.

Each case runs without a recipe and with one. Where the recipe can still be read it must be applied, and the result is
that of clang called with the recipe's arguments; elsewhere it is that of plain clang.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from launcher_kit import World, built
from surroundings_kit import COMPILE, SOURCE, Twins, private_mounts


@pytest.fixture
def clang() -> Path:
    """Give the newest clang: what differs here is not the compiler."""
    found = shutil.which("clang-22") or shutil.which("clang-19")
    if found is None:
        pytest.skip("neither clang-22 nor clang-19 is installed")
    return Path(found)


@pytest.fixture
def twins(tmp_path: Path, clang: Path) -> Twins:
    return Twins(tmp_path, clang)


@pytest.fixture(params=["cold", "hit"])
def hit(request: pytest.FixtureRequest, twins: Twins) -> bool:
    """Say whether there is a recipe for COMPILE."""
    if request.param == "hit":
        twins.publish(*COMPILE)
    return bool(request.param == "hit")


# ---- directories


@pytest.mark.parametrize(
    "changes",
    [
        {"HOME": "/nonexistent"},
        {"HOME": None, "XDG_DATA_HOME": None, "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None},
        {"TMPDIR": "/nonexistent", "TMP": "/nonexistent", "TEMP": "/nonexistent"},
        {"TMPDIR": "/dev/null"},
        {"TMPDIR": None},
        {"PWD": None},
        {"PWD": "/nonexistent"},
        {"PWD": ""},
        {"PATH": None},
        {"PATH": ""},
        {"LC_ALL": "nothing-such.UTF-8", "LANG": "\udcff"},
    ],
    ids=str,
)
def test_variables_that_lead_nowhere(twins: Twins, hit: bool, changes: dict[str, str | None]) -> None:
    env = {key: value for key, value in (twins.env | changes).items() if value is not None}
    outcome = twins.compare(*COMPILE, "-g", applied=False, env=env)
    assert outcome.code == 0
    assert twins.compare(*COMPILE, applied=hit, env=env).code == 0


@pytest.mark.parametrize("home", [None, "", "/nonexistent", "relative", "/dev/null", "/proc/self", "x" * 5000])
@pytest.mark.usefixtures("hit")
def test_a_home_of_autopass_that_is_not_there(twins: Twins, home: str | None) -> None:
    env = {key: value for key, value in twins.env.items() if key not in ("AUTOPASS_HOME", "XDG_DATA_HOME")}
    env |= {"HOME": "/nonexistent"} | ({} if home is None else {"AUTOPASS_HOME": home})
    assert twins.compare(*COMPILE, applied=False, env=env).code == 0


def test_an_empty_environment(twins: Twins, hit: bool) -> None:
    assert twins.compare(*COMPILE, applied=False, env={"AUTOPASS_CLANG": str(twins.clang)}).code == 0
    assert twins.compare(*COMPILE, applied=hit, env={"AUTOPASS_HOME": str(twins.world.home)}).code == 0


@pytest.mark.usefixtures("hit")
def test_a_working_directory_that_was_deleted(twins: Twins, tmp_path: Path) -> None:
    def leave() -> None:
        gone = tmp_path / f"gone-{os.getpid()}"
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()

    source, out = str(twins.world.project / "a.c"), str(twins.world.project / "a.o")
    outcome = twins.compare("-O2", "-c", source, "-o", out, applied=False, preexec_fn=leave)
    assert outcome.code == 0
    assert b"a.o" in outcome.files
    assert twins.compare("-O2", "-c", "a.c", applied=False, preexec_fn=leave).code != 0


@pytest.mark.parametrize("pwd", ["link", "real", "lie"])
def test_a_working_directory_behind_a_link(twins: Twins, hit: bool, tmp_path: Path, pwd: str) -> None:
    link = tmp_path / "link"
    link.symlink_to(twins.world.project)
    arguments = [*COMPILE, "-g"]  # writes down the working directory, which clang takes from PWD if that is the same one
    if hit:
        twins.publish(*arguments)
    env = twins.env | {"PWD": {"link": str(link), "real": str(twins.world.project), "lie": "/tmp"}[pwd]}
    outcome = twins.compare(*arguments, applied=hit, env=env, cwd=link)
    assert (os.fsencode(link) in outcome.files[b"a.o"]) == (pwd == "link")


def test_a_read_only_project_with_output_elsewhere(twins: Twins, hit: bool) -> None:
    project, out = twins.world.project, str(twins.out / "a.o")
    wrapper = private_mounts(f"mount --bind {project} {project}; mount -o remount,bind,ro {project}; cd {project}")
    assert twins.compare("-O2", "-c", "a.c", "-o", out, applied=hit, wrapper=wrapper).code == 0
    outcome = twins.compare(*COMPILE, applied=hit, wrapper=wrapper)
    assert outcome.code != 0
    assert b"Read-only" in outcome.stderr


def test_a_read_only_home(twins: Twins, hit: bool) -> None:
    twins.world.record()
    home = twins.world.home
    wrapper = private_mounts(f"mount --bind {home} {home}; mount -o remount,bind,ro {home}")
    assert twins.compare(*COMPILE, applied=hit, wrapper=wrapper).code == 0
    assert (home / "journal").read_bytes() == b""


def test_a_full_disk_under_journal_and_log(twins: Twins, hit: bool) -> None:
    twins.world.record()
    home, away = twins.world.home, twins.base / "away"
    home.rename(away)
    home.mkdir(mode=0o700)
    wrapper = private_mounts(
        f"mount -t tmpfs -o size=256k,mode=700 none {home}; cp -a {away}/. {home}; "
        f"dd if=/dev/zero of={home}/filler bs=4k 2>/dev/null || true; ! (printf %5000s x > {home}/more) 2>/dev/null"
    )
    env = twins.env | {"AUTOPASS_LOG": str(home / "log")}
    assert twins.compare(*COMPILE, applied=hit, env=env, wrapper=wrapper).code == 0
    many = [f"-DLONG{number}" for number in range(500)]  # a record that gets a file of its own
    assert twins.compare(*COMPILE, *many, applied=False, env=env, wrapper=wrapper).code == 0


def test_a_full_disk_under_the_output(twins: Twins, hit: bool) -> None:
    out = twins.out
    wrapper = private_mounts(f"mount -t tmpfs -o size=4k none {out}; dd if=/dev/zero of={out}/filler bs=4k 2>/dev/null || true")
    arguments = ["-O2", "-c", "a.c", "-o", str(out / "a.o")]
    if hit:
        twins.publish(*arguments)
    outcome = twins.compare(*arguments, applied=hit, wrapper=wrapper)
    assert outcome.code != 0
    assert b"No space left" in outcome.stderr


@pytest.mark.parametrize("limit", [0, 100, 600, 1 << 20])
def test_a_limit_on_the_size_of_files(twins: Twins, hit: bool, limit: int) -> None:
    """The record does not fit, and neither does the object where the limit is low: that is clang's to say, or to die of."""
    twins.world.record()

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    outcome = twins.compare(*COMPILE, applied=hit, env=twins.env | {"AUTOPASS_LOG": str(twins.base / "log")}, preexec_fn=bound)
    assert (outcome.code == 0) == (limit == 1 << 20)


@pytest.mark.parametrize("name", [resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_STACK, resource.RLIMIT_CPU])
def test_limits_are_handed_on(twins: Twins, hit: bool, name: int) -> None:
    value = {resource.RLIMIT_NOFILE: 12, resource.RLIMIT_AS: 3 << 30, resource.RLIMIT_STACK: 1 << 20, resource.RLIMIT_CPU: 60}[
        name
    ]
    assert twins.compare(*COMPILE, applied=hit, preexec_fn=lambda: resource.setrlimit(name, (value, value))).code == 0


@pytest.mark.usefixtures("hit")
def test_no_descriptor_is_free(twins: Twins) -> None:
    """The launcher cannot open a file, so it knows of nothing; clang says what it says."""
    twins.compare(*COMPILE, applied=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3)))


def test_closed_standard_streams(twins: Twins, hit: bool) -> None:
    """What the launcher opens must not become the compiler's standard output."""
    wrapper = ("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")
    assert twins.compare(*COMPILE, applied=hit, wrapper=wrapper).code == 0


def test_without_proc(twins: Twins, hit: bool) -> None:
    wrapper = private_mounts("mount -t tmpfs none /proc")
    twins.compare(*COMPILE, applied=hit, wrapper=wrapper)


# ---- names that are no text


def odd(*parts: bytes) -> bytes:
    return b"\xff\xfe \xe2\x82" + b"".join(parts)


@pytest.mark.parametrize("where", ["source", "output", "include", "cwd", "macro"])
def test_paths_that_are_no_utf_8(twins: Twins, where: str) -> None:
    place = os.fsencode(twins.world.project)
    folder = os.path.join(place, odd(b"d"))  # noqa: PTH118
    source = odd(b".c") if where == "source" else b"a.c"
    output = odd(b".o") if where == "output" else b"a.o"
    extra = {"include": [b"-I" + odd(b"i")], "macro": [b'-DX="' + odd() + b'"']}.get(where, [])
    arguments = [b"-O2", b"-g", *extra, b"-c", source, b"-o", output]

    def populate() -> None:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        target = os.path.join(folder if where == "cwd" else place, source)  # noqa: PTH118
        Path(os.fsdecode(target)).write_bytes(SOURCE)

    options: dict[str, Any] = {"cwd": folder} if where == "cwd" else {}
    populate()
    twins.publish(*arguments, **options)
    for hit in (True, False):
        if not hit:
            (twins.world.home / "publication" / "index").unlink()
        assert twins.compare(*arguments, applied=hit, prepare=populate, **options).code == 0


@pytest.mark.parametrize("part", ["home", "project"])
def test_a_home_or_a_project_of_such_a_name(tmp_path: Path, clang: Path, part: str) -> None:
    base = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), odd(part.encode()))))  # noqa: PTH118
    base.mkdir()
    twins = Twins(base, clang)
    assert twins.compare(*COMPILE, "-g", applied=False).code == 0
    twins.publish(*COMPILE)
    assert twins.compare(*COMPILE, applied=True).code == 0


# ---- response files


@contextmanager
def fed(path: Path, content: bytes) -> Iterator[None]:
    """Write `content` once into a FIFO, as soon as somebody opens it for reading."""
    os.mkfifo(path)

    def feed() -> None:
        with path.open("wb", buffering=0) as stream:
            stream.write(content)

    feeder = threading.Thread(target=feed)
    feeder.start()
    yield
    feeder.join(timeout=60)
    assert not feeder.is_alive()


RESPONSE_FILES: dict[str, tuple[dict[str, bytes], bool]] = {
    "plain": ({"r": b"-O2 -c a.c -o a.o"}, True),
    "nested": ({"r": b"-O2 @s\n-c a.c", "s": b"-o\n@t", "t": b" a.o"}, True),
    "quoted": ({"r": rb"""'-O2' "-c" a\.c -o 'a'".o" """}, True),
    "missing": ({"r": b"@gone -O2 -c a.c -o a.o"}, False),
    "recursive": ({"r": b"-O2 -c a.c -o a.o @r"}, False),
    "mutually recursive": ({"r": b"@s", "s": b"-O2 -c a.c -o a.o @r"}, False),
    "empty": ({"r": b""}, False),
    "bom": ({"r": b"\xef\xbb\xbf-O2 -c a.c -o a.o"}, False),
    "utf-16": ({"r": "-O2 -c a.c -o a.o".encode("utf-16")}, False),
    "huge": ({"r": b" " * (17 << 20) + b"-O2 -c a.c -o a.o"}, False),
    "unfinished quote": ({"r": b"-O2 -c a.c -o 'a.o"}, True),
    "bytes": ({"r": b"-O2 -DX=\xff\xfe\x80 -c a.c -o a.o"}, False),
}


@pytest.mark.parametrize("name", RESPONSE_FILES)
def test_response_files(twins: Twins, hit: bool, name: str) -> None:
    files, applicable = RESPONSE_FILES[name]

    def populate() -> None:
        for file, content in files.items():
            (twins.world.project / file).write_bytes(content)

    twins.compare("@r", applied=hit and applicable, prepare=populate)


@pytest.mark.usefixtures("hit")
def test_a_fifo_as_response_file(twins: Twins) -> None:
    """Whoever opens it and does not read it takes the words from clang, and breaks the pipe of the one who writes."""
    outcome = twins.compare("@r", applied=False, during=lambda: fed(twins.world.project / "r", b"-O2 -c a.c -o a.o"))
    assert outcome.code == 0


@pytest.mark.usefixtures("hit")
def test_a_fifo_as_source(twins: Twins) -> None:
    arguments = ["-O2", "-x", "c", "-c", "r", "-o", "a.o"]
    assert twins.compare(*arguments, applied=False, during=lambda: fed(twins.world.project / "r", SOURCE)).code == 0


@pytest.mark.parametrize("argument", ["@/dev/stdin", "@/dev/fd/0", "@/proc/self/fd/0"])
def test_response_files_from_standard_input(twins: Twins, hit: bool, argument: str) -> None:
    assert twins.compare(argument, applied=False, input=b"-O2 -c a.c -o a.o").code == 0
    words = twins.base / "words"
    words.write_bytes(b"-O2 -c a.c -o a.o")
    with words.open("rb") as stream:
        assert twins.compare(argument, applied=hit, stdin=stream.fileno(), prepare=lambda: stream.seek(0)).code == 0


@pytest.mark.parametrize("source", ["-", "/dev/stdin", "/dev/fd/0"])
@pytest.mark.parametrize("way", ["pipe", "file"])
def test_sources_from_standard_input(twins: Twins, source: str, way: str) -> None:
    arguments = ["-O2", "-x", "c", "-c", source, "-o", "a.o"]
    file = twins.base / "source"
    file.write_bytes(SOURCE)
    with file.open("rb") as stream:
        if way == "pipe":
            assert twins.compare(*arguments, applied=False, input=SOURCE).code == 0
        else:
            assert twins.compare(*arguments, applied=False, stdin=stream.fileno(), prepare=lambda: stream.seek(0)).code == 0


# ---- long command lines


def test_the_longest_argument(twins: Twins) -> None:
    longest = "-DX=" + "x" * (131072 - len("-DX=") - 1)
    assert twins.compare(*COMPILE, longest, applied=False).code == 0
    twins.publish(*COMPILE, longest)
    assert twins.compare(*COMPILE, longest, applied=True).code == 0
    with pytest.raises(OSError, match="Argument list too long"):
        twins.compare(*COMPILE, longest + "x", applied=False)


# ---- process semantics


@pytest.mark.parametrize("style", ["pipe", "fifo"])
def test_the_jobserver_of_make_is_handed_on(tmp_path: Path, style: str) -> None:
    version = subprocess.run(["make", "--version"], capture_output=True, text=True, check=True).stdout
    if style == "fifo" and "GNU Make 4.3" in version:
        pytest.skip("this make has no FIFOs")
    world = World(tmp_path)
    (world.project / "Makefile").write_text("all:\n\t+$(CC) -O2 -c a.c\n")
    seen = []
    env = os.environ | {"AUTOPASS_HOME": str(world.home), "AUTOPASS_CLANG": str(world.compiler), "MIRROR": str(tmp_path / "seen")}
    flags = [f"--jobserver-style={style}"] if "GNU Make 4.3" not in version else []
    for program in (world.compiler, built() / "autopass-cc"):
        subprocess.run(["make", "-j3", *flags, f"CC={program}"], cwd=world.project, env=env, check=True, close_fds=True)
        facts = json.loads((tmp_path / "seen").read_bytes())
        flags_seen = [word for word in facts["environ"] if word.startswith("MAKEFLAGS=")]
        seen.append((facts["fds"], [word.partition("--jobserver")[0] for word in flags_seen], "--jobserver" in flags_seen[0]))
    assert seen[0] == seen[1]
    assert seen[0][2]
