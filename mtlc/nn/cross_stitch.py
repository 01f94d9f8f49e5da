"""Cross-stitch units (Misra et al., CVPR 2016): learned weighted sums of the tasks' features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .level import changed, level_of


class CrossStitch(nn.Module):
    """f_i ← Σ_j A_ij ⊙ f_j over `streams` maps B×dim×h×w; A is `own` on the diagonal and `other` beside it.

    One A for each channel, or with `per` = "map" one for all. With `level` it reads lists of levels and
    changes that one of each.
    """

    def __init__(
        self, *, dim: int, streams: int, own: float, other: float, per: str, level: int | None
    ) -> None:
        super().__init__()
        self.level = level
        first = torch.full((streams, streams), float(other)).fill_diagonal_(own)
        self.weight = nn.Parameter(first[..., None].repeat(1, 1, dim if per == "channel" else 1))

    def forward(self, *features: Tensor | list[Tensor]) -> tuple[Tensor | list[Tensor], ...]:
        maps = torch.stack([level_of(each, self.level) for each in features])
        mixed = torch.einsum("ijc,jbchw->ibchw", self.weight.expand(-1, -1, maps.shape[2]), maps)
        return tuple(changed(each, self.level, new) for each, new in zip(features, mixed, strict=True))
