"""The options that every command shares, and reading a spec with them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from mtlc import report
from mtlc.api import front
from mtlc.diagnostics import Diagnostics
from mtlc.graph import TaskGraph
from mtlc.source import Source, decode, load
from mtlc.spec import Spec

F = TypeVar("F", bound=Callable[..., Any])


class Unwritable(click.ClickException):
    """A place on disk, given on the command line, that cannot be written."""

    def __init__(self, path: Path, error: OSError) -> None:
        reason = (error.strerror or str(error)).lower()
        super().__init__(f"cannot write `{path}`: {reason}; choose another place, or make room there")


@dataclass(frozen=True)
class Options:
    """What the shared options say. `set` are the overrides, `verbose` is -1, 0 or 1."""

    set: tuple[str, ...] = ()
    format: str = "text"
    color: str = "auto"
    verbose: int = 0
    plugins: bool = True

    def coloured(self, stream: Any) -> bool:
        if self.color != "auto":
            return self.color == "always"
        return not os.environ.get("NO_COLOR") and bool(getattr(stream, "isatty", bool)())


def shared(command: F) -> F:
    """Add the shared options; the command gets them as one `options`."""

    def wrapped(*args: Any, **given: Any) -> Any:
        verbose = bool(given.pop("verbose")) - bool(given.pop("quiet"))
        own = {name: given.pop(name) for name in ("set", "format", "color", "plugins")}
        return command(*args, options=Options(verbose=verbose, **own), **given)

    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong and what was asked for."),
        click.option(
            "--plugins/--no-plugins", default=True, help="Run the Python files a spec names, or refuse."
        ),
        click.option(
            "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours."
        ),
        click.option(
            "--format", type=click.Choice(["text", "json"]), default="text", help="For people or programs."
        ),
        click.option(
            "--set", "set", multiple=True, metavar="PATH=VALUE", help="Change a value, e.g. train.steps=3."
        ),
    ):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def source_of(path: str) -> Source:
    """The text of a SPEC argument; `-` is standard input."""
    return decode("<stdin>", sys.stdin.buffer.read()) if path == "-" else load(path)


def read_spec(path: str | Source, options: Options) -> tuple[Spec, TaskGraph]:
    """The spec and its graph; prints diagnostics on stderr and exits with 1 where there is an error."""
    diagnostics = Diagnostics()
    source = source_of(path) if isinstance(path, str) else path
    found = front(source, diagnostics, options.set, plugins=options.plugins)
    show(diagnostics, options, err=True)
    if found is None:
        raise click.exceptions.Exit(1)
    return found


def show(diagnostics: Diagnostics, options: Options, *, err: bool) -> None:
    """Print diagnostics: frames, or one JSON object when that was asked for."""
    if not len(diagnostics):
        return
    stream = sys.stderr if err else sys.stdout
    if options.format == "json":
        click.echo(report.as_json(diagnostics), err=err)
    else:
        colour = options.coloured(stream)  # said to click as well, which would take it out of a pipe
        click.echo(report.text(diagnostics, colour=colour), err=err, color=colour)


def note(text: str, options: Options) -> None:
    """A line for the person at the terminal: stderr, and not with -q."""
    if options.verbose >= 0:
        click.echo(text, err=True)
