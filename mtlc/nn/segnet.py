"""An auto-encoder after SegNet: max-pooling remembers where each maximum stood, unpooling puts it back there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

EXTRA = (1, 1, 2, 2, 2)  # convolutions of a stage after its first
GROWTH = (1, 2, 4, 8, 8)  # a stage's width as a multiple of the first one's

Route = list[tuple[Tensor, list[int]]]  # of each pooling: where the maxima stood, and the size before it
Norm = Callable[[int], nn.Module]


def own_norm(channels: int) -> nn.Module:
    """A norm with the statistics of each channel of the sample alone, and a scale and a shift for each channel.

    What is published is batch norm in training mode over one sample at a time, which is the same; so neither
    the batch's size nor the number of processes matters. A map that is the same everywhere, as is all that is
    said of a whole image, gets through: convolutions see it end at the padded border.
    """
    return nn.InstanceNorm2d(channels, affine=True)


class Layer(nn.Module):
    """ReLU(norm(3×3(x))); what else it is called with goes to the norm."""

    def __init__(self, channels: int, dim: int, norm: Norm = own_norm) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, dim, 3, padding=1)
        self.norm = norm(dim)

    def forward(self, x: Tensor, *given: Any) -> Tensor:
        return self.norm(self.conv(x), *given).relu()


class Encoder(nn.Module):
    """Five stages of layers, each followed by max-pooling: B×channels×H×W to B×8w×H/32×W/32, rounded down.

    H and W are at least 32. What else it is called with goes to all norms.
    """

    def __init__(self, channels: int, width: int, norm: Norm = own_norm) -> None:
        super().__init__()
        widths = [width * each for each in GROWTH]
        inputs = [channels, *widths[:-1]]
        self.stages = nn.ModuleList(map(partial(_stage, norm=norm), inputs, widths, EXTRA))
        _initialise(self)

    def forward(self, x: Tensor, *given: Any) -> tuple[Tensor, Route]:
        route: Route = []
        for stage in self.stages:
            for layer in stage:
                x = layer(x, *given)
            size = list(x.shape[-2:])
            x, indices = F.max_pool2d(x, 2, return_indices=True)
            route.append((indices, size))
        return x, route


class Decoder(nn.Module):
    """The encoder backwards, then 3×3 and 1×1: B×8w×H/32×W/32 and the encoder's route to B×channels×H×W."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        widths = [width * each for each in GROWTH]
        outputs = [width, *widths[:-1]]
        self.stages = nn.ModuleList(map(_stage, widths, outputs, EXTRA))
        self.last = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, channels, 1))
        _initialise(self)

    def forward(self, x: Tensor, route: Route) -> Tensor:
        for stage, (indices, size) in zip(reversed(self.stages), reversed(route), strict=True):
            x = F.max_unpool2d(x, indices, 2, output_size=size)
            for layer in stage:
                x = layer(x)
        return self.last(x)


class SegNet(nn.Module):
    """B×channels×H×W to its latent, B×8w×H/32×W/32, and to B×channels×H×W again; H and W at least 32.

    The network of joint-task regularisation (Nishi et al., CVPR 2024), where `width` is 64: after SegNet
    (Badrinarayanan, Kendall & Cipolla, PAMI 2017). With 17 channels it has 24.99 million parameters, as
    published less the 34 of a batch norm that is never used there; each further channel adds 641 of them
    (published 643): 576 to the first convolution, 65 to the last.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.encoder = Encoder(channels, width)
        self.decoder = Decoder(channels, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        latent, route = self.encoder(x)
        return latent, self.decoder(latent, route)


def _stage(channels: int, dim: int, extra: int, norm: Norm = own_norm) -> nn.ModuleList:
    return nn.ModuleList([Layer(channels, dim, norm), *(Layer(dim, dim, norm) for _ in range(extra))])


def _initialise(module: nn.Module) -> None:
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.xavier_normal_(part.weight)
            nn.init.zeros_(part.bias)
