"""Heads: a stream becomes a task's raw prediction, at the size of the image or one per image."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .conv import ConvNorm
from .pad import cut


def enlarge(stream: Tensor, stride: int, image: Tensor) -> Tensor:
    """Bilinear by `stride`, then cut to the image's height and width (the encoder's padding goes)."""
    return cut(F.interpolate(stream, scale_factor=stride, mode="bilinear"), image)


class DenseHead(nn.Module):
    """1×1 to `outputs`, enlarged: stream B×dim×h×w at `stride`, image B×3×H×W → B×outputs×H×W."""

    def __init__(self, *, dim: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.predict = nn.Conv2d(dim, outputs, 1)

    def forward(self, stream: Tensor, image: Tensor) -> Tensor:
        return enlarge(self.predict(stream), self.stride, image)


class FirstHead(DenseHead):
    """A `DenseHead` on a stream, or on the level of index `level` of a list: PAD-Net's first prediction."""

    def __init__(self, *, dim: int, outputs: int, stride: int, level: int | None) -> None:
        super().__init__(dim=dim, outputs=outputs, stride=stride)
        self.level = level

    def forward(self, levels: Tensor | list[Tensor], image: Tensor) -> Tensor:
        return super().forward(levels if self.level is None else levels[self.level], image)


class PooledHead(nn.Module):
    """The mean over all cells of the coarsest level (or of the one stream given), then linear: B×outputs."""

    def __init__(self, *, dim: int, outputs: int) -> None:
        super().__init__()
        self.predict = nn.Linear(dim, outputs)

    def forward(self, levels: Tensor | list[Tensor]) -> Tensor:
        coarsest = levels if isinstance(levels, Tensor) else levels[-1]
        return self.predict(coarsest.mean((2, 3)))


class AuxiliaryHead(nn.Module):
    """The inner prediction of MT-CP: 1×1, 1×1-norm-ReLU, 1×1, enlarged to the image as in `DenseHead`."""

    def __init__(self, *, dim: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.predict = nn.Sequential(
            nn.Conv2d(dim, dim, 1), ConvNorm(dim, dim, kernel=1), nn.Conv2d(dim, outputs, 1)
        )

    def forward(self, stream: Tensor, image: Tensor) -> Tensor:
        return enlarge(self.predict(stream), self.stride, image)
