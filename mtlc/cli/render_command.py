"""`mtlc render`: the architecture as SVG, PNG or DOT."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click

from mtlc.cli.options import Options, Unwritable, note, read_spec, shared
from mtlc.graph import TaskGraph
from mtlc.plan import plan
from mtlc.spec import Spec

if TYPE_CHECKING:
    from mtlc.render.serving import Serving

Level = Literal["spec", "graph", "gradients"]


@click.command("render")
@click.argument("spec")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="picture.svg, .png or .dot")
@click.option(
    "--level",
    type=click.Choice(get_args(Level)),
    default="graph",
    help="Parts as written, all steps, or which tasks the parameters of each step serve.",
)
@shared
def command(spec: str, out: Path, level: Level, options: Options) -> None:
    """Draw SPEC: tasks in colours, what is shared, links by stage, shapes on edges.

    Example: mtlc render specs/nyud_sgw.mtl -o nyud.svg
    """
    if out.suffix not in (".svg", ".png", ".dot"):
        raise click.UsageError(f"{out} ends in neither .svg, .png nor .dot")
    resolved, graph = read_spec(spec, options)
    from mtlc import render

    text = render.dot(graph, resolved, level, serving(resolved, graph) if level == "gradients" else None)
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


def serving(spec: Spec, graph: TaskGraph) -> Serving:
    from mtlc.analyse.gradients import backward, by_step, shared_sets
    from mtlc.analyse.partition import partition
    from mtlc.lower import attributes_of
    from mtlc.render.serving import Serving

    found = partition(plan(spec, graph))
    lines = tuple(backward(spec.gradients, found).splitlines())
    weighed = spec.gradients is not None
    return Serving(by_step(found, attributes_of(graph)), shared_sets(found), weighed, lines)
