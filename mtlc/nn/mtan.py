"""Multi-task attention (MTAN: Liu, Johns, Davison, CVPR 2019): task masks on the features of one encoder."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .conv import ConvNorm


class Mtan(nn.Module):
    """Reads the encoder's levels u and what its stages' last blocks read, u_b; writes levels for each task.

    In stage i of task t, with W1 and W2 the task's own 1×1 and f the tasks' common 3×3:

    - m = σ(BN(W2 · ReLU(BN(W1 · [u_b; f(a of the stage before)])))); the first stage has no a;
    - a = m ⊙ u.

    f is convolution, batch norm, ReLU to the width of u, then max pooling where the stride grows. An encoder
    that was cut passes on levels of earlier stages: these stay as they are.
    """

    def __init__(
        self, *, levels: Sequence[tuple[int, int]], inside: Sequence[int], tasks: int, reduction: int
    ) -> None:
        super().__init__()
        widths = [channels for channels, _ in levels]
        before = [0, *widths[1:]]
        self.between = nn.ModuleList(Between(*pair) for pair in pairwise(levels))
        self.masks = nn.ModuleList(
            nn.ModuleList(
                _mask(tap + extra, width, reduction)
                for tap, extra, width in zip(inside, before, widths, strict=True)
            )
            for _ in range(tasks)
        )

    def forward(self, levels: list[Tensor], inside: list[Tensor]) -> tuple[list[Tensor], ...] | list[Tensor]:
        found = tuple(self.task(masks, levels, inside) for masks in self.masks)
        return found if len(found) > 1 else found[0]  # a step that writes one feature gives it as it is

    def task(self, masks: nn.ModuleList, levels: list[Tensor], inside: list[Tensor]) -> list[Tensor]:
        """The levels of one task."""
        early = len(levels) - len(inside)
        out = list(levels[:early])
        for i, (u, tap, mask) in enumerate(zip(levels[early:], inside, masks, strict=True)):
            seen = torch.cat([tap, self.between[i - 1](out[-1])], 1) if i else tap
            out.append(mask(seen) * u)
        return out


class Between(nn.Module):
    """f: from a stage's (channels, stride) to those of the next."""

    def __init__(self, read: tuple[int, int], written: tuple[int, int]) -> None:
        super().__init__()
        self.conv = ConvNorm(read[0], written[0], kernel=3)
        self.pool = written[1] // read[1]

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(self.conv(x), self.pool)


def _mask(channels: int, width: int, reduction: int) -> nn.Module:
    inner = max(1, width // reduction)
    return nn.Sequential(
        ConvNorm(channels, inner, kernel=1),
        nn.Conv2d(inner, width, 1),
        nn.BatchNorm2d(width),
        nn.Sigmoid(),
    )
