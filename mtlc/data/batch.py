"""Samples side by side, as the tasks of a plan see them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from mtlc.data.sample import IGNORE, Sample
from mtlc.parts.tasks import form
from mtlc.spec import Task


@dataclass(frozen=True)
class Target:
    """What one task learns from: a label of the data set, within a range, of a share of the images.

    `classes` counts the tags or values of a label that has one number for each; other kinds do not need it.
    `range` is in metres and for depth only: labels outside it are absent. With `things`, a map of classes
    that holds nothing but class 0 and ignored pixels is absent.
    """

    task: str
    label: str
    kind: str
    classes: int = 0
    range: tuple[float, ...] | None = None
    share: float = 1.0
    things: bool = False

    @staticmethod
    def of(task: Task) -> Target:
        """The target of a task of a spec."""
        part = task.part
        span, count = getattr(part, "range", None), len(task.classes)
        return Target(task.name, task.label, part.word, count, span, part.labels, part.things)


@dataclass(frozen=True)
class Batch:
    """B samples. `images` is float32 B×3×H×W; `labels` holds for each task a tensor with B rows.

    `present[task]` is bool B: whether the image has the label. What stands in the rows of the others counts for
    nothing once `settled` has been there; `collate` fills them in any case. `skipped` says by id why samples that
    belong here were left out.
    """

    images: Tensor
    ids: tuple[str, ...]
    labels: Mapping[str, Tensor]
    present: Mapping[str, Tensor]
    skipped: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on a device."""
        return self._with(lambda tensor: tensor.to(device), self.ids)

    def rows(self, start: int, stop: int) -> Batch:
        """The samples from `start` to `stop` (not included): the part of a batch that one backward sees."""
        return self._with(lambda tensor: tensor[start:stop], self.ids[start:stop])

    def _with(self, change: Callable[[Tensor], Tensor], ids: tuple[str, ...]) -> Batch:
        labels = {task: change(label) for task, label in self.labels.items()}
        present = {task: change(rows) for task, rows in self.present.items()}
        return Batch(change(self.images), ids, labels, present, self.skipped)


def collate(
    samples: Sequence[Sample], targets: Sequence[Target], keep: Mapping[str, Collection[str]] | None = None
) -> Batch:
    """Put samples of one size side by side. `keep` names by task the ids whose label is used; others count
    as absent. A task that it does not name uses every label. Of no samples comes a batch of length 0."""
    if not samples:
        return Batch(torch.empty(0, 3, 0, 0), (), {}, {})
    keep = keep or {}
    labels, present = {}, {}
    for target in targets:
        kept = keep.get(target.task)
        found = [_label(sample, target, kept) for sample in samples]
        empty = _empty(target, samples[0].size)
        labels[target.task] = torch.stack([empty if each is None else each for each in found])
        present[target.task] = torch.tensor([each is not None for each in found])
    images = torch.stack([sample.image for sample in samples])
    return Batch(images, tuple(sample.id for sample in samples), labels, present)


def settled(batch: Batch, fills: Mapping[str, float]) -> Batch:
    """The same batch, where absent labels hold the value that says "none here" for their task, whatever they held."""
    absent = {task: ~rows for task, rows in batch.present.items() if not rows.all()}
    if not absent:
        return batch
    labels = {
        task: label.index_fill(0, absent[task].nonzero()[:, 0], fills[task]) if task in absent else label
        for task, label in batch.labels.items()
    }
    return replace(batch, labels=labels)


def kept_ids(ids: Collection[str], share: float, seed: int, task: str) -> frozenset[str]:
    """A seeded share of ids: round(share × count) of them, at least one.

    Which ones depends on the seed, the task and the ids alone; a larger share holds every smaller one.
    """

    def rank(id: str) -> bytes:
        return hashlib.sha256(f"{seed}/{task}/{id}".encode()).digest()

    count = max(1, math.floor(share * len(ids) + 0.5))
    return frozenset(sorted(ids, key=rank)[:count])


def _label(sample: Sample, target: Target, kept: Collection[str] | None) -> Tensor | None:
    if kept is not None and sample.id not in kept:
        return None
    label = sample.labels.get(target.label)
    if label is None or (target.things and not _has_things(label)):
        return None
    return label if target.range is None else _within(label, target.range)


def _has_things(classes: Tensor) -> bool:
    """Whether any pixel has a class other than 0, the background."""
    return bool(((classes != 0) & (classes != IGNORE)).any())


def _within(depth: Tensor, bounds: tuple[float, ...]) -> Tensor:
    near, far = bounds
    return torch.where((depth >= near) & (depth <= far), depth, form("depth").fill)


def _empty(target: Target, size: tuple[int, int]) -> Tensor:
    label = form(target.kind)
    dtype = torch.int64 if label.ids else torch.float32
    return torch.full(label.shape(*size, target.classes), label.fill, dtype=dtype)
