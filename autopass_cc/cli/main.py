"""The entry point of `autopass`: commands, errors as one sentence with the next step, exit codes by class."""

from __future__ import annotations

import importlib
import os
import sys
import tomllib
from typing import Any

import click

# command → module that holds it; imported when it is called, because `status` must not pay for scipy
COMMANDS = {
    "doctor": "autopass_cc.cli.doctor",
    "init": "autopass_cc.cli.init",
    "record": "autopass_cc.cli.record",
    "tune": "autopass_cc.cli.tune",
    "apply": "autopass_cc.cli.apply",
    "status": "autopass_cc.cli.status",
    "explain": "autopass_cc.cli.explain",
    "verify": "autopass_cc.cli.verify",
    "daemon": "autopass_cc.cli.daemon",
    "revert": "autopass_cc.cli.revert",
    "lock": "autopass_cc.cli.lock",
    "stats": "autopass_cc.cli.stats",
    "cache": "autopass_cc.cli.cache",
    "model": "autopass_cc.cli.model",
    "masquerade": "autopass_cc.cli.masquerade",
    "epoch": "autopass_cc.cli.epoch",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a user meets them."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return its `command`."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        found: Any = importlib.import_module(COMMANDS[cmd_name]).command
        return found if isinstance(found, click.Command) else None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="autopass-cc", prog_name="autopass")
def cli() -> None:
    """Make programs faster by proven, per-module LLVM pass pipelines.

    \b
    autopass init                       once in a project: what to run, what to compare
    CC=autopass-cc CXX=autopass-c++ make   build as always; the build is recorded
    autopass tune                       search, measure, publish what is proven
    autopass apply && make              the same build, now faster code

    AUTOPASS=off in the environment turns autopass-cc into plain clang.
    """


def main() -> None:
    """Run the command line; the only place that turns errors into text and exit codes."""
    try:
        code = cli(prog_name="autopass", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        click.echo("\ninterrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except tomllib.TOMLDecodeError as error:
        click.echo(f"autopass: a configuration file is not valid TOML: {error}", err=True)
        sys.exit(20)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        from autopass_cc.failures import explained

        told = explained(error)
        if told is None or os.environ.get("AUTOPASS_TRACEBACK"):
            raise
        click.echo(f"autopass: {told}", err=True)
        sys.exit(told.exit_code)


if __name__ == "__main__":
    main()
