"""Cross-stitch units (Misra et al., CVPR 2016): learned weighted sums of the tasks' features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .level import changed, level_of


class CrossStitch(nn.Module):
    """f_i ← Σ_j A_ij ⊙ f_j over `streams` maps B×dim×h×w; A is `own` on the diagonal and `other` beside it.

    One A for each channel, or with `per` = "map" one for all. With `level` it reads lists of levels and
    changes that one of each. Each row of A is a parameter of its own: that of a task without a loss gets no
    gradient, so that no optimiser touches it, not even with weight decay.
    """

    def __init__(
        self, *, dim: int, streams: int, own: float, other: float, per: str, level: int | None
    ) -> None:
        super().__init__()
        self.level = level
        first = torch.full((streams, streams), float(other)).fill_diagonal_(own)
        rows = first[..., None].repeat(1, 1, dim if per == "channel" else 1)
        self.weight = nn.ParameterList(row.clone() for row in rows)

    def forward(self, *features: Tensor | list[Tensor]) -> tuple[Tensor | list[Tensor], ...]:
        maps = torch.stack([level_of(each, self.level) for each in features])
        channels = maps.shape[2]
        mixed = [torch.einsum("jc,jbchw->bchw", row.expand(-1, channels), maps) for row in self.weight]
        return tuple(changed(each, self.level, new) for each, new in zip(features, mixed, strict=True))
