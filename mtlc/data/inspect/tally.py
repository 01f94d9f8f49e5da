"""What a task finds to learn in a split: how many images and pixels are labelled, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from mtlc.data.batch import Target, collate
from mtlc.data.sample import Sample
from mtlc.parts.tasks import form, likeness

MOST = 512  # values of each image that quantiles are taken of


@dataclass
class Tally:
    """Counts of one task over the images of a split, as training sees its labels, without augmentation.

    `known` of `pixels` (or of an image's values) are labelled, in the labelled images. `amounts` and `holders`
    count pixels and images by class (for masks: 1), tag, or class of the image; `values` is a sample of the
    metres or numbers.
    """

    target: Target
    names: tuple[str, ...]
    images: int
    labelled: int = 0
    known: int = 0
    of: int = 0
    amounts: list[int] = field(default_factory=list)
    holders: list[int] = field(default_factory=list)
    values: dict[str, list[Tensor]] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = {"semseg": self.names, "mask": (self.target.task,)}.get(self._counts, self.names)
        self.amounts, self.holders = [0] * len(self.names), [0] * len(self.names)

    def add(self, sample: Sample) -> None:
        """Count one image. A label in which nothing is known is told in `empty`."""
        batch = collate([sample], [self.target])
        if not batch.present[self.target.task][0]:
            return
        label = batch.labels[self.target.task][0]
        known = self._known(label)
        self.labelled += 1
        self.known += int(known.sum())
        self.of += known.numel()
        if not known.any():
            self.empty.append(sample.id)
        self._count(label, known)

    @property
    def _counts(self) -> str:
        """Which way this kind of label is counted."""
        kind = likeness(self.target.kind)
        return "mask" if kind in ("edges", "saliency") else kind

    def _known(self, label: Tensor) -> Tensor:
        if self._counts == "normals":
            return label.norm(dim=0) > 0
        if self._counts == "depth":
            return torch.isfinite(label) & (label > 0)
        fill = form(self.target.kind).fill
        return torch.isfinite(label) if fill != fill else label != fill

    def _count(self, label: Tensor, known: Tensor) -> None:
        if self._counts in ("semseg", "classify"):
            self._add(torch.bincount(label[known].reshape(-1), minlength=len(self.names)).tolist())
        elif self._counts == "mask":
            self._add([int(label[known].sum())])
        elif self._counts == "tags":
            self._add([int(each == 1) for each in label.tolist()])
        elif self._counts == "depth":
            metres = label[known]
            self.values.setdefault("metres", []).append(metres[:: max(1, len(metres) // MOST)])
        elif self._counts == "regress":
            for name, value, there in zip(self.names, label, known, strict=True):
                self.values.setdefault(name, []).append(value[there].reshape(-1))

    def _add(self, counts: list[int]) -> None:
        for index, count in enumerate(counts):
            self.amounts[index] += count
            self.holders[index] += count > 0

    def quantiles(self) -> dict[str, dict[str, float]]:
        """Of each sort of value: its least, its median and its greatest."""
        joined = {name: torch.cat(each) for name, each in self.values.items() if each}
        return {
            name: {"low": float(v.min()), "median": float(v.median()), "high": float(v.max())}
            for name, v in joined.items()
            if len(v)
        }

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, for JSON."""
        counted = (
            zip(self.names, self.amounts, self.holders, strict=True) if self._counts != "regress" else ()
        )
        return {
            "task": self.target.task,
            "kind": self.target.kind,
            "label": self.target.label,
            "images": self.images,
            "labelled": self.labelled,
            "known": self.known,
            "of": self.of,
            "classes": {name: {"amount": amount, "images": held} for name, amount, held in counted},
            "values": self.quantiles(),
            "empty": self.empty,
        }


Tallies = Mapping[str, Tally]
"""The tallies of a split, by task."""
