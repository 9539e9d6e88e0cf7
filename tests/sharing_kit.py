"""What tests of sharing need: a store with proven recipes, its export, another home, and `autopass` called in this process."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from autopass_cc.cli.main import cli
from autopass_cc.digest import digest_of
from autopass_cc.errors import AutopassError
from autopass_cc.sharing import give
from autopass_cc.store import entries as store
from autopass_cc.store.database import writer
from autopass_cc.store.exchange import Found, read, write
from autopass_cc.store.imports import Imported
from autopass_cc.store.publication import publication_dir, read_index

PROJECT, TOOLCHAIN = "7" * 32, "a" * 32


def recipe(threshold: int) -> tuple[str, bytes]:
    """Return digest and text of a recipe of one knob."""
    text = f"autopass-recipe 1\nllvm 22\nlevel O2\nknob inline-threshold {threshold}\n".encode()
    return digest_of(text), text


def proven(number: int, **changes: Any) -> store.Entry:
    """Return what was proven of module `number`; its recipe is `recipe(number)`."""
    entry = store.Entry(
        project=PROJECT,
        module=f"src/{number}.c",
        variant=f"{number + 0x100:032x}",
        root="/somewhere/private",
        recipe=recipe(number)[0],
        exact=f"{number:032x}",
        inherited=f"{number + 0x100:032x}",
        toolchain=TOOLCHAIN,
        digest="b" * 32,
        edits=[{"op": "knob", "name": "inline-threshold", "value": str(number)}],
        median=-0.1,
        low=-0.2,
        high=-0.05,
        log_e=5.5,
        share=0.25,
        run=1,
        portable_exact=f"{number + 0x200:032x}",
        provenance={
            "compiler": "clang version 22.1.8",
            "target": "x86_64-pc-linux-gnu",
            "cpu": "znver3",
            "machine": "0123456789abcdef",
            "kernel": "6.1.0",
            "blocks": 12,
            "coverage": 0.9614,
        },
    )
    return replace(entry, **changes)


def prove(*entries: store.Entry) -> None:
    """Accept entries, with their recipes, in the store of this home."""
    with writer() as db:
        for entry in entries:
            number = int(entry.edits[0]["value"])
            db.table("recipe").upsert({"digest": entry.recipe, "text": recipe(number)[1]}, pk="digest")
        store.accept(db, entries)


def shared(number: int, **changes: Any) -> Imported:
    """Return the entry of module `number` as it is shared."""
    entry = proven(number)
    names = ("project", "module", "exact", "inherited", "portable_exact", "portable_inherited", "toolchain", "recipe", "edits")
    numbers = ("median", "low", "high", "log_e", "share", "exact_only", "provenance")
    values = {name: getattr(entry, name) for name in (*names, *numbers)}
    return replace(Imported(source="", level="O2", **values), **changes)


def by(machine: str, number: int, **changes: Any) -> Imported:
    """Return an entry that another machine (16 hex digits) measured."""
    found = shared(number, **changes)
    return replace(found, provenance=found.provenance | {"machine": machine})


def exported(*entries: Imported, made: str = "2026-11-26T00:00:00Z") -> bytes:
    """Return a file of entries and their recipes."""
    stream = io.BytesIO()
    texts = dict(recipe(number) for number in range(1, 300))
    write(stream, entries, texts, made)
    return stream.getvalue()


def reading(data: bytes) -> Found:
    """Return what is sound in the bytes of a file."""
    return read(io.BytesIO(data))


def given() -> bytes:
    """Return the export of this home's store."""
    stream = io.BytesIO()
    give.export(stream, give.ours())
    return stream.getvalue()


def published() -> dict[str, str]:
    """Return what compiles of this home find: recipes by exact key."""
    return {line.key: line.recipe for line in read_index(publication_dir() / "index") if line.kind == "x"}


@contextlib.contextmanager
def at_home(place: Path) -> Iterator[Path]:
    """Be another user, whose home is `place`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOPASS_HOME", str(place))
        yield place


def configure(text: str) -> None:
    """Write this home's config.toml."""
    path = Path(os.environ["AUTOPASS_HOME"]) / "config.toml"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


@dataclass(frozen=True)
class Said:
    """Exit code and all that was printed."""

    code: int
    text: str


def autopass(*words: str) -> Said:
    """Run `autopass`, as its main function does, in this process."""
    result = CliRunner().invoke(cli, words)
    if isinstance(result.exception, AutopassError):
        return Said(result.exception.exit_code, f"{result.output}{result.exception}")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.output)
