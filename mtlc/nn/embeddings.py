"""How a task's predictions and labels enter a joint tensor: as channels with values in [0, 1]."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

Size = tuple[int, int]


class Embedding(nn.Module):
    """Brings one kind of task into a joint tensor of `channels` maps with values in [0, 1]."""

    channels: int

    def valid(self, label: Tensor) -> Tensor:
        """Bool B×1×H×W, or B×1×1×1 of a whole image: where a label says something."""
        raise NotImplementedError

    def label(self, label: Tensor, size: Size) -> Tensor:
        """B×C×H×W: the label, 0 where it is not valid; one of a whole image as a constant map."""
        raise NotImplementedError

    def prediction(self, prediction: Tensor, size: Size, generator: torch.Generator | None) -> Tensor:
        """B×C×H×W: the prediction, drawn where the kind is discrete; gradients pass."""
        raise NotImplementedError

    def soft(self, prediction: Tensor, size: Size) -> Tensor:
        """B×C×H×W: the prediction without drawing: probabilities where the kind is discrete."""
        raise NotImplementedError

    def reconstruction(self, output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        """B: how far an auto-encoder's raw output is from an embedded target, mean over the mask's pixels."""
        raise NotImplementedError


class OneHot(Embedding):
    """Classes of which one holds."""

    def __init__(self, classes: int, whole_image: bool = False) -> None:
        super().__init__()
        self.channels, self.whole_image = classes, whole_image


class Binary(Embedding):
    """Things that hold or do not, each on its own."""

    def __init__(self, channels: int, whole_image: bool = False) -> None:
        super().__init__()
        self.channels, self.whole_image = channels, whole_image


class Squashed(Embedding):
    """Numbers."""

    def __init__(self, channels: int, whole_image: bool = False) -> None:
        super().__init__()
        self.channels, self.whole_image = channels, whole_image
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))

    def fit(self, labels: Iterable[Tensor]) -> None:
        """Take mean and spread of each channel from labels; raises `ValueError` where nothing is known."""
        raise NotImplementedError


class Unit(Embedding):
    """Directions."""

    channels = 3
