"""What every agreement loss reads and says: predictions of further views, and the labels that go with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .embeddings import Embedding, Size

NEAR_ZERO = 1e-12  # as published; shorter vectors count as this long


@dataclass(frozen=True)
class View:
    """What the network said of one further view of B images, by task, and what is known of it.

    `predictions`: the network's raw outputs. `labels`: B rows for each task, in its kind's form; what stands
    in the row of a sample without the label is never looked at. `present`: bool B, whether a sample has the
    label. `before`: the predictions on the first view, detached and brought to this view's window.
    """

    predictions: Mapping[str, Tensor]
    labels: Mapping[str, Tensor]
    present: Mapping[str, Tensor]
    before: Mapping[str, Tensor]


class Agreement(nn.Module):
    """A loss that asks predictions of several tasks, or of several views, to agree. Used in training alone.

    `views` has one entry for each further view that it needs: whether gradients flow to the network on it.
    `terms` holds, after a call, means over the batch of what the loss is made of, for the log.

    Tasks are taken in the order of their names: the order in which a spec lists them changes nothing, not even
    which random numbers a task gets.
    """

    views: ClassVar[tuple[bool, ...]] = ()

    def __init__(self, embeddings: Mapping[str, Embedding]) -> None:
        super().__init__()
        self.names = tuple(sorted(embeddings))
        self.embeddings = nn.ModuleList(embeddings[name] for name in self.names)
        self.terms: dict[str, Tensor] = {}

    def forward(self, views: Sequence[View], size: Size, generator: torch.Generator | None = None) -> Tensor:
        """B: the loss of each sample with all its weights, for views of `size` (height, width) in pixels.

        `generator` gives all the random numbers, on the device of the predictions. Autocast is off in here.
        """
        if len(views) != len(self.views):
            raise ValueError(
                f"{type(self).__name__} compares {len(self.views)} further views, not {len(views)}"
            )
        with torch.autocast(next(iter(views[0].predictions.values())).device.type, enabled=False):
            loss, terms = self.measure(views, size, generator)
        self.terms = {name: each.detach().mean() for name, each in terms.items()}
        return loss

    def measure(
        self, views: Sequence[View], size: Size, generator: torch.Generator | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of each sample, and what it is made of, without weights; B each."""
        raise NotImplementedError

    def tasks(self) -> Iterator[tuple[str, Embedding]]:
        """Names with embeddings, in the order of the names."""
        return zip(self.names, self.embeddings, strict=True)


def where_known(embedding: Embedding, label: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """Where a label says something (B×1×H×W, or B×1×1×1 of a whole image), and bool B: whether anywhere.

    A label that is there and says nothing anywhere counts as one that is not there.
    """
    valid = embedding.valid(label) & rows_of(present, 4)
    return valid, valid.flatten(1).any(1)


def rows_of(flags: Tensor, axes: int) -> Tensor:
    """B flags as B×1×…×1."""
    return flags.reshape(-1, *[1] * (axes - 1))


def distance(a: Tensor, b: Tensor) -> Tensor:
    """B: 1 - the cosine between the channels of two B×C×h×w tensors, mean over positions."""
    return 1 - F.cosine_similarity(a, b, dim=1, eps=NEAR_ZERO).flatten(1).mean(1)
