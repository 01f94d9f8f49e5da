"""Contact sheets: an image beside what a model says of it and, where known, what is true."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from mtlc.data.batch import Target, collate
from mtlc.data.sample import Dataset
from mtlc.lower import Model
from mtlc.names import Names
from mtlc.parts.dense_tasks import Depth
from mtlc.plan import Plan
from mtlc.spec import Task
from mtlc.training.device import images_on
from mtlc.training.errors import unwritable
from mtlc.training.pictures import contact_sheet, panel, photo
from mtlc.training.pictures.colour import Span

MOST = 8


def write_samples(
    model: Model, dataset: Dataset, folder: Path, device: torch.device, without: Collection[str] = ()
) -> list[Path]:
    """At most eight sheets, from images spread evenly over a split, less those whose id is in `without`.

    Raises `RunError`, `DataError`.
    """
    targets = [Target.of(task) for task in model.plan.tasks.values()]
    written, names = [], Names()
    model.infer.eval()
    for index in spread([i for i, id in enumerate(dataset.ids) if id not in without], MOST):
        batch = collate([dataset.load(index)], targets)
        with torch.inference_mode():
            predictions = model.infer(images_on(batch.images, device))
        labels = {task: label[0] for task, label in batch.labels.items() if batch.present[task][0]}
        maps = {task: each[0] for task, each in predictions.items()}
        picture = sheet(model.plan, batch.images[0], maps, labels, batch.ids[0])
        written.append(save(picture, folder / f"{names.fresh(batch.ids[0].replace('/', '_'))}.png"))
    return written


def spread(indices: Sequence[int], most: int) -> list[int]:
    """At most so many of the indices, evenly spread."""
    count = min(most, len(indices))
    return [indices[len(indices) * i // count] for i in range(count)]


def sheet(
    plan: Plan,
    image: Tensor,
    predictions: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    title: str,
    caption: str = "",
) -> Image.Image:
    """One image (3×H×W), raw predictions of its size without batch axis, and the labels that it has."""
    panels = [
        panel(
            name,
            task.part.word,
            predictions[name],
            labels.get(name),
            names=task.classes,
            span=span_of(task),
        )
        for name, task in plan.tasks.items()
        if name in predictions
    ]
    return contact_sheet(photo(image), panels, title, caption)


def span_of(task: Task) -> Span | None:
    """Nearest and farthest depth that a task is about, as its `range` says: all its pictures share their colours."""
    if not isinstance(task.part, Depth) or task.part.range is None:
        return None
    near, far = task.part.range
    return near, far


def save(picture: Image.Image, path: Path) -> Path:
    """Write a picture, and the folder for it. Raises `RunError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    except OSError as error:
        raise unwritable(path, error) from None
    return path
