"""The command line: `mtlc <command> SPEC …`. One file a command, imported only when it is called."""

from __future__ import annotations

import importlib
import io
import os
import sys
from typing import Any

import click

from mtlc import __version__

COMMANDS = {
    "check": "show every mistake of a spec, at its place",
    "fmt": "put a spec into its canonical layout",
    "compile": "turn a spec into a torch.fx module and show what is shared",
    "new": "write a starting spec and manifest for a folder of photos",
    "data": "check and show the data of a spec",
    "run": "train, evaluate and picture a spec",
    "eval": "measure a trained run",
    "report": "write one HTML page about a run",
    "predict": "turn images into maps with a trained run",
    "render": "draw a spec's architecture",
    "explain": "explain an error code, or where a value of a spec came from",
    "info": "list what a spec can name, with keys and defaults",
}

WELCOME = f"""mtlc {__version__}: a small language and compiler for multi-task models.

Try:
  mtlc check specs/tiny.mtl                # every mistake, at its place
  mtlc render specs/tiny.mtl -o tiny.svg   # the architecture as a picture
  mtlc run specs/tiny.mtl                  # train, evaluate, predict

`mtlc --help` lists all commands."""


def example_first(text: str) -> str:
    """A command's help with its example above what it does."""
    return "\n\n".join(sorted(text.split("\n\n"), key=lambda each: not each.lstrip().startswith("Example:")))


class Commands(click.Group):
    """Imports a command's file when the command is used, so that `check` never waits for torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"mtlc.cli.{name}_command").command
        command.help = example_first(command.help or "")
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        from mtlc.diagnostics import suggest

        if args and args[0] not in COMMANDS:
            guess = suggest(args[0], COMMANDS)
            hint = f" Did you mean `{guess}`?" if guess else ""
            ctx.fail(f"there is no command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="mtlc")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Example: mtlc run specs/tiny.mtl

    A small language and compiler for multi-task models.
    """
    if ctx.invoked_subcommand is None:
        click.echo(WELCOME)


def main(args: list[str] | None = None) -> None:
    """Run a command and exit.

    0 done, 1 spec wrong, 2 wrong usage, 3 environment, 4 run failed, 70 bug, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a sign shows another one
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = group.main(args, prog_name="mtlc", standalone_mode=False) or 0
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        from mtlc.training.launch import speaks

        if speaks():
            error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = 130
    except BrokenPipeError:  # `mtlc … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        from mtlc.cli.failures import said

        code = said(error)
    sys.exit(code)
