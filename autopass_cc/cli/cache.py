"""`autopass cache`: recipes from others and for others, and how the files that compiles read are doing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autopass_cc.cli.cache_care import CARE
from autopass_cc.cli.common import print_json, project_root

if TYPE_CHECKING:
    from autopass_cc.sharing.take_in import Taken

# fetching, signing and the store's writer are imported where they are used: `stats` and `path` answer at once
KEY = click.Path(path_type=Path, dir_okay=False)


@click.group("cache")
def command() -> None:
    """Share proven recipes, and look after the files that compiles read.

    \b
    autopass cache pull                    take in what the places in config.toml have
    autopass cache push team --sign KEY    give what was proven here

    What comes from others is measured here before it is used, unless its source is trusted by name.
    """


def _warn(text: str) -> None:
    click.echo(f"warning: {text}", err=True)


@command.command("pull")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def pull(names: tuple[str, ...], *, as_json: bool) -> None:
    """Take in recipes from the places in config.toml (from all, or those named), and publish those that are trusted.

    \b
    [cache.team]
    url = "/nfs/recipes"              # a folder, https://…, s3://… and what fsspec knows
    trust = false                     # true: used before it was measured here
    signers = "/etc/autopass/signers" # only what these people signed is taken

    \b
    autopass cache pull team

    One that fails does not stop the others; the exit code is that of the first that failed.
    """
    from autopass_cc.sharing import config, take_in

    caches = config.chosen(names)
    if not caches:
        raise config.none_configured()
    taken = take_in.pull(caches, _warn)
    if as_json:
        print_json([_taken(each) for each in taken])
    for each in taken:
        if not as_json:
            click.echo(_told(each), err=each.error is not None)
        for number, why in each.reasons:
            click.echo(f"  line {number}: {why}", err=True)
    if failed := [each.error for each in taken if each.error is not None]:
        raise SystemExit(failed[0].exit_code)


def _taken(each: Taken) -> dict[str, Any]:
    error = None if each.error is None else {"text": str(each.error), "exit_code": each.error.exit_code}
    return vars(each) | {"reasons": [list(reason) for reason in each.reasons], "error": error}


def _told(each: Taken) -> str:
    if each.error is not None:
        return f"{each.name}: refused: {each.error}"
    signed = f", signed by {each.signer}" if each.signer else ""
    if each.unchanged:
        return f"{each.name}: unchanged, {each.entries} entries{signed}"
    skipped = f", {each.skipped} lines skipped" if each.skipped else ""
    trust = "used by compiles from now on" if each.trusted else "to be measured here before they are used"
    return f"{each.name}: {each.entries} entries, {each.fresh} new or changed{skipped}{signed}; {trust}"


@command.command("push")
@click.argument("name")
@click.option("--sign", "key", type=KEY, metavar="KEY", help="Sign with this key of ssh-keygen (ed25519, say).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def push(name: str, key: Path | None, *, as_json: bool) -> None:
    """Give what was proven here to others: merge it into the place NAME of config.toml.

    \b
    autopass cache push team --sign ~/.ssh/id_ed25519

    What other machines measured stays there. What was reverted or demoted here since is taken out again.
    """
    from autopass_cc.sharing import config, give

    (cache,) = config.chosen([name])
    done = give.push(cache, key)
    if as_json:
        print_json(vars(done))
        return
    for text in done.kept_back:
        _warn(f"not given: {text}")
    if done.skipped:
        _warn(f"{done.skipped} lines that nobody would take were left out of {cache.shown}")
    counts = f"{done.entries} entries, {done.ours} from here and {done.others} from others"
    click.echo(f"{name}: {'pushed' if done.changed else 'unchanged'}: {counts} ({cache.shown})")


@command.command("export")
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--project", "of_project", is_flag=True, help="Only the recipes of the project in this folder.")
@click.option("--sign", "key", type=KEY, metavar="KEY", help="Write FILE.sig, too, with this key of ssh-keygen.")
def export(file: str, key: Path | None, *, of_project: bool) -> None:
    """Write what was proven here into FILE (standard output without one), one JSON object a line.

    \b
    autopass cache export recipes.jsonl --project --sign ~/.ssh/id_ed25519
    """
    from autopass_cc.project import config as project_config
    from autopass_cc.sharing import give

    if file == "-" and key is not None:
        raise click.UsageError("--sign needs a FILE to write the signature beside")
    found = give.ours(project_config.load(project_root()).id if of_project else None)
    if file == "-":
        give.export(sys.stdout.buffer, found)
    else:
        count = give.export_file(Path(file), found, key)
        click.echo(f"{file}: {count} entries, {len(found.texts)} recipes{', signed' if key else ''}")
    for text in found.kept_back:
        _warn(f"not given: {text}")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", help="What to call the source (default: the file's name).")
@click.option("--trust", is_flag=True, help="Use the recipes before they were measured here.")
@click.option("--signers", type=KEY, metavar="FILE", help="Take it only if one of these (allowed-signers file) signed FILE.sig.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def import_command(file: Path, name: str | None, signers: Path | None, *, trust: bool, as_json: bool) -> None:
    """Take in recipes from a FILE that `export` or `push` wrote, in the place of all that a source of that name gave before.

    \b
    autopass cache import recipes.jsonl --name team --signers ~/.config/autopass/signers
    """
    from autopass_cc.sharing import config, take_in

    name = name or file.stem
    if not config.NAME.fullmatch(name):
        raise click.UsageError(f"{name!r} cannot be a source's name: give --name with letters, digits and . _ -")
    if name in config.load():
        raise click.UsageError(f"{name} is a place in config.toml: give --name with another")
    if trust:
        text = f"compiles use these recipes without a measurement here; `autopass cache remove {name}` takes them back"
        click.echo(f"trusted: {text}", err=True)
    taken = take_in.from_file(file, name, trust=trust, signers=signers, warn=_warn)
    if as_json:
        print_json(_taken(taken))
    else:
        click.echo(_told(taken))
    for number, why in taken.reasons:
        click.echo(f"  line {number}: {why}", err=True)


@command.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Forget the source NAME and all that came from it; the next compiles do without.

    \b
    autopass cache remove team
    """
    from autopass_cc.sharing import config, take_in

    count = take_in.forget(name, _warn)
    if count is None:
        raise click.UsageError(f"nothing came from {name}; `autopass cache stats` lists the sources")
    click.echo(f"{name}: {count} imported recipes are forgotten; what was measured here itself stays")
    if name in config.load():
        click.echo(f"[cache.{name}] is still in config.toml: the next `autopass cache pull` takes it in again")


for each in CARE:
    command.add_command(each)
