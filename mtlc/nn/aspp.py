"""The decoder of DeepLab v3 (Chen et al. 2017): one level seen at several dilations and as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .conv import ConvNorm


class Aspp(nn.Module):
    """1×1, a 3×3 for each of `dilations`, and the image's mean, side by side; 1×1; `depth` 3×3 blocks.

    Each convolution gives `dim` channels, with norm and ReLU. Reads levels (channels, stride) as in `inputs`,
    of which it uses the one of stride `stride`. Writes the stream, B×dim×h×w there, and a list of one inner
    level: what it was before the 3×3 blocks.
    """

    def __init__(
        self,
        *,
        inputs: Sequence[tuple[int, int]],
        dim: int,
        dilations: Sequence[int],
        depth: int,
        stride: int,
    ) -> None:
        super().__init__()
        (self.kept,) = (i for i, (_, s) in enumerate(inputs) if s == stride)
        channels = inputs[self.kept][0]
        self.branches = nn.ModuleList(
            [ConvNorm(channels, dim, kernel=1), *(_dilated(channels, dim, rate) for rate in dilations)]
        )
        self.pool = ImagePooling(channels, dim)
        self.project = ConvNorm(dim * (len(self.branches) + 1), dim, kernel=1)
        self.blocks = nn.Sequential(*(ConvNorm(dim, dim, kernel=3) for _ in range(depth)))

    def forward(self, levels: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        x = levels[self.kept]
        seen = [*(branch(x) for branch in self.branches), self.pool(x)]
        inner = self.project(torch.cat(seen, 1))
        return self.blocks(inner), [inner]


class ImagePooling(nn.Module):
    """The mean of all cells through 1×1, norm and ReLU, the same in every cell.

    It is spread over the cells in front of the norm and not behind it, which changes nothing but that a batch
    of one image has a mean and a variance.
    """

    def __init__(self, channels: int, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, dim, 1, bias=False)
        self.norm = nn.BatchNorm2d(dim)

    def forward(self, x: Tensor) -> Tensor:
        mean = self.conv(x.mean((2, 3), keepdim=True))
        return self.norm(mean.expand(-1, -1, x.shape[2], x.shape[3])).relu()


def _dilated(channels: int, dim: int, rate: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, dim, 3, padding=rate, dilation=rate, bias=False),
        nn.BatchNorm2d(dim),
        nn.ReLU(inplace=True),
    )
