"""`mtlc eval`: the metrics of a trained run on one split."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mtlc.cli.options import Options, shared
from mtlc.cli.trained import trained


@click.command("eval")
@click.argument("spec", required=False)
@click.option("--run", "folder", type=click.Path(path_type=Path), metavar="DIR", help="A run folder.")
@click.option("--checkpoint", type=click.Path(path_type=Path), metavar="FILE", help="A model.safetensors.")
@click.option("--split", type=click.Choice(["train", "val", "test"]), default="test", show_default=True)
@click.option("--device", default="auto", help="auto, cpu, cuda or cuda:N.")
@shared
def command(
    spec: str | None, folder: Path | None, checkpoint: Path | None, split: str, device: str, options: Options
) -> None:
    """Measure a trained model: all metrics of all tasks. SPEC is only needed with --checkpoint of another place.

    Example: mtlc eval --run runs/rooms-1
    """
    model = trained(spec, folder, checkpoint, options)
    from mtlc.training import words
    from mtlc.training.evaluate import evaluate

    scores = evaluate(model, split, device=device)
    if options.format == "json":
        click.echo(json.dumps(scores.as_dict()))
    else:
        click.echo("\n".join(words.table(scores)))
