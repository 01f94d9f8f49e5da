"""A data set for these tests: small random images with labels that follow from them, and planted faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
import torch.nn.functional as F

from mtlc import api
from mtlc.data.errors import DataError
from mtlc.data.sample import Sample
from mtlc.lower import Model
from mtlc.manifest import reading_labels
from mtlc.parts import data as parts
from mtlc.parts.data import Data, Label
from mtlc.parts.part import Size, key
from mtlc.source import Source

SIZE = Size(16, 24)
SHARP = 99.0
CLASSES = ("dark", "middle", "bright")
KINDS = {kind: kind for kind in reading_labels.KINDS}
NAMES = {
    "semseg": CLASSES,
    "human_parts": CLASSES,
    "tags": CLASSES,
    "classify": CLASSES,
    "regress": ("red", "green"),
}

SPEC = """
data rooms
shared encoder : tiny { width = 8 }
task all { decoder = linear(dim = 8) }
task semseg
task depth
balance equal
train {
  steps = 6
  batch = 4
  save = 2
}
"""


@dataclass(frozen=True)
class ToyPart(Data):
    """Blurred noise. Not registered: other tests look at the catalogue."""

    word: ClassVar[str] = "toy"
    module: ClassVar[str | None] = "toy:Toy"
    size: Size = key(SIZE, "height x width", low=16)
    images: int = key(8, "training images")
    val: int = key(0, "validation images")
    test: int = key(0, "test images")
    bare: tuple[str, ...] = key((), "labels that the images with an odd number lack")
    blank: tuple[str, ...] = key((), "labels that only the last image has")
    none: tuple[str, ...] = key((), "labels that no image of val and test has")
    poison: int = key(-1, "the image that has a pixel that is no number")
    spoilt: int = key(-1, "the image whose masks have a pixel that is no number")
    sharp: int = key(-1, "the image whose first depth is `SHARP`")
    broken: int = key(-1, "the image that cannot be read")
    damaged: tuple[int, ...] = key((), "further images that cannot be read, in every split")
    augment: tuple[parts.Augment, ...] = key((), "changes")
    labels_: parts.Protocol | None = key(None, "which labels images keep")

    def labels(self) -> Mapping[str, Label]:
        return {name: Label(kind, NAMES.get(name, ())) for name, kind in KINDS.items()}


class Toy:
    def __init__(self, part: ToyPart, split: str, wanted=None) -> None:
        self.part, self.split = part, split
        count = {"train": part.images, "val": part.val, "test": part.test}[split]
        self.ids = tuple(f"{split}-{i}" for i in range(count))
        self.labels = part.labels()

    @staticmethod
    def splits(part: ToyPart) -> tuple[str, ...]:
        return ("train", *(split for split in ("val", "test") if getattr(part, split)))

    def __len__(self) -> int:
        return len(self.ids)

    def labelled(self, label: str) -> frozenset[str]:
        return frozenset(id for i, id in enumerate(self.ids) if self._has(label, i))

    def load(self, index: int, change=None) -> Sample:
        if index == self.part.broken or index in self.part.damaged:
            raise DataError(f"the image of `{self.ids[index]}` is damaged", "replace it")
        seed = index + 1000 * ("train", "val", "test").index(self.split)
        noise = torch.rand(1, 3, 3, 4, generator=torch.Generator().manual_seed(seed))
        image = F.interpolate(noise, self.part.size, mode="bilinear")[0]
        labels = {name: _label(name, image) for name in KINDS if self._has(name, index)}
        if index == self.part.poison and self.split == "train":
            image[0, 3, 3] = torch.nan
        if index == self.part.spoilt and self.split == "train":
            labels["edges"][0, 3, 3] = labels["saliency"][0, 3, 3] = torch.nan
        if index == self.part.sharp and self.split == "train":
            labels["depth"][0, 0, 0] = SHARP
        sample = Sample(self.ids[index], image, labels, KINDS)
        return change(sample) if change else sample

    def _has(self, label: str, index: int) -> bool:
        blank = label in self.part.blank and index + 1 < len(self)
        none = label in self.part.none and self.split != "train"
        return not blank and not none and not (label in self.part.bare and index % 2)


def _label(name: str, image: torch.Tensor) -> torch.Tensor:
    bright, colours = image.mean(0), image.mean((1, 2))
    match name:
        case "semseg" | "human_parts":
            return (bright * 3).long().clamp(max=2)
        case "depth":
            return bright[None] + 1
        case "normals":
            return F.normalize(image - 0.5, dim=0)
        case "tags":
            return (colours > 0.5).float()
        case "classify":
            return colours.argmax()
        case "regress":
            return colours[:2]
    return (bright[None] > 0.5).float()


def toy(data: ToyPart | None = None, text: str = SPEC, **overrides: object) -> Model:
    """The built model of a spec on toy data; overrides are written as `train__steps=3`."""
    spec = api.load(
        Source("toy.mtl", text), {key.replace("__", "."): value for key, value in overrides.items()}
    )
    return api.build(replace(spec, data=data or ToyPart()))
