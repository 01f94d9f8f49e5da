"""A data set in memory whose samples show their index, for tests of what reads data sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from mtlc.data.errors import DataError
from mtlc.data.sample import Change, Sample
from mtlc.parts.data import Label

LABELS: Mapping[str, Label] = {
    "parts": Label("semseg", ("a", "b")),
    "depth": Label("depth"),
    "tags": Label("tags", ("x", "y", "z")),
}
KINDS = {name: label.kind for name, label in LABELS.items()}


@dataclass(frozen=True)
class Made:
    """`has(label, index)` says which labels an image has; image `broken` cannot be read."""

    count: int
    has: Callable[[str, int], bool] = lambda label, index: True
    broken: int = -1

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(f"i{index:03d}" for index in range(self.count))

    @property
    def labels(self) -> Mapping[str, Label]:
        return LABELS

    def __len__(self) -> int:
        return self.count

    def labelled(self, label: str) -> frozenset[str]:
        return frozenset(id for index, id in enumerate(self.ids) if self.has(label, index))

    def load(self, index: int, change: Change | None = None) -> Sample:
        if index == self.broken:
            raise DataError(f"`{self.ids[index]}` is damaged", "replace it")
        columns = torch.arange(6).expand(4, 6)
        every = {
            "parts": columns % 2,
            "depth": (1.0 + columns)[None],
            "tags": torch.tensor([1.0, 0.0, 0.0]),
        }
        labels = {name: label for name, label in every.items() if self.has(name, index)}
        image = torch.full((3, 4, 6), index / 100) + columns / 1000
        sample = Sample(self.ids[index], image, labels, KINDS)
        return change(sample) if change else sample
