"""The entry point of `autopass`: commands, errors as one sentence with the next step, exit codes by class."""

from __future__ import annotations

import importlib
import os
import sys
import tomllib
from typing import Any

import click
from click.shell_completion import CompletionItem

# What `--help` says of each command; its module has the same name and is imported when it is called, because `status` must
# not pay for scipy, nor `--help` for anything.
COMMANDS = {
    "doctor": "check compiler, plugin, profiler, machine and storage",
    "init": "prepare a project: what to run, what to compare",
    "record": "switch the recording of builds on or off",
    "tune": "search for faster recipes, prove and publish them",
    "apply": "let the next build recompile what has a new recipe",
    "status": "show what is recorded, tuned and published",
    "explain": "tell how a source is compiled, and why so",
    "report": "write a page about a tuning run",
    "verify": "measure what is published again",
    "daemon": "tune in idle time what was built",
    "revert": "take recipes of sources back",
    "lock": "keep proven recipes in the project's repository",
    "stats": "count compiles, hits, gains and verdicts",
    "cache": "share proven recipes, check the store's files",
    "bench": "compare ways to make programs faster, side by side",
    "model": "choose a language model that may propose recipes",
    "masquerade": "serve builds that call clang by its name",
    "epoch": "print a word that changes when recipes do",
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
        found: Any = importlib.import_module(f"autopass_cc.cli.{cmd_name}").command
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write what each command does, without importing it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands that begin so, without importing them, then options."""
        found = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


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
