"""What one user's service has proven reaches another user's compiles, byte for byte; what a stranger made reaches none.

Ann is the user of the project that was tuned. Ben has a checkout of it elsewhere, a home of his own, and the same clang.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from homes import furnish
from published import publish, recorded
from sample_project import SOURCES, create, make
from service_kit import Kept, Workshop, published
from sharing_kit import at_home, autopass, configure

from autopass_cc.recipe import Knob
from autopass_cc.store.jobs import Kind
from autopass_cc.store.publication import publication_dir
from autopass_cc.toolchain import registry

STRANGER = 54321
MISS, HIT, LOCKED = ("miss", "no-recipe"), ("hit", "exact"), ("hit", "inherited")


def built(root: Path, **env: str) -> tuple[str, str]:
    """Build from clean; return decision and reason for kernel.c."""
    log = root / "log"
    log.unlink(missing_ok=True)
    make(root, "clean")
    make(root, env=env | {"AUTOPASS_LOG": str(log)})
    (line,) = [line for line in log.read_text().splitlines() if line.endswith("kernel.c")]
    decision, reason, *_ = line.split("\t")
    return decision, reason


def said(*words: str, code: int = 0) -> str:
    """Call autopass; return what it says."""
    done = autopass(*words)
    assert done.code == code, done.text
    return done.text


@pytest.fixture
def ann(kept: Kept, tuned: Workshop) -> bytes:
    """Let ann build with what was proven; give her kernel.o."""
    assert kept.root == tuned.root
    assert built(kept.root) == HIT
    return (kept.root / "kernel.o").read_bytes()


@pytest.fixture
def ben(ann: bytes, tmp_path: Path, toolchain_home: Path) -> Iterator[Path]:
    """Be ben from here on; give his checkout, of the sources alone."""
    assert ann
    root = create(tmp_path / "elsewhere" / "checkout")
    with at_home(furnish(tmp_path / "ben", toolchain_home)):
        yield root


@pytest.fixture
def checkout(kept: Kept, ben: Path) -> Path:
    """Give ben's checkout with ann's settings, which name the project."""
    shutil.copy(kept.root / "autopass.toml", ben)
    return ben


def same(root: Path, ann: bytes) -> bool:
    return (root / "kernel.o").read_bytes() == ann


def place(folder: Path, *, trust: bool, signers: Path | None = None, url: str = "") -> None:
    """Name a shared place in the user's settings."""
    text = f'[cache.team]\nurl = "{url or folder}"\ntrust = {str(trust).lower()}\n'
    configure(text + (f'signers = "{signers}"\n' if signers else ""))


@pytest.fixture
def shared(kept: Kept, ann: bytes, tmp_path: Path) -> Path:
    """Give a folder into which ann pushed what she has."""
    assert ann
    folder = tmp_path / "shared"
    folder.mkdir()
    with at_home(kept.home):
        place(folder, trust=False)
        assert "1 entries, 1 from here" in said("cache", "push", "team")
    return folder


def test_by_a_folder_that_is_trusted(ann: bytes, checkout: Path, shared: Path) -> None:
    assert built(checkout) == MISS
    assert not same(checkout, ann)
    place(shared, trust=True)
    said("cache", "pull")
    assert built(checkout) == HIT
    assert same(checkout, ann)
    with (checkout / "kernel.c").open("a") as source:
        source.write("/* ben's */\n")
    assert built(checkout) == ("hit", "inherited")


def test_what_is_not_trusted_is_used_once_it_was_measured_here(ann: bytes, checkout: Path, shared: Path) -> None:
    said("record", "on")
    place(shared, trust=False)
    said("cache", "pull")
    assert built(checkout) == MISS
    mine = Workshop(checkout)
    assert mine.plan()[Kind.RECHECK].reason == "kernel.c (imported)"
    assert mine.do(Kind.RECHECK).reason == "1 of 1 hold"
    assert built(checkout) == HIT
    assert same(checkout, ann)
    assert mine.entries()[0].origin == "team"


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; give its URL."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed (openssh-client)")
def test_by_a_web_server_with_anns_signature(kept: Kept, ann: bytes, checkout: Path, tmp_path: Path) -> None:
    key, signers, folder = tmp_path / "key", tmp_path / "signers", tmp_path / "served"
    folder.mkdir()
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ann", "-f", str(key)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    signers.write_text(f"ann@example.org {key.with_suffix('.pub').read_text()}")
    signers.chmod(0o600)
    with at_home(kept.home):
        said("cache", "export", str(folder / "recipes.jsonl"), "--sign", str(key))
    with serving(folder) as url:
        place(folder, trust=True, signers=signers, url=url)
        assert "signed by ann@example.org" in said("cache", "pull")
        assert built(checkout) == HIT
        assert same(checkout, ann)
        with (folder / "recipes.jsonl").open("a") as file:
            file.write("\n")
        said("cache", "pull", code=52)
    assert built(checkout) == HIT  # what was taken stays, server or not


def git(folder: Path, *words: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *settings, *words], cwd=folder, capture_output=True, check=True)


def test_by_a_lock_in_the_repository_without_store_or_network(kept: Kept, ann: bytes, ben: Path) -> None:
    git(kept.root, "init", "-q")
    with at_home(kept.home), pytest.MonkeyPatch.context() as patch:
        patch.chdir(kept.root)
        assert "added" in said("lock", "--update")
    git(kept.root, "add", *SOURCES, ".gitattributes", "autopass.lock", "autopass.lock.d")
    git(kept.root, "commit", "-qm", "lock kernel.c")
    shutil.rmtree(ben)
    git(ben.parent, "clone", "-q", str(kept.root), str(ben))

    home = Path(os.environ["AUTOPASS_HOME"])
    before = sorted(home.iterdir())
    for frozen in ({}, {"AUTOPASS_FROZEN": "1"}):
        assert built(ben, **frozen) == LOCKED
        assert same(ben, ann)
    (line,) = registry.read()[1]
    known = home / "toolchains"
    known.write_text(known.read_text().replace(line.id, "cb" * 16))  # the same clang on another CPU
    assert built(ben) == MISS
    assert built(ben, AUTOPASS_FROZEN="1") == LOCKED
    assert same(ben, ann)
    assert sorted(home.iterdir()) == before


# ---- two users of one machine


@pytest.fixture
def machine(toolchain_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder that every user can reach, with ann's home and her project, a recipe for which lies in `given`."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    base = Path(tempfile.mkdtemp(prefix="autopass-two-"))
    base.chmod(0o755)
    monkeypatch.setenv("AUTOPASS_HOME", str(furnish(base / "home", toolchain_home)))
    root = create(base / "project")
    said("record", "on")
    make(root)
    publish(root, recorded(root)["kernel.o"], Knob("unroll-runtime", "false"))
    monkeypatch.chdir(root)
    shutil.copytree(publication_dir(), base / "given")
    said("revert", "--all")
    assert published() == set()
    yield base
    shutil.rmtree(base)


def own(path: Path, user: int) -> None:
    """Give a file, or a folder with all in it, to a user; others may read it."""
    for each in [path, *path.rglob("*")]:
        os.chown(each, user, user)
        each.chmod(0o755 if each.is_dir() else 0o644)


def as_stranger(*argv: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run a command as another user."""
    return subprocess.run(
        list(argv), user=STRANGER, group=STRANGER, extra_groups=[], capture_output=True, check=False, cwd="/", env={}
    )


def test_a_stranger_can_write_nothing_that_anns_builds_read_and_read_nothing_of_her_home(machine: Path) -> None:
    assert built(machine / "project") == MISS
    found = as_stranger(shutil.which("find") or "find", machine, "-writable", "-not", "-type", "l")
    assert found.stdout == b""
    assert b"Permission denied" in found.stderr
    assert as_stranger(shutil.which("ls") or "ls", machine / "home").returncode != 0
    assert as_stranger(shutil.which("ls") or "ls", machine / "project").returncode == 0


def test_a_strangers_publication_is_not_used_whoever_names_it(machine: Path) -> None:
    root, theirs = machine / "project", {"AUTOPASS_PUBLICATION": str(machine / "given")}
    own(machine / "given", 0)
    assert built(root, **theirs) == HIT
    own(machine / "given", STRANGER)
    assert built(root, **theirs)[0] == "miss"
    own(machine / "given", 0)
    for each in (machine / "given").rglob("*"):
        each.chmod(0o777 if each.is_dir() else 0o666)
    assert built(root, **theirs)[0] == "miss"


def test_a_strangers_lock_in_her_project_is_not_used(machine: Path) -> None:
    root = machine / "project"
    record, (line,) = recorded(root)["kernel.o"], registry.read()[1]
    (recipe,) = [path.stem for path in (machine / "given" / "recipes").iterdir()]
    lock = root / "autopass.lock"
    lock.write_text(f"autopass-index 1\nx{record.portable_exact} {recipe} {line.id} kernel.c\n")
    shutil.copytree(machine / "given" / "recipes", root / "autopass.lock.d")
    own(root / "autopass.lock.d", 0)
    assert built(root) == HIT
    for each in (lock, root / "autopass.lock.d"):
        own(each, STRANGER)
        assert built(root)[0] == "miss"
        own(each, 0)
    assert built(root) == HIT


def test_a_strangers_journal_and_service_change_nothing_for_her_builds(machine: Path) -> None:
    """Even in a home that everybody may write into, which is none that autopass made."""
    root, home = machine / "project", machine / "home"
    assert built(root) == MISS
    plain = (root / "kernel.o").read_bytes()
    home.chmod(0o777)
    (home / "journal").unlink()
    (home / "daemon").mkdir()
    for name in ("journal", "service-holds", "daemon/pause", "daemon/lock", "daemon/lock.pid", "daemon/worker"):
        (home / name).write_text("1-1")
    for name in ("journal", "service-holds", "daemon"):
        own(home / name, STRANGER)
    (home / "journal").chmod(0o666)
    assert built(root) == MISS
    assert (root / "kernel.o").read_bytes() == plain
    assert (home / "journal").read_text() == "1-1"
    assert list((home / "journal.d").iterdir()) == []
