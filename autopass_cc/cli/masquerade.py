"""`autopass masquerade`: a directory of launchers that go by clang's names."""

from __future__ import annotations

from pathlib import Path

import click

from autopass_cc.paths import data_dir, private_dir
from autopass_cc.toolchain import masquerade


@click.command("masquerade")
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
def command(directory: Path | None) -> None:
    """Print a directory to put before PATH, for builds that call clang by its name.

    \b
    PATH="$(autopass masquerade):$PATH" make      clang, clang++, clang-NN, cc and c++ are autopass there

    Only versions that are on PATH get a name. `clang-19` becomes the next clang-19 on PATH, `clang` the next clang, `cc`
    the clang that autopass-cc uses. The directory is brought up to date by each call; DIRECTORY takes the place of the one
    in autopass's data folder, for all users of a machine or an image.
    """
    if directory is None:
        directory = private_dir(data_dir() / "masquerade")
    masquerade.update(directory.absolute())
    click.echo(directory.absolute())
