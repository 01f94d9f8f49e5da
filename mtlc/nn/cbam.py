"""The gate of Woo et al. 2018 (CBAM): first which channels matter, then which places."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Cbam(nn.Module):
    """B×dim×h×w times a gate per channel, then times a gate per place, each in (0, 1).

    The channel gate is one two-layer perceptron over the mean and the maximum over all places, narrowed by
    `reduction`; the place gate is a 7×7 convolution over the maximum and the mean over all channels.
    """

    def __init__(self, dim: int, reduction: int) -> None:
        super().__init__()
        hidden = max(1, dim // reduction)
        self.channel = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, dim))
        self.place = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.channel(x.mean((2, 3))) + self.channel(x.amax((2, 3)))
        x = x * gate.sigmoid()[:, :, None, None]
        seen = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        return x * self.place(seen).sigmoid()
