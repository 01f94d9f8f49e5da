"""What every agreement loss reads and says: predictions of further views, and the labels that go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn


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
    `terms` holds, after a call, the means over the batch of what the loss is made of, for the log.
    """

    views: ClassVar[tuple[bool, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.terms: dict[str, Tensor] = {}

    def forward(
        self, views: Sequence[View], size: tuple[int, int], generator: torch.Generator | None = None
    ) -> Tensor:
        """B: the loss of each sample with all its weights, for views of `size` (height, width) in pixels.

        `generator` gives all the random numbers, on the device of the predictions.
        """
        raise NotImplementedError
