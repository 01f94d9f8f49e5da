"""The convolution that the modules share: convolution, batch norm, ReLU."""

from __future__ import annotations

from torch import nn


class ConvNorm(nn.Sequential):
    """A `kernel`×`kernel` convolution that keeps the size (divided by `stride`), batch norm, ReLU."""

    def __init__(self, channels: int, dim: int, *, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels, dim, kernel, stride=stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(dim),
            nn.ReLU(inplace=True),
        )
