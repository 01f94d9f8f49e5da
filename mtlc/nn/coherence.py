"""Coherence fusion (MT-CP, arXiv 2412.03179): other tasks say where to look, the task itself what to copy."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .cbam import Cbam
from .fused import attend
from .recompute import recompute


class Coherence(nn.Module):
    """The target B×dim×h×w, read anew along the affinities of maps of the widths `sources` and its own h×w.

    With X the target and X_j the sources:

    - each source gates itself, A_j = X_j ⊙ σ(conv1×1(X_j)), and all are mixed, G = ReLU(conv1×1([A_1; A_2;
      …]));
    - Θ = ReLU(BN(CBAM₁(G))), Φ = ReLU(BN(CBAM₂(G))), S = BN(CBAM(X));
    - affinity P = softmax over rows of ΘᵀΦ, not scaled; O = P · Sᵀ; the result is BN(CBAM(O)).

    The paper has two sources and 2 · dim channels in G; dim · (number of sources) is our reading for any
    number. `residual` adds the target, as in the paper's figure; its code does not. P is never held, and what
    stands around the attention is computed again for the gradient: memory grows with h·w, time with its
    square.
    """

    def __init__(self, *, dim: int, sources: Sequence[int], reduction: int, residual: bool) -> None:
        super().__init__()
        width = dim * len(sources)
        self.residual = residual
        self.mix = Mix(sources, width)
        self.query = nn.Sequential(*_gated(width, reduction), Cells(), nn.ReLU(inplace=True))
        self.key = nn.Sequential(*_gated(width, reduction), Cells(), nn.ReLU(inplace=True))
        self.value = nn.Sequential(*_gated(dim, reduction), Cells())
        self.out = nn.Sequential(*_gated(dim, reduction))

    def forward(self, target: Tensor, *sources: Tensor) -> Tensor:
        found = attend(*self.maps(target, *sources)).transpose(1, 2).reshape(target.shape)
        out = recompute(self.out, found)
        return target + out if self.residual else out

    def maps(self, target: Tensor, *sources: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Θᵀ, Φᵀ and Sᵀ: B×hw×width, the same, and B×hw×dim."""
        mixed = recompute(self.mix, *sources)
        return recompute(self.query, mixed), recompute(self.key, mixed), recompute(self.value, target)


class Mix(nn.Module):
    """G: maps of the widths `sources`, each gated by itself, to one map of `width` channels."""

    def __init__(self, sources: Sequence[int], width: int) -> None:
        super().__init__()
        self.gates = nn.ModuleList(nn.Conv2d(channels, channels, 1) for channels in sources)
        self.fuse = nn.Conv2d(sum(sources), width, 1)

    def forward(self, *sources: Tensor) -> Tensor:
        gated = [x * gate(x).sigmoid() for x, gate in zip(sources, self.gates, strict=True)]
        return self.fuse(torch.cat(gated, 1)).relu()


class Cells(nn.Module):
    """B×C×h×w as B×hw×C, contiguous as the fused attention wants it."""

    def forward(self, stream: Tensor) -> Tensor:
        return stream.flatten(2).transpose(1, 2).contiguous()


def _gated(width: int, reduction: int) -> tuple[nn.Module, nn.Module]:
    return Cbam(width, reduction), nn.BatchNorm2d(width)
