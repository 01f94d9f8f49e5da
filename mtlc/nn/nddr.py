"""NDDR layers (Gao et al., CVPR 2019): all tasks' features side by side, reduced by a 1×1 for each task."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .level import changed, level_of


class Nddr(nn.Module):
    """f_i ← ReLU(BN(W_i · [f_1; …; f_K])) over K = `streams` maps B×dim×h×w, each W_i of dim × K·dim.

    W_i begins as `own` times the identity on the task's own channels and `other` times it on each other's.
    Batch norm with the momentum 0.05 that Vandenhende et al. use. `level` as in `CrossStitch`.
    """

    def __init__(self, *, dim: int, streams: int, own: float, other: float, level: int | None) -> None:
        super().__init__()
        self.level = level
        self.reduce = nn.ModuleList(_reduce(dim, streams, i, own, other) for i in range(streams))

    def forward(self, *features: Tensor | list[Tensor]) -> tuple[Tensor | list[Tensor], ...]:
        beside = torch.cat([level_of(each, self.level) for each in features], 1)
        return tuple(
            changed(each, self.level, reduce(beside))
            for each, reduce in zip(features, self.reduce, strict=True)
        )


def _reduce(dim: int, streams: int, task: int, own: float, other: float) -> nn.Module:
    conv = nn.Conv2d(streams * dim, dim, 1, bias=False)
    blocks = [torch.eye(dim) * (own if i == task else other) for i in range(streams)]
    with torch.no_grad():
        conv.weight.copy_(torch.cat(blocks, 1)[..., None, None])
    return nn.Sequential(conv, nn.BatchNorm2d(dim, momentum=0.05), nn.ReLU(inplace=True))
