"""`autopass cache stats|verify|prune|path`: how the files that compiles read are doing."""

from __future__ import annotations

from typing import Any

import click

from autopass_cc.cli.common import print_json
from autopass_cc.paths import data_dir


def _size(count: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024  # type: ignore[assignment]
    return f"{count:.1f} GiB"


@click.command("stats")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def stats(*, as_json: bool) -> None:
    """Show how many recipes there are, from where, in which state, and what the files take.

    \b
    autopass cache stats --json
    """
    from autopass_cc.sharing import statistics

    data = statistics.collect()
    if as_json:
        print_json(data)
        return
    click.echo(f"data         {data['data']}")
    for state, origins in data["entries"].items():
        text = ", ".join(f"{count} {f'from {origin}' if origin else 'found here'}" for origin, count in origins.items())
        click.echo(f"{state:12} {text}")
    if not data["entries"]:
        click.echo("recipes      none was proven here yet")
    for name, source in data["imports"].items():
        counts = ", ".join(f"{count} {state}" for state, count in source["states"].items()) or "nothing pulled yet"
        place = f"{source['from']}{', trusted' if source['trusted'] else ''}" if source["from"] else "not in config.toml"
        click.echo(f"from {name}: {counts} ({place})")
    click.echo("size         " + ", ".join(f"{part} {_size(count)}" for part, count in data["bytes"].items()))


@click.command("verify")
@click.option("--repair", "mend", is_flag=True, help="Write the publication anew from the store.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def verify(*, mend: bool, as_json: bool) -> None:
    """Check each published recipe, the index, owners, modes and the store; exit code 1 where something is wrong.

    \b
    autopass cache verify --repair

    Damage never breaks a build: compiles that meet it are plain. `autopass verify` measures; this does not.
    """
    from autopass_cc.sharing import check

    problems, recipes = check.check()
    before = problems
    if mend and problems:
        check.repair(problems, lambda text: click.echo(f"warning: {text}", err=True))
        problems, recipes = check.check()
    if as_json:
        found = [{"path": str(each.path), "what": each.what, "next": each.step} for each in problems]
        print_json({"recipes": recipes, "problems": found, "repaired": len(before) - len(problems)})
    else:
        for each in problems:
            click.echo(f"{each.path} {each.what}\n  next: {each.step}")
        mended = f", {len(before) - len(problems)} repaired" if mend else ""
        click.echo(f"{recipes} recipe files checked: {len(problems)} problems{mended}")
    if problems:
        raise SystemExit(1)


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Say what would go, and leave it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def prune(*, dry_run: bool, as_json: bool) -> None:
    """Throw away what nothing needs: records of objects that are gone, recipes that nothing names, copies of 90 days ago.

    \b
    autopass cache prune --dry-run
    """
    from autopass_cc.sharing import prune as waste
    from autopass_cc.store.database import writer

    with writer(warn=lambda text: click.echo(f"warning: {text}", err=True)) as db:
        found = waste.find(db)
        sizes = found.sizes()
        if not dry_run:
            waste.remove(db, found)
    data: dict[str, Any] = {
        "removed": not dry_run,
        "recorded objects": len(found.compiles),
        "recorded links": len(found.links),
        "files": {kind: {"count": len(paths), "bytes": sizes[kind]} for kind, paths in found.files.items()},
    }
    if found.kept:
        click.echo(f"warning: {found.kept}; run `autopass cache verify`", err=True)
    if as_json:
        print_json(data)
        return
    click.echo(f"{len(found.compiles)} recorded objects and {len(found.links)} recorded links that are not there any more")
    for kind, each in data["files"].items():
        click.echo(f"{each['count']} {kind}, {_size(each['bytes'])}")
    click.echo(f"{_size(sum(sizes.values()))} {'would be' if dry_run else 'are'} free{' ' if dry_run else ' now'}".rstrip())


@click.command("path")
@click.option("--publication", is_flag=True, help="The folder that compiles read (for AUTOPASS_PUBLICATION elsewhere).")
def path(*, publication: bool) -> None:
    """Print the folder in which everything is.

    \b
    cp -r "$(autopass cache path --publication)" image/recipes
    """
    click.echo(str(data_dir() / "publication" if publication else data_dir()))


CARE = (stats, verify, prune, path)
