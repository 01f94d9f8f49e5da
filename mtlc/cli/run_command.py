"""`mtlc run`: train a spec, evaluate it once on the test split, write contact sheets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import count
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from mtlc.cli.options import Options, note, read_spec, shared
from mtlc.plan import plan
from mtlc.training.launch import place

if TYPE_CHECKING:
    from mtlc.training.report import Report


@contextmanager
def _as_one() -> Iterator[None]:
    """Where a launcher started several processes, they do this together, and only the first one says anything."""
    mine = place()
    if mine is None:
        yield
        return
    from mtlc.training.meeting import joined

    with joined():
        if mine.rank:  # until the process ends: errors are told by the first
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        yield


@click.command("run")
@click.argument("spec", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="The run folder; default runs/<spec>-<n>.")
@click.option(
    "--resume", type=click.Path(path_type=Path), metavar="DIR", help="Go on with the run in this folder."
)
@click.option(
    "--init",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Begin with the weights of this run (or checkpoint file) where steps and shapes are equal.",
)
@click.option(
    "--steps", type=click.IntRange(1), metavar="N", help="Takes the place of train.steps; cuts phases off."
)
@click.option("--device", default="auto", help="auto, cpu, cuda or cuda:N.")
@click.option(
    "--tensorboard", is_flag=True, help="Write event files for TensorBoard into the run folder too."
)
@click.option("--dry", is_flag=True, help="Take one step on the real data; evaluate nothing, keep nothing.")
@shared
@_as_one()
def command(
    spec: str | None,
    out: Path | None,
    resume: Path | None,
    init: Path | None,
    steps: int | None,
    device: str,
    tensorboard: bool,
    dry: bool,
    options: Options,
) -> None:
    """Train SPEC. Ctrl-C writes a checkpoint and ends; --resume goes on, bit for bit on a CPU.

    Example: mtlc run specs/rooms.mtl --set train.steps=100

    Several processes train together: `torchrun --nproc_per_node 2 -m mtlc run SPEC`, or `accelerate launch`.
    """
    if resume is not None and (out is not None or dry):
        raise click.UsageError("--resume goes on in its own folder: leave --out and --dry out")
    if resume is not None and init is not None:
        raise click.UsageError("--resume goes on with its own weights: leave --init out")
    if dry and (out is not None or tensorboard):
        raise click.UsageError("--dry keeps nothing: leave --out and --tensorboard out")
    if spec is None:
        if resume is None:
            raise click.UsageError("name a SPEC, or a run to --resume")
        spec = str(resume / "spec.mtl")
    if dry:
        _rehearse(spec, device, init, options)
        return
    folder = resume or out or _next_folder(spec)
    given = {"device": device, "resume": resume is not None, "steps": steps, "tensorboard": tensorboard}
    given["init"] = init
    _train(spec, folder, given, options)
    note(
        f"Next: mtlc report {quote(str(folder))}, or mtlc predict --run {quote(str(folder))} PHOTOS", options
    )


def _rehearse(spec: str, device: str, init: Path | None, options: Options) -> None:
    resolved, graph = read_spec(spec, options)
    from mtlc.lower import lower
    from mtlc.training.loop import rehearse

    told = reporter(options, live=False)
    rehearse(lower(plan(resolved, graph)), device=device, report=told, init=init)
    what = "a step of each phase works" if resolved.phases else "one step works"
    note(f"{what}; nothing was evaluated or kept. Next: mtlc run {quote(spec)}", options)


def _train(spec: str, folder: Path, given: dict[str, Any], options: Options) -> None:
    resolved, graph = read_spec(spec, options)
    from mtlc.lower import lower
    from mtlc.training.loop import train

    result = train(lower(plan(resolved, graph)), folder, report=reporter(options), **given)
    if result.interrupted:
        note(f"Next: mtlc run --resume {quote(str(folder))}", options)
        raise click.exceptions.Exit(130)


def reporter(options: Options, *, live: bool = True) -> Report:
    """How a run is told: JSON lines, a live line on a terminal (where wanted), or plain lines."""
    from mtlc.training import lines

    if options.format == "json":
        return lines.JsonLines()
    if options.verbose < 0:
        return lines.Lines(err=StringIO())
    if live and sys.stderr.isatty() and options.color != "never":
        from mtlc.training.live import Live

        return Live()
    return lines.Lines()


def _next_folder(spec: str) -> Path:
    name = "stdin" if spec == "-" else Path(spec).stem
    return next(path for n in count(1) if not (path := Path("runs") / f"{name}-{n}").exists())
