"""Further views of a batch: a window of each image with colours of its own, and the labels that go with it.

Views as in Joint-Task Regularization (Nishi et al., CVPR 2024): a random window of 1/zoom of both sides is resized to
the whole size, depth is divided by the zoom, and two operations of RandAugment (Cubuk et al., 2020) that leave
geometry alone change the colours, with a magnitude below 6 of 31.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import torch
import torch.nn.functional as F
from torch import Tensor

from mtlc.data.batch import Batch
from mtlc.data.sample import Sample
from mtlc.data.transforms import crop, resize
from mtlc.nn.operators import declare_missing_operators
from mtlc.parts.tasks import form

declare_missing_operators()
from torchvision.transforms.v2 import functional as colours  # noqa: E402

BINS, BELOW, OPERATIONS = (
    31,
    6,
    2,
)  # of RandAugment: magnitudes, those that are drawn from, operations for an image


@dataclass(frozen=True)
class Window:
    """A part of an image, in pixels."""

    top: int
    left: int
    height: int
    width: int

    @staticmethod
    def draw(size: tuple[int, int], zooms: Sequence[float], rng: Random) -> Window:
        """1/zoom of both sides, anywhere."""
        share = 1 / rng.choice(list(zooms))
        height, width = (max(1, round(side * share)) for side in size)
        return Window(rng.randint(0, size[0] - height), rng.randint(0, size[1] - width), height, width)

    def of(self, sample: Sample) -> Sample:
        """This part of a sample, at the sample's size."""
        return resize(crop(sample, self.top, self.left, self.height, self.width), sample.size)

    def of_prediction(self, prediction: Tensor, kind: str) -> Tensor:
        """This part of a dense prediction C×H×W, at its size."""
        size = prediction.shape[-2:]
        part = prediction[..., self.top : self.top + self.height, self.left : self.left + self.width]
        near = F.interpolate(part[None], size, mode="bilinear", align_corners=False)[0]
        zoom = math.sqrt(size[0] * size[1] / (self.height * self.width))
        return near / zoom if kind == "depth" else near


def view(
    batch: Batch, kinds: Mapping[str, str], zooms: Sequence[float], seed: str
) -> tuple[Batch, list[Window]]:
    """Another view of each sample, and the window that it is. `kinds` are those of the tasks.

    What is drawn for a sample depends on `seed` and its id alone, not on which others are beside it.
    """
    samples, windows = [], []
    for row, id in enumerate(batch.ids):
        rng = Random(f"{seed}/{id}")
        sample = Sample(
            id, batch.images[row], {task: each[row] for task, each in batch.labels.items()}, kinds
        )
        windows.append(Window.draw(sample.size, zooms, rng))
        seen = windows[-1].of(sample)
        samples.append((recolour(seen.image, rng), seen.labels))
    labels = {task: torch.stack([found[task] for _, found in samples]) for task in batch.labels}
    return Batch(torch.stack([image for image, _ in samples]), batch.ids, labels, batch.present), windows


def of_predictions(predictions: Tensor, windows: Sequence[Window], kind: str) -> Tensor:
    """What was predicted for B images brought to a window of each; what is said of an image as a whole stays."""
    if not form(kind).dense:
        return predictions
    rows = zip(predictions, windows, strict=True)
    return torch.stack([window.of_prediction(row, kind) for row, window in rows])


def recolour(image: Tensor, rng: Random) -> Tensor:
    """Two operations, drawn at random, change the colours of an image 3×H×W in [0, 1]."""
    for _ in range(OPERATIONS):
        operation, magnitude = rng.choice(_OPERATIONS), rng.randrange(BELOW)
        image = operation(image, magnitude / (BINS - 1), rng.choice((-1, 1))).clamp(0, 1)
    return image


_Operation = Callable[[Tensor, float, int], Tensor]


def _factor(change: Callable[[Tensor, float], Tensor]) -> _Operation:
    """By up to 0.9 more or less than what is there, at the largest magnitude."""
    return lambda image, strength, sign: change(image, 1 + sign * 0.9 * strength)


_OPERATIONS: tuple[_Operation, ...] = (
    lambda image, strength, sign: image,
    _factor(colours.adjust_brightness),
    _factor(colours.adjust_saturation),
    _factor(colours.adjust_contrast),
    _factor(colours.adjust_sharpness),
    lambda image, strength, sign: colours.posterize(image, 8 - round(4 * strength)),
    lambda image, strength, sign: colours.solarize(image, 1 - strength),
    lambda image, strength, sign: colours.autocontrast(image),
    lambda image, strength, sign: colours.equalize(image),
)
