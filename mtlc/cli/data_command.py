"""`mtlc data check` and `mtlc data show`: a data set opened once, told by file, and looked at."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from mtlc.cli.options import Options, note, read_spec, shared
from mtlc.cli.tasks import task_names
from mtlc.spec import Spec


@click.group("data")
def command() -> None:
    """Look at the data of a spec: `check` opens every file once, `show` draws some samples.

    Example: mtlc data check specs/ccp.mtl
    """


@command.command("check", short_help="Open every file once and tell what is wrong.")
@click.argument("spec")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the pictures go; default runs/<spec>-data.",
)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--no-pictures", is_flag=True, help="Draw nothing.")
@shared
def check(spec: str, out: Path | None, strict: bool, no_pictures: bool, options: Options) -> None:
    """Example: mtlc data check specs/ccp.mtl -o looks

    Open every image and label of SPEC once; tell by file what is wrong, and by task what there is to learn.
    Draws one picture a task, its labels over images. Exit 4 where the data has errors.
    """
    resolved, _ = read_spec(spec, options)
    from mtlc.cli.data_words import as_json, lines
    from mtlc.data.batch import Target
    from mtlc.data.inspection import inspect
    from mtlc.training.data_pictures import draw_labels
    from mtlc.training.failures import clear_data_errors

    with clear_data_errors():
        targets = [Target.of(task) for task in resolved.tasks.values()]
        names = {name: task.classes for name, task in resolved.tasks.items()}
        found = inspect(resolved.data, targets, names, Progress(options))
        pictures = (
            []
            if no_pictures
            else draw_labels(resolved.data, resolved.tasks, found.shown, out or _beside(spec))
        )
    if options.format == "json":
        click.echo(json.dumps(as_json(found, pictures), indent=2))
    else:
        click.echo("\n".join(lines(found, verbose=options.verbose > 0)))
        if pictures:
            note(f"pictures: {', '.join(map(str, pictures))}", options)
        else:
            note(f"Next: mtlc data show {spec} -o sheet.png", options)
    warned = any(each.level == "warning" for each in found.findings)
    raise click.exceptions.Exit(4 if found.failed or (strict and warned) else 0)


@command.command("show", short_help="Draw some samples with all their labels.")
@click.argument("spec")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="sheet.png")
@click.option("--split", type=click.Choice(["train", "val", "test"]), default="train", show_default=True)
@click.option("--count", type=click.IntRange(1, 64), default=6, show_default=True, help="Samples shown.")
@click.option("--tasks", metavar="A,B", help="Only the labels of these tasks.")
@shared
def show(spec: str, out: Path, split: str, count: int, tasks: str | None, options: Options) -> None:
    """Example: mtlc data show specs/rooms.mtl -o sheet.png

    Draw samples of SPEC, spread over a split: each photo and all its labels, as training reads them.
    """
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise click.UsageError(f"{out} ends in neither .png, .jpg nor .webp")
    resolved, _ = read_spec(spec, options)
    wanted = task_names(tasks, resolved.tasks)
    from mtlc.training.data_pictures import contact_sheets
    from mtlc.training.failures import clear_data_errors
    from mtlc.training.samples import save

    shown = {name: task for name, task in resolved.tasks.items() if wanted is None or name in wanted}
    with clear_data_errors():
        _refuse_split(resolved, split)
        save(contact_sheets(resolved.data, shown, split, count), out)
    note(f"wrote {out}", options)


def _refuse_split(spec: Spec, split: str) -> None:
    from mtlc.data.open import splits

    there = splits(spec.data)
    if split not in there:
        raise click.UsageError(f"the data has no split `{split}`; it has {', '.join(there)}")


def _beside(spec: str) -> Path:
    return Path("runs") / f"{'stdin' if spec == '-' else Path(spec).stem}-data"


class Progress:
    """A line on a terminal that counts images."""

    def __init__(self, options: Options) -> None:
        self.shown = sys.stderr.isatty() and options.verbose >= 0

    def __call__(self, split: str, done: int, images: int) -> None:
        if self.shown and (done % 20 == 0 or done == images):
            end = "\n" if done == images else ""
            click.echo(f"\r{split}: {done} of {images} images{end}", nl=False, err=True)
