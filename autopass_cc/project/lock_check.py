"""Is a project's lock as it should be? Looks at files of the repository alone, so that any machine can check it."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from autopass_cc.errors import LockError
from autopass_cc.project import lock_files
from autopass_cc.project.config import NAME as CONFIG
from autopass_cc.project.locking import DIGEST, has_id, orphans
from autopass_cc.recipe.recipe import Recipe
from autopass_cc.store.lock import FOLDER, NAME, UPDATE, LockLine, examine


def problems(root: Path, *, strict: bool = False) -> list[str]:
    """Return one line of text for each thing that is wrong with the project's lock; with `strict`, also sources that are gone."""
    try:
        data = lock_files.read_lock(root)
    except LockError as error:
        return [_said(error)]
    if data is None:
        return [f"{NAME}: there is none; {UPDATE} where recipes are proven"]
    lines, wrong = examine(data)
    found = [f"{NAME}{f':{each.number}' if each.number else ''}: {each.what}; {each.mend}" for each in wrong]
    found += _permissions(root, NAME)
    if any(line.kind == "i" for line in lines) and not has_id(root):
        found.append(
            f'{CONFIG}: no line `id = "…"`, so the keys in {NAME} are of one folder; `autopass lock --update` says which'
        )
    found += _folder(root, lines, whole=not any(each.fatal for each in wrong))
    if strict:
        gone = orphans(root, lines)
        found += [f"{NAME}: {_module(line)}: the source does not exist; run `autopass lock --prune`" for line in gone]
    return found


def _folder(root: Path, lines: Sequence[LockLine], *, whole: bool) -> list[str]:
    """Say what is wrong with the recipes; which of them nobody needs is known only where the `whole` lock was read."""
    by_recipe: dict[str, list[LockLine]] = {}
    for line in lines:
        by_recipe.setdefault(line.recipe, []).append(line)
    try:
        there = lock_files.listing(root)
    except LockError as error:
        return [_said(error)]
    found = _permissions(root, FOLDER) if there else []
    for digest, named in sorted(by_recipe.items()):
        found += _recipe(root, digest, named)
    for name in there:
        digest = name.removesuffix(".recipe")
        if name == digest or not DIGEST.fullmatch(digest):
            found.append(f"{FOLDER}/{ascii(name)[1:-1]}: not a recipe; remove it")
        elif whole and digest not in by_recipe:
            found.append(f"{FOLDER}/{name}: no line names this recipe; run `autopass lock --prune`")
    return found


def _recipe(root: Path, digest: str, lines: Sequence[LockLine]) -> list[str]:
    name = f"{FOLDER}/{digest}.recipe"
    try:
        data = lock_files.read_recipe(root, digest)
        if data is None:
            return [f"{name}: missing, and {_module(lines[0])} needs it; restore it from the repository"]
        recipe = lock_files.sound_recipe(data, digest)
    except LockError as error:
        return [_said(error)]
    return _permissions(root, name) + [
        f"{name}: made for LLVM {recipe.major} and -{recipe.level}, not for {_module(line)} as its line says; {UPDATE}"
        for line in lines
        if not _fits(recipe, line)
    ]


def _fits(recipe: Recipe, line: LockLine) -> bool:
    remark = line.remark
    return remark is None or (remark.level == recipe.level and remark.compiler.split(".")[0] == str(recipe.major))


def _permissions(root: Path, name: str) -> list[str]:
    """Say what the launcher would not trust: a file that everybody may write."""
    try:
        mode = lock_files.place(root, name).stat().st_mode
    except LockError as error:
        return [_said(error)]
    except OSError:
        return []
    return [f"{name}: others may write it; run `chmod o-w {name}`"] if mode & stat.S_IWOTH else []


def _module(line: LockLine) -> str:
    return shown(line.remark.module if line.remark is not None else f"{line.kind}{line.key}")


def shown(text: str) -> str:
    """Return a text of the repository as a terminal may be given it."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _said(error: LockError) -> str:
    return shown(f"{error.sentence.rstrip('.')}; {error.next_step}")
