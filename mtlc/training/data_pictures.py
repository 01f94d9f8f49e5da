"""Pictures of a data set: each task's labels drawn over its images, and contact sheets of whole samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from mtlc.data.batch import Batch, Target, collate
from mtlc.data.errors import DataError
from mtlc.data.open import open_data
from mtlc.data.sample import Dataset
from mtlc.parts.data import Data
from mtlc.parts.tasks import form, likeness
from mtlc.spec import Task
from mtlc.training.errors import FAILED, RunError
from mtlc.training.pictures import (
    colour,
    contact_sheet,
    gallery,
    label_panel,
    legend,
    overlay,
    photo,
    said,
    stacked,
)
from mtlc.training.pictures.colour import Picture, Span, depth_span
from mtlc.training.samples import save, span_of, spread

MOST = 12
MARK = np.array((255, 96, 0), np.uint8)  # what a mask is drawn in
Bits = NDArray[np.bool_]
FAINT = 0.35  # of a photo that shows no label


def draw_labels(
    part: Data, tasks: Mapping[str, Task], shown: Mapping[str, Sequence[tuple[str, int]]], folder: Path
) -> list[Path]:
    """One picture a task: its labels over at most twelve of the images in `shown` (a split and an index).

    Raises `RunError` where it cannot be written.
    """
    opened: dict[str, Dataset] = {}
    return [
        save(
            _drawn(task, [_batch(part, task, each, opened) for each in _spread(shown[name])]),
            folder / f"{name}.png",
        )
        for name, task in tasks.items()
        if shown.get(name)
    ]


def contact_sheets(
    part: Data, tasks: Mapping[str, Task], split: str, most: int, name: str = ""
) -> Image.Image:
    """Some samples of a split, evenly spread, below one another: the photo, then each label that it has.

    `name` is that of one of several data sets, and stands in each title. Samples that cannot be read are
    passed over. Raises `RunError` where none can be.
    """
    data = open_data(part, split, {task.label for task in tasks.values()})
    sheets = []
    for index in spread(range(len(data)), most):
        try:
            sample = data.load(index)
        except DataError as error:
            problem = error
            continue
        batch = collate([sample], [Target.of(task) for task in tasks.values()])
        panels = [
            label_panel(name, task.part.word, batch.labels[name][0], names=task.classes, span=span_of(task))
            for name, task in tasks.items()
            if batch.present[name][0]
        ]
        title = f"{name}/{sample.id}" if name else sample.id
        sheets.append(contact_sheet(photo(sample.image), panels, title, split))
    if not sheets:
        raise RunError(f"no sample of `{split}` can be read: {problem.message}", problem.hint, FAILED)
    return stacked(sheets)


def _spread(places: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    return [places[index] for index in spread(range(len(places)), MOST)]


def _batch(part: Data, task: Task, place: tuple[str, int], opened: dict[str, Dataset]) -> tuple[str, Batch]:
    split, index = place
    if split not in opened:
        opened[split] = open_data(part, split)
    return split, collate([opened[split].load(index)], [Target.of(task)])


def _drawn(task: Task, batches: Sequence[tuple[str, Batch]]) -> Image.Image:
    kind, names = task.part.word, task.classes
    labels = [batch.labels[task.name][0] for _, batch in batches]
    span = span_of(task) or (depth_span(*labels, label=True) if likeness(kind) == "depth" else None)
    cells = []
    for (split, batch), label in zip(batches, labels, strict=True):
        picture, words = photo(batch.images[0]), split
        if form(kind).dense:
            picture = over(picture, kind, label, span)
        else:
            words = ", ".join(said(kind, label, names)) or "nothing"
        cells.append((picture, batch.ids[0], words))
    key = legend(kind, labels, names, span) if form(kind).dense and not _is_mask(kind) else legend("", [], ())
    title = task.name if task.name == kind else f"{task.name}: {kind}"
    return gallery(cells, key, title, _reading(kind, labels))


def _is_mask(kind: str) -> bool:
    return likeness(kind) in ("edges", "saliency")


def _reading(kind: str, labels: Sequence[Tensor]) -> str:
    if not form(kind).dense:
        return "below each photo, what its label says"
    unknown = not all(_known(kind, each)[0].all() for each in labels)
    told = ["orange where the label is 1"] * _is_mask(kind) + ["pale where nothing is known"] * unknown
    return "; ".join(told) or "labels over their photos"


def over(picture: Picture, kind: str, label: Tensor, span: Span | None) -> Picture:
    """A label over its photo; where nothing is known the photo is pale."""
    known, there = _known(kind, label)
    colours = (
        np.broadcast_to(MARK, picture.shape) if _is_mask(kind) else colour(kind, label, label=True, span=span)
    )
    pale = overlay(np.full_like(picture, 255), picture, FAINT)
    drawn = np.where(there[..., None], overlay(picture, colours, 0.65), picture)
    return np.where(known[..., None], drawn, pale)


def _known(kind: str, label: Tensor) -> tuple[Bits, Bits]:
    """H×W: where the label knows something, and where it is drawn."""
    if likeness(kind) == "normals":
        known = label.norm(dim=0) > 0
    elif likeness(kind) == "depth":
        known = label[0] > 0
    elif _is_mask(kind):
        return (label[0] <= 1).numpy(), (label[0] == 1).numpy()
    else:
        known = label != form(kind).fill
    return known.numpy(), known.numpy()
