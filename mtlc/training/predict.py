"""What a model says of image files of any size: arrays, coloured maps, and one contact sheet an image."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, fx

from mtlc.data.errors import DataError
from mtlc.data.files import fitted, read_image
from mtlc.lower import Model
from mtlc.names import Names
from mtlc.parts.tasks import likeness
from mtlc.plan import Plan
from mtlc.spec import Task
from mtlc.training.atomic import make_folder
from mtlc.training.device import choose, images_on, placed
from mtlc.training.errors import USAGE, RunError, unwritable
from mtlc.training.failures import clear_model_errors
from mtlc.training.find_images import find_images
from mtlc.training.finish import finish, resized
from mtlc.training.pictures import colour
from mtlc.training.samples import save, sheet, span_of

LONGEST = 640  # a sheet shows no more pixels of an image's longer side


@dataclass(frozen=True)
class Prediction:
    """One image (its own size, RGB, upright) and the raw predictions by task, without batch axis.

    Maps of dense tasks are at the size at which they were computed.
    """

    path: Path
    image: Image.Image
    raw: Mapping[str, Tensor]
    plan: Plan

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The finished result of every task at the image's own size; see `finish`."""
        size = (self.image.height, self.image.width)
        return {task: finish(self.plan.tasks[task].part.word, each, size) for task, each in self.raw.items()}


@dataclass(frozen=True)
class Failure:
    """An image that could not be read or computed, and why."""

    path: Path
    reason: str


def predict(
    model: Model,
    paths: Iterable[Path | str],
    *,
    tasks: Iterable[str] | None = None,
    native: bool = False,
    device: str = "auto",
) -> Iterator[Prediction | Failure]:
    """Predict for image files and folders of them, one after another, with the weights that the model has.

    An image is resized to the `size` of the data, as in training; `native` computes at its own size instead.
    A bad image gives a `Failure` and the others go on. Raises `RunError` for an unknown task, path or device.
    """
    images, where = find_images(paths), choose(device)
    placed(model.train, where)
    module = _slice(model, tasks).eval()
    for path in images:
        yield _one(model, module, path, native, where)


def predict_to(
    model: Model,
    paths: Iterable[Path | str],
    out: Path | str,
    *,
    tasks: Iterable[str] | None = None,
    native: bool = False,
    device: str = "auto",
    told: Callable[[Path | Failure], None] = lambda each: None,
) -> tuple[list[Path], list[Failure]]:
    """Predict into a folder; the contact sheets written, and the images that failed.

    Image `photo.jpg` gives `photo_sheet.png` and, in `photo/`, for each task `TASK.npy` and `TASK.png`, or
    `TASK.json` with names where it is of the whole image. `told` hears of each as it is done. Raises
    `RunError` where nothing can be written.
    """
    make_folder(Path(out))
    names, sheets, failures = Names(), list[Path](), list[Failure]()
    for each in predict(model, paths, tasks=tasks, native=native, device=device):
        if isinstance(each, Failure):
            failures.append(each)
            told(each)
        else:
            sheets.append(write(each, Path(out), names.fresh(each.path.stem)))
            told(sheets[-1])
    return sheets, failures


def write(prediction: Prediction, out: Path, name: str) -> Path:
    """Write one image's results; gives the contact sheet's path. Raises `RunError`."""
    folder = out / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for task, array in prediction.arrays().items():
            _write_task(prediction, task, array, folder)
    except OSError as error:
        raise unwritable(folder, error) from None
    return save(_sheet(prediction), out / f"{name}_sheet.png")


def _one(
    model: Model, module: fx.GraphModule, path: Path, native: bool, device: torch.device
) -> Prediction | Failure:
    try:
        image = read_image(path)
        size = (image.height, image.width) if native else tuple(model.plan.data.size)
        pixels = _tensor(fitted(image, (size[0], size[1])))
        with clear_model_errors(model, lambda: f"the prediction for `{path}`"), torch.inference_mode():
            outputs = module(images_on(pixels[None], device))
    except (DataError, RunError) as error:
        return Failure(path, error.message)
    return Prediction(
        path, image, {task: each[0].float().cpu() for task, each in outputs.items()}, model.plan
    )


def _slice(model: Model, tasks: Iterable[str] | None) -> fx.GraphModule:
    if tasks is None:
        return model.infer
    try:
        return model.slice(tasks)
    except KeyError as error:
        raise RunError(str(error.args[0]), "name some of them by `--tasks`", USAGE) from None


def _write_task(prediction: Prediction, task: str, array: NDArray[Any], folder: Path) -> None:
    found = prediction.plan.tasks[task]
    np.save(folder / f"{task}.npy", array)
    if not found.part.dense:
        named = {name: float(f"{p:.6g}") for name, p in zip(found.classes, array, strict=True)}
        (folder / f"{task}.json").write_text(json.dumps(named, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return
    save(Image.fromarray(_coloured(found, array)), folder / f"{task}.png")


def _coloured(task: Task, array: NDArray[Any]) -> NDArray[np.uint8]:
    """A finished map in colours: class ids and probabilities are what a label is."""
    kind = task.part.word
    is_classes = likeness(kind) == "semseg"
    value = torch.from_numpy(array.astype(np.int32 if is_classes else np.float32))
    if is_classes:
        return colour(kind, value, label=True)
    value = value.movedim(-1, 0) if kind == "normals" else value[None]
    return colour(kind, value, label=kind != "depth", span=span_of(task))


def _sheet(prediction: Prediction) -> Image.Image:
    """At the size of the image, or of what fits on a sheet."""
    image = prediction.image
    scale = min(1.0, LONGEST / max(image.size))
    size = (max(1, round(image.height * scale)), max(1, round(image.width * scale)))
    plan = prediction.plan
    raw = {t: resized(each, size) if plan.tasks[t].part.dense else each for t, each in prediction.raw.items()}
    own = f"{image.width} x {image.height}"
    return sheet(plan, _tensor(fitted(image, size)), raw, {}, prediction.path.name, own)


def _tensor(pixels: Tensor) -> Tensor:
    return pixels.permute(2, 0, 1).float() / 255
