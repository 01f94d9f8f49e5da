"""What pyramids share: which levels are read, and the sum from the coarsest level to the finest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch.nn.functional as F
from torch import Tensor, nn


class TopDown(nn.Module):
    """1×1 to `dim` on each level whose stride is in `strides`, then each plus all coarser ones, resized.

    Reads a list of levels described by `inputs` (channels, stride), writes the sums, finest first.
    """

    def __init__(
        self, *, inputs: Sequence[tuple[int, int]], dim: int, strides: Iterable[int], mode: str
    ) -> None:
        super().__init__()
        wanted = set(strides)
        self.kept = [i for i, (_, stride) in enumerate(inputs) if stride in wanted]
        self.mode = mode
        self.lateral = nn.ModuleList(nn.Conv2d(inputs[i][0], dim, 1) for i in self.kept)

    def forward(self, levels: list[Tensor]) -> list[Tensor]:
        sums = [conv(levels[i]) for conv, i in zip(self.lateral, self.kept, strict=True)]
        for i in reversed(range(len(sums) - 1)):
            sums[i] = sums[i] + F.interpolate(sums[i + 1], size=sums[i].shape[2:], mode=self.mode)
        return sums
