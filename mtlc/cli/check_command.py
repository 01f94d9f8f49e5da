"""`mtlc check`: all diagnostics of one or many specs, without torch."""

from __future__ import annotations

import os
import sys
from shlex import quote

import click

from mtlc import report
from mtlc.api import front
from mtlc.cli.failures import said
from mtlc.cli.options import Options, note, shared, show, source_of
from mtlc.diagnostics import Diagnostics
from mtlc.source import Source, SourceError


@click.command("check")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC…")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--github", is_flag=True, help="Write annotations for GitHub Actions.")
@shared
def command(specs: tuple[str, ...], strict: bool, github: bool, options: Options) -> None:
    """Show every mistake of each SPEC at its place (`-` reads standard input).

    Example: mtlc check specs/*.mtl
    """
    github = github or os.environ.get("GITHUB_ACTIONS") == "true"
    found, unreadable = Diagnostics(), list[SourceError]()
    for spec in specs:
        each = Diagnostics()
        try:
            front(source_of(spec), each, options.set, plugins=options.plugins)
        except SourceError as error:
            unreadable.append(error)
            if github or options.format == "json":  # a program gets it like any other mistake
                each.error("MTL001", str(error), Source(error.name, "").span(0, 0), hint=error.hint)
        found.extend(each)
    if github:
        click.echo(report.github(found), nl=False)
    elif options.format == "json":
        click.echo(report.as_json(found))
    else:
        show(found, options, err=False)
    sys.stdout.flush()
    for each_error in unreadable:
        said(each_error)
    if options.format == "text" and not (unreadable and not len(found)):
        _conclude(specs, found, options)
    failed = found.failed or (strict and len(found) > 0)
    raise click.exceptions.Exit(2 if unreadable else 1 if failed else 0)


def _conclude(specs: tuple[str, ...], found: Diagnostics, options: Options) -> None:
    if len(found):
        note(report.summary(found), options)
        codes = sorted({each.code for each in found})
        note(f"mtlc explain {codes[0]} tells more", options)
        return
    what = specs[0] if len(specs) == 1 else f"{len(specs)} specs"
    note(f"{what}: no mistakes. Next: mtlc compile {quote(specs[0])}", options)
