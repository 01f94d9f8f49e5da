"""Agreement of one task's predictions on two views of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from .agreement import Agreement, View, where_known
from .embeddings import Embedding, Size


class Consistency(Agreement):
    """What is predicted on a further view is asked to be what was predicted on the first, for tasks without label.

    The squared difference, mean over pixels, of predictions as they enter a joint tensor, without drawing
    (probabilities, squashed numbers, unit vectors): squared differences of probabilities as in the Π-model
    (Laine & Aila, ICLR 2017), with the first view held still as its targets, as a mean teacher's are
    (Tarvainen & Valpola, NeurIPS 2017). Ours: each task is divided by its greatest possible difference, so that
    all lie in [0, 1] however many classes there are (the Π-model divides by the number of classes). A sample's
    loss is `weight` times the mean over its tasks without label; 0 where all are labelled.

    `terms`: `difference`, the loss without its weight.
    """

    views: ClassVar[tuple[bool, ...]] = (True,)

    def __init__(self, embeddings: Mapping[str, Embedding], weight: float) -> None:
        super().__init__(embeddings)
        self.weight = weight

    def measure(
        self, views: Sequence[View], size: Size, generator: torch.Generator | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        (view,) = views
        each = [self._of(view, name, embedding, size) for name, embedding in self.tasks()]
        differences, missing = (torch.stack(rows) for rows in zip(*each, strict=True))
        differences = torch.where(missing, differences, 0.0)
        loss = differences.sum(0) / missing.sum(0).clamp(min=1)
        return self.weight * loss, {"difference": loss}

    def _of(self, view: View, name: str, embedding: Embedding, size: Size) -> tuple[Tensor, Tensor]:
        """B differences of a task, and bool B: whether it is without label."""
        now, before = (embedding.soft(said[name], size) for said in (view.predictions, view.before))
        difference = (now - before.detach()).square().sum(1) / embedding.farthest
        _, there = where_known(embedding, view.labels[name], view.present[name])
        return difference.flatten(1).mean(1), ~there
