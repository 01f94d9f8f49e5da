"""`mtlc predict`: images in, maps out."""

from __future__ import annotations

from pathlib import Path

import click

from mtlc.cli.options import Options, note, shared
from mtlc.cli.tasks import task_names
from mtlc.cli.trained import trained


@click.command("predict")
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IMAGE…")
@click.option("--run", "folder", type=click.Path(path_type=Path), metavar="DIR", help="A run folder.")
@click.option("--checkpoint", type=click.Path(path_type=Path), metavar="FILE", help="A model.safetensors.")
@click.option("-o", "--out", type=click.Path(path_type=Path), default=Path("predictions"), show_default=True)
@click.option("--tasks", metavar="A,B", help="Only these tasks.")
@click.option("--native", is_flag=True, help="Compute at each image's own size, not at the spec's.")
@click.option("--device", default="auto", help="auto, cpu, cuda or cuda:N.")
@shared
def command(
    images: tuple[Path, ...],
    folder: Path | None,
    checkpoint: Path | None,
    out: Path,
    tasks: str | None,
    native: bool,
    device: str,
    options: Options,
) -> None:
    """Predict every IMAGE (files or folders): coloured maps, raw arrays, and one contact sheet per image.

    Example: mtlc predict photos/ --run runs/rooms-1 -o maps
    """
    model = trained(None, folder, checkpoint, options)
    from mtlc.training.predict import Failure, predict_to

    def told(each: Path | Failure) -> None:
        if isinstance(each, Failure):
            where = "" if str(each.path) in each.reason else f"{each.path}: "
            click.echo(f"error: {where}{each.reason}", err=True)
        else:
            click.echo(each)

    wanted = task_names(tasks, model.plan.infer.outputs)
    sheets, failures = predict_to(model, images, out, tasks=wanted, native=native, device=device, told=told)
    note(f"wrote the maps of {len(sheets)} of {len(sheets) + len(failures)} images to {out}", options)
    raise click.exceptions.Exit(4 if failures else 0)
