"""`mtlc fmt`: the canonical layout, comments kept."""

from __future__ import annotations

import difflib
import os
import tempfile
from pathlib import Path

import click

from mtlc.cli.failures import said
from mtlc.cli.options import Options, Unwritable, note, shared, show, source_of
from mtlc.diagnostics import Diagnostics
from mtlc.format import format as formatted
from mtlc.parse import parse
from mtlc.source import Source, SourceError


@click.command("fmt")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC…")
@click.option(
    "--check", "only_check", is_flag=True, help="Change nothing; exit 1 and print a diff if it would."
)
@shared
def command(specs: tuple[str, ...], only_check: bool, options: Options) -> None:
    """Put each SPEC into its canonical layout, in place (`-` writes to standard output).

    Example: mtlc fmt specs/*.mtl
    """
    code = 0
    for spec in specs:
        try:
            source = source_of(spec)
        except SourceError as error:
            code = max(code, said(error))
            continue
        found = Diagnostics()
        text = formatted(parse(source, found))
        if found.failed:  # laying out a text that was only half understood would lose the rest
            show(found, options, err=True)
            code = max(code, 1)
        elif only_check:
            code = max(code, _diff(source, text))
        elif spec == "-":
            click.echo(text, nl=False)
        elif text != source.text:
            _write(Path(spec).resolve(), text)
            note(f"formatted {spec}", options)
    raise click.exceptions.Exit(code)


def _diff(source: Source, text: str) -> int:
    lines = difflib.unified_diff(
        source.text.splitlines(keepends=True),
        text.splitlines(keepends=True),
        source.name,
        f"{source.name} (fmt)",
    )
    shown = "".join(lines)
    click.echo(shown, nl=False)
    return 1 if shown else 0


def _write(path: Path, text: str) -> None:
    """Replace the file in one move: a full disk leaves the old one."""
    name = ""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(name, path.stat().st_mode)
        os.replace(name, path)
    except OSError as error:
        if name:
            Path(name).unlink(missing_ok=True)
        raise Unwritable(path, error) from error
