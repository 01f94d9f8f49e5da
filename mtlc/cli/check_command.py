"""`mtlc check`: all diagnostics of one or many specs, without torch."""

from __future__ import annotations

import os
import sys

import click

from mtlc import report
from mtlc.api import front
from mtlc.cli.options import Options, note, shared, show, source_of
from mtlc.diagnostics import Diagnostics


@click.command("check")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC…")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--github", is_flag=True, help="Write annotations for GitHub Actions.")
@shared
def command(specs: tuple[str, ...], strict: bool, github: bool, options: Options) -> None:
    """Show every mistake of each SPEC at its place (`-` reads standard input).

    Example: mtlc check specs/*.mtl
    """
    found = Diagnostics()
    for spec in specs:
        each = Diagnostics()
        front(source_of(spec), each, options.set, plugins=options.plugins)
        found.extend(each)
    if github or os.environ.get("GITHUB_ACTIONS") == "true":
        click.echo(report.github(found), nl=False)
    elif options.format == "json":
        click.echo(report.as_json(found))
    else:
        show(found, options, err=False)
    if options.format == "text":
        _conclude(specs, found, options)
    failed = found.failed or (strict and len(found) > 0)
    sys.stdout.flush()
    raise click.exceptions.Exit(1 if failed else 0)


def _conclude(specs: tuple[str, ...], found: Diagnostics, options: Options) -> None:
    if len(found):
        note(report.summary(found), options)
        codes = sorted({each.code for each in found})
        note(f"mtlc explain {codes[0]} tells more", options)
        return
    what = specs[0] if len(specs) == 1 else f"{len(specs)} specs"
    note(f"{what}: no mistakes. Next: mtlc compile {specs[0]}", options)
