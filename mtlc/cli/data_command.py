"""`mtlc data check` and `mtlc data show`: a data set opened once, told by file, and looked at."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from mtlc.cli.options import Options, note, read_spec, shared
from mtlc.cli.tasks import task_names
from mtlc.spec import Spec, Task, apart

if TYPE_CHECKING:
    from mtlc.data.inspect import Inspection


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
    from mtlc.data.inspect.between import between
    from mtlc.training.atomic import make_folder
    from mtlc.training.data_pictures import draw_labels
    from mtlc.training.failures import clear_data_errors

    sets, place = apart(resolved), out or _beside(spec)
    if not no_pictures:
        make_folder(place)
    with clear_data_errors():
        looked = {name: _looked(each, Progress(options, name)) for name, each in sets.items()}
        between(looked)
        pictures = {
            name: draw_labels(each.data, each.tasks, looked[name].shown, place / name)
            for name, each in sets.items()
            if not no_pictures
        }
    _tell(looked, pictures, spec, options)
    warned = any(each.level == "warning" for found in looked.values() for each in found.findings)
    failed = any(found.failed for found in looked.values())
    raise click.exceptions.Exit(4 if failed or (strict and warned) else 0)


def _looked(spec: Spec, told: Progress) -> Inspection:
    """What there is to say of a spec's one data set."""
    from mtlc.data.batch import Target
    from mtlc.data.inspect import inspect

    targets = [Target.of(task) for task in spec.tasks.values()]
    return inspect(spec.data, targets, {name: task.classes for name, task in spec.tasks.items()}, told)


def _tell(
    looked: Mapping[str, Inspection], pictures: Mapping[str, list[Path]], spec: str, options: Options
) -> None:
    """Of several data sets one after another, each under its name."""
    from mtlc.cli.data_words import as_json, lines

    if options.format == "json":
        said = {name: as_json(found, pictures.get(name, [])) for name, found in looked.items()}
        click.echo(json.dumps(said.get("", {"data": said}), indent=2))
        return
    for place, (name, found) in enumerate(looked.items()):
        head = ([""] if place else []) + ([f"data set {name}"] if name else [])
        click.echo("\n".join([*head, *lines(found, verbose=options.verbose > 0)]))
    drawn = [str(path) for paths in pictures.values() for path in paths]
    note(
        f"pictures: {', '.join(drawn)}" if drawn else f"Next: mtlc data show {quote(spec)} -o sheet.png",
        options,
    )


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
    Of several data sets each shows its share of them.
    """
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise click.UsageError(f"{out} ends in neither .png, .jpg nor .webp")
    resolved, _ = read_spec(spec, options)
    wanted = task_names(tasks, resolved.tasks)
    from mtlc.data.open import splits
    from mtlc.training.atomic import make_folder
    from mtlc.training.data_pictures import contact_sheets
    from mtlc.training.failures import clear_data_errors
    from mtlc.training.pictures import stacked
    from mtlc.training.samples import save

    with clear_data_errors():
        _refuse_split(resolved, split)
        make_folder(out.parent)
        sets = {name: each for name, each in apart(resolved).items() if split in splits(each.data)}
        most = -(-count // len(sets))
        sheets = [
            contact_sheets(each.data, _among(each.tasks, wanted), split, most, name)
            for name, each in sets.items()
        ]
        save(sheets[0] if len(sheets) == 1 else stacked(sheets), out)
    note(f"wrote {out}", options)


def _among(tasks: Mapping[str, Task], wanted: Collection[str] | None) -> dict[str, Task]:
    return {name: task for name, task in tasks.items() if wanted is None or name in wanted}


def _refuse_split(spec: Spec, split: str) -> None:
    from mtlc.data.open import splits

    there = splits(spec.data)
    if split not in there:
        raise click.UsageError(f"the data has no split `{split}`; it has {', '.join(there)}")


def _beside(spec: str) -> Path:
    return Path("runs") / f"{'stdin' if spec == '-' else Path(spec).stem}-data"


class Progress:
    """A line on a terminal that counts images."""

    def __init__(self, options: Options, name: str = "") -> None:
        self.name = name
        self.shown = sys.stderr.isatty() and options.verbose >= 0

    def __call__(self, split: str, done: int, images: int) -> None:
        if self.shown and (done % 20 == 0 or done == images):
            end = "\n" if done == images else ""
            what = f"{self.name} {split}".strip()
            click.echo(f"\r{what}: {done} of {images} images{end}", nl=False, err=True)
