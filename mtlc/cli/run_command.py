"""`mtlc run`: train a spec, evaluate it once on the test split, write contact sheets."""

from __future__ import annotations

import sys
import tempfile
from io import StringIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtlc.cli.options import Options, note, read_spec, shared
from mtlc.plan import plan

if TYPE_CHECKING:
    from mtlc.training.report import Report


@click.command("run")
@click.argument("spec", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="The run folder; default runs/<spec>-<n>.")
@click.option(
    "--resume", type=click.Path(path_type=Path), metavar="DIR", help="Go on with the run in this folder."
)
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Takes the place of train.steps.")
@click.option("--device", default="auto", help="auto, cpu, cuda or cuda:N.")
@click.option("--dry", is_flag=True, help="Take one step on the real data, keep nothing.")
@shared
def command(
    spec: str | None,
    out: Path | None,
    resume: Path | None,
    steps: int | None,
    device: str,
    dry: bool,
    options: Options,
) -> None:
    """Train SPEC. Ctrl-C writes a checkpoint and ends; --resume goes on, bit for bit on a CPU.

    Example: mtlc run specs/rooms.mtl --set train.steps=100
    """
    if resume is not None and (out is not None or dry):
        raise click.UsageError("--resume goes on in its own folder: leave --out and --dry out")
    if spec is None:
        if resume is None:
            raise click.UsageError("name a SPEC, or a run to --resume")
        spec = str(resume / "spec.mtl")
    if dry:
        with tempfile.TemporaryDirectory() as gone:
            _train(spec, Path(gone) / "run", False, 1, device, options)
        note(f"one step works. Next: mtlc run {spec}", options)
        return
    folder = resume or out or _next_folder(spec)
    _train(spec, folder, resume is not None, steps, device, options)
    note(f"Next: mtlc predict --run {folder} PHOTOS", options)


def _train(spec: str, folder: Path, resume: bool, steps: int | None, device: str, options: Options) -> None:
    resolved, graph = read_spec(spec, options)
    from mtlc.lower import lower
    from mtlc.training.loop import train

    model = lower(plan(resolved, graph))
    result = train(model, folder, device=device, resume=resume, steps=steps, report=reporter(options))
    if result.interrupted:
        note(f"Next: mtlc run --resume {folder}", options)
        raise click.exceptions.Exit(130)


def reporter(options: Options) -> Report:
    """How a run is told: JSON lines, a live line on a terminal, or plain lines."""
    from mtlc.training import lines

    if options.format == "json":
        return lines.JsonLines()
    if options.verbose < 0:
        return lines.Lines(err=StringIO())
    if sys.stderr.isatty() and options.color != "never":
        from mtlc.training.live import Live

        return Live()
    return lines.Lines()


def _next_folder(spec: str) -> Path:
    name = "stdin" if spec == "-" else Path(spec).stem
    return next(path for n in count(1) if not (path := Path("runs") / f"{name}-{n}").exists())
