"""Random changes of training samples that keep every kind of label right.

Each transform is called with a sample and a random generator and gives a new sample. Images are resized
bilinearly with antialiasing, labels by nearest neighbour; what lies outside the image is padded with the
label's "no label" value, and with the image's mean colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from random import Random
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from mtlc.data.encode import nearest
from mtlc.data.sample import Sample
from mtlc.parts.data import Augment
from mtlc.parts.tasks import form

Transform = Callable[[Sample, Random], Sample]

_GREY = (0.299, 0.587, 0.114)
_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


def transform(part: Augment) -> Transform:
    """What an entry of `augment` does: the class its `module` names, else the one of its name here."""
    module, _, name = (part.module or f"{__name__}:{type(part).__name__}").partition(":")
    return cast(Transform, getattr(import_module(module), name)(**part.arguments(())))


@dataclass(frozen=True)
class Flip:
    """Mirror a share of the samples left and right. The x of normals changes sign."""

    share: float

    def __call__(self, sample: Sample, rng: Random) -> Sample:
        return mirror(sample) if rng.random() < self.share else sample


@dataclass(frozen=True)
class Scale:
    """Zoom by a factor drawn uniformly from [min, max], then crop to the size or pad up to it at random."""

    min: float
    max: float

    def __call__(self, sample: Sample, rng: Random) -> Sample:
        factor = rng.uniform(self.min, self.max)
        height, width = sample.size
        if factor >= 1:
            return _window(sample, 1 / factor, rng)
        small = (max(1, round(height * factor)), max(1, round(width * factor)))
        top, left = rng.randint(0, height - small[0]), rng.randint(0, width - small[1])
        return pad(resize(sample, small), sample.size, top, left)


@dataclass(frozen=True)
class Crop:
    """Take a window whose sides are a share, drawn uniformly from [min, 1], of the image's; resize it to the
    size."""

    min: float

    def __call__(self, sample: Sample, rng: Random) -> Sample:
        return _window(sample, rng.uniform(self.min, 1), rng)


@dataclass(frozen=True)
class Jitter:
    """Multiply brightness, contrast and saturation by factors drawn from 1 ± strength; turn the hue by up to
    ± strength / 4 of a full turn (a rotation in YIQ). Labels stay."""

    strength: float

    def __call__(self, sample: Sample, rng: Random) -> Sample:
        brightness, contrast, saturation = (1 + self.strength * rng.uniform(-1, 1) for _ in range(3))
        image = sample.image * brightness
        image = _from_mean(image, _grey(image).mean(), contrast)
        image = _from_mean(image, _grey(image), saturation)
        image = turn_hue(image, self.strength / 4 * rng.uniform(-1, 1))
        return replace(sample, image=image.clamp(0, 1))


def mirror(sample: Sample) -> Sample:
    """Left and right exchanged."""
    labels = {name: _mirrored(label, sample.kinds[name]) for name, label in sample.labels.items()}
    return replace(sample, image=sample.image.flip(-1), labels=labels)


def crop(sample: Sample, top: int, left: int, height: int, width: int) -> Sample:
    """The window of a sample, in pixels."""

    def cut(tensor: Tensor) -> Tensor:
        return tensor[..., top : top + height, left : left + width]

    return _dense(replace(sample, image=cut(sample.image)), lambda label, kind: cut(label))


def resize(sample: Sample, size: tuple[int, int]) -> Sample:
    """Every pixel at another height and width; depth is divided by the zoom (the mean one of both sides)."""
    if size == sample.size:
        return sample
    height, width = sample.size
    zoom = math.sqrt(size[0] * size[1] / (height * width))
    image = F.interpolate(sample.image[None], size, mode="bilinear", antialias=True)[0].clamp(0, 1)

    def change(label: Tensor, kind: str) -> Tensor:
        near = nearest(label, size)
        return near / zoom if kind == "depth" else near

    return _dense(replace(sample, image=image), change)


def pad(sample: Sample, size: tuple[int, int], top: int, left: int) -> Sample:
    """The sample as part of a larger one, its corner at (top, left); around it is no label."""
    height, width = sample.size
    sides = (left, size[1] - width - left, top, size[0] - height - top)
    colour = sample.image.mean(dim=(1, 2), keepdim=True)
    image = colour.expand(3, *size).clone()
    image[:, top : top + height, left : left + width] = sample.image
    return _dense(
        replace(sample, image=image), lambda label, kind: F.pad(label, sides, value=form(kind).fill)
    )


def turn_hue(image: Tensor, turn: float) -> Tensor:
    """Rotate the colour plane of YIQ by a share of a full turn; brightness (Y) stays."""
    c, s = math.cos(2 * math.pi * turn), math.sin(2 * math.pi * turn)
    to = torch.tensor(_YIQ, dtype=torch.float64)
    turned = torch.tensor([[1, 0, 0], [0, c, -s], [0, s, c]], dtype=torch.float64)
    matrix = torch.linalg.inv(to) @ turned @ to
    return torch.einsum("ij,jhw->ihw", matrix.to(image.dtype), image)


def _window(sample: Sample, share: float, rng: Random) -> Sample:
    size = sample.size
    height, width = max(1, round(size[0] * share)), max(1, round(size[1] * share))
    top, left = rng.randint(0, size[0] - height), rng.randint(0, size[1] - width)
    return resize(crop(sample, top, left, height, width), size)


def _dense(sample: Sample, change: Callable[[Tensor, str], Tensor]) -> Sample:
    """Change every label that has pixels; what is said of the whole image stays."""
    pairs = ((name, label, sample.kinds[name]) for name, label in sample.labels.items())
    labels = {name: change(label, kind) if form(kind).dense else label for name, label, kind in pairs}
    return replace(sample, labels=labels)


def _mirrored(label: Tensor, kind: str) -> Tensor:
    if not form(kind).dense:
        return label
    if kind == "normals":
        return label.flip(-1) * torch.tensor([-1.0, 1.0, 1.0])[:, None, None]
    return label.flip(-1)


def _grey(image: Tensor) -> Tensor:
    return torch.einsum("i,ihw->hw", torch.tensor(_GREY), image)


def _from_mean(image: Tensor, mean: Tensor, factor: float) -> Tensor:
    return mean + factor * (image - mean)
