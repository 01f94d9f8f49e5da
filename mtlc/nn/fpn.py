"""The feature pyramid: levels of unlike widths in, levels of one width out."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .pyramid import TopDown


class Fpn(nn.Module):
    """A feature pyramid (Lin et al. 2017): 1×1, nearest top-down sum, one 3×3 convolution per level.

    Reads levels (channels, stride) as in `inputs`, writes one of `dim` channels for each of stride 4 or more.
    """

    def __init__(self, *, inputs: Sequence[tuple[int, int]], dim: int) -> None:
        super().__init__()
        strides = [stride for _, stride in inputs if stride >= 4]
        self.sums = TopDown(inputs=inputs, dim=dim, strides=strides, mode="nearest")
        self.smooth = nn.ModuleList(nn.Conv2d(dim, dim, 3, padding=1) for _ in strides)

    def forward(self, levels: list[Tensor]) -> list[Tensor]:
        return [conv(x) for conv, x in zip(self.smooth, self.sums(levels), strict=True)]
