"""`mtlc new`: a starting spec and manifest for a folder of photos and labels."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from mtlc.cli.options import Options, Unwritable, note, shared
from mtlc.diagnostics import Diagnostics
from mtlc.format import format
from mtlc.parse import parse
from mtlc.source import Source

if TYPE_CHECKING:
    from mtlc.data.guess.folder import Found


@click.command("new")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("."),
    metavar="FOLDER",
    help="Where the two files go; default: here.",
)
@shared
def command(folder: Path, out: Path, options: Options) -> None:
    """Write a starting spec and manifest for the photos and labels in DIR, and say what was guessed.

    Knows a folder for each sort of file (images/ and masks/), one folder with endings (01_rgb.jpg, 01_depth.png),
    and both below train/, val/ and test/; tables of tags (.csv, .json) beside them. Overwrites nothing.

    Example: mtlc new photos_of_mine -o specs
    """
    name = re.sub(r"[^A-Za-z0-9_]+", "_", folder.resolve().name).strip("_") or "mine"
    spec, manifest = out / f"{name}.mtl", out / f"{name}.yaml"
    for each in (spec, manifest):
        if each.exists():
            raise click.UsageError(f"{each} is already there: choose another folder by -o, or move it away")
    from mtlc.data.guess import written
    from mtlc.data.guess.folder import understand
    from mtlc.training.failures import clear_data_errors

    with clear_data_errors():
        found = understand(folder)
    text = written.spec(found, _root(folder, out), manifest.name, f"`{folder.name}`")
    try:
        out.mkdir(parents=True, exist_ok=True)
        manifest.write_text(written.manifest(found, f"`{folder.name}`"), encoding="utf-8")
        spec.write_text(format(parse(Source(str(spec), text), Diagnostics())), encoding="utf-8")
    except OSError as error:
        raise Unwritable(out, error) from error
    _tell(found, spec, manifest, options)


def _root(folder: Path, out: Path) -> str:
    """The data's folder as the spec writes it: from the spec's own folder on, or absolute if that is shorter."""
    relative, absolute = os.path.relpath(folder.resolve(), out.resolve()), str(folder.resolve())
    return Path(absolute if len(relative) > len(absolute) else relative).as_posix()


def _tell(found: Found, spec: Path, manifest: Path, options: Options) -> None:
    if options.format == "json":
        labels = {each.name: {"kind": each.guess.kind, "why": each.guess.why} for each in found.labels}
        files = {"spec": str(spec), "manifest": str(manifest)}
        click.echo(json.dumps(files | {"labels": labels, "passed": dict(found.passed)}, indent=2))
        return
    click.echo(f"{found.count} images: {', '.join(found.images)}")
    for split, stated in found.splits.items():
        if isinstance(stated, str):
            click.echo(f"  {split}: the folder {stated}/")
        elif stated:
            click.echo(f"  {split}: the last {len(stated)} by name; say otherwise in the manifest")
    for each in found.labels:
        where = ", ".join(each.patterns) or each.table
        click.echo(f"{each.name}: {each.guess.kind}, from {where} ({each.guess.why})")
        if each.guess.look:
            click.echo(f"  look at {each.guess.look}")
    for pattern, why in found.passed:
        click.echo(f"left out: {pattern} ({why})")
    click.echo(f"wrote {spec} and {manifest}")
    note(
        f"Next: mtlc data check {quote(str(spec))}, look at its pictures, then mtlc run {quote(str(spec))}",
        options,
    )
