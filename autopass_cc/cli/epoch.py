"""`autopass epoch`: one word for caches that stand in front of autopass-cc."""

from __future__ import annotations

import os
import shutil

import click

from autopass_cc.toolchain.masquerade import native


@click.command("epoch")
@click.argument("compiler", required=False)
def command(compiler: str | None) -> None:
    """Print a word that changes when the recipes or the compiler behind COMPILER (default autopass-cc) change.

    \b
    export CCACHE_COMPILERCHECK='autopass-epoch %compiler%'
    export SCCACHE_C_CUSTOM_CACHE_BUSTER="$(autopass epoch)"

    For `ccache autopass-cc`, where the cache sees neither. `autopass-epoch` is the same, natively, in under a millisecond:
    ccache runs it once for each compile. The word covers all recipes of the user and of the project around the working
    directory. `autopass-cc` in front of the cache needs none of this, and loses only the modules whose recipe changed.
    """
    if compiler and shutil.which(compiler) is None:
        raise click.BadParameter(f"{compiler} is not a program.", param_hint="COMPILER")
    program = str(native("autopass-epoch"))
    os.execv(program, [program, compiler or "autopass-cc"])  # noqa: S606 - our own program, no shell
