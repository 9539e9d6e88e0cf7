"""What of a project's proven recipes belongs into its lock, and what an update of the lock changes.

A module's line has kind `i`, so that edited sources keep the recipe, unless that would give a recipe to a variant for which it
was not proven: then all variants that share the inherited key have lines of kind `x`.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autopass_cc.digest import digest_of
from autopass_cc.errors import LockError
from autopass_cc.project import lock_files
from autopass_cc.project.config import NAME as CONFIG
from autopass_cc.project.config import Config, project_id
from autopass_cc.project.intake import latest
from autopass_cc.store.builds import CompileRecord
from autopass_cc.store.database import Rows, reader
from autopass_cc.store.entries import Entry, entries, recipe_text
from autopass_cc.store.lock import LONGEST, Identity, LockLine, Remark, merge, parse, render
from autopass_cc.store.states import ACTIVE

NO_KEYS = "its keys for a lock are not recorded: build it once with CC=autopass-cc, then update"
DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Proven:
    """What is proven here: lines and recipes of active entries, the lines that must not stay, what cannot be locked and why.

    `gone` has the identity and the recipe of a line, `replaced` the identity of one whatever its recipe.
    """

    lines: list[LockLine] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)
    gone: dict[tuple[Identity, str], str] = field(default_factory=dict)
    replaced: set[Identity] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What an update makes of a lock: its bytes before (None: there is none) and after, and the lines that differ.

    `recipes` are to be written, `unnamed` files to be removed, `missing` recipes that are named and neither there nor known here.
    """

    before: bytes | None
    after: bytes
    added: list[LockLine]
    changed: list[LockLine]
    removed: list[tuple[LockLine, str]]
    kept: list[LockLine]
    recipes: dict[str, bytes]
    unnamed: list[str]
    missing: list[str]
    left_out: dict[str, str]

    @property
    def is_empty(self) -> bool:
        """Return whether the lock holds what is proven here already."""
        nothing = self.before is None and not self.recipes and self.after == render([])
        return nothing or (self.before == self.after and not self.recipes and not self.unnamed)


def require_id(config: Config) -> None:
    """Raise LockError where the project's id, and with it all keys, would be another in another folder."""
    if not has_id(config.root):
        raise LockError(
            f"{config.path} has no `id`, so a lock would be of use in {config.root} only.",
            f'add this line to {CONFIG}, above any [table]: id = "{config.id}"',
        )


def has_id(root: Path) -> bool:
    """Return whether autopass.toml names the project's id. Raises OSError."""
    elsewhere = Path("/")
    return project_id(elsewhere, (root / CONFIG).read_bytes()) != digest_of(str(elsewhere).encode())


def plan(config: Config, globs: Sequence[str] = ()) -> Change:
    """Return what an update would do, where asked for some modules only. Raises LockError for a lock that cannot be read."""
    before = lock_files.read_lock(config.root)
    old = parse(before) if before is not None else []
    with reader() as db:
        found = proven(db, config, globs) if db is not None else Proven()
        kept, removed = _keep(old, found)
        lines = merge([*kept, *found.lines])
        texts = found.texts | _texts(db, {line.recipe for line in kept} - set(found.texts))
    named = {line.recipe for line in lines}
    there = {digest for digest in named if has_recipe(config.root, digest)}
    former, same = {line.identity for line in old}, set(old)
    return Change(
        before=before,
        after=render(lines),
        added=[line for line in lines if line.identity not in former],
        changed=[line for line in lines if line.identity in former and line not in same],
        removed=removed,
        kept=[line for line in lines if line in same],
        recipes={digest: texts[digest] for digest in named - there if digest in texts},
        unnamed=lock_files.unnamed(config.root, named),
        missing=sorted(named - there - set(texts)),
        left_out=found.left_out,
    )


def carry_out(config: Config, change: Change) -> None:
    """Write what `plan` found: recipes, then the lock; then remove what no line names. Raises LockError."""
    lock_files.write(config.root, change.after, change.recipes)
    lock_files.remove(config.root, change.unnamed)


def _keep(old: Iterable[LockLine], found: Proven) -> tuple[list[LockLine], list[tuple[LockLine, str]]]:
    mine = {line.identity for line in found.lines}
    kept, removed = [], []
    for line in old:
        if line.identity in mine:
            continue
        if why := found.gone.get((line.identity, line.recipe)):
            removed.append((line, why))
        elif line.identity in found.replaced:
            removed.append((line, "its inherited key serves it now"))
        else:
            kept.append(line)
    return kept, removed


def has_recipe(root: Path, digest: str) -> bool:
    """Return whether a recipe lies beside the lock, sound."""
    try:
        data = lock_files.read_recipe(root, digest)
        return data is not None and bool(lock_files.sound_recipe(data, digest))
    except LockError:
        return False


def _texts(db: Rows | None, digests: Iterable[str]) -> dict[str, bytes]:
    found = {}
    for digest in digests:
        text, _ = _sound(db, digest)
        if text:
            found[digest] = text
    return found


def _sound(db: Rows | None, digest: str) -> tuple[bytes, str]:
    """Return the text of a recipe of the store, or why there is none that may be written down."""
    try:
        text = recipe_text(db, digest) if db is not None else b""
        lock_files.sound_recipe(text, digest)
    except KeyError:
        return b"", "its recipe is not in the store any more"
    except LockError as error:
        return b"", error.sentence
    return text, ""


def proven(db: Rows, config: Config, globs: Sequence[str] = ()) -> Proven:
    """Return what the store has for the lock of a project; `globs` choose modules, all by default."""
    mine = _with_keys(entries(db, config.id), db, config.root)
    shared: dict[tuple[str, str], list[Entry]] = {}
    for entry in mine:
        if entry.state == ACTIVE and entry.portable_inherited:
            shared.setdefault((entry.portable_inherited, entry.toolchain), []).append(entry)
    served = {(each, entry.recipe) for entry in mine if entry.state == ACTIVE for each in _identities(entry)}
    found = Proven()
    sound: dict[str, tuple[bytes, str]] = {}
    for entry in mine:
        if globs and not any(fnmatch.fnmatch(name, glob) for glob in globs for name in (entry.module, entry.source)):
            continue
        if entry.state != ACTIVE:
            back = {(each, entry.recipe) for each in _identities(entry)} - served  # another variant may still stand on it
            found.gone.update(dict.fromkeys(back, f"{entry.state} here"))
            continue
        if entry.recipe not in sound:
            sound[entry.recipe] = _sound(db, entry.recipe)
        text, why = sound[entry.recipe]
        why = why or ("" if DIGEST.fullmatch(entry.toolchain) else "it is not known which toolchain it was proven on")
        group = shared.get((entry.portable_inherited, entry.toolchain), [])
        inherits = bool(group) and all(each.recipe == entry.recipe and not each.exact_only for each in group)
        key = entry.portable_inherited if inherits else entry.portable_exact
        if why or not key:
            found.left_out[entry.module] = why or NO_KEYS
            continue
        found.lines.append(_line(entry, "i" if inherits else "x", key, text))
        found.texts[entry.recipe] = text
        if inherits:
            found.replaced.update(each for each in _identities(entry) if each[0] == "x")
        else:
            found.gone[("i", entry.portable_inherited, entry.toolchain), entry.recipe] = "proven on the exact source only"
    return found


def _identities(entry: Entry) -> list[Identity]:
    keys = (("x", entry.portable_exact), ("i", entry.portable_inherited))
    return [(kind, key, entry.toolchain) for kind, key in keys if key]


def _with_keys(found: Sequence[Entry], db: Rows, root: Path) -> list[Entry]:
    """Return entries with the portable keys that a recorded compile with the same keys has; the launcher alone computes them."""
    if all(entry.portable_exact and entry.portable_inherited for entry in found):
        return list(found)
    compiles = latest(db, root).values()
    exact = {record.exact: record for record in compiles if record.exact and record.portable_exact}
    inherited = {record.inherited: record for record in compiles if record.inherited and record.portable_inherited}
    return [_completed(entry, exact, inherited) for entry in found]


def _completed(entry: Entry, exact: Mapping[str, CompileRecord], inherited: Mapping[str, CompileRecord]) -> Entry:
    same, edited = exact.get(entry.exact), inherited.get(entry.inherited)
    return replace(
        entry,
        portable_exact=entry.portable_exact or (same.portable_exact if same else ""),
        portable_inherited=entry.portable_inherited
        or (same.portable_inherited if same else "")
        or (edited.portable_inherited if edited else ""),
    )


def _line(entry: Entry, kind: str, key: str, text: bytes) -> LockLine:
    _, llvm, level, *_ = text.decode("ascii").split("\n")  # the first lines of a recipe that was found sound
    version = re.search(r"clang version ([0-9.]+)", str(entry.provenance.get("compiler", "")))
    cpu = re.fullmatch(r"[A-Za-z0-9_.+-]{1,64}", str(entry.provenance.get("cpu", "")))
    change, low, high = (math.expm1(each) * 100 for each in (entry.median, entry.low, entry.high))
    compiler, where = version[1] if version else llvm.removeprefix("llvm "), cpu[0] if cpu else "unknown CPU"
    remark = Remark(change, low, high, entry.module, level.removeprefix("level "), compiler, where)
    line = LockLine(kind, key, entry.recipe, entry.toolchain, remark.render())
    return line if len(line.render()) < LONGEST else replace(line, text=remark.render().split("]")[0] + "]")


def source_of(root: Path, module: str) -> Path | None:
    """Return the source of a module where it is there; a module's name may go on after it (` (object)`)."""
    parts = module.split(" (")
    for count in range(len(parts), 0, -1):
        path = root / " (".join(parts[:count])
        if path.is_file():
            return path
    return None


def orphans(root: Path, lines: Iterable[LockLine]) -> list[LockLine]:
    """Return the lines that name a source which does not exist; a line whose text names none is not among them."""
    return [line for line in lines if line.remark is not None and source_of(root, line.remark.module) is None]
