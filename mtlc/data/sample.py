"""One image with the labels it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from mtlc.parts.data import Label

IGNORE = 255


@dataclass(frozen=True)
class Sample:
    """One image and its labels; those of its pixels are all of one height and width.

    `image` is float32 3×H×W, RGB in [0, 1]. `labels` holds what the image has, by label name; a label that
    it lacks is not in it. `kinds` says the kind of each label of the data set. By kind:

    | kind | tensor |
    |---|---|
    | semseg, human_parts | int64 H×W, 255 = ignore |
    | depth | float32 1×H×W in metres, 0 = not measured |
    | normals | float32 3×H×W, unit vectors (x right, y down, z into the scene), zero vector = absent |
    | edges, saliency | float32 1×H×W in {0, 1}, 255 = ignore |
    | tags | float32 C in {0, 1}, 255 = ignore |
    | classify | int64 without axes, -1 = absent |
    | regress | float32 C, NaN = absent |
    """

    id: str
    image: Tensor
    labels: Mapping[str, Tensor]
    kinds: Mapping[str, str]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.image.shape[-2], self.image.shape[-1]


Change = Callable[[Sample], Sample]


class Dataset(Protocol):
    """One split of a data set."""

    @property
    def ids(self) -> tuple[str, ...]:
        """One name for each image, in order."""

    @property
    def labels(self) -> Mapping[str, Label]:
        """The labels that its images may have, by name."""

    def __len__(self) -> int: ...

    def load(self, index: int, change: Change | None = None) -> Sample:
        """The sample at an index; `change` is applied before labels are derived from other labels.

        Raises `DataError`.
        """

    def labelled(self, label: str) -> frozenset[str]:
        """The ids of the images that have a label, found without decoding any."""
