"""`mtlc render`: the architecture as SVG, PNG or DOT."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from mtlc.cli.options import Options, Unwritable, note, read_spec, shared


@click.command("render")
@click.argument("spec")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="picture.svg, .png or .dot")
@click.option(
    "--level", type=click.Choice(["spec", "graph"]), default="graph", help="Parts as written, or all steps."
)
@shared
def command(spec: str, out: Path, level: Literal["spec", "graph"], options: Options) -> None:
    """Draw SPEC: tasks in colours, what is shared, links by stage, shapes on edges.

    Example: mtlc render specs/nyud_sgw.mtl -o nyud.svg
    """
    if out.suffix not in (".svg", ".png", ".dot"):
        raise click.UsageError(f"{out} ends in neither .svg, .png nor .dot")
    resolved, graph = read_spec(spec, options)
    from mtlc import render

    text = render.dot(graph, resolved, level)
    data = text.encode()
    if out.suffix == ".svg":
        data = render.svg(text).encode()
    elif out.suffix == ".png":
        data = render.png(text)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(data)
    except OSError as error:
        raise Unwritable(out, error) from error
    note(f"wrote {out}", options)
