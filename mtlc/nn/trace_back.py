"""Trace-back (MT-CP, arXiv 2412.03179): a stream refined through its own decoder's levels, deepest first."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .cbam import Cbam
from .conv import ConvNorm
from .heads import AuxiliaryHead


class Refine(nn.Module):
    """One spatial refinement: what was predicted so far meets one level of the decoder.

    c = [CBAM(pred) resized to back; CBAM(back)], where `back` is the decoder's level of index `level`, `back`
    channels wide, and `pred` has `dim` channels. An inner refinement gives c and b = ReLU(BN(conv(c))) of
    `back` channels, which the next one reads; the last gives p = ReLU(BN(conv(c))) of `dim` channels. The
    paper's p of the inner refinements is in `Auxiliary`, as only training needs it; its last b is read by
    nobody and is left out.
    """

    def __init__(self, *, dim: int, back: int, level: int, last: bool, reduction: int) -> None:
        super().__init__()
        self.level, self.last = level, last
        self.gate_pred, self.gate_back = Cbam(dim, reduction), Cbam(back, reduction)
        self.fuse = ConvNorm(dim + back, dim if last else back, kernel=1)

    def forward(self, pred: Tensor, levels: list[Tensor]) -> Tensor | tuple[Tensor, Tensor]:
        back = self.gate_back(levels[self.level])
        pred = F.interpolate(self.gate_pred(pred), size=back.shape[2:], mode="bilinear")
        fused = torch.cat([pred, back], 1)
        return self.fuse(fused) if self.last else (fused, self.fuse(fused))


class Auxiliary(nn.Module):
    """The prediction of an inner refinement, in training only: p = ReLU(BN(conv(c))), then its head.

    Reads c, B×fused×h×w at `stride`, and the image for its size; writes B×outputs×H×W.
    """

    def __init__(self, *, dim: int, fused: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.pred = ConvNorm(fused, dim, kernel=1)
        self.head = AuxiliaryHead(dim=dim, outputs=outputs, stride=stride)

    def forward(self, fused: Tensor, image: Tensor) -> Tensor:
        return self.head(self.pred(fused), image)
