"""`autopass lock`: the recipes that lie in the repository, for all who build it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from autopass_cc.cli.common import print_json, project_root
from autopass_cc.errors import LockError
from autopass_cc.project import config as project_config
from autopass_cc.project import lock_check, lock_files, locking
from autopass_cc.project.lock_check import shown
from autopass_cc.report import table
from autopass_cc.store.lock import FOLDER, NAME, LockLine, merge, parse, render
from autopass_cc.toolchain import registry


@click.command("lock")
@click.option("--update", is_flag=True, help="Write what is proven here into the lock, and put in order what a merge left.")
@click.option(
    "--check", is_flag=True, help="Say what is wrong with the lock; exit code 1 if anything is. Needs the repository only."
)
@click.option("--prune", is_flag=True, help="Take out the lines of sources that are gone, and recipes that no line names.")
@click.option("--module", "modules", multiple=True, metavar="GLOB", help="With --update: only these sources; repeatable.")
@click.option("--strict", is_flag=True, help="With --check: sources that do not exist are problems too (generated ones as well).")
@click.option("--dry-run", is_flag=True, help="With --prune: say what would go, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the lock as one JSON document.")
def command(
    *, update: bool, check: bool, prune: bool, modules: tuple[str, ...], strict: bool, dry_run: bool, as_json: bool
) -> None:
    """Keep proven recipes in the repository: autopass.lock, and autopass.lock.d beside it.

    Builds with CC=autopass-cc use the lock wherever it is there: it needs no store, no service and no network. A line is
    used on the toolchain (compiler and CPU) that it was proven on, before anything that the user has published.

    AUTOPASS_FROZEN=1 in the environment makes builds reproducible: the launcher then uses nothing but the lock, whatever
    the CPU, so that all who have the same sources, lock and clang make the same objects.

    Without an option, shows what the lock holds, and whether it has all that is proven here.
    """
    if update + check + prune + as_json > 1:
        raise click.UsageError("give one of --update, --check, --prune and --json")
    for given, name, action, chosen in (
        (modules, "--module", "--update", update),
        (strict, "--strict", "--check", check),
        (dry_run, "--dry-run", "--prune", prune),
    ):
        if given and not chosen:
            raise click.UsageError(f"{name} belongs to {action}")
    root = project_root()
    if check:
        _check(root, strict=strict)
    elif prune:
        _prune(root, dry_run=dry_run)
    elif update:
        _update(project_config.load(root), modules)
    else:
        _show(collect(project_config.load(root)), as_json=as_json)


def collect(config: project_config.Config) -> dict[str, Any]:
    """Return what the lock of a project holds, and what an update would change, as JSON values. Raises LockError."""
    change = locking.plan(config)
    here = {line.id for line in registry.read()[1]}
    lines = parse(change.before) if change.before is not None else []
    sound = {digest: locking.has_recipe(config.root, digest) for digest in {line.recipe for line in lines}}
    return {
        "lock": str(config.root / NAME) if change.before is not None else None,
        "lines": [_facts(line, here, sound[line.recipe]) for line in lines],
        "up_to_date": change.is_empty,
        "update": {
            "added": [line.text for line in change.added],
            "changed": [line.text for line in change.changed],
            "removed": [line.text for line, _ in change.removed],
            "left_out": change.left_out,
        },
    }


def _facts(line: LockLine, here: set[str], sound: bool) -> dict[str, Any]:  # noqa: FBT001 - one fact among facts
    remark = line.remark
    facts: dict[str, Any] = {"key": line.kind + line.key, "recipe": line.recipe, "toolchain": line.toolchain, "text": line.text}
    facts |= {"used_here": line.toolchain in here and sound, "recipe_sound": sound}
    if remark is None:
        return facts | dict.fromkeys(("module", "change", "interval", "level", "compiler", "cpu"))
    numbers = {"change": remark.change / 100, "interval": [remark.low / 100, remark.high / 100]}
    words = {"module": remark.module, "level": remark.level, "compiler": remark.compiler, "cpu": remark.cpu}
    return facts | numbers | words


def _show(data: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(data)
        return
    if data["lock"] is None:
        click.echo(f"this project has no {NAME}")
    elif data["lines"]:
        header = ["module", "time", "interval", "level", "clang", "CPU", "use"]
        click.echo(table.render(header, [_row(each) for each in data["lines"]], right=frozenset({1, 2})))
    else:
        click.echo(f"{NAME} holds no recipes")
    update = data["update"]
    if data["up_to_date"]:
        click.echo("up to date with what is proven here")
    else:
        counts = ", ".join(f"{len(update[name])} {name}" for name in ("added", "changed", "removed") if update[name])
        click.echo(f"not up to date ({counts or 'files or their order'}): run `autopass lock --update`")
    _tell_left_out(update["left_out"])


def _row(each: dict[str, Any]) -> list[str]:
    use = "used here" if each["used_here"] else "other toolchain"
    if not each["recipe_sound"]:
        use = "no sound recipe"
    if each["module"] is None:
        return [shown(each["text"]) or each["key"], "", "", "", "", "", use]
    low, high = (part * 100 for part in each["interval"])
    numbers = [f"{each['change'] * 100:+.1f} %", f"[{low:+.1f}, {high:+.1f}]"]
    return [shown(each["module"]), *numbers, *(shown(each[name]) for name in ("level", "compiler", "cpu")), use]


def _update(config: project_config.Config, modules: tuple[str, ...]) -> None:
    locking.require_id(config)
    with lock_files.alone(config.root):
        change = locking.plan(config, modules)
        written = not change.is_empty
        if written:
            locking.carry_out(config, change)
        attributes = (written or change.before is not None) and lock_files.merge_by_union(config.root)
    for what, lines in (("added", change.added), ("changed", change.changed)):
        for line in lines:
            click.echo(f"{what:8} {shown(line.text)}")
    for line, why in change.removed:
        click.echo(f"removed  {shown(line.text)}: {why}")
    for name in change.unnamed:
        click.echo(f"removed  {FOLDER}/{shown(name)}: no line names it")
    if written:
        count = len(change.added) + len(change.changed) + len(change.kept)
        click.echo(f"wrote {NAME} with {count} {'line' if count == 1 else 'lines'}; commit it with {FOLDER}")
    elif change.before is None:
        click.echo(f"nothing of this project is proven here that could be locked; no {NAME} was written")
    else:
        click.echo(f"{NAME} is up to date")
    if attributes:
        click.echo(f"wrote `{lock_files.ATTRIBUTES}` to .gitattributes, so that git merges the lock line by line")
    for digest in change.missing:
        click.echo(f"warning: {FOLDER}/{digest}.recipe is missing, and not known here", err=True)
    _tell_left_out(change.left_out)


def _tell_left_out(left_out: dict[str, str]) -> None:
    for module, why in sorted(left_out.items()):
        click.echo(f"left out: {shown(module)}: {why}", err=True)


def _check(root: Path, *, strict: bool) -> None:
    found = lock_check.problems(root, strict=strict)
    for text in found:
        click.echo(text)
    if found:
        raise SystemExit(1)
    click.echo(f"{NAME} is sound")


def _prune(root: Path, *, dry_run: bool) -> None:
    with lock_files.alone(root):
        data = lock_files.read_lock(root)
        if data is None:
            raise LockError(f"{root} has no {NAME}.", "run `autopass lock --update` where recipes are proven")
        lines = parse(data)
        gone = locking.orphans(root, lines)
        kept = merge(set(lines) - set(gone))
        unnamed = lock_files.unnamed(root, {line.recipe for line in kept})
        if not dry_run:
            if gone:
                lock_files.write(root, render(kept), {})
            lock_files.remove(root, unnamed)
    for line in gone:
        click.echo(f"{'would remove' if dry_run else 'removed'}  {shown(line.text)}: its source does not exist")
    for name in unnamed:
        click.echo(f"{'would remove' if dry_run else 'removed'}  {FOLDER}/{shown(name)}: no line names it")
    if not gone and not unnamed:
        click.echo("nothing to take out")
