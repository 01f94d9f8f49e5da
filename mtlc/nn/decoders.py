"""Decoders: the levels that a task reads become one stream, and the sums on the way stay readable."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .conv import ConvNorm
from .pyramid import TopDown


class ConvUp(nn.Module):
    """1×1 to `dim`, bilinear top-down sum, then `depth` 3×3 blocks on the finest sum.

    Reads levels (channels, stride) as in `inputs`, of which it uses the strides in `levels`. Writes the
    stream, B×dim×h×w at the finest of these, and the list of sums, finest first, as they were before the 3×3
    blocks.
    """

    def __init__(
        self,
        *,
        inputs: Sequence[tuple[int, int]],
        dim: int,
        depth: int,
        levels: Sequence[int],
        norm: str,
    ) -> None:
        super().__init__()
        self.sums = TopDown(inputs=inputs, dim=dim, strides=levels, mode="bilinear")
        self.blocks = nn.Sequential(*(_block(dim, norm) for _ in range(depth)))

    def forward(self, levels: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        inner = self.sums(levels)
        return self.blocks(inner[0]), inner


def _block(dim: int, norm: str) -> nn.Module:
    """3×3, batch norm where `norm` is "batch", ReLU. Without norm a short training gets much further."""
    if norm == "batch":
        return ConvNorm(dim, dim, kernel=3)
    return nn.Sequential(nn.Conv2d(dim, dim, 3, padding=1), nn.ReLU(inplace=True))


class Linear(ConvUp):
    """`ConvUp` without 3×3 blocks: its stream is the finest sum."""

    def __init__(self, *, inputs: Sequence[tuple[int, int]], dim: int, levels: Sequence[int]) -> None:
        super().__init__(inputs=inputs, dim=dim, depth=0, levels=levels, norm="none")
