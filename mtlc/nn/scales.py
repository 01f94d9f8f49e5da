"""Maps of several scales: each task's stream, and below it the levels of its decoder that are coarser."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn


def resize(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear to the height and width of `like`."""
    return F.interpolate(x, size=like.shape[2:], mode="bilinear")


class Scales(nn.Module):
    """For each task its maps, finest first: the stream, then its decoder's levels of strides above `stride`.

    Reads the tasks' streams, B×dim×h×w at `stride`, then as many lists of levels, which `levels` describes by
    (channels, stride). A level of another width than `dim` goes through a 1×1 without bias.
    """

    def __init__(self, *, dim: int, stride: int, levels: Sequence[Sequence[tuple[int, int]]]) -> None:
        super().__init__()
        self.kept = [[i for i, (_, s) in enumerate(own) if s > stride] for own in levels]
        self.project = nn.ModuleList(
            nn.ModuleList(_project(own[i][0], dim) for i in kept)
            for own, kept in zip(levels, self.kept, strict=True)
        )

    def __len__(self) -> int:
        """How many scales there are."""
        return 1 + len(self.kept[0])

    def forward(self, *reads: Tensor | list[Tensor]) -> list[list[Tensor]]:
        count = len(self.kept)
        return [
            [reads[task], *(project(reads[count + task][i]) for i, project in zip(kept, own, strict=True))]
            for task, (kept, own) in enumerate(zip(self.kept, self.project, strict=True))
        ]


def _project(channels: int, dim: int) -> nn.Module:
    return nn.Identity() if channels == dim else nn.Conv2d(channels, dim, 1, bias=False)
