"""A project with a lock for tests: entries as tuning leaves them, and the commands as a user calls them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from autopass_cc.cli.lock import command
from autopass_cc.digest import digest_of
from autopass_cc.project import config
from autopass_cc.store import entries as store
from autopass_cc.store.database import writer
from autopass_cc.store.lock import NAME, LockLine, Remark, parse

ID = "7" * 32
HERE, THERE = "a" * 32, "b" * 32  # toolchains
FACTS = {"compiler": "Debian clang version 22.1.8 (1)", "target": "x86_64-pc-linux-gnu", "cpu": "znver3"}


def text_of(threshold: int, level: str = "O2") -> bytes:
    return f"autopass-recipe 1\nllvm 22\nlevel {level}\nknob inline-threshold {threshold}\n".encode()


def project(root: Path, *sources: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "autopass.toml").write_text(f'id = "{ID}"\nrun = ["./a"]\n')
    for source in sources:
        (root / source).parent.mkdir(parents=True, exist_ok=True)
        (root / source).write_text("int a;\n")
    return root


def entry(module: str, threshold: int, **values: Any) -> store.Entry:
    """Return an entry whose keys are made of its module's name, and whose recipe is `text_of(threshold)`."""
    keys: Mapping[str, Any] = {
        "exact": digest_of(f"x {module}".encode()),
        "inherited": digest_of(f"i {module}".encode()),
        "portable_exact": digest_of(f"px {module}".encode()),
        "portable_inherited": digest_of(f"pi {module.split(' (')[0]}".encode()),
        "variant": digest_of(f"i {module}".encode()),
    }
    facts: dict[str, Any] = {
        "project": ID,
        "module": module,
        "root": "/r",
        "recipe": digest_of(text_of(threshold)),
        "toolchain": HERE,
        "digest": "d",
        "edits": [],
        "median": -0.1,
        "low": -0.12,
        "high": -0.08,
        "log_e": 5.0,
        "share": 0.5,
        "run": 1,
        "provenance": FACTS,
    }
    return store.Entry(**facts | dict(keys) | values)


def accept(*entries: store.Entry, thresholds: tuple[int, ...] = tuple(range(1, 30))) -> None:
    with writer() as db:
        for number in thresholds:
            for level in ("O2", "O3"):
                text = text_of(number, level)
                db.table("recipe").upsert({"digest": digest_of(text), "text": text}, pk="digest")
        store.accept(db, entries)


def take_back(entry: store.Entry, state: str) -> None:
    with writer() as db:
        store.take_back(db, [entry], state)


def lock(*words: str, code: int = 0) -> str:
    """Run `autopass lock` in the working directory; return all it says."""
    done = call(*words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.output
    return done.output


def call(*words: str) -> Result:
    return CliRunner().invoke(command, list(words), standalone_mode=False)


def lines(root: Path) -> list[LockLine]:
    return parse((root / NAME).read_bytes())


def remark(module: str, change: float = -5.0) -> str:
    return Remark(change, change - 1, change + 1, module, "O2", "22.1.8", "znver3").render()


def loaded(root: Path) -> config.Config:
    return config.load(root)
